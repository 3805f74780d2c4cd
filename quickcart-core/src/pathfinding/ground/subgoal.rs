//! Simple subgoals: the free cells around which shortest walks bend, and which of them a cell reaches directly (Uras,
//! Koenig and Hernández, Subgoal Graphs for Optimal Pathfinding in Eight-Neighbor Grids, ICAPS 2013).
//!
//! A subgoal stands across the corner of a blocked cell, with both cells beside that corner free; the ends of links are
//! subgoals, too. A cell reaches a subgoal directly when all shortest walks that an empty floor would allow are free and
//! pass no other subgoal. Every shortest walk is then a chain of direct ways between subgoals. The same holds with four
//! directions, where the walks that an empty floor allows fill a rectangle instead of a parallelogram.

use super::super::Connectivity;
use super::grid::{Along, Grid};
use super::sheet::Cell;
use super::terrain::Terrain;

/// The subgoals of a terrain.
#[derive(Clone, Debug)]
pub(in crate::pathfinding) struct Subgoals {
    /// In ascending order; a subgoal's number is its place here.
    cells: Vec<Cell>,
    /// The number of the subgoal on each cell, or [`NONE`].
    numbers: Vec<u16>,
    /// The free cells that are none.
    plain: Grid,
}

const NONE: u16 = u16::MAX;

/// The most subgoals that have numbers.
pub(in crate::pathfinding) const SUBGOALS_MAX: usize = NONE as usize;

/// What a scan walks along: a step, and the direction in which it looks from there.
const SCANS_EIGHT: [((i32, i32), Along); 8] = [
    ((1, 1), Along::East),
    ((1, 1), Along::South),
    ((-1, 1), Along::West),
    ((-1, 1), Along::South),
    ((-1, -1), Along::West),
    ((-1, -1), Along::North),
    ((1, -1), Along::East),
    ((1, -1), Along::North),
];
const SCANS_FOUR: [((i32, i32), Along); 4] =
    [((0, 1), Along::East), ((0, 1), Along::West), ((0, -1), Along::East), ((0, -1), Along::West)];

impl Subgoals {
    /// `None` when there are more than [`SUBGOALS_MAX`].
    pub(in crate::pathfinding) fn of(terrain: &Terrain) -> Option<Self> {
        let grid = &terrain.grid;
        let cells: Vec<Cell> = grid.free_cells().filter(|&cell| is_subgoal(terrain, cell)).collect();
        if cells.len() > SUBGOALS_MAX {
            return None;
        }
        let mut numbers = vec![NONE; grid.len()];
        for (number, &cell) in (0..).zip(&cells) {
            numbers[cell as usize] = number;
        }
        Some(Self { cells, numbers, plain: plain_cells(terrain) })
    }

    pub(in crate::pathfinding) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(in crate::pathfinding) fn bytes(&self) -> usize {
        4 * self.cells.len() + 2 * self.numbers.len()
    }

    /// The subgoal that stands on a cell.
    pub(in crate::pathfinding) fn at(&self, cell: Cell) -> Option<u16> {
        Some(self.numbers[cell as usize]).filter(|&number| number != NONE)
    }

    /// Whether a shortest walk from a cell, or to it, may bend at a subgoal: then the cell lies on the blocked corner's side
    /// of it along one axis, and not so along the other. What is reached past other subgoals is reached by a walk that
    /// bends in this way only (the forced neighbours of Harabor and Grastien, Online Graph Pruning for Pathfinding on Grid
    /// Maps, AAAI 2011).
    pub(in crate::pathfinding) fn bends(&self, terrain: &Terrain, subgoal: Cell, seen_from: Cell) -> bool {
        let grid = &terrain.grid;
        let ((x, y), (from_x, from_y)) = (grid.place(subgoal), grid.place(seen_from));
        let side = |a: u32, b: u32| (i64::from(b) - i64::from(a)).signum();
        let (side_x, side_y) = (side(x, from_x), side(y, from_y));
        let corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)];
        let is_blocked = |corner: (i64, i64)| {
            let cell = |dx: i64, dy: i64| grid.cell((i64::from(x) + dx) as u32, (i64::from(y) + dy) as u32);
            let (a, b) = (cell(corner.0, 0), cell(0, corner.1));
            grid.is_free(a) && grid.is_free(b) && !grid.is_free(cell(corner.0, corner.1))
        };
        let is_beside =
            |(dx, dy): (i64, i64)| (side_x == dx && side_y != dy) || (side_y == dy && side_x != dx);
        corners.into_iter().any(|corner| is_beside(corner) && is_blocked(corner))
            || !terrain.links_from(subgoal).is_empty()
    }

    /// Calls `visit` with the cell of every subgoal that a free cell reaches directly; one may come twice.
    pub(in crate::pathfinding) fn for_each_direct(&self, grid: &Grid, cell: Cell, visit: impl FnMut(Cell)) {
        for_each_direct(grid, &self.plain, cell, visit);
    }
}

