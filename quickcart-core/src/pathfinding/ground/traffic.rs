//! What zones and one-way areas mean for single steps.

use std::ops::Range;

use super::super::PlanPart;
use super::super::{Floor, FloorPlan, Heading, PathError, Rect};
use super::cost::Cost;
use super::sheet::{Cell, Sheet, SheetFloor, TOLERANCE};

/// The factors and the forbidden directions of all cells. A plan without zones and one-way areas has none and pays
/// nothing for them.
#[derive(Clone, Debug, Default)]
pub(in crate::pathfinding) struct Traffic {
    shift: u32,
    /// In thousandths, a factor a cell: steps then cost whole units, the same in both directions.
    factors: Option<Vec<u32>>,
    /// The directions that no step into or out of a cell may have.
    forbidden: Option<Vec<Directions>>,
}

/// A set of directions, a bit for each.
type Directions = u8;

const EAST: Directions = 1;
const SOUTH: Directions = 2;
const WEST: Directions = 4;
const NORTH: Directions = 8;

/// The factor where no zone is.
const PLAIN: u32 = 1_000;

impl Heading {
    fn opposite(self) -> Directions {
        match self {
            Self::East => WEST,
            Self::South => NORTH,
            Self::West => EAST,
            Self::North => SOUTH,
        }
    }
}

impl Traffic {
    /// # Errors
    /// [`PathError::InvalidPart`] for an area that is too small to hold the middle of a cell.
    pub(in crate::pathfinding) fn of(plan: &FloorPlan, sheet: &Sheet) -> Result<Self, PathError> {
        let cell_count = (sheet.height() as usize) << sheet.shift();
        let mut traffic = Self { shift: sheet.shift(), ..Self::default() };
        for (floor, place) in plan.floors.iter().zip(sheet.floors()) {
            let level = floor.level;
            for (index, zone) in floor.zones.iter().enumerate() {
                let factors = traffic.factors.get_or_insert_with(|| vec![PLAIN; cell_count]);
                let factor = (zone.cost_factor * f64::from(PLAIN)).round() as u32;
                let raise = |cell: Cell| factors[cell as usize] = factors[cell as usize].max(factor);
                let part = PlanPart::Zone { level, index };
                for_each_cell(sheet, floor, place, &zone.area, part, raise)?;
            }
            for (index, one_way) in floor.one_ways.iter().enumerate() {
                let forbidden = traffic.forbidden.get_or_insert_with(|| vec![0; cell_count]);
                let forbid = |cell: Cell| forbidden[cell as usize] |= one_way.heading.opposite();
                let part = PlanPart::OneWay { level, index };
                for_each_cell(sheet, floor, place, &one_way.area, part, forbid)?;
            }
        }
        Ok(traffic)
    }

    /// Whether there are no zones and no one-way areas.
    pub(in crate::pathfinding) fn is_plain(&self) -> bool {
        self.factors.is_none() && self.forbidden.is_none()
    }

    /// What a step to a neighbour costs that costs `plain` without zones; `None` when it is forbidden.
    pub(in crate::pathfinding) fn step(&self, from: Cell, to: Cell, plain: Cost) -> Option<Cost> {
        let is_forbidden =
            |all: &Vec<Directions>| (all[from as usize] | all[to as usize]) & self.directions(from, to) != 0;
        if self.forbidden.as_ref().is_some_and(is_forbidden) {
            return None;
        }
        let Some(factors) = &self.factors else { return Some(plain) };
        let both = Cost::from(factors[from as usize]) + Cost::from(factors[to as usize]);
        let one = Cost::from(PLAIN);
        Some((plain * both + one) / (2 * one))
    }

    /// Whether a straight walk from one cell to another may pass a third, at the factor of the first.
    pub(in crate::pathfinding) fn is_even(&self, from: Cell, to: Cell, passed: Cell) -> bool {
        let (passed, from_index) = (passed as usize, from as usize);
        self.factors.as_ref().is_none_or(|all| all[passed] == all[from_index])
            && self.forbidden.as_ref().is_none_or(|all| all[passed] & self.directions(from, to) == 0)
    }

