//! Keys that sign and check, and never show themselves.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
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

/// What [`argon2id`] does, as [PHC strings](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md) name it.
/// Stored texts do not choose their own costs: a damaged one could ask for gigabytes, or for next to nothing. Who raises the
/// costs one day keeps these readable.
pub(crate) const ARGON2ID: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// As long as [RFC 9106](https://www.rfc-editor.org/rfc/rfc9106#section-3.1), section 3.1, recommends.
pub(crate) type Salt = [u8; 16];
/// As long as in both choices of RFC 9106, section 4.
pub(crate) type SlowHash = [u8; 32];

/// Argon2id with OWASP's
/// [minimum](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id): 19 MiB, two
/// passes, one lane. It keeps a core busy for milliseconds.
pub(crate) fn argon2id(secret: &[u8], salt: &Salt) -> SlowHash {
    let costs = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("Argon2 allows these costs");
    let mut hash = SlowHash::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
        .hash_password_into(secret, salt, &mut hash)
        .expect("Argon2 allows these lengths, and without memory no program goes on");
    hash
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

    #[test]
    fn the_parameters_are_those_of_the_hash() {
        let version = u32::from(Version::V0x13);
        let named = format!("${}$v={version}$m={MEMORY_KIB},t={PASSES},p={LANES}$", Algorithm::Argon2id);
        assert_eq!(ARGON2ID, named);
    }
}
