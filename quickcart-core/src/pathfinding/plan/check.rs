//! What a floor plan must fulfil before it is divided into cells.

use std::fmt;

use super::super::{FloorPlan, PathError, Rect, Zone};

/// The most that a ride or a passage costs, in sides of a cell: sums of a hundred thousand stay countable.
const RIDE_SIDES_MAX: f64 = 1e9;

/// A part of a floor plan, as errors name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanPart {
    /// One of a floor's zones.
    Zone {
        /// The floor.
        level: i32,
        /// Its place in the list, counted from 0.
        index: usize,
    },
    /// One of a floor's one-way areas.
    OneWay {
        /// The floor.
        level: i32,
        /// Its place in the list, counted from 0.
        index: usize,
    },
    /// A lift.
    Lift {
        /// Its place in the list, counted from 0.
        index: usize,
        /// What people call it.
        name: String,
    },
    /// A passage.
    Passage {
        /// Its place in the list, counted from 0.
        index: usize,
        /// What people call it.
        name: String,
    },
}

impl fmt::Display for PlanPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zone { level, index } => write!(f, "zone {} of level {level}", index + 1),
            Self::OneWay { level, index } => write!(f, "one-way area {} of level {level}", index + 1),
            Self::Lift { index, name } => write!(f, "lift {} ({name})", index + 1),
            Self::Passage { index, name } => write!(f, "passage {} ({name})", index + 1),
        }
    }
}

impl PlanPart {
    pub(in crate::pathfinding) fn refused<T>(self, reason: &'static str) -> Result<T, PathError> {
        Err(PathError::InvalidPart { part: self, reason })
    }
}

impl FloorPlan {
    /// # Errors
    /// [`PathError::InvalidPlan`] and [`PathError::InvalidPart`].
    pub(in crate::pathfinding) fn check(&self) -> Result<(), PathError> {
        if !(self.resolution_m.is_finite() && self.resolution_m > 0.0) {
            return invalid("the resolution must be above zero".to_owned());
        }
        if self.floors.is_empty() {
            return invalid("it has no floor".to_owned());
        }
        self.check_floors()?;
        self.check_areas()?;
        self.check_rides()
    }

    fn check_floors(&self) -> Result<(), PathError> {
        for (index, floor) in self.floors.iter().enumerate() {
            if self.floors[..index].iter().any(|other| other.level == floor.level) {
                return invalid(format!("level {} is there twice", floor.level));
            }
            let sizes = [floor.width_m, floor.depth_m];
            if sizes.iter().any(|size| !size.is_finite() || *size < self.resolution_m) {
                return invalid(format!("level {} is smaller than a cell", floor.level));
            }
            let aisles = floor.aisles.iter().map(|aisle| &aisle.area);
            for rect in floor.walls.iter().chain(&floor.shelves).chain(aisles) {
                if !rect.is_inside(floor.width_m, floor.depth_m) {
                    return invalid(format!("{rect:?} does not lie within level {}", floor.level));
                }
            }
        }
        Ok(())
    }

    fn check_areas(&self) -> Result<(), PathError> {
        for floor in &self.floors {
            let level = floor.level;
            let zones = floor.zones.iter().enumerate();
            let zones = zones.map(|(index, zone)| (PlanPart::Zone { level, index }, &zone.area));
            let one_ways = floor.one_ways.iter().enumerate();
            let one_ways =
                one_ways.map(|(index, one_way)| (PlanPart::OneWay { level, index }, &one_way.area));
            let outside = |area: &&Rect| !area.is_inside(floor.width_m, floor.depth_m);
            if let Some((part, _)) = zones.chain(one_ways).find(|(_, area)| outside(area)) {
                return part.refused("it is not a rectangle within its floor");
            }
            let is_factor = |zone: &Zone| (1.0..=Zone::COST_FACTOR_MAX).contains(&zone.cost_factor);
            if let Some(index) = floor.zones.iter().position(|zone| !is_factor(zone)) {
                return PlanPart::Zone { level, index }.refused("its cost factor is not from 1 to 1,000");
            }
        }
        Ok(())
    }

    fn check_rides(&self) -> Result<(), PathError> {
        let is_cost = |cost_m: f64| cost_m > 0.0 && cost_m / self.resolution_m <= RIDE_SIDES_MAX;
        for (index, lift) in self.lifts.iter().enumerate() {
            let part = || PlanPart::Lift { index, name: lift.name.clone() };
            let mut levels = lift.levels.clone();
            levels.sort_unstable();
            levels.dedup();
            if levels.len() < 2 || levels.len() < lift.levels.len() {
                return part().refused("it needs two levels, each of them once");
            }
            if !is_cost(lift.cost_m) {
                return part().refused("its cost is not above zero, or too high");
            }
        }
        for (index, passage) in self.passages.iter().enumerate() {
            let part = || PlanPart::Passage { index, name: passage.name.clone() };
            if !is_cost(passage.cost_m) {
                return part().refused("its cost is not above zero, or too high");
            }
        }
        Ok(())
    }
}

fn invalid(reason: String) -> Result<(), PathError> {
    Err(PathError::InvalidPlan { reason })
}
