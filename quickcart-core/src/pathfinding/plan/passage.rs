//! Stairs, ramps and escalators: ways from one place to another that are not walked cell by cell.

use super::super::Point;

/// A way from one place to another, on the same floor or on different ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// What people call it.
    pub name: String,
    /// What it is.
    pub kind: PassageKind,
    /// One end; the lower one of an escalator that goes up.
    pub from: Point,
    /// The other end.
    pub to: Point,
    /// What the way is worth, in metres of walking.
    pub cost_m: f64,
    /// Whether one gets from `from` to `to` only, as on an escalator.
    pub is_one_way: bool,
}

/// What a passage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassageKind {
    /// Steps, for who walks without a trolley.
    Stairs,
    /// A slope.
    Ramp,
    /// Moving steps, or a moving walkway.
    Escalator,
}

impl PassageKind {
    /// The word for it, in English.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stairs => "stairs",
            Self::Ramp => "ramp",
            Self::Escalator => "escalator",
        }
    }
}

impl Passage {
    /// What to say of it: its name, with the kind in front where the name does not tell.
    ///
    /// ```
    /// use quickcart_core::pathfinding::{Passage, PassageKind, Point};
    ///
    /// let (from, to) = (Point::new(0, 1.0, 1.0), Point::new(1, 4.0, 1.0));
    /// let kind = PassageKind::Stairs;
    /// let mut stairs = Passage { name: "B".to_owned(), kind, from, to, cost_m: 12.0, is_one_way: false };
    /// assert_eq!(stairs.spoken(), "the stairs B");
    /// stairs.name = "North Stairs".to_owned();
    /// assert_eq!(stairs.spoken(), "North Stairs");
    /// ```
    #[must_use]
    pub fn spoken(&self) -> String {
        let (name, word) = (self.name.trim(), self.kind.word());
        if name.to_lowercase().contains(word) {
            return name.to_owned();
        }
        format!("the {word} {name}").trim_end().to_owned()
    }
}
