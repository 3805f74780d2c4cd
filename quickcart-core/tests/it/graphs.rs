//! Walks through random graphs, compared with a slow and obvious search.

use proptest::prelude::*;
use quickcart_core::pathfinding::{Graph, GraphError};

/// Arcs whose costs are sums of halves, so that no sum is rounded.
type Arcs = Vec<(usize, usize, f64)>;

const NODES: usize = 12;

/// More nodes than a graph keeps walks for.
const MANY_NODES: usize = 2_001;

fn arcs() -> impl Strategy<Value = Arcs> {
    let arc = (0..NODES, 0..NODES, 0..40_u32);
    prop::collection::vec(arc.prop_map(|(from, to, halves)| (from, to, f64::from(halves) / 2.0)), 0..40)
}

/// Bellman and Ford: relaxes every arc until nothing changes.
fn obvious_costs(arcs: &Arcs, blocked: &[(usize, usize)], from: usize) -> Vec<f64> {
    let mut costs = vec![f64::INFINITY; NODES];
    costs[from] = 0.0;
    loop {
        let before = costs.clone();
        for &(from, to, cost) in arcs.iter().filter(|(from, to, _)| !blocked.contains(&(*from, *to))) {
            costs[to] = costs[to].min(costs[from] + cost);
        }
        if costs == before {
            return costs;
        }
    }
}

fn check(graph: &Graph, arcs: &Arcs, blocked: &[(usize, usize)]) -> Result<(), TestCaseError> {
    let all: Vec<usize> = (0..NODES).collect();
    // Searches in a large graph take longer.
    let every = if graph.node_count() == NODES { 1 } else { 5 };
    for from in (0..NODES).step_by(every) {
        let expected = obvious_costs(arcs, blocked, from);
        let matrix = graph.matrix(&[0, from], &all).unwrap();
        prop_assert_eq!(&matrix[NODES..], &expected[..]);
        for (to, &cost) in expected.iter().enumerate() {
            if cost.is_infinite() {
                let error = GraphError::Unreachable { from, to };
                prop_assert_eq!(graph.distance(from, to), Err(error.clone()));
                prop_assert_eq!(graph.route(from, to), Err(error));
                continue;
            }
            prop_assert_eq!(graph.distance(from, to), Ok(cost));
            let route = graph.route(from, to).unwrap();
            prop_assert_eq!((route.nodes.first(), route.nodes.last()), (Some(&from), Some(&to)));
            let cheapest = |pair: &[usize]| {
                let open = !blocked.contains(&(pair[0], pair[1]));
                let costs =
                    arcs.iter().filter(|arc| open && (arc.0, arc.1) == (pair[0], pair[1])).map(|arc| arc.2);
                costs.fold(f64::INFINITY, f64::min)
            };
            prop_assert_eq!(route.nodes.windows(2).map(cheapest).sum::<f64>(), cost);
            prop_assert_eq!(route.cost, cost);
        }
        let among = [3, 7, 5, 3];
        let cheapest = among.iter().map(|&node| expected[node]).fold(f64::INFINITY, f64::min);
        let place =
            among.iter().position(|&node| expected[node] == cheapest).filter(|_| cheapest.is_finite());
        prop_assert_eq!(graph.nearest(from, &among).unwrap().map(|(_, cost)| cost), place.map(|_| cheapest));
        let found = graph.nearest(from, &among).unwrap().map(|(place, _)| expected[among[place]]);
        prop_assert_eq!(found, place.map(|_| cheapest));
    }
    Ok(())
}

proptest! {
    #[test]
    fn walks_are_those_of_the_obvious_search_while_arcs_come_and_go(
        arcs in arcs(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..5),
        nodes in prop::sample::select(vec![NODES, MANY_NODES]),
    ) {
        let mut graph = Graph::new(nodes, arcs.iter().copied()).unwrap();
        let mut blocked: Vec<(usize, usize)> = Vec::new();
        check(&graph, &arcs, &blocked)?;
        for (index, block) in changes.into_iter().filter(|_| !arcs.is_empty()) {
            let (from, to, _) = *index.get(&arcs);
            let was_blocked = blocked.contains(&(from, to));
            let changed = if block { graph.block(from, to) } else { graph.free(from, to) };
            prop_assert_eq!(changed, Ok(was_blocked != block));
            blocked.retain(|&arc| arc != (from, to));
            if block {
                blocked.push((from, to));
            }
            check(&graph, &arcs, &blocked)?;
        }
    }
}

#[test]
fn refuses_arcs_that_cannot_be_and_names_them() {
    for cost in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        match Graph::new(2, [(0, 1, 1.0), (1, 0, cost)]) {
            Err(GraphError::InvalidCost { index: 1, from: 1, to: 0, cost: named }) => {
                assert_eq!(named.to_bits(), cost.to_bits());
            }
            other => panic!("{cost}: {other:?}"),
        }
    }
    let error = Graph::new(2, [(0, 2, 1.0)]).unwrap_err();
    assert_eq!(error, GraphError::NoSuchEnd { index: 0, from: 0, to: 2, nodes: 2 });
    assert!(matches!(Graph::new(usize::MAX, []), Err(GraphError::TooLarge { .. })));
}

#[test]
fn names_nodes_and_arcs_that_are_not_there() {
    let mut graph = Graph::new(2, [(0, 1, -0.0)]).unwrap();
    assert_eq!(graph.distance(0, 1), Ok(0.0));
    assert_eq!(graph.distance(0, 2), Err(GraphError::NoSuchNode { node: 2, nodes: 2 }));
    assert_eq!(graph.matrix(&[9], &[]), Err(GraphError::NoSuchNode { node: 9, nodes: 2 }));
    assert_eq!(graph.nearest(0, &[0, 9]), Err(GraphError::NoSuchNode { node: 9, nodes: 2 }));
    assert_eq!(graph.block(1, 0), Err(GraphError::NoSuchArc { from: 1, to: 0 }));
    assert_eq!(graph.free(0, 3), Err(GraphError::NoSuchNode { node: 3, nodes: 2 }));
    assert_eq!(graph.matrix(&[], &[0]), Ok(vec![]));
    assert_eq!(Graph::new(0, []).unwrap().node_count(), 0);
}
