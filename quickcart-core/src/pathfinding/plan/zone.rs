//! Parts of a floor where walking costs more, or where one walks in one direction only.

use super::super::Rect;

/// A part of a floor where walking costs more: a crowd, a wet market, a counter with a queue.
///
/// A cell belongs to it when its middle does. A step costs its length times the mean of the factors of both its cells.
/// Where zones overlap, the higher factor holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    /// Where it is.
    pub area: Rect,
    /// How many times as much walking costs: from 1 to [`COST_FACTOR_MAX`](Self::COST_FACTOR_MAX), to a thousandth.
    pub cost_factor: f64,
}

impl Zone {
    /// The highest factor.
    pub const COST_FACTOR_MAX: f64 = 1_000.0;
}

/// A part of a floor where nobody walks against the heading.
///
/// A cell belongs to it when its middle does. No step that leaves or enters one of its cells has a component against the
/// heading; steps to the side are allowed. Where such areas overlap, each of them holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneWay {
    /// Where it is.
    pub area: Rect,
    /// Where one walks to.
    pub heading: Heading,
}

/// A direction on the plan, whose upper edge is in the north.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// To the right.
    East,
    /// Downwards.
    South,
    /// To the left.
    West,
    /// Upwards.
    North,
}
