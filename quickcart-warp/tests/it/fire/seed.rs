//! Where chance comes from: seeds that are always the same.

/// Two fixed ones.
const SEEDS: [u64; 2] = [0x5EED_0001, 0x5EED_0002];
/// How many `cargo xtask soak` tries.
const SEEDS_SOAK: u64 = 20;

pub(super) fn is_soak() -> bool {
    std::env::var_os("QUICKCART_SOAK").is_some()
}

pub(super) fn seeds() -> Vec<u64> {
    if is_soak() { (SEEDS[0]..).take(SEEDS_SOAK as usize).collect() } else { SEEDS.to_vec() }
}

/// Numbers that follow from a seed ([SplitMix64](https://prng.di.unimi.it/splitmix64.c)).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of the numbers below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % end as u64) as usize
    }
}
