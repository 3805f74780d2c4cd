//! What it takes to be ready.

use std::time::{Duration, Instant};

use benches::{Figure, Result, print_figures, process_cpu};
use quickcart_core::pathfinding::{FloorPlan, StoreMap};

use super::field::Field;
use super::peers::Index;

/// The large warehouse may take so much memory.
const MIB_MAX: f64 = 32.0;

/// Our map, and how long it took to make.
pub(super) struct Ours {
    pub(super) map: StoreMap,
    pub(super) took: Duration,
    /// The same in processor time, of all threads.
    cpu: Duration,
}

impl Ours {
    pub(super) fn prepare(plan: FloorPlan) -> Result<Self> {
        let (started, cpu) = (Instant::now(), process_cpu());
        let map = StoreMap::build(plan)?;
        Ok(Self { map, took: started.elapsed(), cpu: process_cpu() - cpu })
    }

    pub(super) fn mib(&self) -> f64 {
        self.map.index_bytes() as f64 / f64::from(1 << 20)
    }
}

/// What all maps took.
#[derive(Default)]
pub(super) struct Figures(Vec<Figure>);

impl Figures {
    pub(super) fn add(&mut self, field: &Field, ours: &Ours, index: Option<&dyn Index>) {
        let is_large = field.name == "warehouse-20-40-10-2-2";
        let mut add = |what: &str, value: f64, most: Option<f64>| {
            self.0.push(Figure { what: format!("{}: {what}", field.name), value, most });
        };
        let peer_ms = index.map(|index| index.took().as_secs_f64() * 1e3);
        add("ms to prepare StoreMap", ours.took.as_secs_f64() * 1e3, peer_ms.filter(|_| is_large));
        add("ms of processor time for it", ours.cpu.as_secs_f64() * 1e3, None);
        add("MiB of its index", ours.mib(), is_large.then_some(MIB_MAX));
        if let Some(peer_ms) = peer_ms {
            add("ms to prepare routingkit-cch", peer_ms, None);
        }
    }

    pub(super) fn print(&self) {
        print_figures("pathfinding: preparation, once, eight directions", &self.0);
    }
}
