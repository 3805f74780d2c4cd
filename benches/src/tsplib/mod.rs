//! Tours of TSPLIB (Reinelt, TSPLIB95, 1995): from a file to the costs between its places.

mod distance;
mod explicit;

use crate::Result;
use crate::costs::{Costs, Ends};
use distance::Distance;
use explicit::Format;

/// Whether a text is meant to be a TSPLIB file: it begins with a keyword and not with a number.
#[must_use]
pub fn is_tsplib(text: &str) -> bool {
    text.trim_start().starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Reads a file with a closed tour, symmetric (`TSP`) or not (`ATSP`).
///
/// # Errors
/// What is missing, malformed or not supported.
pub fn parse(text: &str) -> Result<Costs> {
    let mut lines = text.lines();
    let mut head = Head::default();
    let section = loop {
        let line = lines.next().map(str::trim).ok_or("there is no section of coordinates or weights")?;
        // The display's coordinates may stand in front of what counts; keywords follow them.
        if line.is_empty() || line.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            continue;
        }
        let (keyword, value) = line.split_once(':').unwrap_or((line, ""));
        match keyword.trim() {
            section @ ("NODE_COORD_SECTION" | "EDGE_WEIGHT_SECTION") => break section,
            "FIXED_EDGES_SECTION" => return Err("fixed edges are not supported".into()),
            keyword => head.take(keyword, value.trim())?,
        }
    };
    let n = head.dimension.ok_or("there is no DIMENSION")?;
    let rest: Vec<&str> = lines.collect();
    let costs = match (section, head.weight_type.as_deref()) {
        (_, None) => return Err("there is no EDGE_WEIGHT_TYPE".into()),
        ("EDGE_WEIGHT_SECTION", Some("EXPLICIT")) => {
            let format = head.weight_format.as_deref().ok_or("there is no EDGE_WEIGHT_FORMAT")?;
            Format::named(format)?.square(&numbers(&rest)?, n)?
        }
        ("NODE_COORD_SECTION", Some(name)) => Distance::named(name)?.square(&coordinates(&rest, n)?),
        (section, Some(name)) => {
            return Err(format!("{section} does not go with EDGE_WEIGHT_TYPE {name}").into());
        }
    };
    Costs::new(n, costs, Ends::Closed)
}

#[derive(Default)]
struct Head {
    dimension: Option<usize>,
    weight_type: Option<String>,
    weight_format: Option<String>,
}

impl Head {
    fn take(&mut self, keyword: &str, value: &str) -> Result<()> {
        match keyword {
            "TYPE" if !matches!(value.split_whitespace().next(), Some("TSP" | "ATSP")) => {
                return Err(format!("TYPE {value} is not supported: TSP and ATSP are").into());
            }
            "DIMENSION" => {
                let dimension = value.parse().map_err(|_| format!("DIMENSION {value:?} is no number"))?;
                self.dimension = Some(dimension);
            }
            "EDGE_WEIGHT_TYPE" => self.weight_type = Some(value.to_owned()),
            "EDGE_WEIGHT_FORMAT" => self.weight_format = Some(value.to_owned()),
            _ => {}
        }
        Ok(())
    }
}

/// All numbers up to the next keyword.
fn numbers(lines: &[&str]) -> Result<Vec<f64>> {
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    let words = words.take_while(|word| !word.starts_with(|first: char| first.is_ascii_alphabetic()));
    words.map(|word| Ok(word.parse().map_err(|_| format!("{word:?} is no number"))?)).collect()
}

/// The coordinates of each place, two or three of them.
fn coordinates(lines: &[&str], n: usize) -> Result<Vec<Vec<f64>>> {
    let mut places = vec![Vec::new(); n];
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        if line.starts_with(|first: char| first.is_ascii_alphabetic()) {
            break;
        }
        let fields = numbers(&[line])?;
        let (Some(&number), 3..=4) = (fields.first(), fields.len()) else {
            return Err(format!("{line:?} is no place: a number and two or three coordinates").into());
        };
        let place = places.get_mut((number as usize).wrapping_sub(1));
        *place.ok_or_else(|| format!("place {number} is not from 1 to {n}"))? = fields[1..].to_vec();
    }
    match places.iter().position(Vec::is_empty) {
        Some(missing) => Err(format!("place {} has no coordinates", missing + 1).into()),
        None => Ok(places),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tour_length(costs: &Costs, order: &[usize]) -> f64 {
        let order: Vec<usize> = order.iter().map(|place| place - 1).collect();
        costs.length(&order)
    }

    /// Ulysses' voyage and its best tour are TSPLIB's ulysses22.tsp and ulysses22.opt.tour; TSPLIB says that it is 7013 long.
    #[test]
    fn ulysses_sails_7013_km() {
        let text = "NAME: ulysses22.tsp\nTYPE: TSP\nDIMENSION: 22\nEDGE_WEIGHT_TYPE: GEO\nNODE_COORD_SECTION\n\
            1 38.24 20.42\n2 39.57 26.15\n3 40.56 25.32\n4 36.26 23.12\n5 33.48 10.54\n6 37.56 12.19\n7 38.42 13.11\n\
            8 37.52 20.44\n9 41.23 9.10\n10 41.17 13.05\n11 36.08 -5.21\n12 38.47 15.13\n13 38.15 15.35\n\
            14 37.51 15.17\n15 35.49 14.32\n16 39.36 19.56\n17 38.09 24.36\n18 36.09 23.00\n19 40.44 13.57\n\
            20 40.33 14.15\n21 40.37 14.23\n22 37.57 22.56\nEOF\n";
        let costs = parse(text).unwrap();
        let best = [1, 14, 13, 12, 7, 6, 15, 5, 11, 9, 10, 19, 20, 21, 16, 3, 2, 17, 22, 4, 18, 8];
        assert_eq!(tour_length(&costs, &best), 7_013.0);
    }

    #[test]
    fn a_display_in_front_of_the_weights_is_no_coordinate() {
        let text = "TYPE : TSP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EXPLICIT\nEDGE_WEIGHT_FORMAT : UPPER_ROW\n\
            DISPLAY_DATA_SECTION\n1 0 0\n2 -5 1\n3 2 2\nEDGE_WEIGHT_SECTION\n7 8\n9\nEOF\n";
        assert_eq!(tour_length(&parse(text).unwrap(), &[1, 2, 3]), 7.0 + 9.0 + 8.0);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let why = |text: &str| parse(text).unwrap_err().to_string();
        assert!(why("TYPE: TSP\n").contains("no section"));
        assert!(why("TYPE: HCP\nDIMENSION: 2\n").contains("HCP"));
        assert!(
            why("DIMENSION: 2\nEDGE_WEIGHT_TYPE: XRAY1\nNODE_COORD_SECTION\n1 0 0\n2 1 1\n")
                .contains("XRAY1")
        );
        assert!(
            why("DIMENSION: 2\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\nEOF\n")
                .contains("place 2")
        );
        assert!(
            why("DIMENSION: 2\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n3 1 1\n")
                .contains("1 to 2")
        );
        assert!(why("DIMENSION: 2\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_SECTION\n1\n").contains("FORMAT"));
    }
}
