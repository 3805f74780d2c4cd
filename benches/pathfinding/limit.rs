//! How far from a table of all answers, the fastest there can be, on the smallest map.

use std::hint::black_box;

use benches::graph::Graph;
use benches::grid::Moves;
use benches::{Contender, Result, Section, alternate, measure};
use quickcart_core::pathfinding::StoreMap;

use super::field::Field;
use super::peers::table::Tables;

const REPETITIONS: usize = 5;
/// A look-up takes a few nanoseconds: the clock is asked once for so many rounds of all queries.
const ROUNDS: usize = 20;

pub(super) fn section(fields: &[Field]) -> Result<()> {
    let field = fields.iter().min_by_key(|field| field.grid.free_count()).ok_or("there is no map")?;
    let graph = Graph::of(&field.grid, Moves::Eight);
    let tables = Tables::of(&graph);
    let map = StoreMap::build(field.plan(Moves::Eight)?)?;
    let (pairs, nodes) = (field.pairs(), field.nodes(&graph));
    let expected = field.expected(&graph, Moves::Eight);
    for (&(from, to), (length, tolerance)) in nodes.iter().zip(expected) {
        assert!((tables.distance(from, to) - length).abs() <= tolerance);
        assert_eq!(tables.walk(&graph, from, to).last(), Some(&to));
    }
    let print = |what: &str, contenders| -> Result<()> {
        benches::print(&Section {
            title: format!("pathfinding, {}, eight directions: {what} against the limit", field.name),
            notes: Vec::new(),
            rows: alternate(REPETITIONS, contenders)?,
        });
        Ok(())
    };
    let asked = |rounds: usize| (rounds * pairs.len()) as u64;
    let distances = vec![
        Contender::new("quickcart StoreMap::distance", || {
            measure(asked(1), || {
                for &(from, to) in &pairs {
                    black_box(map.distance(black_box(from), black_box(to))?);
                }
                Ok(())
            })
        }),
        Contender::new("table of all distances", || {
            measure(asked(ROUNDS), || {
                for &(from, to) in std::iter::repeat_n(&nodes, ROUNDS).flatten() {
                    black_box(tables.distance(black_box(from), black_box(to)));
                }
                Ok(())
            })
        }),
    ];
    print("one distance", distances)?;
    let walks = vec![
        Contender::new("quickcart StoreMap::route", || {
            measure(asked(1), || {
                for &(from, to) in &pairs {
                    black_box(map.route(black_box(from), black_box(to))?);
                }
                Ok(())
            })
        }),
        Contender::new("table of all first steps", || {
            measure(asked(ROUNDS), || {
                for &(from, to) in std::iter::repeat_n(&nodes, ROUNDS).flatten() {
                    black_box(tables.walk(&graph, black_box(from), black_box(to)));
                }
                Ok(())
            })
        }),
    ];
    print("one walk, every cell,", walks)
}
