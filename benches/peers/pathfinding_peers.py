"""Peers of the bench `pathfinding` from Python, on the same maps: who walks, and who orders stops.

Walks: rustworkx and networkx, A* with the octile estimate. Orders: elkai (LKH), pyconcorde (Concorde) and OR-tools, with
the matrix given, a fixed start and a fixed end. Each runs when it is installed; the others are named as absent. LKH and
Concorde are free for research only, which is why nothing here depends on them.
"""

import argparse
import contextlib
import heapq
import importlib
import itertools
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

MAPS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "maps"
WALKED = ["warehouse-10-20-10-2-1", "warehouse-20-40-10-2-2"]
ORDERED = "warehouse-20-40-10-2-2"
SIZES = [12, 20, 50, 100]
# Solvers of orders count in integers: thousandths of a cell's side.
STRAIGHT, DIAGONAL = 1_000, 1_414


def main():
    options = arguments()
    if not options.maps.is_dir():
        sys.exit(f"{options.maps} is not there: --maps names the folder of the maps from movingai.com")
    if options.what in ("walks", "all"):
        walks(options)
    if options.what in ("orders", "all"):
        orders(options)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Packages: pip install rustworkx networkx elkai ortools pyconcorde. "
        "Ours beside them: --tours target/release/tours, built by cargo build --release -p benches.",
    )
    parser.add_argument("what", nargs="?", choices=["walks", "orders", "all"], default="all", help="what to measure (default: all)")
    parser.add_argument("--maps", type=pathlib.Path, default=MAPS, help="the folder of the maps (default: ../shared/data/maps)")
    parser.add_argument("--queries", type=int, default=20, help="how many walks a map (default: 20)")
    parser.add_argument("--lists", type=int, default=3, help="how many lists of each size (default: 3)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="stops a list (default: 12 20 50 100)")
    parser.add_argument("--tours", help="our program `tours`, to run on the same lists")
    parser.add_argument("--write", type=pathlib.Path, help="a folder to leave the matrices in, for the program `tours`")
    return parser.parse_args()


def installed(name, absent):
    """A module, or None and a word about it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        absent.append(name)
        return None


class Grid:
    """A map of free cells with eight directions, no corner cut."""

    def __init__(self, path):
        head, _, body = path.read_text().partition("map\n")
        self.rows = [[letter in ".GS" for letter in line] for line in body.split()]
        self.cells = [(x, y) for y, row in enumerate(self.rows) for x, free in enumerate(row) if free]
        self.node = {cell: node for node, cell in enumerate(self.cells)}
        self.steps = [list(self._steps(x, y)) for x, y in self.cells]

    def _free(self, x, y):
        return 0 <= y < len(self.rows) and 0 <= x < len(self.rows[y]) and self.rows[y][x]

    def _steps(self, x, y):
        for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            if self._free(x + dx, y + dy):
                yield self.node[x + dx, y + dy], STRAIGHT
        for dx, dy in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
            if self._free(x + dx, y + dy) and self._free(x + dx, y) and self._free(x, y + dy):
                yield self.node[x + dx, y + dy], DIAGONAL

    def at_least(self, one, other):
        (x1, y1), (x2, y2) = self.cells[one], self.cells[other]
        dx, dy = abs(x1 - x2), abs(y1 - y2)
        return abs(dx - dy) * STRAIGHT + min(dx, dy) * DIAGONAL

    def from_one(self, start):
        """What walks from one node to all cost: Dijkstra's algorithm."""
        costs = [math.inf] * len(self.cells)
        costs[start] = 0
        waiting = [(0, start)]
        while waiting:
            cost, node = heapq.heappop(waiting)
            if cost > costs[node]:
                continue
            for other, step in self.steps[node]:
                if cost + step < costs[other]:
                    costs[other] = cost + step
                    heapq.heappush(waiting, (cost + step, other))
        return costs


def walks(options):
    absent = []
    rustworkx, networkx = installed("rustworkx", absent), installed("networkx", absent)
    print("### walks, eight directions\n")
    print("| map | peer | queries | median us | mean us | p99 us |")
    print("|---|---|---:|---:|---:|---:|")
    for name in WALKED:
        grid = Grid(options.maps / f"{name}.map")
        queries = scenario(options.maps / f"{name}-random-1.scen", grid, options.queries)
        peers = {}
        if rustworkx:
            graph = rustworkx.PyDiGraph()
            graph.add_nodes_from(range(len(grid.cells)))
            graph.add_edges_from([(node, to, cost) for node, steps in enumerate(grid.steps) for to, cost in steps])
            peers["rustworkx astar_shortest_path"] = lambda start, goal, graph=graph: rustworkx.astar_shortest_path(
                graph, start, lambda node: node == goal, float, lambda node: grid.at_least(node, goal)
            )
        if networkx:
            plain = networkx.DiGraph()
            plain.add_weighted_edges_from((node, to, cost) for node, steps in enumerate(grid.steps) for to, cost in steps)
            peers["networkx astar_path"] = lambda start, goal, plain=plain: networkx.astar_path(plain, start, goal, grid.at_least)
        for peer, walk in peers.items():
            times = []
            for start, goal, optimum in queries:
                began = time.perf_counter()
                nodes = list(walk(start, goal))
                times.append((time.perf_counter() - began) * 1e6)
                check_walk(grid, nodes, start, goal, optimum)
            times.sort()
            p99 = times[math.ceil(len(times) * 0.99) - 1]
            print(f"| {name} | {peer} | {len(times)} | {statistics.median(times):.1f} | {statistics.fmean(times):.1f} | {p99:.1f} |", flush=True)
    say_absent(absent)


def scenario(path, grid, count):
    """Queries from all over the file: start, goal, and the length of the shortest walk."""
    lines = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    chosen = [lines[(index + 1) * 7919 % len(lines)] for index in range(min(count, len(lines)))]
    cell = lambda x, y: grid.node[int(x), int(y)]
    return [(cell(*line[4:6]), cell(*line[6:8]), float(line[8])) for line in chosen]


def check_walk(grid, nodes, start, goal, optimum):
    length = 0.0
    for node, to in itertools.pairwise(nodes):
        length += math.sqrt(2) if dict(grid.steps[node])[to] == DIAGONAL else 1.0
    # The integers hide differences of the fourth digit.
    if (nodes[0], nodes[-1]) != (start, goal) or abs(length - optimum) > 2e-4 * optimum:
        sys.exit(f"a wrong walk: {length} instead of {optimum}")


def orders(options):
    absent = []
    peers = {"elkai (LKH), one run": with_elkai(absent), "Concorde": with_concorde(absent), "OR-tools, routing": with_ortools(absent)}
    peers = {name: solve for name, solve in peers.items() if solve}
    if options.tours:
        peers["quickcart"] = with_ours(options.tours)
    print(f"\n### orders on {ORDERED}, matrix given, fixed start and end\n")
    print("| stops | peer | lists | median us | worst us | worst gap to the best of all |")
    print("|---:|---|---:|---:|---:|---:|")
    grid = Grid(options.maps / f"{ORDERED}.map")
    reached = [node for node, cost in enumerate(grid.from_one(len(grid.cells) // 2)) if cost < math.inf]
    places = (reached[(index + 1) * 104_729 % len(reached)] for index in itertools.count())
    for stops in options.sizes:
        matrices = []
        for number in range(options.lists):
            print(f"{stops} stops: list {number + 1} of {options.lists}", file=sys.stderr)
            chosen = list(itertools.islice(places, stops + 2))
            matrix = [[costs[to] for to in chosen] for costs in map(grid.from_one, chosen)]
            matrices.append(matrix)
            if options.write:
                options.write.mkdir(parents=True, exist_ok=True)
                write_matrix(options.write / f"{stops}-{number + 1}.txt", matrix)
        answers = {peer: [solve(matrix) for matrix in matrices] for peer, solve in peers.items()}
        best = [min((answer[number][0] for answer in answers.values()), default=0) for number in range(len(matrices))]
        for peer, found in answers.items():
            times = [us for _, us in found]
            gap = max(length / least - 1 for (length, _), least in zip(found, best))
            print(f"| {stops} | {peer} | {len(found)} | {statistics.median(times):.0f} | {max(times):.0f} | {gap:.2%} |", flush=True)
    say_absent(absent)


def write_matrix(path, matrix):
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in matrix))


def length_of(matrix, order):
    """The length of an order, which must visit all places, first the first one and last the last one."""
    if sorted(order) != list(range(len(matrix))) or (order[0], order[-1]) != (0, len(matrix) - 1):
        sys.exit(f"a wrong order: {order}")
    return sum(matrix[place][to] for place, to in itertools.pairwise(order))


def closed(matrix):
    """The same as a closed tour: a place more, near the start and the end and far from all others."""
    far = 10 * max(map(max, matrix))
    joint = [far] * len(matrix)
    joint[0] = joint[-1] = 0
    return [[*row, near] for row, near in zip(matrix, joint)] + [[*joint, 0]]


def opened(tour, joint):
    """A closed tour without its joint, from the first place to the last."""
    at = tour.index(joint)
    order = tour[at + 1 :] + tour[:at]
    return order if order[0] == 0 else order[::-1]


def timed(solve, matrix):
    """The length of an order and the microseconds it took."""
    began = time.perf_counter()
    order = solve()
    us = (time.perf_counter() - began) * 1e6
    return length_of(matrix, order), us


def with_elkai(absent):
    elkai = installed("elkai", absent)

    def solve(matrix):
        distances = elkai.DistanceMatrix(closed(matrix))
        return timed(lambda: opened(distances.solve_tsp(runs=1)[:-1], len(matrix)), matrix)

    return elkai and solve


def with_concorde(absent):
    concorde = installed("concorde.tsp", absent)

    def solve(matrix):
        square = closed(matrix)
        head = f"NAME: list\nTYPE: TSP\nDIMENSION: {len(square)}\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\n"
        with tempfile.TemporaryDirectory() as folder, silence():
            path = pathlib.Path(folder) / "list.tsp"
            path.write_text(head + "EDGE_WEIGHT_SECTION\n" + "".join(" ".join(map(str, row)) + "\n" for row in square) + "EOF\n")
            # It leaves files where it stands.
            with contextlib.chdir(folder):
                solver = concorde.TSPSolver.from_tspfile(str(path))
                return timed(lambda: opened(list(map(int, solver.solve(verbose=False).tour)), len(matrix)), matrix)

    return concorde and solve


@contextlib.contextmanager
def silence():
    """Without what C code writes to standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def with_ortools(absent):
    routing = installed("ortools.constraint_solver.pywrapcp", absent)
    if not routing:
        return None

    def solve(matrix):
        def run():
            manager = routing.RoutingIndexManager(len(matrix), 1, [0], [len(matrix) - 1])
            model = routing.RoutingModel(manager)
            cost = model.RegisterTransitMatrix(matrix)
            model.SetArcCostEvaluatorOfAllVehicles(cost)
            solution = model.Solve()
            index, order = model.Start(0), []
            while not model.IsEnd(index):
                order.append(manager.IndexToNode(index))
                index = solution.Value(model.NextVar(index))
            return [*order, manager.IndexToNode(index)]

        return timed(run, matrix)

    return solve


def with_ours(program):
    def solve(matrix):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "list.txt"
            write_matrix(path, matrix)
            line = json.loads(subprocess.run([program, path], check=True, capture_output=True, text=True).stdout)
        return line["length"], line["us"]

    return solve


def say_absent(absent):
    if absent:
        print(f"\nNot installed, so not measured: {', '.join(absent)}.")


if __name__ == "__main__":
    main()
