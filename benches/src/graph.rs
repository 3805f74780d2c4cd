//! A map as nodes and arcs, for peers that know no grids, with the two plainest searches as judges.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::grid::{Cell, Grid, Moves};

/// What a straight and a diagonal step cost, so that peers may count in integers: 114243 / 80782 is the root of two
/// to ten digits, and a walk of 26,000 cells still fits into 31 bits.
pub const STRAIGHT: u32 = 80_782;
/// See [`STRAIGHT`].
pub const DIAGONAL: u32 = 114_243;

/// Farther than any walk.
pub const NO_WALK: u32 = u32::MAX;

/// The free cells as nodes, numbered row after row, and the steps between them as arcs in both directions.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The cell of each node.
    pub cells: Vec<Cell>,
    /// Where the arcs of each node begin, and where those of the last one end.
    first_arc: Vec<u32>,
    /// Where each arc leads to.
    pub heads: Vec<u32>,
    /// What each arc costs.
    pub costs: Vec<u32>,
    columns: usize,
    node_at: Vec<u32>,
}

impl Graph {
    /// The graph of a grid.
    #[must_use]
    pub fn of(grid: &Grid, moves: Moves) -> Self {
        let cells: Vec<Cell> = grid.free_cells().collect();
        let columns = grid.columns;
        let mut node_at = vec![u32::MAX; columns * grid.rows];
        for (node, &(column, row)) in (0..).zip(&cells) {
            node_at[row * columns + column] = node;
        }
        let mut graph =
            Self { cells, first_arc: vec![0], heads: Vec::new(), costs: Vec::new(), columns, node_at };
        for node in 0..graph.cells.len() {
            for ((column, row), is_diagonal) in grid.steps(graph.cells[node], moves) {
                graph.heads.push(graph.node_at[row * columns + column]);
                graph.costs.push(if is_diagonal { DIAGONAL } else { STRAIGHT });
            }
            graph.first_arc.push(graph.heads.len() as u32);
        }
        graph
    }

    /// The node of a free cell.
    #[must_use]
    pub fn node(&self, (column, row): Cell) -> u32 {
        self.node_at[row * self.columns + column]
    }

    /// The arcs of a node: their numbers.
    #[must_use]
    pub fn arcs(&self, node: u32) -> std::ops::Range<usize> {
        self.first_arc[node as usize] as usize..self.first_arc[node as usize + 1] as usize
    }

    /// Where one gets in one step, and what it costs.
    pub fn steps(&self, node: u32) -> impl Iterator<Item = (u32, u32)> {
        self.arcs(node).map(|arc| (self.heads[arc], self.costs[arc]))
    }

    /// The cost of the shortest walks from one node to all: Dijkstra's algorithm without a thought for speed.
    #[must_use]
    pub fn dijkstra(&self, from: u32) -> Vec<u32> {
        let mut costs = vec![NO_WALK; self.cells.len()];
        costs[from as usize] = 0;
        let mut open = BinaryHeap::from([(Reverse(0), from)]);
        while let Some((Reverse(cost), node)) = open.pop() {
            if cost > costs[node as usize] {
                continue;
            }
            for (next, step) in self.steps(node) {
                if cost + step < costs[next as usize] {
                    costs[next as usize] = cost + step;
                    open.push((Reverse(cost + step), next));
                }
            }
        }
        costs
    }

    /// How many steps lead from one node to another: breadth-first search.
    #[must_use]
    pub fn fewest_steps(&self, from: u32, to: u32) -> Option<u32> {
        let mut steps = vec![NO_WALK; self.cells.len()];
        steps[from as usize] = 0;
        let mut open = VecDeque::from([from]);
        while let Some(node) = open.pop_front() {
            if node == to {
                return Some(steps[node as usize]);
            }
            for (next, _) in self.steps(node) {
                if steps[next as usize] == NO_WALK {
                    steps[next as usize] = steps[node as usize] + 1;
                    open.push_back(next);
                }
            }
        }
        None
    }

    /// A cost in sides of a cell; infinite where no walk leads.
    #[must_use]
    pub fn length(cost: u32) -> f64 {
        if cost == NO_WALK { f64::INFINITY } else { f64::from(cost) / f64::from(STRAIGHT) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_searches_walk_around_a_shelf() {
        let grid = Grid::parse("type octile\nheight 3\nwidth 4\nmap\n....\n.@@.\n.@@.\n").unwrap();
        let four = Graph::of(&grid, Moves::Four);
        let (from, to) = (four.node((0, 2)), four.node((3, 2)));
        assert_eq!(four.fewest_steps(from, to), Some(7));
        assert_eq!(four.dijkstra(from)[to as usize], 7 * STRAIGHT);
        let eight = Graph::of(&grid, Moves::Eight);
        assert_eq!(eight.dijkstra(from)[to as usize], 7 * STRAIGHT, "all four corners are in the way");
    }

    #[test]
    fn nobody_walks_through_a_wall() {
        let grid = Grid::parse("type octile\nheight 1\nwidth 3\nmap\n.@.\n").unwrap();
        let graph = Graph::of(&grid, Moves::Eight);
        assert_eq!(graph.fewest_steps(0, 1), None);
        assert_eq!(Graph::length(graph.dijkstra(0)[1]), f64::INFINITY);
    }

    #[test]
    fn the_diagonal_is_the_root_of_two() {
        assert!((Graph::length(DIAGONAL) - std::f64::consts::SQRT_2).abs() < 1e-10);
    }
}
