//! Distances between coordinates, rounded as TSPLIB95 says in its second chapter.

use crate::Result;

/// A kind of distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distance {
    Euclidean,
    EuclideanUp,
    Manhattan,
    Maximum,
    PseudoEuclidean,
    Geographical,
}

impl Distance {
    pub(super) fn named(name: &str) -> Result<Self> {
        match name {
            "EUC_2D" | "EUC_3D" => Ok(Self::Euclidean),
            "CEIL_2D" => Ok(Self::EuclideanUp),
            "MAN_2D" | "MAN_3D" => Ok(Self::Manhattan),
            "MAX_2D" | "MAX_3D" => Ok(Self::Maximum),
            "ATT" => Ok(Self::PseudoEuclidean),
            "GEO" => Ok(Self::Geographical),
            _ => Err(format!("EDGE_WEIGHT_TYPE {name} is not supported").into()),
        }
    }

    /// The distances between all places, row after row, and 0 from each to itself.
    pub(super) fn square(self, places: &[Vec<f64>]) -> Vec<f64> {
        let all = places.iter().enumerate().flat_map(|(row, from)| {
            let to = places.iter().enumerate();
            to.map(move |(column, to)| if row == column { 0.0 } else { self.between(from, to) })
        });
        all.collect()
    }

    fn between(self, from: &[f64], to: &[f64]) -> f64 {
        let differences = || from.iter().zip(to).map(|(from, to)| (from - to).abs());
        let squares = || differences().map(|difference| difference * difference).sum::<f64>();
        match self {
            Self::Euclidean => nearest(squares().sqrt()),
            Self::EuclideanUp => squares().sqrt().ceil(),
            Self::Manhattan => nearest(differences().sum()),
            Self::Maximum => differences().map(nearest).fold(0.0, f64::max),
            Self::PseudoEuclidean => (squares() / 10.0).sqrt().ceil(),
            Self::Geographical => kilometres(from, to),
        }
    }
}

/// TSPLIB's `nint`.
fn nearest(length: f64) -> f64 {
    (length + 0.5).floor()
}

/// On TSPLIB's own sphere, with its own pi.
fn kilometres(from: &[f64], to: &[f64]) -> f64 {
    const RADIUS: f64 = 6_378.388;
    let (latitudes, longitudes) = ((radians(from[0]), radians(to[0])), (radians(from[1]), radians(to[1])));
    let q1 = (longitudes.0 - longitudes.1).cos();
    let q2 = (latitudes.0 - latitudes.1).cos();
    let q3 = (latitudes.0 + latitudes.1).cos();
    (RADIUS * (0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)).acos() + 1.0).floor()
}

/// Of degrees and minutes, written DDD.MM. The paper rounds the degrees, but its lengths come from cutting them off, as
/// TSPLIB's list of questions admits.
#[expect(clippy::approx_constant, reason = "TSPLIB's pi")]
fn radians(written: f64) -> f64 {
    let degrees = written.trunc();
    3.141592 * (degrees + 5.0 * (written - degrees) / 3.0) / 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_rounds_in_its_own_way() {
        let between = |name: &str, from: &[f64], to: &[f64]| Distance::named(name).unwrap().between(from, to);
        assert_eq!(between("EUC_2D", &[0.0, 0.0], &[1.0, 1.0]), 1.0);
        assert_eq!(between("CEIL_2D", &[0.0, 0.0], &[1.0, 1.0]), 2.0);
        assert_eq!(between("EUC_3D", &[0.0, 0.0, 0.0], &[2.0, 3.0, 6.0]), 7.0);
        assert_eq!(between("MAN_2D", &[0.0, 0.0], &[1.2, 1.4]), 3.0);
        assert_eq!(between("MAX_2D", &[0.0, 0.0], &[1.2, -1.6]), 2.0);
        // sqrt(90 / 10) is whole, sqrt(100 / 10) is 3.16 and goes up.
        assert_eq!(between("ATT", &[0.0, 0.0], &[9.0, 3.0]), 3.0);
        assert_eq!(between("ATT", &[0.0, 0.0], &[10.0, 0.0]), 4.0);
        // The first two places of burma14.
        assert_eq!(between("GEO", &[16.47, 96.10], &[16.47, 94.44]), 153.0);
    }
}
