//! Floor plans as `map.json`: whatever the text is, it is read or refused with a place in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quickcart_core::catalog::import::parse_map;
use serde_json::Value;

/// Preparing a larger map takes longer than an input may.
const CELLS_MAX: f64 = 20_000.0;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if is_small(text)
        && let Ok(map) = parse_map(text)
    {
        let entrance = map.floor_plan().entrance;
        assert_eq!(map.distance(entrance, entrance), Ok(0.0));
    }
});

/// What is no floor plan counts as small: it is refused at once.
fn is_small(text: &str) -> bool {
    let Ok(plan) = serde_json::from_str::<Value>(text) else { return true };
    let number = |object: &Value, name: &str| object[name].as_f64().unwrap_or(0.0);
    let resolution_m = number(&plan, "resolution_m");
    let cells = |floor: &Value| {
        let side = |name| (number(floor, name) / resolution_m).ceil();
        side("width_m") * side("depth_m")
    };
    let cells: f64 = plan["floors"].as_array().into_iter().flatten().map(cells).sum();
    // Not a number: the plan is refused.
    cells.is_nan() || cells <= CELLS_MAX
}
