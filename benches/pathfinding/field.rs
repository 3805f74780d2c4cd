//! A place to walk in, and queries with known answers.

use std::path::Path;

use benches::Result;
use benches::graph::Graph;
use benches::grid::{Cell, Grid, Moves};
use benches::scenario::{self, Query};
use quickcart_core::pathfinding::{Connectivity, FloorPlan, Point, StoreMap};

use super::chance::mixed;

/// How many of the queries of a `.scen` file are asked.
const QUERIES: usize = 200;
/// Ours and the judges count in different units.
const ROUNDING: f64 = 1e-4;

/// What is expected of us there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shelves in rows: what a store is.
    Warehouse,
    /// Halls, streets and hills.
    Irregular,
    /// What no store looks like, for completeness.
    Other,
}

/// A map with queries, whose optimum is that with eight directions.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) grid: Grid,
    pub(super) queries: Vec<Query>,
    text: String,
}

impl Field {
    /// A MovingAI map with some of the queries of its `.scen` files.
    pub(super) fn read(folder: &Path, name: &str, kind: Kind, scens: &[&str]) -> Result<Self> {
        let text = std::fs::read_to_string(folder.join(format!("{name}.map")))?;
        let grid = Grid::parse(&text)?;
        let mut all = Vec::new();
        for scen in scens {
            all.extend(scenario::parse(&std::fs::read_to_string(folder.join(scen))?, &grid)?);
        }
        // Files are sorted by length: their queries are taken from all over, in an order without one.
        let queries = scattered(all.len()).take(QUERIES).map(|index| all[index]).collect();
        Ok(Self { name: name.to_owned(), kind, grid, queries, text })
    }

    /// A drawn store with queries between its free cells, judged by Dijkstra's algorithm.
    pub(super) fn drawn(name: String, text: String, starts: usize, goals: usize) -> Result<Self> {
        let grid = Grid::parse(&text)?;
        let graph = Graph::of(&grid, Moves::Eight);
        let mut nodes = scattered(graph.cells.len()).cycle();
        let mut node = || nodes.next().ok_or("no cell is free");
        let mut queries = Vec::with_capacity(starts * goals);
        for _ in 0..starts {
            let start = node()?;
            let costs = graph.dijkstra(start as u32);
            for _ in 0..goals {
                let goal = node()?;
                queries.push(Query {
                    start: graph.cells[start],
                    goal: graph.cells[goal],
                    optimum: Graph::length(costs[goal]),
                    tolerance: ROUNDING,
                });
            }
        }
        Ok(Self { name, kind: Kind::Warehouse, grid, queries, text })
    }

    /// Our plan of it.
    pub(super) fn plan(&self, moves: Moves) -> Result<FloorPlan> {
        let connectivity = match moves {
            Moves::Four => Connectivity::Four,
            Moves::Eight => Connectivity::Eight,
        };
        Ok(FloorPlan::parse_map(&self.text, 1.0)?.with_connectivity(connectivity))
    }

    /// From where to where the queries are, for us.
    pub(super) fn pairs(&self) -> Vec<(Point, Point)> {
        self.queries.iter().map(|query| (point(query.start), point(query.goal))).collect()
    }

    /// From where to where the queries are, for those who know nodes.
    pub(super) fn nodes(&self, graph: &Graph) -> Vec<(u32, u32)> {
        self.queries.iter().map(|query| (graph.node(query.start), graph.node(query.goal))).collect()
    }

    /// The length of each query's walk and by how much an answer may differ.
    pub(super) fn expected(&self, graph: &Graph, moves: Moves) -> Vec<(f64, f64)> {
        let answer = |query: &Query| match moves {
            Moves::Eight => (query.optimum, query.tolerance),
            Moves::Four => {
                let steps = graph.fewest_steps(graph.node(query.start), graph.node(query.goal));
                (steps.map_or(f64::INFINITY, f64::from), ROUNDING)
            }
        };
        self.queries.iter().map(answer).collect()
    }

    /// Free cells all over the map, those that are reached from the start of the first query.
    pub(super) fn places(&self, graph: &Graph, count: usize, skipped: usize) -> Result<Vec<Cell>> {
        let first = self.queries.first().ok_or("a map without queries")?;
        let costs = graph.dijkstra(graph.node(first.start));
        let reached = scattered(graph.cells.len()).filter(|&node| Graph::length(costs[node]).is_finite());
        let places: Vec<Cell> = reached.skip(skipped).take(count).map(|node| graph.cells[node]).collect();
        if places.len() == count { Ok(places) } else { Err("the map is too small".into()) }
    }
}

/// Asks for every query of a field and holds the answers against what is expected; walks are walked.
pub(super) fn assert_right(
    map: &StoreMap,
    field: &Field,
    expected: &[(f64, f64)],
    moves: Moves,
) -> Result<()> {
    for ((query, (from, to)), &(length, tolerance)) in field.queries.iter().zip(field.pairs()).zip(expected) {
        let (Ok(distance), Ok(route)) = (map.distance(from, to), map.route(from, to)) else {
            assert!(length.is_infinite(), "{}: no walk from {from} to {to}, but one of {length}", field.name);
            continue;
        };
        let cells: Vec<Cell> =
            route.points.iter().map(|point| (point.x_m as usize, point.y_m as usize)).collect();
        let walked = field.grid.walk_length(&cells, moves).ok_or("a step that is none")?;
        let is_right = (distance - length).abs() <= tolerance
            && (route.length_m - distance).abs() < 1e-6
            && (walked - distance).abs() < 1e-6
            && cells.first() == Some(&query.start)
            && cells.last() == Some(&query.goal);
        assert!(is_right, "{}: {from} to {to} is {length}, and not {distance}, walked {walked}", field.name);
    }
    Ok(())
}

/// The middle of a cell.
pub(super) fn point((column, row): Cell) -> Point {
    Point::new(0, column as f64 + 0.5, row as f64 + 0.5)
}

/// All indices below `count` in an order that looks like none and is always the same.
pub(super) fn scattered(count: usize) -> impl Iterator<Item = usize> + Clone {
    let mut indices: Vec<usize> = (0..count).collect();
    indices.sort_by_key(|&index| mixed(index as u64));
    indices.into_iter()
}
