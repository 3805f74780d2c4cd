//! The solver against all orders, and against what is published.

use super::random::XorShift;
use super::{Budget, End, Limits, Solution, TourProblem, directed, oracle, solve, symmetric};

const UNLIMITED: Limits<'_> = Limits { work: u64::MAX, gap: 0.0, should_stop: &|| false };

/// How random costs look.
#[derive(Clone, Copy, Debug)]
enum Costs {
    Euclidean,
    Grid,
    Directed,
    /// Zero, one or two.
    Ties,
    Zero,
    /// A third of the steps does not exist.
    Broken,
    BrokenBothWays,
}

const ALL_COSTS: [Costs; 7] = [
    Costs::Euclidean,
    Costs::Grid,
    Costs::Directed,
    Costs::Ties,
    Costs::Zero,
    Costs::Broken,
    Costs::BrokenBothWays,
];

fn number(random: &mut XorShift, limit: usize) -> f64 {
    f64::from(u32::try_from(random.below(limit)).unwrap())
}

fn matrix(costs: Costs, places: usize, random: &mut XorShift) -> Vec<f64> {
    let at: Vec<(f64, f64)> = (0..places).map(|_| (number(random, 1000), number(random, 1000))).collect();
    let mut matrix = vec![0.0; places * places];
    for from in 0..places {
        for to in (0..places).filter(|&to| to != from) {
            let (x, y) = ((at[from].0 - at[to].0).abs(), (at[from].1 - at[to].1).abs());
            let broken = |random: &mut XorShift| {
                if random.below(3) == 0 { f64::INFINITY } else { 1.0 + number(random, 50) }
            };
            matrix[from * places + to] = match costs {
                Costs::Euclidean => x.hypot(y),
                Costs::Grid => x.max(y) + (std::f64::consts::SQRT_2 - 1.0) * x.min(y),
                Costs::Directed => 1.0 + number(random, 100),
                Costs::Ties => number(random, 3),
                Costs::Zero => 0.0,
                Costs::Broken => broken(random),
                Costs::BrokenBothWays if to < from => matrix[to * places + from],
                Costs::BrokenBothWays => broken(random),
            };
        }
    }
    matrix
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn check(problem: &TourProblem<'_>, label: &str) {
    let optimum = oracle::shortest(problem);
    let solution = solve(problem, &UNLIMITED);
    let Some(Solution { order, places, cost, lower_bound }) = solution else {
        assert_eq!(optimum, f64::INFINITY, "{label}: nothing found");
        return;
    };
    assert!(close(oracle::check(problem, &order, &places), cost), "{label}: cost");
    assert!(close(cost, optimum), "{label}: {cost} instead of {optimum}");
    assert_eq!(lower_bound, cost, "{label}: not proved");
}

fn ends(places: usize) -> [(Option<usize>, End); 7] {
    let last = places - 1;
    [
        (Some(0), End::At(last)),
        (Some(0), End::At(0)),
        (Some(0), End::Free),
        (Some(0), End::Closed),
        (None, End::At(last)),
        (None, End::Free),
        (None, End::Closed),
    ]
}

/// Solves random problems with all kinds of costs and ends.
fn check_all(seeds: usize, stops_max: usize, places_max: usize, with_precedence: bool) {
    let mut random = XorShift::default();
    for seed in 0..seeds {
        for costs in ALL_COSTS {
            let stop_count = random.below(stops_max + 1);
            let mut stops = Vec::new();
            let mut places = 1;
            for _ in 0..stop_count {
                let each = 1 + random.below(places_max);
                stops.push((places..places + each).collect::<Vec<_>>());
                places += each;
            }
            places += 1;
            let mut precedence = Vec::new();
            for after in 1..stop_count {
                if with_precedence && random.below(2) == 0 {
                    precedence.push((random.below(after), after));
                }
            }
            let matrix = matrix(costs, places, &mut random);
            for (start, end) in ends(places) {
                let problem = TourProblem {
                    costs: &matrix,
                    places,
                    stops: &stops,
                    start,
                    end,
                    precedence: &precedence,
                };
                check(&problem, &format!("seed {seed} {costs:?} {stop_count} stops {start:?} {end:?}"));
            }
        }
    }
}

#[test]
fn agrees_with_all_orders() {
    check_all(8, 7, 1, false);
}

#[test]
fn agrees_with_all_orders_and_places() {
    check_all(12, 5, 3, false);
}

#[test]
fn agrees_with_all_orders_that_keep_precedence() {
    check_all(10, 6, 1, true);
    check_all(10, 5, 2, true);
}

/// The two searches share neither their bounds nor their local search.
#[test]
fn both_searches_agree() {
    let mut random = XorShift::default();
    for seed in 0..40 {
        let places = 9 + random.below(5);
        let stops = places_of_their_own(places);
        let costs = [Costs::Euclidean, Costs::Grid, Costs::Ties][seed % 3];
        let mut matrix = matrix(costs, places, &mut random);
        for from in 0..places {
            for to in 0..from {
                matrix[from * places + to] = matrix[to * places + from];
            }
        }
        let problem = TourProblem {
            costs: &matrix,
            places,
            stops: &stops,
            start: None,
            end: End::Free,
            precedence: &[],
        };
        let budget = || Budget::new(u64::MAX, &|| false);
        let symmetric = symmetric::solve(&problem, 0.0, &mut budget()).unwrap();
        let directed = directed::solve(&problem, 0.0, &mut budget()).unwrap();
        assert!(close(symmetric.cost, directed.cost), "seed {seed} {costs:?} {places} places");
        assert!(symmetric.is_proved() && directed.is_proved());
    }
}

fn places_of_their_own(stops: usize) -> Vec<Vec<usize>> {
    (0..stops).map(|stop| vec![stop]).collect()
}

#[test]
fn stops_early_with_a_tour_and_a_bound() {
    let mut random = XorShift::default();
    for costs in ALL_COSTS {
        let stops = places_of_their_own(7);
        let matrix = matrix(costs, 7, &mut random);
        for (start, end) in [(None, End::Closed), (None, End::Free)] {
            let problem =
                TourProblem { costs: &matrix, places: 7, stops: &stops, start, end, precedence: &[] };
            let optimum = oracle::shortest(&problem);
            for work in [0, 1_000, 10_000] {
                let limits = Limits { work, ..UNLIMITED };
                let Some(solution) = solve(&problem, &limits) else { continue };
                assert!(close(oracle::check(&problem, &solution.order, &solution.places), solution.cost));
                assert!(solution.lower_bound <= optimum + 1e-9 * optimum, "{costs:?} {work}");
                assert!(solution.cost >= optimum - 1e-9 * optimum);
            }
        }
    }
}

#[test]
fn a_caller_can_stop_a_long_search() {
    let mut random = XorShift::default();
    let stops = places_of_their_own(60);
    for costs in [Costs::Euclidean, Costs::Directed] {
        let matrix = matrix(costs, 60, &mut random);
        let problem = TourProblem {
            costs: &matrix,
            places: 60,
            stops: &stops,
            start: None,
            end: End::Closed,
            precedence: &[],
        };
        let solution = solve(&problem, &Limits { should_stop: &|| true, ..UNLIMITED }).unwrap();
        oracle::check(&problem, &solution.order, &solution.places);
        assert!(solution.lower_bound <= solution.cost);
    }
}

#[test]
fn same_input_same_answer() {
    let mut random = XorShift::default();
    let stops = places_of_their_own(40);
    let matrix = matrix(Costs::Grid, 40, &mut random);
    let problem = TourProblem {
        costs: &matrix,
        places: 40,
        stops: &stops,
        start: None,
        end: End::Closed,
        precedence: &[],
    };
    let limits = Limits { work: 3_000_000, ..UNLIMITED };
    assert_eq!(solve(&problem, &limits), solve(&problem, &limits));
}

#[test]
fn a_gap_is_enough_when_asked() {
    let mut random = XorShift::default();
    let stops = places_of_their_own(30);
    let matrix = matrix(Costs::Euclidean, 30, &mut random);
    let problem = TourProblem {
        costs: &matrix,
        places: 30,
        stops: &stops,
        start: Some(0),
        end: End::Free,
        precedence: &[],
    };
    let proved = solve(&problem, &UNLIMITED).unwrap();
    assert!(proved.is_proved());
    let rough = solve(&problem, &Limits { gap: 0.05, ..UNLIMITED }).unwrap();
    assert!(rough.cost - rough.lower_bound <= 0.05 * rough.cost);
    assert!(rough.lower_bound <= proved.cost && rough.cost >= proved.cost - 1e-9 * proved.cost);
}

/// gr17 of TSPLIB (Reinelt, ORSA Journal on Computing 3(4), 1991), whose shortest tour has length 2085: the lower triangle.
const GR17: [&[u32]; 17] = [
    &[],
    &[633],
    &[257, 390],
    &[91, 661, 228],
    &[412, 227, 169, 383],
    &[150, 488, 112, 120, 267],
    &[80, 572, 196, 77, 351, 63],
    &[134, 530, 154, 105, 309, 34, 29],
    &[259, 555, 372, 175, 338, 264, 232, 249],
    &[505, 289, 262, 476, 196, 360, 444, 402, 495],
    &[353, 282, 110, 324, 61, 208, 292, 250, 352, 154],
    &[324, 638, 437, 240, 421, 329, 297, 314, 95, 578, 435],
    &[70, 567, 191, 27, 346, 83, 47, 68, 189, 439, 287, 254],
    &[211, 466, 74, 182, 243, 105, 150, 108, 326, 336, 184, 391, 145],
    &[268, 420, 53, 239, 199, 123, 207, 165, 383, 240, 140, 448, 202, 57],
    &[246, 745, 472, 237, 528, 364, 332, 349, 202, 685, 542, 157, 289, 426, 483],
    &[121, 518, 142, 84, 297, 35, 29, 36, 236, 390, 238, 301, 55, 96, 153, 336],
];

#[test]
fn proves_the_optimum_of_gr17() {
    let mut matrix = vec![0.0; 17 * 17];
    for (from, row) in GR17.iter().enumerate() {
        for (to, &cost) in row.iter().enumerate() {
            matrix[from * 17 + to] = f64::from(cost);
            matrix[to * 17 + from] = f64::from(cost);
        }
    }
    let stops = places_of_their_own(17);
    for (start, stops) in [(None, &stops[..]), (Some(0), &stops[1..])] {
        let problem =
            TourProblem { costs: &matrix, places: 17, stops, start, end: End::Closed, precedence: &[] };
        let solution = solve(&problem, &UNLIMITED).unwrap();
        assert_eq!((solution.cost, solution.lower_bound), (2085.0, 2085.0));
    }
}
