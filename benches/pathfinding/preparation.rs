//! What it takes to be ready.

use std::time::{Duration, Instant};

use benches::{Figure, Result, print_figures};
use quickcart_core::pathfinding::{FloorPlan, StoreMap};

use super::field::Field;
use super::queries::Others;

/// The large warehouse may take so much memory.
const MIB_MAX: f64 = 32.0;

/// Our map, and what it took to make it.
pub(super) struct Ours {
    pub(super) map: StoreMap,
    pub(super) took: Duration,
    pub(super) bytes: u64,
}

impl Ours {
    pub(super) fn prepare(plan: FloorPlan) -> Result<Self> {
        let before = benches::resident()?;
        let started = Instant::now();
        let map = StoreMap::build(plan)?;
        let took = started.elapsed();
        Ok(Self { map, took, bytes: benches::resident()?.saturating_sub(before) })
    }
}

/// What all maps took.
#[derive(Default)]
pub(super) struct Figures(Vec<Figure>);

impl Figures {
    #[cfg_attr(not(feature = "peers"), expect(unused_variables, reason = "there is nobody to compare with"))]
    pub(super) fn add(&mut self, field: &Field, ours: &Ours, others: &Others<'_>) {
        let is_large = field.name == "warehouse-20-40-10-2-2";
        let mut add = |what: &str, value: f64, most: Option<f64>| {
            self.0.push(Figure { what: format!("{}: {what}", field.name), value, most });
        };
        #[cfg_attr(not(feature = "peers"), expect(unused_mut, reason = "there is nobody to compare with"))]
        let mut peer_ms = None;
        #[cfg(feature = "peers")]
        if let Some(cch) = &others.cch {
            peer_ms = Some(cch.prepared.as_secs_f64() * 1e3);
        }
        add("ms to prepare StoreMap", ours.took.as_secs_f64() * 1e3, peer_ms.filter(|_| is_large));
        add("MiB that the process grew by meanwhile", mib(ours.bytes), is_large.then_some(MIB_MAX));
        if let Some(peer_ms) = peer_ms {
            add("ms to prepare routingkit-cch", peer_ms, None);
        }
    }

    pub(super) fn print(&self) {
        print_figures("pathfinding: preparation, once, eight directions", &self.0);
    }
}

pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
