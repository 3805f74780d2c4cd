//! One distance, and one walk with every cell.

use benches::graph::Graph;
use benches::grid::Moves;
use benches::{Asker, Faster, Result, in_turns, print_asked};
use quickcart_core::pathfinding::StoreMap;

use super::field::{Field, Kind};
use super::peers::Walker;
#[cfg(feature = "peers")]
use super::peers::cch::Cch;

/// Who is asked besides us.
pub(super) struct Others<'a> {
    pub(super) walkers: Vec<Box<dyn Walker + 'a>>,
    #[cfg(feature = "peers")]
    pub(super) cch: Option<Cch>,
}

pub(super) fn sections(
    field: &Field,
    moves: Moves,
    map: &StoreMap,
    graph: &Graph,
    expected: &[(f64, f64)],
    mut others: Others<'_>,
) -> Result<()> {
    let (pairs, nodes) = (field.pairs(), field.nodes(graph));
    let length = |length_m: Option<f64>| length_m.unwrap_or(f64::INFINITY);
    let directions = match moves {
        Moves::Four => "four",
        Moves::Eight => "eight",
    };
    let title = |what: &str| format!("pathfinding, {}, {directions} directions: {what}", field.name);

    #[cfg_attr(not(feature = "peers"), expect(unused_mut, reason = "there are no peers then"))]
    let mut askers = vec![Asker::new("quickcart StoreMap::distance", |query: usize| {
        length(map.distance(pairs[query].0, pairs[query].1).ok())
    })];
    #[cfg(feature = "peers")]
    if let Some(cch) = others.cch {
        let (mut queries, nodes) = (cch.queries(), &nodes);
        let ask = move |query: usize| queries.distance(nodes[query].0, nodes[query].1);
        askers.push(Asker::new("routingkit-cch", ask).with_goal(distance_goal(field.kind, moves)));
    }
    print_asked(&title("one distance"), &notes(), &in_turns(expected, askers)?);

    let mut askers = vec![Asker::new("quickcart StoreMap::route", |query: usize| {
        length(map.route(pairs[query].0, pairs[query].1).ok().map(|route| route.length_m))
    })];
    #[cfg(feature = "peers")]
    if let Some(cch) = others.cch {
        others.walkers.insert(0, Box::new(cch.queries()));
    }
    for walker in &mut others.walkers {
        let (name, nodes) = (walker.name(), &nodes);
        let ask = move |query: usize| walker.walk(nodes[query].0, nodes[query].1).0;
        askers.push(Asker::new(name, ask).with_goal(walk_goal(name, field.kind, moves)));
    }
    print_asked(&title("one walk, every cell"), &notes(), &in_turns(expected, askers)?);
    Ok(())
}

#[cfg(feature = "peers")]
fn distance_goal(kind: Kind, moves: Moves) -> Option<Faster> {
    match (kind, moves) {
        (Kind::Warehouse, Moves::Eight) => Some(Faster { mean: 15.0, p99: Some(5.0) }),
        (Kind::Irregular, Moves::Eight) => Some(Faster { mean: 3.0, p99: None }),
        _ => None,
    }
}

fn walk_goal(name: &str, kind: Kind, moves: Moves) -> Option<Faster> {
    let mean = match (name, kind, moves) {
        ("pathfinding astar", Kind::Warehouse, Moves::Eight) => 20.0,
        ("routingkit-cch", Kind::Warehouse, Moves::Eight) => 3.0,
        ("pathfinding astar", _, Moves::Four) => 1.0,
        _ => return None,
    };
    Some(Faster { mean, p99: None })
}

#[cfg(feature = "peers")]
fn notes() -> Vec<String> {
    Vec::new()
}

#[cfg(not(feature = "peers"))]
fn notes() -> Vec<String> {
    vec![super::peers::MISSING.to_owned()]
}
