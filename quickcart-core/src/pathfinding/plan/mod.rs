//! What a map is given as.

mod check;
mod floor_plan;
mod map_file;
mod passage;
mod zone;

pub use check::PlanPart;
pub use floor_plan::{Aisle, Checkout, Connectivity, Dock, Floor, FloorPlan, Lift, Point, Rect};
pub use passage::{Passage, PassageKind};
pub use zone::{Heading, OneWay, Zone};
