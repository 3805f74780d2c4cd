//! Recovery codes: a list to keep on paper, for who lost phone and authenticator.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::secret::{ARGON2ID, Salt, SlowHash, argon2id, equal};

/// The recovery codes that a user has left, as hashes: "look-up secrets" in the words of
/// [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.1.2.
///
/// A code is 16 random symbols of [Crockford's Base32](https://www.crockford.com/base32.html), which has no look-alikes:
/// 80 bits. That is less than 112, so [OWASP ASVS 5.0](https://github.com/OWASP/ASVS/tree/v5.0.0), 6.5.2, asks for a
/// password hash with a random salt. It is Argon2id with OWASP's
/// [minimum](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id): 19 MiB, two
/// passes, one lane.
///
/// The codes of one list share a salt, so that a try costs one hash and not one for each code. The other way to that
/// is a salt for each code and a part of it in plain, to look it up by. This is the stronger: who steals the store
/// tests a guess against 20 codes at once at most, which is worth 4 bits or so, where four plain symbols would give
/// away 20; and a try takes the same time whichever code it is. Lists of different users share no salt.
///
/// # Blocking
/// Each hash keeps a core busy for milliseconds and takes 19 MiB: call [`generate`](Self::generate) and
/// [`redeem`](Self::redeem) off the async threads, such as in `tokio::task::spawn_blocking`, and limit how many run
/// at once.
///
/// # Keeping it
/// The value keeps itself as one text, with serde or with [`stored`](Self::stored) and [`FromStr`]. A code works once
/// only when the text that follows it is written in the same transaction that read the one before, or if that is
/// still the one in place (compare and swap). Else two requests at the same time both succeed.
///
/// ```
/// use quickcart_core::otp::RecoveryCodes;
///
/// let (on_paper, codes) = RecoveryCodes::generate(2)?;
/// let mut column = codes.stored();
///
/// let before = column.clone();
/// let mut codes: RecoveryCodes = before.parse()?;
/// assert!(codes.redeem(&on_paper[0].to_lowercase()));
/// // UPDATE users SET recovery = codes.stored() WHERE id = … AND recovery = before: one row, or the code did not work.
/// column = codes.stored();
///
/// let mut codes: RecoveryCodes = column.parse()?;
/// assert_eq!(codes.left(), 1);
/// assert!(!codes.redeem(&on_paper[0]), "a code works once");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecoveryCodes {
    salt: Salt,
    hashes: Vec<SlowHash>,
}

impl RecoveryCodes {
    /// How many codes a list has when there is no reason for another number: ours, as no standard names one.
    pub const COUNT_DEFAULT: u8 = 10;
    /// The most codes of a list: what fits on a sheet, and takes less than a second to hash.
    pub const COUNT_MAX: u8 = 20;

    /// Makes new codes, such as `7K3M-Q0ZV-9WTA-4E6R`: the plain ones, to be shown once, and what to keep of them. It
    /// takes the place of an older list.
    ///
    /// # Errors
    /// [`InvalidRecoveryCount`] when `count` is not from 1 to [`COUNT_MAX`](Self::COUNT_MAX).
    ///
    /// # Panics
    /// When there are no 19 MiB of memory, as elsewhere.
    ///
    /// ```
    /// use quickcart_core::otp::{InvalidRecoveryCount, RecoveryCodes};
    ///
    /// let (on_paper, codes) = RecoveryCodes::generate(3)?;
    /// assert_eq!((on_paper.len(), codes.left()), (3, 3));
    /// assert!(RecoveryCodes::generate(0).is_err());
    /// # Ok::<(), InvalidRecoveryCount>(())
    /// ```
    pub fn generate(count: u8) -> Result<(Vec<String>, Self), InvalidRecoveryCount> {
        if !(1..=Self::COUNT_MAX).contains(&count) {
            return Err(InvalidRecoveryCount(count));
        }
        let mut salt = Salt::default();
        rand::rng().fill_bytes(&mut salt);
        let symbols: Vec<Symbols> = (0..count).map(|_| random_symbols()).collect();
        let hashes = symbols.iter().map(|symbols| argon2id(symbols, &salt)).collect();
        Ok((symbols.iter().map(shown).collect(), Self { salt, hashes }))
    }

