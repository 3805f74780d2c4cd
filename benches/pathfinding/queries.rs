//! One distance, and one walk with every cell.

use benches::graph::Graph;
use benches::grid::Moves;
use benches::{Asker, Faster, Result, in_turns, is_long, print_asked};
use quickcart_core::pathfinding::StoreMap;

use super::field::{Field, Kind};
use super::peers::{self, Index};

pub(super) fn sections(
    field: &Field,
    moves: Moves,
    map: &StoreMap,
    graph: &Graph,
    expected: &[(f64, f64)],
    index: Option<&dyn Index>,
) -> Result<()> {
    let (pairs, nodes) = (field.pairs(), field.nodes(graph));
    let directions = match moves {
        Moves::Four => "four",
        Moves::Eight => "eight",
    };
    let title = |what: &str| format!("pathfinding, {}, {directions} directions: {what}", field.name);
    // A walk that is none is infinite for all of them.
    let length = |length_m: Option<f64>| length_m.unwrap_or(f64::INFINITY);

    let mut walkers = peers::walkers(graph, moves, is_long());
    walkers.extend(index.map(Index::queries));
    let mut askers = vec![Asker::new("quickcart StoreMap::route", |query: usize| {
        length(map.route(pairs[query].0, pairs[query].1).ok().map(|route| route.length_m))
    })];
    for walker in &mut walkers {
        let (name, nodes) = (walker.name(), &nodes);
        let ask = move |query: usize| walker.walk(nodes[query].0, nodes[query].1).0;
        askers.push(Asker::new(name, ask).with_goal(walk_goal(name, field.kind, moves)));
    }
    print_asked(&title("one walk, every cell"), &peers::notes(), &in_turns(expected, askers)?);

    let mut queries = index.map(Index::queries);
    let mut askers = vec![Asker::new("quickcart StoreMap::distance", |query: usize| {
        length(map.distance(pairs[query].0, pairs[query].1).ok())
    })];
    if let Some(walker) = &mut queries {
        let (name, nodes) = (walker.name(), &nodes);
        let ask = move |query: usize| walker.distance(nodes[query].0, nodes[query].1);
        askers.push(Asker::new(name, ask).with_goal(distance_goal(field.kind, moves)));
    }
    print_asked(&title("one distance"), &peers::notes(), &in_turns(expected, askers)?);
    Ok(())
}

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