    fn directions(&self, from: Cell, to: Cell) -> Directions {
        let place = |cell: Cell| (cell & ((1 << self.shift) - 1), cell >> self.shift);
        let ((x1, y1), (x2, y2)) = (place(from), place(to));
        let either = |a: u32, b: u32, less: Directions, more: Directions| match a.cmp(&b) {
            std::cmp::Ordering::Less => more,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => less,
        };
        either(x1, x2, WEST, EAST) | either(y1, y2, NORTH, SOUTH)
    }
}

/// Calls `visit` with every cell whose middle is in the area.
fn for_each_cell(
    sheet: &Sheet,
    floor: &Floor,
    place: &SheetFloor,
    area: &Rect,
    part: PlanPart,
    mut visit: impl FnMut(Cell),
) -> Result<(), PathError> {
    let covered = |from_m: f64, to_m: f64, size_m: f64, count: u32| -> Range<u32> {
        let first = |edge_m: f64| (edge_m / sheet.resolution_m() - 0.5 - TOLERANCE).ceil().max(0.0) as u32;
        // The last cell may reach past the floor with its middle; it still belongs to what ends at the floor's edge.
        first(from_m)..if to_m >= size_m { count } else { first(to_m).min(count) }
    };
    let columns = covered(area.x1_m, area.x2_m, floor.width_m, place.columns);
    let rows = covered(area.y1_m, area.y2_m, floor.depth_m, place.rows);
    if columns.is_empty() || rows.is_empty() {
        return part.refused("it is too small to hold the middle of a cell");
    }
    for row in rows {
        for column in columns.clone() {
            visit(sheet.cell(1 + column, place.top + row));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::{OneWay, Point, Zone};
    use super::super::cost::STRAIGHT;
    use super::*;

    /// A floor of 4.2 x 2 cells, so that the fifth column is cut off.
    fn traffic(change: impl FnOnce(&mut Floor)) -> Result<(Traffic, Sheet), PathError> {
        let mut floor = Floor::new(0, "Ground floor", 4.2, 2.0);
        change(&mut floor);
        let plan = FloorPlan::new(1.0, vec![floor], Point::new(0, 0.5, 0.5));
        let sheet = Sheet::of(&plan)?;
        Ok((Traffic::of(&plan, &sheet)?, sheet))
    }

    #[test]
    fn a_cell_is_in_a_zone_when_its_middle_is() {
        let zone =
            |x1_m, x2_m, cost_factor| Zone { area: Rect { x1_m, y1_m: 0.0, x2_m, y2_m: 2.0 }, cost_factor };
        let (traffic, sheet) = traffic(|floor| {
            floor.zones = vec![zone(0.6, 2.5, 3.0), zone(1.5, 2.0, 2.0), zone(3.9, 4.2, 5.0)];
        })
        .unwrap();
        let cell = |column: u32| sheet.cell(1 + column, 1);
        let steps: Vec<Option<Cost>> =
            (0..4).map(|column| traffic.step(cell(column), cell(column + 1), STRAIGHT)).collect();
        // The factors are 1, 3, 1, 1, 5: the last cell belongs to the zone that ends at the floor's edge.
        assert_eq!(steps, [2, 2, 1, 3].map(|times| Some(times * STRAIGHT)));
        assert_eq!(traffic.step(cell(1), cell(0), STRAIGHT), Some(2 * STRAIGHT));
        assert!(!traffic.is_plain());
    }

    #[test]
    fn nothing_enters_or_leaves_a_one_way_area_against_its_heading() {
        let area = Rect { x1_m: 1.0, y1_m: 0.0, x2_m: 2.0, y2_m: 1.0 };
        let heading = Heading::East;
        let (traffic, sheet) = traffic(|floor| floor.one_ways.push(OneWay { area, heading })).unwrap();
        let may = |from: (u32, u32), to: (u32, u32)| {
            let cell = |(column, row): (u32, u32)| sheet.cell(1 + column, 1 + row);
            traffic.step(cell(from), cell(to), STRAIGHT).is_some()
        };
        assert!(may((0, 0), (1, 0)) && may((1, 0), (2, 0)) && may((1, 0), (1, 1)) && may((1, 1), (1, 0)));
        assert!(!may((2, 0), (1, 0)) && !may((1, 0), (0, 0)) && !may((1, 0), (0, 1)) && !may((2, 1), (1, 0)));
        assert!(may((1, 1), (0, 0)), "past a corner of the area");
    }

    #[test]
    fn a_plan_without_rules_is_plain() {
        assert!(traffic(|_| ()).unwrap().0.is_plain());
    }
}
