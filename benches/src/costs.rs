//! What it costs to go from place to place, and a plain file for it.

use crate::Result;

/// Where a tour ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Where it started.
    Closed,
    /// At the last place; it starts at the first one.
    Open,
}

/// The costs between the places of a tour.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// How many places there are.
    pub places: usize,
    /// From each place to each, row after row.
    pub square: Vec<f64>,
    /// Where the tour ends.
    pub ends: Ends,
}

impl Costs {
    /// The costs between `places` places.
    ///
    /// # Errors
    /// When there are fewer than two places, too few costs, or costs that are none.
    pub fn new(places: usize, square: Vec<f64>, ends: Ends) -> Result<Self> {
        if places < 2 || square.len() != places * places {
            return Err(format!("{} costs are not the square of two places or more", square.len()).into());
        }
        match square.iter().find(|cost| !cost.is_finite() || **cost < 0.0) {
            Some(cost) => Err(format!("{cost} is no cost").into()),
            None => Ok(Self { places, square, ends }),
        }
    }

    /// Reads a matrix, a row a line, with blanks or commas between the numbers. The first row is the start of the tour, the
    /// last one its end.
    ///
    /// # Errors
    /// The first line that is not as it should be, with its number.
    pub fn parse_matrix(text: &str) -> Result<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let words = line.split(|letter: char| letter == ',' || letter.is_whitespace());
            let numbers = words.filter(|word| !word.is_empty()).map(str::parse);
            let row: Vec<f64> = numbers
                .collect::<std::result::Result<_, _>>()
                .map_err(|_| format!("line {number} is no row of numbers"))?;
            if rows.first().is_some_and(|first| first.len() != row.len()) {
                return Err(format!(
                    "line {number} has {} numbers, and the first one {}",
                    row.len(),
                    rows[0].len()
                )
                .into());
            }
            rows.push(row);
        }
        Self::new(rows.len(), rows.concat(), Ends::Open)
    }

    /// From one place to another.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> f64 {
        self.square[from * self.places + to]
    }

    /// The length of a tour through all places.
    #[must_use]
    pub fn length(&self, order: &[usize]) -> f64 {
        let walk: f64 = order.windows(2).map(|pair| self.between(pair[0], pair[1])).sum();
        match (self.ends, order) {
            (Ends::Closed, [first, .., last]) => walk + self.between(*last, *first),
            _ => walk,
        }
    }

    /// Whether an order visits every place once, and starts and ends where it should.
    #[must_use]
    pub fn is_tour(&self, order: &[usize]) -> bool {
        let mut places = order.to_vec();
        places.sort_unstable();
        let ends = (order.first(), order.last());
        places.into_iter().eq(0..self.places)
            && (self.ends == Ends::Closed || ends == (Some(&0), Some(&(self.places - 1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_may_have_commas_and_is_an_open_tour() {
        let costs = Costs::parse_matrix("0, 1, 5\n1 0\t2\n\n5,2,0\n").unwrap();
        assert_eq!((costs.places, costs.between(1, 2), costs.ends), (3, 2.0, Ends::Open));
        assert_eq!(costs.length(&[0, 1, 2]), 3.0);
        assert_eq!(Costs { ends: Ends::Closed, ..costs.clone() }.length(&[0, 1, 2]), 8.0);
        assert!(costs.is_tour(&[0, 1, 2]) && !costs.is_tour(&[1, 0, 2]) && !costs.is_tour(&[0, 0, 2]));
    }

    #[test]
    fn a_matrix_that_is_none_says_why() {
        for (text, why) in [
            ("0 1\n1\n", "line 2"),
            ("0 x\n1 0\n", "line 1"),
            ("0 1\n", "square"),
            ("", "square"),
            ("0 -1\n1 0\n", "-1"),
        ] {
            assert!(Costs::parse_matrix(text).unwrap_err().to_string().contains(why), "{text:?}");
        }
    }
}
