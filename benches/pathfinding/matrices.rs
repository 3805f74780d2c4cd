//! 32 times 32 distances at once.

use std::hint::black_box;

use benches::graph::Graph;
use benches::{Contender, Goal, Result, Section, alternate, measure};
use quickcart_core::pathfinding::{Point, StoreMap};

use super::field::{Field, Kind, point};
use super::peers::Index;

pub(super) const SIDE: usize = 32;
const REPETITIONS: usize = 5;

pub(super) fn section(field: &Field, map: &StoreMap, graph: &Graph, index: Option<&dyn Index>) -> Result<()> {
    let cells = field.places(graph, SIDE, 0)?;
    let points: Vec<Point> = cells.iter().map(|&cell| point(cell)).collect();
    let nodes: Vec<u32> = cells.iter().map(|&cell| graph.node(cell)).collect();
    let plain = || -> Vec<f64> {
        let row = |&from: &u32| {
            let costs = graph.dijkstra(from);
            nodes.iter().map(move |&to| Graph::length(costs[to as usize])).collect::<Vec<_>>()
        };
        nodes.iter().flat_map(row).collect()
    };
    let expected = plain();
    let assert_same = |who: &str, lengths: &[f64]| {
        assert_eq!(lengths.len(), expected.len());
        let differs =
            lengths.iter().zip(&expected).position(|(length, expected)| (length - expected).abs() > 1e-4);
        assert_eq!(differs, None, "{who} differs on {}", field.name);
    };
    let ours = map.matrix(&points, &points)?;
    assert_same("quickcart", &(0..SIDE).flat_map(|row| ours.row(row).to_vec()).collect::<Vec<_>>());

    let mut contenders = vec![Contender::new("quickcart StoreMap::matrix", || {
        measure(1, || {
            black_box(map.matrix(&points, &points)?);
            Ok(())
        })
    })];
    if let Some(index) = index {
        assert_same("routingkit-cch", &index.matrix(&nodes, &nodes));
        let nodes = &nodes;
        let peer = Contender::new("routingkit-cch, one to many", move || {
            measure(1, || {
                black_box(index.matrix(nodes, nodes));
                Ok(())
            })
        });
        contenders.push(peer.with_goal(Goal::Time(if field.kind == Kind::Warehouse { 0.2 } else { 1.0 })));
    }
    contenders.push(Contender::new("Dijkstra from each", || {
        measure(1, || {
            black_box(plain());
            Ok(())
        })
    }));
    benches::print(&Section {
        title: format!("pathfinding, {}, eight directions: {SIDE} x {SIDE} distances", field.name),
        notes: Vec::new(),
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}
