"""Does what `store_map.rs` asks for, pass by pass, and says how long each took."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np

from quickcart import Point, StoreMap

store_map = StoreMap.parse(Path(sys.argv[1]).read_text(), technique="table")
# A row for each pair: x_m and y_m of the start, then of the goal.
pairs = np.fromfile(sys.argv[2]).reshape(-1, 4)
starts, goals = pairs[:, :2].copy(), pairs[:, 2:].copy()
numbers: list[tuple[float, ...]] = [tuple(pair) for pair in pairs.tolist()]
tuples = [((x1_m, y1_m), (x2_m, y2_m)) for x1_m, y1_m, x2_m, y2_m in numbers]
points = [(Point(0, *start), Point(0, *goal)) for start, goal in tuples]
lists = [start for start, _ in tuples], [goal for _, goal in tuples]


def nothing() -> float:
    for _start, _goal in tuples:
        pass
    return 0.0


def of_tuples() -> float:
    distance, sum_m = store_map.distance, 0.0
    for start, goal in tuples:
        sum_m += distance(start, goal)
    return sum_m


def of_numbers() -> float:
    distance, sum_m = store_map.distance, 0.0
    for x1_m, y1_m, x2_m, y2_m in numbers:
        sum_m += distance((x1_m, y1_m), (x2_m, y2_m))
    return sum_m


def of_points() -> float:
    distance, sum_m = store_map.distance, 0.0
    for start, goal in points:
        sum_m += distance(start, goal)
    return sum_m


def batch() -> np.ndarray:
    return store_map.distances(starts, goals)


def batch_of_lists() -> np.ndarray:
    return store_map.distances(*lists)


def matrix() -> np.ndarray:
    return store_map.matrix(starts[:100], goals[:100])


passes: dict[str, Callable[[], object]] = {
    work.__name__: work for work in (nothing, of_tuples, of_numbers, of_points, batch, batch_of_lists, matrix)
}
print("ready", flush=True)
for line in sys.stdin:
    work = passes[line.strip()]
    begin = perf_counter()
    answer = work()
    took_s = perf_counter() - begin
    print(took_s, float(np.sum(answer)), flush=True)  # type: ignore[call-overload]
