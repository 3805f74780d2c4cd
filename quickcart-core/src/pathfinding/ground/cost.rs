//! Lengths as integers whose order is that of the true lengths.
//!
//! A straight step costs [`STRAIGHT`] units and a diagonal one [`DIAGONAL`]: 47,321 / 33,461 is a convergent of the square
//! root of two (the Pell equation, 47,321² - 2 * 33,461² = -1). Two sums of steps differ by a + b√2, which is at least
//! 1 / (2.83 |b|) unless it is zero, and the integers are off by 3 * 10^-10 |b|: so up to 33,000 diagonal steps in one
//! walk the integers compare as the true lengths do, add up in any order to the same sum, and tell the two numbers of
//! steps again.

use std::f64::consts::SQRT_2;

/// The length of a walk, in units.
pub(in crate::pathfinding) type Cost = u64;

/// One step along a row or a column.
pub(in crate::pathfinding) const STRAIGHT: Cost = 33_461;
/// One step across a corner.
pub(in crate::pathfinding) const DIAGONAL: Cost = 47_321;

/// More than any walk costs.
pub(in crate::pathfinding) const UNREACHABLE: Cost = Cost::MAX / 4;

/// 1 / 47,321 modulo 33,461.
const INVERSE: Cost = 19_601;

/// The least that a walk over `dx` columns and `dy` rows costs in eight directions.
pub(in crate::pathfinding) fn octile(dx: u32, dy: u32) -> Cost {
    let (short, long) = (dx.min(dy), dx.max(dy));
    Cost::from(long - short) * STRAIGHT + Cost::from(short) * DIAGONAL
}

/// The least that it costs in four directions.
pub(in crate::pathfinding) fn manhattan(dx: u32, dy: u32) -> Cost {
    (Cost::from(dx) + Cost::from(dy)) * STRAIGHT
}

/// The cost of a ride that is worth so many sides of a cell, rounded to a unit.
pub(in crate::pathfinding) fn of_sides(sides: f64) -> Cost {
    (sides * STRAIGHT as f64).round() as Cost
}

/// The length in sides of a cell.
pub(in crate::pathfinding) fn sides(cost: Cost) -> f64 {
    let diagonal = cost % STRAIGHT * INVERSE % STRAIGHT;
    match cost.checked_sub(diagonal * DIAGONAL) {
        Some(straight) => (straight / STRAIGHT) as f64 + diagonal as f64 * SQRT_2,
        // Not a sum of steps: a ride or a zone is in it.
        None => cost as f64 / STRAIGHT as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_again() {
        assert_eq!(INVERSE * DIAGONAL % STRAIGHT, 1);
        for (straight, diagonal) in [(0, 0), (1, 0), (0, 1), (76, 31), (999_999, 33_000)] {
            let length = straight as f64 + diagonal as f64 * SQRT_2;
            assert_eq!(sides(straight * STRAIGHT + diagonal * DIAGONAL), length);
        }
        assert!((sides(of_sides(7.3)) - 7.3).abs() < 1e-4);
    }

    #[test]
    fn integers_compare_as_the_lengths_do() {
        // The closest that straight and diagonal steps come to each other: the convergents of the root.
        for (straight, diagonal) in [(7_u64, 5_u64), (17, 12), (577, 408), (3_363, 2_378), (19_601, 13_860)] {
            let by_lengths = (straight as f64).total_cmp(&(diagonal as f64 * SQRT_2));
            assert_eq!((straight * STRAIGHT).cmp(&(diagonal * DIAGONAL)), by_lengths);
        }
    }

    #[test]
    fn nothing_is_shorter_than_the_straight_way() {
        assert_eq!(octile(3, 5), 2 * STRAIGHT + 3 * DIAGONAL);
        assert_eq!(manhattan(3, 5), 8 * STRAIGHT);
    }
}
