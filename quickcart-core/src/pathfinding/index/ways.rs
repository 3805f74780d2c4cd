//! Lists of subgoals with their costs: which subgoals each cell reaches directly, and which each subgoal does.

use super::super::ground::cost::Cost;
use super::super::ground::grid::Grid;
use super::super::ground::sheet::Cell;
use super::super::ground::subgoal::Subgoals;
use super::super::ground::terrain::Terrain;

/// For each of many places some subgoals and the costs to them, one list behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    starts: Vec<u32>,
    subgoals: Vec<u16>,
    costs: Vec<u32>,
}

impl Ways {
    pub(super) fn push(&mut self, list: &[(u16, u32)]) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.subgoals.extend(list.iter().map(|(subgoal, _)| subgoal));
        self.costs.extend(list.iter().map(|(_, cost)| cost));
        self.starts.push(self.subgoals.len() as u32);
    }

    /// Where each list starts, the subgoals and the costs.
    pub(super) fn parts(&self) -> (&[u32], &[u16], &[u32]) {
        (&self.starts, &self.subgoals, &self.costs)
    }

    pub(super) fn from_parts(starts: Vec<u32>, subgoals: Vec<u16>, costs: Vec<u32>) -> Self {
        Self { starts, subgoals, costs }
    }

    /// These, and the lists of further places.
    pub(super) fn followed_by(mut self, other: Self) -> Self {
        let count = self.subgoals.len() as u32;
        self.starts.extend(other.starts.iter().skip(1).map(|start| start + count));
        self.subgoals.extend(other.subgoals);
        self.costs.extend(other.costs);
        self
    }

    /// The subgoals of a place and their costs, both in the same order.
    pub(super) fn of(&self, place: usize) -> (&[u16], &[u32]) {
        let range = self.starts[place] as usize..self.starts[place + 1] as usize;
        (&self.subgoals[range.clone()], &self.costs[range])
    }

    /// Whether these are lists of so many places with subgoals below a number.
    pub(super) fn fits(&self, places: usize, subgoals: usize) -> bool {
        self.starts.len() == places + 1
            && self.starts.first() == Some(&0)
            && self.starts.is_sorted()
            && self.starts.last().is_some_and(|&end| end as usize == self.subgoals.len())
            && self.costs.len() == self.subgoals.len()
            && self.subgoals.iter().all(|&number| usize::from(number) < subgoals)
            && self.costs.iter().all(|&cost| cost <= super::table::FAR)
    }

    pub(super) fn bytes(&self) -> usize {
        4 * self.starts.len() + 2 * self.subgoals.len() + 4 * self.costs.len()
    }

    pub(super) fn costs(&self) -> &[u32] {
        &self.costs
    }

    /// From every subgoal to its neighbours, with the links between them.
    pub(super) fn between_subgoals(terrain: &Terrain, subgoals: &Subgoals) -> Self {
        let mut lists: Vec<Vec<(u16, u32)>> = vec![Vec::new(); subgoals.cells().len()];
        let mut list = Vec::new();
        for (own, &cell) in (0..).zip(subgoals.cells()) {
            list.clear();
            direct(&terrain.grid, subgoals, cell, &mut list);
            for link in terrain.links_from(cell) {
                list.extend(subgoals.at(link.to).map(|to| (to, narrow(link.cost))));
            }
            for &(to, cost) in &list {
                lists[usize::from(own)].push((to, cost));
                lists[usize::from(to)].push((own, cost));
            }
        }
        let mut ways = Self::default();
        for mut list in lists {
            // The cheapest of several comes first.
            list.sort_unstable();
            list.dedup_by_key(|(to, _)| *to);
            ways.push(&list);
        }
        ways
    }
}

fn direct(grid: &Grid, subgoals: &Subgoals, cell: Cell, list: &mut Vec<(u16, u32)>) {
    subgoals.for_each_direct(grid, cell, |end| {
        let Some(number) = subgoals.at(end) else { return };
        if list.iter().all(|&(known, _)| known != number) {
            list.push((number, narrow(grid.cost_at_least(cell, end))));
        }
    });
}

/// No walk of a map that has a table costs more: see [`Table`](super::table::Table).
pub(super) fn narrow(cost: Cost) -> u32 {
    u32::try_from(cost).unwrap_or(u32::MAX / 4)
}