/// The free cells that are no subgoals.
pub(in crate::pathfinding) fn plain_cells(terrain: &Terrain) -> Grid {
    let mut plain = terrain.grid.clone();
    for cell in terrain.grid.free_cells().filter(|&cell| is_subgoal(terrain, cell)) {
        plain.set_free(cell, false);
    }
    plain
}

/// The same, after some cells were blocked or freed.
pub(in crate::pathfinding) fn update_plain_cells(plain: &mut Grid, terrain: &Terrain, changed: &[Cell]) {
    let stride = plain.stride();
    for &cell in changed {
        for row in [cell - stride, cell, cell + stride] {
            for near in row - 1..=row + 1 {
                plain.set_free(near, terrain.grid.is_free(near) && !is_subgoal(terrain, near));
            }
        }
    }
}

/// Whether a free cell is a subgoal; links lead both ways, so their ends are where they begin.
fn is_subgoal(terrain: &Terrain, cell: Cell) -> bool {
    is_corner(&terrain.grid, cell) || !terrain.links_from(cell).is_empty()
}

/// As [`Subgoals::for_each_direct`], for any free cells of which some are `plain` and the others are subgoals.
pub(in crate::pathfinding) fn for_each_direct(
    grid: &Grid,
    plain: &Grid,
    cell: Cell,
    mut visit: impl FnMut(Cell),
) {
    let place = grid.place(cell);
    let is_subgoal = |place| grid.is_free(cell_at(grid, place));
    for along in [Along::East, Along::West, Along::South, Along::North] {
        let end = along.go(place, plain.run(place, along) + 1);
        if is_subgoal(end) {
            visit(cell_at(grid, end));
        }
    }
    let scans: &[_] = match grid.connectivity() {
        Connectivity::Eight => &SCANS_EIGHT,
        Connectivity::Four => &SCANS_FOUR,
    };
    for &(step, along) in scans {
        scan(grid, plain, place, step, along, &mut visit);
    }
}

/// Looks along one direction from every cell that a step repeated reaches. How far the looks before went is how far
/// the next one may go: what lies between must be free, too, and pass no subgoal.
fn scan(
    grid: &Grid,
    plain: &Grid,
    start: (u32, u32),
    step: (i32, i32),
    along: Along,
    visit: &mut impl FnMut(Cell),
) {
    let mut reach = plain.run(start, along);
    let mut here = start;
    while let Some(next) = grid.stepped(here, step) {
        here = next;
        let cell = cell_at(grid, here);
        if !plain.is_free(cell) {
            if step.0 != 0 {
                visit(cell);
            }
            return;
        }
        let run = plain.run(here, along);
        if run < reach {
            let end = cell_at(grid, along.go(here, run + 1));
            if grid.is_free(end) {
                visit(end);
            }
            reach = run;
        }
        if reach == 0 && step.0 == 0 {
            return;
        }
    }
}

/// Whether a walk may bend here: a cell across a corner is blocked, and both beside that corner are free.
fn is_corner(grid: &Grid, cell: Cell) -> bool {
    let stride = grid.stride();
    let (east, west, south, north) = (cell + 1, cell - 1, cell + stride, cell - stride);
    let bends = |a: Cell, b: Cell, corner: Cell| grid.is_free(a) && grid.is_free(b) && !grid.is_free(corner);
    bends(east, south, south + 1)
        || bends(west, south, south - 1)
        || bends(west, north, north - 1)
        || bends(east, north, north + 1)
}

fn cell_at(grid: &Grid, (x, y): (u32, u32)) -> Cell {
    grid.cell(x, y)
}
