//! An aisle is blocked, and the next query must know.

use std::time::{Duration, Instant};

use benches::graph::Graph;
use benches::grid::{Cell, Grid, Moves};
use benches::spread::Spread;
use benches::{Figure, Result, print_figures};
use quickcart_core::pathfinding::{Rect, StoreMap};

use super::field::{Field, point, scattered};
#[cfg(feature = "peers")]
use super::peers::cch::{BLOCKED, Cch, Changing};

const BLOCKS: usize = 12;
/// How many queries follow each block.
const FOLLOWERS: usize = 20;
/// From the block to the first answer.
const US_MAX: f64 = 200.0;
/// Queries after a block may take so many times as long as prepared ones.
const TIMES_MAX: f64 = 10.0;

pub(super) fn section(field: &Field) -> Result<()> {
    let graph = Graph::of(&field.grid, Moves::Eight);
    let map = StoreMap::build(field.plan(Moves::Eight)?)?;
    #[cfg(feature = "peers")]
    let mut cch = Cch::prepare(&graph).changing();
    let (pairs, nodes) = (field.pairs(), field.nodes(&graph));
    let mut first = Vec::new();
    let (mut after, mut prepared) = (Vec::new(), Vec::new());
    #[cfg(feature = "peers")]
    let mut peer_first = Vec::new();
    for query in scattered(pairs.len()).take(BLOCKS) {
        let (from, to) = pairs[query];
        let blocked = in_the_way(
            &map.route(from, to)?
                .points
                .iter()
                .map(|point| (point.x_m as usize, point.y_m as usize))
                .collect::<Vec<_>>(),
        );
        if blocked.contains(&field.queries[query].start) || blocked.contains(&field.queries[query].goal) {
            continue;
        }
        let is_left = |cell: Cell| field.grid.is_free(cell) && !blocked.contains(&cell);
        let judge = Graph::of(&Grid::new(field.grid.columns, field.grid.rows, is_left), Moves::Eight);
        let costs = judge.dijkstra(judge.node(field.queries[query].start));
        let expected = Graph::length(costs[judge.node(field.queries[query].goal) as usize]);

        let started = Instant::now();
        let changed = with_blocked(&map, &blocked)?;
        let answer = changed.distance(from, to).unwrap_or(f64::INFINITY);
        first.push(started.elapsed());
        assert!(answer == expected || (answer - expected).abs() < 1e-4, "{answer} and {expected}");
        for follower in (query + 1..query + 1 + FOLLOWERS).map(|index| index % pairs.len()) {
            let (from, to) = pairs[follower];
            prepared.push(timed(|| map.distance(from, to).ok()));
            after.push(timed(|| changed.distance(from, to).ok()));
        }
        #[cfg(feature = "peers")]
        {
            let (time, answer) = peer_answer(&mut cch, &graph, &blocked, nodes[query]);
            peer_first.push(time);
            assert!(answer == expected || (answer - expected).abs() < 1e-4, "{answer} and {expected}");
        }
    }
    #[cfg(not(feature = "peers"))]
    let _ = nodes;
    let spread = |times: &[Duration]| Spread::of(times.iter().copied());
    let figure = |what: &str, value, most| Figure { what: what.to_owned(), value, most };
    let us = spread(&first).median_us;
    let times = spread(&after).mean_us / spread(&prepared).mean_us;
    #[cfg_attr(not(feature = "peers"), expect(unused_mut, reason = "there is nobody to compare with"))]
    let mut figures = vec![
        figure("us from a block to the first distance, median", us, Some(US_MAX)),
        figure("the distances after it, as a multiple of those before it, mean", times, Some(TIMES_MAX)),
    ];
    #[cfg(feature = "peers")]
    figures.push(figure(
        "us until routingkit-cch has changed its costs and answers, median",
        spread(&peer_first).median_us,
        None,
    ));
    print_figures(&format!("pathfinding, {}, eight directions: an aisle is blocked", field.name), &figures);
    Ok(())
}

/// Two by two cells in the middle of a walk.
fn in_the_way(walk: &[Cell]) -> [Cell; 4] {
    let (column, row) = walk[walk.len() / 2];
    [(column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)]
}

/// The map without these cells. Nothing else is known to do it than to build it again with a wall.
fn with_blocked(map: &StoreMap, cells: &[Cell; 4]) -> Result<StoreMap> {
    let ((x1_m, y1_m), (x2_m, y2_m)) = (corner(cells[0], 0.0), corner(cells[3], 1.0));
    let mut plan = map.floor_plan().clone();
    plan.floors[0].walls.push(Rect { x1_m, y1_m, x2_m, y2_m });
    // The entrance of a drawn map is its first free cell, which may be among them.
    if cells.iter().any(|&cell| point(cell) == plan.entrance) {
        return Err("the entrance is blocked".into());
    }
    Ok(StoreMap::build(plan)?)
}

fn corner((column, row): Cell, side: f64) -> (f64, f64) {
    (column as f64 + side, row as f64 + side)
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    std::hint::black_box(work());
    started.elapsed()
}

/// How long it takes the peer to block and to answer; afterwards it is as before.
#[cfg(feature = "peers")]
fn peer_answer(
    cch: &mut Changing,
    graph: &Graph,
    blocked: &[Cell; 4],
    (from, to): (u32, u32),
) -> (Duration, f64) {
    let touches = |cell: Cell, other: Cell| {
        blocked.iter().any(|&block| block == cell || block == other || is_cut(cell, other, block))
    };
    let arcs = (0..graph.cells.len() as u32).flat_map(|node| graph.arcs(node).map(move |arc| (node, arc)));
    let arcs: Vec<usize> = arcs
        .filter(|&(node, arc)| touches(graph.cells[node as usize], graph.cells[graph.heads[arc] as usize]))
        .map(|(_, arc)| arc)
        .collect();
    let costs = |of: &dyn Fn(usize) -> u32| arcs.iter().map(|&arc| (arc as u32, of(arc))).collect();
    let (blocked, free) = (costs(&|_| BLOCKED), costs(&|arc| graph.costs[arc]));
    let started = Instant::now();
    cch.set(&blocked);
    let answer = cch.distance(from, to);
    let time = started.elapsed();
    cch.set(&free);
    (time, answer)
}

/// Whether a diagonal step passes the corner of a block.
#[cfg(feature = "peers")]
fn is_cut(from: Cell, to: Cell, block: Cell) -> bool {
    from.0 != to.0 && from.1 != to.1 && (block == (from.0, to.1) || block == (to.0, from.1))
}
