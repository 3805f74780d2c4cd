//! Saved indexes: whatever the bytes are, they are loaded or refused, and what was loaded answers without a panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quickcart_core::pathfinding::{FloorPlan, Point, StoreMap};
use sha2::{Digest, Sha256};

const TEXT: &str = "......\n.##...\n.##.#.\n....#.\n.#....\n......\n";
const DIGEST_BYTES: usize = 32;

static SAVED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = Vec::new();
    let map = StoreMap::build(plan()).expect("the map is sound");
    map.save_index(&mut bytes).expect("the map has an index");
    bytes
});

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        [0, index @ ..] => ask(index),
        // With a digest that fits again, for else the digest is all that is ever tried.
        patches => ask(&patched(patches)),
    }
});

fn plan() -> FloorPlan {
    FloorPlan::parse_map(TEXT, 1.0).expect("the map is sound")
}

/// A sound index with some of its bytes replaced: each three bytes say where and what: two for the place, one for the value.
fn patched(patches: &[u8]) -> Vec<u8> {
    let mut bytes = SAVED[..SAVED.len() - DIGEST_BYTES].to_vec();
    for patch in patches.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([patch[0], patch[1]])) % bytes.len();
        bytes[place] = patch[2];
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

fn ask(bytes: &[u8]) {
    let Ok(map) = StoreMap::builder(plan()).load_index(bytes) else { return };
    let places: Vec<Point> =
        (0..36).map(|n| Point::new(0, f64::from(n % 6) + 0.5, f64::from(n / 6) + 0.5)).collect();
    for &from in &places {
        for &to in &places {
            let _ = map.distance(from, to);
            let _ = map.route(from, to);
        }
    }
    let _ = map.matrix(&places, &places);
}
