//! Keys that sign and check, and never show themselves.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// An HMAC-SHA-256 tag ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)).
pub type Tag = [u8; 32];

/// A key for HMAC-SHA-256, with its first block already hashed.
#[derive(Clone)]
pub struct SecretKey(Hmac<Sha256>);

impl SecretKey {
    /// The shortest secret that production takes: as long as the tag (RFC 2104, section 3).
    pub const LENGTH_MIN: usize = 32;

    /// A key made of the bytes of `secret`, of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// A key nobody knows, good until this process ends.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = [0; Self::LENGTH_MIN];
        rand::rng().fill_bytes(&mut secret);
        Self::new(&secret)
    }

    /// A key for one use only, so that a tag made for one purpose never passes for another.
    #[must_use]
    pub fn for_use(&self, label: &str) -> Self {
        Self::new(&self.tag(&[b"quickcart key for", label.as_bytes()]))
    }

    /// The tag of `parts`, each preceded by its length, so that no two lists of parts are alike. The lengths are
    /// [LEB128](https://dwarfstd.org/doc/DWARF5.pdf) numbers (section 7.6), because a few short parts are then one block to hash.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut mac = self.0.clone();
        for part in parts {
            let mut length = part.len();
            while length >= 0x80 {
                mac.update(&[length as u8 | 0x80]);
                length >>= 7;
            }
            mac.update(&[length as u8]);
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The plain HMAC of one message, for formats of others.
    #[must_use]
    pub fn hmac(&self, message: &[u8]) -> Tag {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_rfc_4231() {
        let tag = SecretKey::new(b"Jefe").hmac(b"what do ya want for nothing?");
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn keeps_parts_and_uses_apart() {
        let key = SecretKey::new(b"secret");
        assert_ne!(key.tag(&[b"ab", b"c"]), key.tag(&[b"a", b"bc"]));
        let long = [0; 300];
        assert_ne!(key.tag(&[&long]), key.tag(&[&long[..299], b""]));
        assert_eq!(key.tag(&[&long, b"c"]), key.hmac(&[&[0xAC, 2][..], &long, &[1, b'c']].concat()));
        assert_ne!(key.for_use("codes").tag(&[b"x"]), key.for_use("tokens").tag(&[b"x"]));
        assert_eq!(format!("{key:?}"), "SecretKey(***)");
    }
}
