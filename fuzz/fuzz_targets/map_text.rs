//! Maps of letters: whatever the text is, it is read or refused, and what was read can be walked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quickcart_core::pathfinding::{FloorPlan, StoreMap, Technique};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(plan) = FloorPlan::parse_map(text, 0.1) else { return };
    let entrance = plan.entrance;
    if let Ok(map) = StoreMap::builder(plan).technique(Technique::Search).build() {
        assert_eq!(map.distance(entrance, entrance), Ok(0.0));
    }
});