    /// Whether `code` is one of those left, which then no longer is: keep the value after a `true`.
    ///
    /// Small letters, blanks and hyphens do not matter, and neither does an O for a zero, an I or L for a one. What
    /// cannot be a code is refused without hashing it.
    ///
    /// # Panics
    /// When there are no 19 MiB of memory, as elsewhere.
    #[must_use = "whether the code opens anything"]
    pub fn redeem(&mut self, code: &str) -> bool {
        let Some(symbols) = symbols_of(code) else { return false };
        let shown = argon2id(&symbols, &self.salt);
        let before = self.hashes.len();
        // Compares with each, so that the time does not tell which one it was.
        self.hashes.retain(|kept| !equal(kept, &shown));
        self.hashes.len() < before
    }

    /// How many codes are left. When they are few, ask the user to make new ones.
    #[must_use]
    pub fn left(&self) -> usize {
        self.hashes.len()
    }

    /// The text to keep: a [PHC string](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md) of
    /// Argon2id that goes on with the hashes of the other codes, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>$<hash>…`.
    #[must_use]
    pub fn stored(&self) -> String {
        let parts: Vec<String> = [&self.salt[..]]
            .into_iter()
            .chain(self.hashes.iter().map(|hash| &hash[..]))
            .map(|bytes| BASE64_STANDARD_NO_PAD.encode(bytes))
            .collect();
        format!("{ARGON2ID}{}", parts.join("$"))
    }
}

impl FromStr for RecoveryCodes {
    type Err = DamagedRecoveryCodes;

    fn from_str(stored: &str) -> Result<Self, DamagedRecoveryCodes> {
        let parts = stored.strip_prefix(ARGON2ID).ok_or(DamagedRecoveryCodes::Parameters)?;
        let mut parts = parts.split('$');
        let salt = parts.next().and_then(bytes_of).ok_or(DamagedRecoveryCodes::Salt)?;
        let hashes: Option<Vec<SlowHash>> = parts.map(bytes_of).collect();
        let hashes = hashes.ok_or(DamagedRecoveryCodes::Hash)?;
        if hashes.len() > usize::from(Self::COUNT_MAX) {
            return Err(DamagedRecoveryCodes::TooMany);
        }
        Ok(Self { salt, hashes })
    }
}

impl TryFrom<String> for RecoveryCodes {
    type Error = DamagedRecoveryCodes;

    fn try_from(stored: String) -> Result<Self, DamagedRecoveryCodes> {
        stored.parse()
    }
}

impl From<RecoveryCodes> for String {
    fn from(codes: RecoveryCodes) -> Self {
        codes.stored()
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryCodes").field("left", &self.left()).finish_non_exhaustive()
    }
}

/// A list has 1 to 20 recovery codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list has 1 to {max} recovery codes, not {0}", max = RecoveryCodes::COUNT_MAX)]
pub struct InvalidRecoveryCount(u8);

/// Which part of stored recovery codes is damaged. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DamagedRecoveryCodes {
    /// It does not begin with the algorithm, version and costs that this version writes.
    #[error("stored recovery codes are not of argon2id with the known costs")]
    Parameters,
    /// The salt is not 16 bytes in Base64.
    #[error("stored recovery codes have a damaged salt")]
    Salt,
    /// A hash is not 32 bytes in Base64.
    #[error("stored recovery codes have a damaged hash")]
    Hash,
    /// There are more hashes than a list has codes.
    #[error("stored recovery codes are more than {}", RecoveryCodes::COUNT_MAX)]
    TooMany,
}

/// A code without hyphens, in ASCII.
type Symbols = [u8; 16];

/// The digits and the letters but I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn random_symbols() -> Symbols {
    let mut random = rand::rng();
    std::array::from_fn(|_| ALPHABET[random.random_range(0..ALPHABET.len())])
}

