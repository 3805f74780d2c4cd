//! A shopper's walk: from the trolley past every wanted product, each leg with directions.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{ProductId, Section, SectionId};
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::pathfinding::{PathError, Point, Route, StoreMap, Waypoint};

/// A place to go to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// The product to take there, if it is for one.
    pub product_id: Option<ProductId>,
    /// The section it is in, if any.
    pub section_id: Option<SectionId>,
    /// The very place, on a shelf perhaps.
    pub point: Point,
}

/// A walk from one stop to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// Where it leads.
    pub stop: Stop,
    /// The way there, to the free floor in front of it.
    pub route: Route,
    /// The turning points, each with an instruction and the section it is in.
    pub directions: Vec<(Waypoint, Option<SectionId>)>,
}

/// A walk past all stops that can be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// Where it starts, on free floor.
    pub start: Point,
    /// One leg for each stop, in the order of the visit.
    pub legs: Vec<Leg>,
    /// The length of all legs, in metres.
    pub length_m: f64,
    /// Whether no order of the stops is shorter; otherwise none was found.
    pub proved_shortest: bool,
}

/// A walk that is still to be found.
#[derive(Clone, Debug)]
pub struct WalkPlan {
    pub(crate) map: Arc<StoreMap>,
    pub(crate) sections: Vec<Section>,
    pub(crate) start: Point,
    pub(crate) stops: Vec<Stop>,
}

impl WalkPlan {
    /// Finds the walk. This keeps a processor busy for milliseconds: do it where that blocks nobody.
    ///
    /// # Errors
    /// [`WalkError::Path`] when the start is not on the map or there are too many stops.
    pub fn solve(&self) -> Result<Walk, WalkError> {
        let start = self.map.nearest_free(self.start)?;
        let points: Vec<Point> = self.stops.iter().map(|stop| stop.point).collect();
        let tour = self.map.tour(start, &points)?;
        let mut from = start;
        let mut legs = Vec::with_capacity(tour.order.len());
        for &index in &tour.order {
            let leg = self.leg(from, self.stops[index])?;
            from = leg.route.points.last().copied().unwrap_or(from);
            legs.push(leg);
        }
        Ok(Walk { start, legs, length_m: tour.length, proved_shortest: tour.is_proved_shortest() })
    }

    fn leg(&self, from: Point, stop: Stop) -> Result<Leg, WalkError> {
        let route = self.map.route(from, stop.point)?;
        let mut waypoints = self.map.directions(&route);
        let section_id = stop.section_id.or_else(|| self.section_at(stop.point));
        if let (Some(end), Some(section_id)) = (waypoints.last_mut(), section_id) {
            end.instruction = format!("You have arrived at section {section_id}");
        }
        let last = waypoints.len().saturating_sub(1);
        let section_of =
            |index: usize, point: Point| if index == last { section_id } else { self.section_at(point) };
        let placed = waypoints.into_iter().enumerate().map(|(index, waypoint)| {
            let section_id = section_of(index, waypoint.point);
            (waypoint, section_id)
        });
        let directions = placed.collect();
        Ok(Leg { stop: Stop { section_id, ..stop }, route, directions })
    }

    fn section_at(&self, point: Point) -> Option<SectionId> {
        self.sections.iter().find(|section| section.contains(point)).map(|section| section.section_id)
    }
}

impl Leg {
    /// What to tell at the end of the leg.
    #[must_use]
    pub fn last_instruction(&self) -> &str {
        self.directions.last().map_or("You have arrived", |(waypoint, _)| &waypoint.instruction)
    }
}

/// Why there is no walk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// There is no such shopper, or they are retired.
    #[error("user {user_id} does not exist")]
    UserNotFound {
        /// Who was asked for.
        user_id: i64,
    },
    /// The shopper has no trolley to start from.
    #[error("the user has no active cart")]
    NoActiveCart,
    /// The shop has no map yet.
    #[error("the store has no map; import one first")]
    NoMap,
    /// The start is not on the map, or there are too many stops.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for WalkError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UserNotFound { .. } => ErrorKind::Unauthenticated,
            Self::NoActiveCart => ErrorKind::NotFound,
            Self::NoMap => ErrorKind::Unavailable,
            Self::Path(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UserNotFound { .. } => "user_not_found",
            Self::NoActiveCart => "no_active_cart",
            Self::NoMap => "no_map",
            Self::Path(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
