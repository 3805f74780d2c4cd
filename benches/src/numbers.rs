//! Telephone numbers that no watch takes for an attack.

/// There are so many numbers: eight digits, and 2 to 9 in front of them.
const COUNT: u64 = 800_000_000;
/// Near the golden ratio, and without a factor in common with [`COUNT`]: all numbers come once, and neighbours lie far apart.
const STRIDE: u64 = 494_427_191;

/// The `index`-th Indian mobile number, in its ten digits. Numbers one after the other look like SMS pumping, so these are
/// scattered over 8,000 prefixes.
#[must_use]
pub fn scattered_number(index: u64) -> String {
    format!("9{}", 200_000_000 + index.wrapping_mul(STRIDE) % COUNT)
}
