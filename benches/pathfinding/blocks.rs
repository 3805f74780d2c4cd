//! An aisle is blocked, and the next query must know.

use std::time::{Duration, Instant};

use benches::graph::Graph;
use benches::grid::{Cell, Grid, Moves};
use benches::scenario::Query;
use benches::spread::Spread;
use benches::{Figure, Result, print_figures};
use quickcart_core::pathfinding::{Rect, StoreMap};

use super::field::{Field, point, scattered};
use super::peers::{self, Changing};

const BLOCKS: usize = 12;
/// How many queries follow each block.
const FOLLOWERS: usize = 20;
/// From the block to the first answer.
const US_MAX: f64 = 200.0;
/// Queries after a block may take so many times as long as prepared ones.
const TIMES_MAX: f64 = 10.0;

pub(super) fn section(field: &Field) -> Result<()> {
    let graph = Graph::of(&field.grid, Moves::Eight);
    let mut map = StoreMap::build(field.plan(Moves::Eight)?)?;
    let mut peer = peers::index(&graph).map(|index| index.changing());
    let mut peer_first = Vec::new();
    let (mut first, mut before, mut after, mut freed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for query in scattered(field.queries.len()).take(BLOCKS) {
        let Some(blocked) = in_the_way(&map, &field.grid, &field.queries[query])? else { continue };
        let is_left = |cell: Cell| field.grid.is_free(cell) && !blocked.contains(&cell);
        let judge = Graph::of(&Grid::new(field.grid.columns, field.grid.rows, is_left), Moves::Eight);
        let followers = (query..=query + FOLLOWERS).map(|index| field.queries[index % field.queries.len()]);
        let followers: Vec<Query> =
            followers.filter(|query| is_left(query.start) && is_left(query.goal)).collect();

        before.extend(followers.iter().skip(1).map(|query| answer(&map, query).1));
        let started = Instant::now();
        map.block(0, area(&blocked))?;
        let (distance, _) = answer(&map, &followers[0]);
        first.push(started.elapsed());
        assert_right(&judge, &followers[0], distance);
        for query in &followers[1..] {
            let (distance, time) = answer(&map, query);
            after.push(time);
            assert_right(&judge, query, distance);
        }
        let started = Instant::now();
        map.free(0, area(&blocked))?;
        let (distance, _) = answer(&map, &followers[0]);
        freed.push(started.elapsed());
        assert_right(&graph, &followers[0], distance);

        if let Some(peer) = &mut peer {
            let nodes = (graph.node(followers[0].start), graph.node(followers[0].goal));
            let (time, distance) = peer_answer(peer.as_mut(), &graph, &blocked, nodes);
            peer_first.push(time);
            assert_right(&judge, &followers[0], distance);
        }
    }
    let spread = |times: &[Duration]| Spread::of(times.iter().copied());
    let figure = |what: &str, value, most| Figure { what: what.to_owned(), value, most };
    let times = spread(&after).mean_us / spread(&before).mean_us;
    let mut figures = vec![
        figure("us from a block to the first distance, median", spread(&first).median_us, Some(US_MAX)),
        figure("us from freeing it to the first distance, median", spread(&freed).median_us, None),
        figure("us of a distance before a block, mean", spread(&before).mean_us, None),
        figure("us of a distance after it, mean", spread(&after).mean_us, None),
        figure("the latter as a multiple of the former", times, Some(TIMES_MAX)),
    ];
    if peer.is_some() {
        let us = spread(&peer_first).median_us;
        figures.push(figure("us until routingkit-cch has changed its costs and answers, median", us, None));
    }
    print_figures(&format!("pathfinding, {}, eight directions: an aisle is blocked", field.name), &figures);
    Ok(())
}

/// Our distance, infinite where no walk leads, and the time it took.
fn answer(map: &StoreMap, query: &Query) -> (f64, Duration) {
    let started = Instant::now();
    let distance = map.distance(point(query.start), point(query.goal)).unwrap_or(f64::INFINITY);
    (distance, started.elapsed())
}

fn assert_right(judge: &Graph, query: &Query, distance: f64) {
    let costs = judge.dijkstra(judge.node(query.start));
    let expected = Graph::length(costs[judge.node(query.goal) as usize]);
    assert!(distance == expected || (distance - expected).abs() < 1e-4, "{distance} and {expected}");
}

/// Two by two free cells with the middle of a walk among them, unless there are none or an end of the walk is among them.
/// All are free, because to free them again would free a shelf, too.
fn in_the_way(map: &StoreMap, grid: &Grid, query: &Query) -> Result<Option<[Cell; 4]>> {
    let walk = map.route(point(query.start), point(query.goal))?.points;
    let middle = walk[walk.len() / 2];
    let (right, below) = (middle.x_m as usize, middle.y_m as usize);
    let square = |(x, y): Cell| [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
    let (left, above) = (right.saturating_sub(1), below.saturating_sub(1));
    let squares = [(right, below), (left, below), (right, above), (left, above)].map(square);
    Ok(squares.into_iter().find(|cells| {
        cells.iter().all(|&cell| grid.is_free(cell) && cell != query.start && cell != query.goal)
    }))
}

fn area(cells: &[Cell; 4]) -> Rect {
    let [x1_m, y1_m] = [cells[0].0, cells[0].1].map(|side| side as f64);
    Rect { x1_m, y1_m, x2_m: x1_m + 2.0, y2_m: y1_m + 2.0 }
}

/// How long it takes the peer to block and to answer; afterwards it is as before.
fn peer_answer(
    peer: &mut dyn Changing,
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
    let blocked = arcs.iter().map(|&arc| (arc as u32, None)).collect();
    let free = arcs.iter().map(|&arc| (arc as u32, Some(graph.costs[arc]))).collect();
    let started = Instant::now();
    peer.set(&blocked);
    let answer = peer.distance(from, to);
    let time = started.elapsed();
    peer.set(&free);
    (time, answer)
}

/// Whether a diagonal step passes the corner of a block.
fn is_cut(from: Cell, to: Cell, block: Cell) -> bool {
    from.0 != to.0 && from.1 != to.1 && (block == (from.0, to.1) || block == (to.0, from.1))
}
