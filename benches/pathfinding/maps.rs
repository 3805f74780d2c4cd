//! Every map: right answers first, then distances and walks, with eight directions and with four.

use std::path::Path;

use benches::graph::Graph;
use benches::grid::Moves;
use benches::{Result, is_long};

use super::field::{Field, Kind, assert_right, point};
use super::preparation::{self, Figures};
use super::{generated, matrices, peers, queries};

/// Where the maps of movingai.com lie, beside the repository: they are not ours to give away.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/maps");

const MAPS: [(&str, Kind, &[&str]); 8] = [
    (
        "warehouse-10-20-10-2-1",
        Kind::Warehouse,
        &["warehouse-10-20-10-2-1-even-1.scen", "warehouse-10-20-10-2-1-random-1.scen"],
    ),
    (
        "warehouse-20-40-10-2-2",
        Kind::Warehouse,
        &["warehouse-20-40-10-2-2-even-1.scen", "warehouse-20-40-10-2-2-random-1.scen"],
    ),
    ("arena2", Kind::Irregular, &["arena2.map.scen"]),
    ("brc202d", Kind::Irregular, &["brc202d.map.scen"]),
    ("Berlin_0_512", Kind::Irregular, &["Berlin_0_512.map.scen"]),
    ("room-64-64-8", Kind::Other, &["room-64-64-8-random-1.scen"]),
    ("maze-128-128-2", Kind::Other, &["maze-128-128-2-random-1.scen"]),
    ("random-64-64-20", Kind::Other, &["random-64-64-20-random-1.scen"]),
];

/// Beyond so many cells, the peer's index takes half a minute, and is left out where no goal needs it.
const CELLS_SOON_PREPARED: usize = 60_000;

/// The maps of movingai.com, or without them stores that are made here.
#[expect(clippy::print_stderr, reason = "says what is left out before anything is measured")]
pub(super) fn all() -> Result<Vec<Field>> {
    let folder = Path::new(FOLDER);
    if folder.is_dir() {
        return MAPS.iter().map(|&(name, kind, scens)| Field::read(folder, name, kind, scens)).collect();
    }
    eprintln!(
        "../shared/data/maps is not there: the maps of movingai.com are left out, stores are made instead"
    );
    let store =
        |cells| Field::drawn(format!("generated store, {cells} cells"), generated::store(cells), 20, 10);
    [4_000, 50_000].into_iter().map(store).collect()
}

/// The large warehouse.
pub(super) fn large_store(fields: &[Field]) -> Result<&Field> {
    let stores = fields.iter().filter(|field| field.kind == Kind::Warehouse);
    Ok(stores.max_by_key(|field| field.grid.free_count()).ok_or("there is no store")?)
}

pub(super) fn sections(field: &Field, figures: &mut Figures) -> Result<()> {
    for moves in [Moves::Eight, Moves::Four] {
        let graph = Graph::of(&field.grid, moves);
        let expected = field.expected(&graph, moves);
        let ours = preparation::Ours::prepare(field.plan(moves)?)?;
        assert_right(&ours.map, field, &expected, moves)?;
        assert_matrix_is_right(&ours, field, &graph)?;
        let is_prepared = moves == Moves::Eight || graph.cells.len() <= CELLS_SOON_PREPARED || is_long();
        let index = is_prepared.then(|| peers::index(&graph)).flatten();
        if moves == Moves::Eight {
            figures.add(field, &ours, index.as_deref());
            matrices::section(field, &ours.map, &graph, index.as_deref())?;
        }
        queries::sections(field, moves, &ours.map, &graph, &expected, index.as_deref())?;
    }
    Ok(())
}

/// A few whole rows of distances, so that places are met that no query of the file has.
fn assert_matrix_is_right(ours: &preparation::Ours, field: &Field, graph: &Graph) -> Result<()> {
    let (from, to) = (field.places(graph, 8, 0)?, field.places(graph, 64, 8)?);
    let points = |cells: &[_]| cells.iter().map(|&cell| point(cell)).collect::<Vec<_>>();
    let matrix = ours.map.matrix(&points(&from), &points(&to))?;
    for (row, &start) in from.iter().enumerate() {
        let costs = graph.dijkstra(graph.node(start));
        for (&length, &goal) in matrix.row(row).iter().zip(&to) {
            let expected = Graph::length(costs[graph.node(goal) as usize]);
            assert!((length - expected).abs() < 1e-4, "{}: {start:?} to {goal:?} is {expected}", field.name);
        }
    }
    Ok(())
}
