//! 32 times 32 distances at once.

use std::hint::black_box;

use benches::graph::Graph;
use benches::{Contender, Result, Section, alternate, measure};
use quickcart_core::pathfinding::{Point, StoreMap};

#[cfg(feature = "peers")]
use super::field::Kind;
use super::field::{Field, point};
use super::queries::Others;

pub(super) const SIDE: usize = 32;
const REPETITIONS: usize = 5;

#[cfg_attr(not(feature = "peers"), expect(unused_variables, reason = "there is nobody to compare with"))]
pub(super) fn section(field: &Field, map: &StoreMap, graph: &Graph, others: &Others<'_>) -> Result<()> {
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
    #[cfg(feature = "peers")]
    if let Some(cch) = others.cch {
        assert_same("routingkit-cch", &cch.matrix(&nodes, &nodes));
        let nodes = &nodes;
        let peer = Contender::new("routingkit-cch, one to many", move || {
            measure(1, || {
                black_box(cch.matrix(nodes, nodes));
                Ok(())
            })
        });
        contenders.push(peer.with_goal(benches::Goal::Time(if field.kind == Kind::Warehouse {
            0.2
        } else {
            1.0
        })));
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