/// A code as it is shown, in groups of four.
fn shown(symbols: &Symbols) -> String {
    let groups: Vec<_> = symbols.chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// A code as it is hashed, however it was typed.
fn symbols_of(typed: &str) -> Option<Symbols> {
    let symbols = typed.chars().filter(|typed| !typed.is_whitespace() && *typed != '-');
    let symbols: Option<Vec<u8>> = symbols.map(symbol_of).collect();
    symbols?.try_into().ok()
}

fn symbol_of(typed: char) -> Option<u8> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(symbol).ok().filter(|symbol| ALPHABET.contains(symbol))
}

fn bytes_of<const LENGTH: usize>(base64: &str) -> Option<[u8; LENGTH]> {
    BASE64_STANDARD_NO_PAD.decode(base64).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the codes 0123-4567-89AB-CDEF and GHJK-MNPQ-RSTV-WXYZ with the salt 0, 1, 2 … 15, as OpenSSL's Argon2id
    /// hashes them.
    const BY_OPENSSL: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw\
        $Hpjq6sx5xSe4QXQKhcuO/auKotpZoyBkuzXXQ3p0CYs$YC7EqdDCsbyXfJEfLVr/Uuj2Yr1UaUyV5GByUMfzN4s";

    fn by_openssl() -> RecoveryCodes {
        BY_OPENSSL.parse().unwrap()
    }

    #[test]
    fn agrees_with_openssl_and_the_stored_form_stays() {
        let mut codes = by_openssl();
        assert_eq!(codes.stored(), BY_OPENSSL);
        assert!(codes.redeem("0123-4567-89AB-CDEF"));
        assert!(codes.redeem("GHJK-MNPQ-RSTV-WXYZ"));
        assert_eq!(codes.stored(), "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw");
    }

    #[test]
    fn a_code_works_once() {
        let (on_paper, mut codes) = RecoveryCodes::generate(3).unwrap();
        for (used, code) in on_paper.iter().enumerate() {
            assert_eq!(codes.left(), 3 - used);
            assert!(codes.redeem(code), "{code}");
            assert!(!codes.redeem(code), "{code} again");
        }
        assert_eq!(codes.left(), 0);
        assert!(!codes.stored().parse::<RecoveryCodes>().unwrap().redeem(&on_paper[0]));
    }

    #[test]
    fn wrong_codes_use_up_nothing() {
        let mut codes = by_openssl();
        for code in [
            "",
            "----",
            "0123",
            "0123-4567-89AB-CDE",
            "0123-4567-89AB-CDEF-0",
            "0123-4567-89AB-CDEG",
            "CDEF-89AB-4567-0123",
            "0123-4567-89AB-CDEU",
            "0123_4567_89AB_CDEF",
            "０123-4567-89AB-CDEF",
            "0123-4567-89AB-CDEF$",
        ] {
            assert!(!codes.redeem(code), "{code}");
        }
        assert_eq!(codes.left(), 2);
        let (_, mut of_another) = RecoveryCodes::generate(1).unwrap();
        assert!(!of_another.redeem("0123-4567-89AB-CDEF"));
    }

    #[test]
    fn codes_work_as_people_type_them() {
        for typed in ["0123456789abcdef", " o i2 3-4567\t89ab-CDEF\n", "OL23-4567--89ab-cdef"] {
            assert!(by_openssl().redeem(typed), "{typed}");
        }
        assert_eq!(symbols_of("oOiIlL00-11zZ-0000"), Some(*b"0011110011ZZ0000"));
        assert_eq!(symbols_of("uuuu-uuuu-uuuu-uuuu"), None);
    }

    #[test]
    fn codes_have_four_groups_of_every_symbol_and_differ() {
        let codes: Vec<String> = (0..200).map(|_| shown(&random_symbols())).collect();
        for code in &codes {
            assert_eq!(code.len(), 19);
            assert!(code.split('-').all(|group| group.len() == 4), "{code}");
            assert_eq!(symbols_of(code).map(|symbols| shown(&symbols)).as_ref(), Some(code));
        }
        let seen = |symbol: &u8| codes.iter().any(|code| code.as_bytes().contains(symbol));
        assert!(ALPHABET.iter().all(seen));
        let different: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(different.len(), codes.len());
    }

    #[test]
    fn a_list_has_one_to_twenty_codes() {
        for count in [0, 21, u8::MAX] {
            assert_eq!(RecoveryCodes::generate(count).map(|_| ()), Err(InvalidRecoveryCount(count)));
        }
        let (on_paper, codes) = RecoveryCodes::generate(RecoveryCodes::COUNT_MAX).unwrap();
        assert_eq!((on_paper.len(), codes.left()), (20, 20));
        assert_eq!(codes.stored().parse::<RecoveryCodes>().unwrap().left(), 20);
    }

    #[test]
    fn comes_back_from_json() {
        let (on_paper, codes) = RecoveryCodes::generate(2).unwrap();
        let json = serde_json::to_string(&codes).unwrap();
        assert_eq!(json, serde_json::to_string(&codes.stored()).unwrap());
        let mut back: RecoveryCodes = serde_json::from_str(&json).unwrap();
        assert!(back.redeem(&on_paper[1]));
        assert_eq!(serde_json::to_value(&back).unwrap(), back.stored());
    }

    #[test]
    fn shows_nothing_plain() {
        let (on_paper, codes) = RecoveryCodes::generate(2).unwrap();
        let (stored, debug) = (codes.stored(), format!("{codes:?}"));
        assert_eq!(debug, "RecoveryCodes { left: 2, .. }");
        for code in &on_paper {
            // A group of four turns up by chance in Base64 now and then, two side by side do not.
            for half in [&code[..9], &code[10..]] {
                assert!(!stored.contains(half) && !stored.contains(&half.replace('-', "")));
            }
            assert!(!stored.contains(&BASE64_STANDARD_NO_PAD.encode(symbols_of(code).unwrap())));
        }
        let (_, others) = RecoveryCodes::generate(2).unwrap();
        assert_ne!(codes.salt, others.salt);
    }

    #[test]
    fn refuses_damaged_values() {
        use DamagedRecoveryCodes::{Hash, Parameters, Salt, TooMany};

        let hash = "$YC7EqdDCsbyXfJEfLVr/Uuj2Yr1UaUyV5GByUMfzN4s";
        let damages = [
            (String::new(), Parameters),
            (BY_OPENSSL.replace("$argon2id", "$argon2i"), Parameters),
            (BY_OPENSSL.replace("v=19", "v=16"), Parameters),
            (BY_OPENSSL.replace("m=19456", "m=8"), Parameters),
            (BY_OPENSSL.replace("m=19456", "m=4194304"), Parameters),
            (BY_OPENSSL.replace("p=1$", "p=1"), Parameters),
            (format!(" {BY_OPENSSL}"), Parameters),
            (ARGON2ID.to_owned(), Salt),
            (BY_OPENSSL.replace("AAECAwQF", "AAECAwQ"), Salt),
            (BY_OPENSSL.replace("ODw$", "ODw==$"), Salt),
            (BY_OPENSSL.replace("ODw$", "ODx$"), Salt),
            (BY_OPENSSL.replace("/auK", "_auK"), Hash),
            (BY_OPENSSL.trim_end_matches('s').to_owned(), Hash),
            (format!("{BY_OPENSSL}$"), Hash),
            (format!("{BY_OPENSSL}\n"), Hash),
            (format!("{BY_OPENSSL}{}", hash.repeat(19)), TooMany),
        ];
        for (stored, damage) in damages {
            assert_eq!(stored.parse::<RecoveryCodes>().map(|_| ()), Err(damage), "{stored}");
            let json = serde_json::to_string(&stored).unwrap();
            let error = serde_json::from_str::<RecoveryCodes>(&json).unwrap_err();
            assert!(error.to_string().starts_with(&damage.to_string()), "{error}");
        }
        for json in ["null", "7", "[]", "{}"] {
            assert!(serde_json::from_str::<RecoveryCodes>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_repeated_hash_does_not_make_a_code_work_twice() {
        let (_, hash) = BY_OPENSSL.rsplit_once('$').unwrap();
        let mut codes: RecoveryCodes = format!("{BY_OPENSSL}${hash}").parse().unwrap();
        assert!(codes.redeem("GHJK-MNPQ-RSTV-WXYZ"));
        assert!(!codes.redeem("GHJK-MNPQ-RSTV-WXYZ"));
        assert_eq!(codes.left(), 1);
    }
}
