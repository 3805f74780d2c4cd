//! Codes and nonces: derived, typed, and never shown by `Debug`.

use std::fmt;

use arrayvec::ArrayString;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::Rng;

use super::keys::{Digest, KeyId, KeyRing};
use crate::secret::Tag;

/// The most digits that a code has.
pub(super) const DIGITS_MAX: usize = 8;

/// A code as its holder types it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(ArrayString<DIGITS_MAX>);

impl Code {
    /// A code of one's own choice, for development and for the reviewers of an app store.
    ///
    /// # Errors
    /// [`InvalidFixedCode`] unless the code has four to eight digits.
    pub fn fixed(code: &str) -> Result<Self, InvalidFixedCode> {
        let digits = code.len() >= 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        ArrayString::from(code).ok().filter(|_| digits).map(Self).ok_or(InvalidFixedCode)
    }

    /// The code of a challenge: the same as often as it is asked for, and kept nowhere. `None` when the key is gone.
    pub(super) fn derive(
        keys: &KeyRing,
        key_id: KeyId,
        challenge_id: &Digest,
        bound: &[&[u8]; 4],
        digits: u8,
    ) -> Option<Self> {
        let limit = 10_u32.pow(u32::from(digits));
        // One tag is enough but for one code in 10^18; then the next one is taken.
        (0_u8..=u8::MAX).find_map(|generation| {
            let [purpose, subject, nonce, transaction] = *bound;
            let parts: [&[u8]; 7] =
                [b"code", challenge_id, &[generation], purpose, subject, nonce, transaction];
            let tag = keys.tag(key_id, &parts)?;
            uniform(&tag, limit).map(|number| Self::of(number, digits))
        })
    }

    fn of(number: u32, digits: u8) -> Self {
        // There is room: a policy has no more digits.
        let mut text = ArrayString::new();
        for place in (0..u32::from(digits)).rev() {
            text.push(char::from(b'0' + (number / 10_u32.pow(place) % 10) as u8));
        }
        Self(text)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(***)")
    }
}

/// A uniformly distributed number below `limit`: the first of the tag's eight words that lies in a whole multiple of it.
fn uniform(tag: &Tag, limit: u32) -> Option<u32> {
    let whole = u32::MAX - (u32::MAX % limit + 1) % limit;
    let mut words = tag.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    words.find(|&word| word <= whole).map(|word| word % limit)
}

/// A fixed code has four to eight digits, and one for reviewers six to eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fixed code has four to eight digits, and one for reviewers six to eight")]
pub struct InvalidFixedCode;

/// A random text of 128 bits that a client keeps and shows again, such as in a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The text, of letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretKey;

    fn derive(keys: &KeyRing, challenge: u32, bound: &[&[u8]; 4]) -> String {
        let id: Digest = u128::from(challenge).to_be_bytes();
        Code::derive(keys, 0, &id, bound, 6).unwrap().as_str().to_owned()
    }

    #[test]
    fn a_code_is_the_same_again_and_another_for_everything_it_is_bound_to() {
        let keys = KeyRing::new(&SecretKey::new(b"one"));
        let bound: [&[u8]; 4] = [b"sign-in", b"+919876543210", b"", b""];
        assert_eq!(derive(&keys, 1, &bound), derive(&keys, 1, &bound));
        let others = [
            derive(&KeyRing::new(&SecretKey::new(b"two")), 1, &bound),
            derive(&keys, 2, &bound),
            derive(&keys, 1, &[b"checkout", bound[1], b"", b""]),
            derive(&keys, 1, &[bound[0], b"+919876543211", b"", b""]),
            derive(&keys, 1, &[bound[0], bound[1], b"nonce", b""]),
            derive(&keys, 1, &[bound[0], bound[1], b"", b"order 42"]),
        ];
        assert!(others.iter().all(|other| *other != derive(&keys, 1, &bound)), "{others:?}");
    }

    #[test]
    fn words_past_the_last_whole_multiple_are_left_out() {
        let tag = |first: u32, second: u32| -> Tag {
            let words = [first, second, 0, 0, 0, 0, 0, 0].map(u32::to_be_bytes).concat();
            words.try_into().unwrap()
        };
        // 2^32 = 4294 * 10^6 + 967_296
        assert_eq!(uniform(&tag(4_293_999_999, 7), 1_000_000), Some(999_999));
        assert_eq!(uniform(&tag(4_294_000_000, 7), 1_000_000), Some(7));
        assert_eq!(uniform(&[255; 32], 1_000_000), None);
        // A power of two divides evenly: nothing is left out.
        assert_eq!(uniform(&[255; 32], 1 << 16), Some(65_535));
    }

    #[test]
    fn a_code_keeps_its_zeros() {
        assert_eq!(Code::of(42, 6).as_str(), "000042");
        assert_eq!(Code::of(99_999_999, 8).as_str(), "99999999");
    }

    #[test]
    fn a_fixed_code_is_checked_and_hidden() {
        for text in ["", "123", "123456789", "12345a", "１２３４"] {
            assert!(Code::fixed(text).is_err(), "{text}");
        }
        let shown = format!("{:?} {:?}", Code::fixed("123456").unwrap(), Nonce::random());
        assert_eq!(shown, "Code(***) Nonce(***)");
    }
}
