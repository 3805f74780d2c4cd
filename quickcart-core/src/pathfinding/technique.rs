//! How a map finds walks.

/// How a map finds walks. All techniques answer the same lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Technique {
    /// The first of the others that the map allows and that fits into memory.
    #[default]
    Auto,
    /// The walks between all pairs of subgoals are found beforehand. For maps whose cells all cost the same and whose ways
    /// lead both ways; memory grows with the square of the subgoals, which are the corners of walls and shelves.
    Table,
    /// A* over the subgoals, which are looked for on the way. For the same maps, without preparation.
    Subgoals,
    /// A* over the cells. For any map, without preparation.
    Search,
}
