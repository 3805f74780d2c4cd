"""Maps drawn with letters: single questions, batches of them, changes and saved indexes."""

import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from math import inf, isinf, nan
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quickcart import InvalidInputError, NotFoundError, Point, QuickcartError, StoreMap

# A wall with a gap at the bottom, and a room without a door.
TEXT = """\
....#.....
....#..###
....#..#.#
....#..###
..........
"""
LEFT, RIGHT, IN_THE_ROOM = (0.5, 0.5), (9.5, 0.5), (8.5, 2.5)
TECHNIQUES = ["table", "subgoals", "search"]
THREADS = 4


@pytest.fixture(params=TECHNIQUES)
def store_map(request: pytest.FixtureRequest) -> StoreMap:
    return StoreMap.parse(TEXT, technique=request.param)


def test_a_place_is_a_point_or_numbers(store_map: StoreMap) -> None:
    length_m = store_map.distance(LEFT, (4.5, 4.5))
    assert store_map.distance((0, 0.5, 0.5), Point(0, 4.5, 4.5)) == length_m
    assert store_map.distance([0.5, 0.5], [0, 4.5, 4.5]) == length_m  # type: ignore[arg-type]
    assert store_map.distance((np.float64(0.5), np.float32(0.5)), (4.5, 4.5)) == length_m  # type: ignore[arg-type]
    assert store_map.distance_m(LEFT, (4.5, 4.5)) == length_m == store_map.route(LEFT, (4.5, 4.5)).length_m


@pytest.mark.parametrize("place", ["ab", (1.0,), (1.0, 2.0, 3.0, 4.0), ("1", 2.0), (0.5, 1.0, 2.0), None, 7])
def test_what_is_no_place_is_refused(store_map: StoreMap, place: object) -> None:
    with pytest.raises(TypeError):
        store_map.distance(LEFT, place)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"goals\[1\]"):
        store_map.distances([LEFT, LEFT], [LEFT, place])  # type: ignore[list-item]


