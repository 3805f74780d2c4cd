//! Chance that repeats itself.

/// Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. Always seeded alike: same input, same tour.
pub(super) struct XorShift(u64);

impl Default for XorShift {
    fn default() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }
}

impl XorShift {
    /// A number below `limit`, which fits 32 bits.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * limit as u64) >> 32) as usize
    }
}