def test_settings_have_names() -> None:
    chosen = StoreMap.parse(TEXT)
    assert (chosen.technique, chosen.is_prepared) == ("table", True)
    assert chosen.index_bytes > 0
    searching = StoreMap.parse(TEXT, 1.0, 8, "search")
    assert (searching.technique, searching.is_prepared, searching.index_bytes) == ("search", True, 0)
    assert StoreMap.parse(TEXT, bytes_max=1).technique == "subgoals"
    assert StoreMap.parse(TEXT, connectivity=4).distance(LEFT, (1.5, 1.5)) == 2
    assert StoreMap.parse(TEXT, 0.5).distance((0.25, 0.25), (0.25, 1.25)) == 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"technique": "magic"}, "technique_invalid"),
        ({"connectivity": 6}, "connectivity_invalid"),
        ({"technique": "table", "bytes_max": 1}, "technique_unfit"),
        ({"resolution_m": nan}, "plan_invalid"),
        ({"text": "..\n.?\n"}, "map_invalid"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        StoreMap.parse(**{"text": TEXT, **settings})  # type: ignore[arg-type]
    assert refused.value.code == code


def shapes_of(pairs: list[tuple[float, float]]) -> Iterable[object]:
    array = np.array(pairs)
    yield pairs
    yield [Point(0, x_m, y_m) for x_m, y_m in pairs]
    yield iter(pairs)
    yield array
    yield np.column_stack([np.zeros(len(pairs)), array])
    yield np.asfortranarray(array)
    yield np.repeat(array, 2, axis=0)[::2]
    yield array[::-1].copy()[::-1]
    # Eight bytes that start at an odd address.
    raw = np.frombuffer(b"-" + array.tobytes(), dtype=np.uint8)[1:]
    yield raw.view(np.float64).reshape(array.shape)


def test_a_batch_says_what_single_questions_say(store_map: StoreMap) -> None:
    starts = [LEFT, (2.5, 3.5), RIGHT, LEFT, (6.5, 0.5)]
    goals = [(6.5, 0.5), LEFT, RIGHT, IN_THE_ROOM, (2.5, 1.5)]
    expected = [store_map.distance(start, goal) if goal != IN_THE_ROOM else inf for start, goal in zip(starts, goals)]
    for places in shapes_of(starts):
        lengths_m = store_map.distances(places, goals)  # type: ignore[arg-type]
        assert lengths_m.dtype == np.float64
        assert lengths_m.tolist() == expected
    assert store_map.distances([], np.empty((0, 2))).shape == (0,)


def test_a_matrix_has_a_row_for_each_start(store_map: StoreMap) -> None:
    starts, goals = [LEFT, IN_THE_ROOM], [(6.5, 0.5), LEFT, (2.5, 1.5)]
    for places in shapes_of(starts):
        lengths_m = store_map.matrix(places, goals)  # type: ignore[arg-type]
        assert lengths_m.shape == (2, 3)
        assert lengths_m[0].tolist() == [store_map.distance(LEFT, goal) for goal in goals]
        assert all(isinf(length_m) for length_m in lengths_m[1])
    assert store_map.matrix([], goals).shape == (0, 3)
    assert store_map.matrix(starts, []).shape == (2, 0)


def test_the_nearest_place_is_nearest_by_walking(store_map: StoreMap) -> None:
    places = [IN_THE_ROOM, (5.5, 0.5), (0.5, 3.5)]
    assert store_map.nearest((3.5, 0.5), places) == (2, store_map.distance((3.5, 0.5), (0.5, 3.5)))
    assert store_map.nearest(LEFT, np.array([IN_THE_ROOM])) is None
    assert store_map.nearest(LEFT, []) is None


def test_a_tour_takes_an_array(store_map: StoreMap) -> None:
    stops = [(6.5, 0.5), (0.5, 3.5), IN_THE_ROOM]
    tour = store_map.tour(LEFT, np.array(stops))
    assert (tour.order, tour.unreachable) == ((1, 0), (2,))
    assert tour.length_m == store_map.tour(LEFT, stops).length_m


def test_a_tour_has_wishes(store_map: StoreMap) -> None:
    near, far = (1.5, 0.5), (0.5, 3.5)
    assert store_map.tour(LEFT, [far, near]).order == (1, 0)
    assert store_map.tour(LEFT, [far, near], before=[(0, 1)]).order == (0, 1)
    assert store_map.tour(LEFT, [far, near], end=near).order == (0, 1)
    there = store_map.tour(LEFT, [far]).length_m
    back = store_map.tour(LEFT, [far], back_to_start=True, gap_max=0.5, time_max_s=10)
    assert (back.length_m, back.lower_bound_m, back.proved_shortest) == (2 * there, 2 * there, True)
    either = store_map.tour(LEFT, [[IN_THE_ROOM, far, near], (2.5, 0.5)])
    assert (either.order, either.places) == ((0, 1), (Point(0, *near), Point(0, 2.5, 0.5)))


@pytest.mark.parametrize(
    "wishes",
    [
        {"end": RIGHT, "back_to_start": True},
        {"gap_max": 1.0},
        {"gap_max": nan},
        {"time_max_s": -1.0},
        {"before": [(0, 0)]},
        {"before": [(0, 2)]},
    ],
)
def test_wishes_that_do_not_fit_are_named(store_map: StoreMap, wishes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        store_map.tour(LEFT, [(1.5, 0.5)], **wishes)
    assert refused.value.code == "tour_invalid"


def test_what_was_changed_is_restored(store_map: StoreMap) -> None:
    length_m = store_map.distance(LEFT, RIGHT)
    assert store_map.block(0, 4, 10, 5) == 10
    assert store_map.free(4, 0, 5, 1) == 1
    assert store_map.distance(LEFT, RIGHT) == 9
    assert store_map.restore(0, 0, 10, 5) == 11
    assert store_map.distance(LEFT, RIGHT) == length_m


def test_the_culprit_of_a_batch_is_named(store_map: StoreMap) -> None:
    fine = np.full((3, 2), 0.5)
    off = fine.copy()
    off[2] = (nan, 1)
    for ask in (store_map.distances, store_map.matrix):
        with pytest.raises(
            InvalidInputError, match=r"^goals\[2\]: \(NaN, 1\.00\) on level 0 is not on the map$"
        ) as refused:
            ask(fine, off)
        assert refused.value.code == "off_the_map"
        with pytest.raises(InvalidInputError, match=r"^starts\[2\]: "):
            ask(off, fine)
        with pytest.raises(InvalidInputError, match=r"^starts\[0\]: .* on level 3 "):
            ask(fine, fine, level=3)
    with pytest.raises(InvalidInputError, match=r"^places\[2\]: "):
        store_map.nearest(LEFT, off)
    with pytest.raises(InvalidInputError, match="3 starts and 2 goals"):
        store_map.distances(fine, fine[:2])
    with pytest.raises(NotFoundError) as unreachable:
        store_map.distance(LEFT, IN_THE_ROOM)
    assert unreachable.value.code == "unreachable"


@pytest.mark.parametrize(
    ("places", "why"),
    [
        (np.zeros(2), r"the shape \(n, 2\) or \(n, 3\), not \[2\]"),
        (np.zeros((2, 4)), r"not \[2, 4\]"),
        (np.zeros((1, 2, 2)), r"not \[1, 2, 2\]"),
        (np.zeros((2, 2), np.float32), "float64, not float32"),
        (np.zeros((2, 2), np.int64), "float64, not int64"),
        (np.zeros((2, 2), ">f8"), "float64, not >f8"),
        (np.array([[0, 1, 1], [0.5, 1, 1]]), r"row 1 is on level 0\.5"),
        (np.array([[nan, 1, 1]]), "row 0 is on level NaN"),
        (np.array([[3e9, 1, 1]]), "row 0 is on level 3000000000"),
    ],
)
def test_an_array_of_another_kind_is_refused(store_map: StoreMap, places: NDArray[Any], why: str) -> None:
    with pytest.raises(InvalidInputError, match="^goals: .*" + why) as refused:
        store_map.distances([LEFT] * len(places), places)
    assert refused.value.code == "places_invalid"


def test_changes_count_at_once(store_map: StoreMap) -> None:
    before_m = store_map.distance(LEFT, (6.5, 0.5))
    assert store_map.block(4.0, 4.0, 5.0, 5.0) == 1
    with pytest.raises(NotFoundError):
        store_map.distance(LEFT, (6.5, 0.5))
    assert store_map.distances([LEFT], [(6.5, 0.5)])[0] == inf
    store_map.prepare()
    assert store_map.is_prepared
    with pytest.raises(NotFoundError):
        store_map.distance(LEFT, (6.5, 0.5))
    assert store_map.free(4.0, 0.0, 5.0, 5.0) == 5
    store_map.prepare()
    assert store_map.distance(LEFT, (6.5, 0.5)) == 6 < before_m
    with pytest.raises(InvalidInputError):
        store_map.block(4.0, 4.0, 4.0, 5.0)
    with pytest.raises(InvalidInputError, match="no level 2"):
        store_map.free(4.0, 4.0, 5.0, 5.0, level=2)


def test_an_index_is_kept_in_a_file(tmp_path: Path) -> None:
    made, path = StoreMap.parse(TEXT), tmp_path / "map.index"
    made.save_index(path)
    assert [file.name for file in tmp_path.iterdir()] == ["map.index"]
    loaded = StoreMap.parse(TEXT, technique="search").load_index(path)
    assert (loaded.technique, loaded.index_bytes) == ("table", made.index_bytes)
    assert loaded.distance(LEFT, (6.5, 0.5)) == made.distance(LEFT, (6.5, 0.5))

    def code_of(work: object, *arguments: object) -> str:
        with pytest.raises(QuickcartError) as refused:
            work(*arguments)  # type: ignore[operator]
        assert [file.name for file in tmp_path.iterdir()] == ["map.index"]
        return refused.value.code

    assert code_of(StoreMap.parse(TEXT, connectivity=4).load_index, path) == "index_invalid"
    assert code_of(StoreMap.parse(TEXT, technique="search").save_index, path) == "map_not_prepared"
    made.block(0, 0, 1, 1)
    assert code_of(made.save_index, path) == "map_not_prepared"
    path.write_bytes(path.read_bytes()[:-1])
    assert code_of(made.load_index, path) == "index_invalid"
    for work in (made.load_index, StoreMap.parse(TEXT).save_index):
        with pytest.raises(FileNotFoundError) as missing:
            work(tmp_path / "nowhere" / "map.index")
        assert missing.value.filename == str(tmp_path / "nowhere" / "map.index")


def test_progress_is_told_and_only_grows() -> None:
    shares: list[float] = []
    StoreMap.parse("....\n.##.\n.##.\n....\n" * 20, on_progress=shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] and shares[-1] == 1


def test_what_the_listener_raises_is_raised() -> None:
    shares: list[float] = []

    def give_up(share: float) -> None:
        shares.append(share)
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        StoreMap.parse(TEXT, on_progress=give_up)
    assert len(shares) == 1


def test_threads_share_a_map_that_changes() -> None:
    store_map = StoreMap.parse(TEXT)
    around_m = store_map.distance(LEFT, (6.5, 0.5))
    done = Event()

    def ask(_: int) -> set[float]:
        lengths_m: set[float] = set()
        while not done.is_set():
            lengths_m.update(store_map.distances([LEFT] * 10, [(6.5, 0.5)] * 10).tolist())
            lengths_m.add(float(store_map.matrix([LEFT], [(6.5, 0.5)])[0, 0]))
        return lengths_m

    with ThreadPoolExecutor(THREADS) as threads:
        asked = [threads.submit(ask, n) for n in range(THREADS)]
        for _ in range(30):
            assert store_map.free(4.0, 0.0, 5.0, 1.0) == 1
            store_map.prepare()
            assert store_map.distance(LEFT, (6.5, 0.5)) == 6
            assert store_map.block(4.0, 0.0, 5.0, 1.0) == 1
        done.set()
        assert set().union(*(answers.result() for answers in asked)) <= {6.0, around_m}


def test_others_go_on_while_a_map_is_built() -> None:
    text = "\n".join("".join("#" if (7 * x + 13 * y) % 11 == 0 else "." for x in range(120)) for y in range(120))
    started, ticks = Event(), 0

    def build(_: float) -> None:
        started.set()

    with ThreadPoolExecutor(1) as threads:
        building = threads.submit(StoreMap.parse, text, on_progress=build)
        started.wait()
        # Were the interpreter held until the end, this thread would find the work done.
        while not building.done():
            ticks += 1
        assert building.result().technique == "table"
    assert ticks > 1


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
from quickcart import InvalidInputError, Point, StoreMap

store_map = StoreMap.parse("...\\n.#.\\n...\\n")
here, there = (0.5, 0.5), Point(0, 2.5, 2.5)
assert store_map.distances([here, here], [here, there]) == [0.0, 4.0]
assert store_map.matrix([here], [here, there]) == [[0.0, 4.0]]
assert store_map.matrix([], [here]) == []
assert store_map.nearest(here, [there]) == (0, 4.0)
assert store_map.tour(here, [there]).order == (0,)
try:
    store_map.distances([here], [(9.0, 9.0)])
except InvalidInputError as error:
    assert str(error).startswith("goals[0]: "), error
else:
    raise AssertionError
assert not any(name.startswith("numpy") for name in sys.modules if name != "numpy")
"""


def test_numpy_is_not_needed() -> None:
    subprocess.run([sys.executable, "-I", "-c", WITHOUT_NUMPY], check=True)


def test_numpy_is_imported_by_the_first_batch_only() -> None:
    script = """
import sys
import quickcart
store_map = quickcart.StoreMap.parse("...")
store_map.distance((0.5, 0.5), (1.5, 0.5))
assert "numpy" not in sys.modules
store_map.distances([(0.5, 0.5)], [(1.5, 0.5)])
assert "numpy" in sys.modules
"""
    subprocess.run([sys.executable, "-I", "-c", script], check=True)
