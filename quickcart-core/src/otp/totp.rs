//! Time-based codes of an authenticator app, the stronger alternative to SMS: nothing is sent, so nothing is intercepted.

use std::fmt;
use std::time::Duration;

use data_encoding::BASE32_NOPAD_NOCASE;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::Rng;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::clock::Timestamp;
use crate::secret::equal;

/// The rules of time-based codes ([RFC 6238](https://www.rfc-editor.org/rfc/rfc6238)).
///
/// The default is what authenticator apps understand: SHA-1, six digits, steps of 30 s, one step of skew.
///
/// ```
/// use quickcart_core::clock::{Clock, SystemClock};
/// use quickcart_core::otp::{Totp, TotpSecret};
///
/// let (totp, secret) = (Totp::default(), TotpSecret::random());
/// let qr_code = totp.uri(&secret, "QuickCart", "asha@example.com");
/// assert!(qr_code.starts_with("otpauth://totp/QuickCart:asha%40example.com?secret="));
///
/// let now = SystemClock.now();
/// let shown_by_the_app = totp.code_at(&secret, now);
/// let step = totp.matching_step(&secret, &shown_by_the_app, now);
/// assert!(step.is_some(), "the caller still has to refuse a step that was accepted before");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totp {
    algorithm: TotpAlgorithm,
    digits: u8,
    period_s: u8,
    skew: u8,
}

impl Totp {
    /// Rules of your own: six to eight `digits`, a `period` of 15 to 120 whole seconds, up to two steps of `skew`.
    ///
    /// - Six digits are the least of [RFC 4226](https://www.rfc-editor.org/rfc/rfc4226#section-5.3), section 5.3, which
    ///   names seven and eight too. The [key URI](Self::uri) knows only six and eight.
    /// - A period above 120 s breaks [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.1.4.1;
    ///   below 15 s hardly anyone can type the code. RFC 6238, section 5.2, recommends 30 s, and
    ///   [OWASP ASVS 5.0](https://github.com/OWASP/ASVS/tree/v5.0.0), 6.5.5, allows no more.
    /// - RFC 6238, section 5.2, recommends one step of skew at most; two are for devices whose clock is known to be
    ///   bad. Each step of skew adds two more codes that a guess may hit.
    ///
    /// # Errors
    /// [`InvalidTotp`] names the value that is out of its range.
    ///
    /// ```
    /// use quickcart_core::otp::{InvalidTotp, Totp, TotpAlgorithm};
    /// use std::time::Duration;
    ///
    /// let period = Duration::from_secs(30);
    /// assert!(Totp::new(TotpAlgorithm::Sha256, 8, period, 1).is_ok());
    /// assert_eq!(Totp::new(TotpAlgorithm::Sha1, 4, period, 1), Err(InvalidTotp::Digits(4)));
    /// ```
    pub fn new(
        algorithm: TotpAlgorithm,
        digits: u8,
        period: Duration,
        skew: u8,
    ) -> Result<Self, InvalidTotp> {
        if !(6..=8).contains(&digits) {
            return Err(InvalidTotp::Digits(digits));
        }
        if skew > 2 {
            return Err(InvalidTotp::Skew(skew));
        }
        match u8::try_from(period.as_secs()) {
            Ok(period_s @ 15..=120) if period.subsec_nanos() == 0 => {
                Ok(Self { algorithm, digits, period_s, skew })
            }
            _ => Err(InvalidTotp::Period(period)),
        }
    }

    /// The code that an app with this secret shows at `now`. An instant before 1970 counts as 1970.
    ///
    /// ```
    /// use quickcart_core::clock::Timestamp;
    /// use quickcart_core::otp::{Totp, TotpSecret};
    ///
    /// let secret = TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")?;
    /// assert_eq!(Totp::default().code_at(&secret, Timestamp::from_second(59)?), "287082");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn code_at(&self, secret: &TotpSecret, now: Timestamp) -> String {
        self.code_of(secret, self.step_at(now))
    }

    /// The time step whose code this is (`T` in RFC 6238, section 4.2), among the present one and those within the
    /// skew; the newest one, should several have the same code. `None` when there is none, or when `code` is not made
    /// of exactly as many ASCII digits as a code has.
    ///
    /// This remembers nothing, and a code must not be accepted twice (RFC 6238, section 5.2). Whoever keeps the secret
    /// also keeps the last accepted step: accept only a newer one, and write it down in the same atomic operation. A
    /// code can be guessed, so tries are limited there too (RFC 4226, section 7.3).
    ///
    /// `now` must come from the server's own clock (OWASP ASVS 5.0, 6.5.8).
    #[must_use]
    pub fn matching_step(&self, secret: &TotpSecret, code: &str, now: Timestamp) -> Option<u64> {
        if code.len() != usize::from(self.digits) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (present, skew) = (self.step_at(now), u64::from(self.skew));
        // Every candidate is computed and compared, so that the time does not tell which one it was.
        (present.saturating_sub(skew)..=present.saturating_add(skew))
            .filter(|&step| equal(self.code_of(secret, step).as_bytes(), code.as_bytes()))
            .max()
    }

    /// The [key URI](https://github.com/google/google-authenticator/wiki/Key-Uri-Format) that an authenticator app
    /// reads from a QR code. It holds the secret: show it once, over TLS, and never log it.
    ///
    /// The format forbids colons in `issuer` and `account`, for a colon stands between the two; they become blanks.
    #[must_use]
    pub fn uri(&self, secret: &TotpSecret, issuer: &str, account: &str) -> String {
        let (issuer, account) = (uri_part(issuer), uri_part(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm={}&digits={}&period={}",
            secret.to_base32(),
            self.algorithm.name(),
            self.digits,
            self.period_s
        )
    }

    /// The number of whole steps since 1970 (RFC 6238, section 4.2, with T0 = 0).
    fn step_at(&self, now: Timestamp) -> u64 {
        u64::try_from(now.as_second()).unwrap_or(0) / u64::from(self.period_s)
    }

    /// The HOTP value of a counter (RFC 4226, section 5.3), with leading zeros.
    fn code_of(&self, secret: &TotpSecret, counter: u64) -> String {
        let tag = self.algorithm.tag(&secret.0, &counter.to_be_bytes());
        let number = truncated(&tag) % 10_u32.pow(u32::from(self.digits));
        format!("{number:0width$}", width = usize::from(self.digits))
    }
}

impl Default for Totp {
    fn default() -> Self {
        Self { algorithm: TotpAlgorithm::default(), digits: 6, period_s: 30, skew: 1 }
    }
}

/// The hash function inside of the HMAC (RFC 6238, section 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TotpAlgorithm {
    /// The default, because it is the one that authenticator apps understand: some, Google's among them at the time
    /// of its format, ignore what the [key URI](Totp::uri) says and always use SHA-1. The known attacks on SHA-1 find
    /// collisions, which do not help against HMAC (RFC 4226, appendix B.2).
    #[default]
    Sha1,
    /// For apps and tokens that are known to do it.
    Sha256,
    /// For apps and tokens that are known to do it.
    Sha512,
}

impl TotpAlgorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    fn tag(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => tag::<Hmac<Sha1>>(key, message),
            Self::Sha256 => tag::<Hmac<Sha256>>(key, message),
            Self::Sha512 => tag::<Hmac<Sha512>>(key, message),
        }
    }
}

/// Which rule of time-based codes is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTotp {
    /// The number of digits.
    #[error("a time-based code has 6 to 8 digits, not {0}")]
    Digits(u8),
    /// The length of a step.
    #[error("a time step lasts 15 to 120 whole seconds, not {0:?}")]
    Period(Duration),
    /// The number of steps that a clock may be off.
    #[error("a clock may be off by 0 to 2 steps, not {0}")]
    Skew(u8),
}

/// What the server and one authenticator app share. `Debug` hides it.
///
/// Unlike a password it cannot be kept as a hash. Keep [`to_base32`](Self::to_base32) encrypted, with a key that is not
/// in the same database (RFC 6238, section 5.1).
#[derive(Clone)]
pub struct TotpSecret(Box<[u8]>);

impl TotpSecret {
    /// The fewest bytes: 128 bits (RFC 4226, section 4, R6).
    pub const LENGTH_MIN: usize = 16;
    /// The most bytes: the output of SHA-512, as RFC 6238, section 5.1, wants keys as long as the output of the HMAC.
    pub const LENGTH_MAX: usize = 64;
    /// The bytes of a new secret: the 160 bits that RFC 4226, section 4, R6, recommends.
    const LENGTH: usize = 20;

    /// A new one, of 160 bits of the thread's cryptographic generator.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; Self::LENGTH];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes.into())
    }

    /// Reads the Base32 of [RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-6), as people copy it: in small or
    /// capital letters, with blanks and hyphens, with or without padding.
    ///
    /// # Errors
    /// [`InvalidTotpSecret`] when it is not Base32, or shorter or longer than a secret may be.
    ///
    /// ```
    /// use quickcart_core::otp::{InvalidTotpSecret, TotpSecret};
    ///
    /// let secret = TotpSecret::from_base32("gezd gnbv gy3t qojq gezd gnbv gy3t qojq")?;
    /// assert_eq!(secret.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    /// assert_eq!(TotpSecret::from_base32("GEZDGNBVGY3TQOJQ").unwrap_err(), InvalidTotpSecret::TooShort);
    /// # Ok::<(), InvalidTotpSecret>(())
    /// ```
    pub fn from_base32(text: &str) -> Result<Self, InvalidTotpSecret> {
        let bytes = bytes_of_base32(text).ok_or(InvalidTotpSecret::NotBase32)?;
        match bytes.len() {
            ..Self::LENGTH_MIN => Err(InvalidTotpSecret::TooShort),
            Self::LENGTH_MIN..=Self::LENGTH_MAX => Ok(Self(bytes.into_boxed_slice())),
            _ => Err(InvalidTotpSecret::TooLong),
        }
    }

    /// The secret in Base32, in capital letters and without padding, for storage and for who types it into an app.
    #[must_use]
    pub fn to_base32(&self) -> String {
        BASE32_NOPAD_NOCASE.encode(&self.0)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(***)")
    }
}

/// Why a text is not a secret of time-based codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTotpSecret {
    /// A symbol, the length or the last bits are not those of Base32.
    #[error("the secret is not written in base32")]
    NotBase32,
    /// It has less than 128 bits.
    #[error("the secret has less than {} bytes", TotpSecret::LENGTH_MIN)]
    TooShort,
    /// It has more than 64 bytes.
    #[error("the secret has more than {} bytes", TotpSecret::LENGTH_MAX)]
    TooLong,
}

fn bytes_of_base32(text: &str) -> Option<Vec<u8>> {
    let symbols: String = text.chars().filter(|symbol| !symbol.is_whitespace() && *symbol != '-').collect();
    BASE32_NOPAD_NOCASE.decode(symbols.trim_end_matches('=').as_bytes()).ok()
}

fn tag<M: KeyInit + Mac>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

/// Dynamic truncation (RFC 4226, section 5.3): 31 bits, from where the last four bits of the tag say.
fn truncated(tag: &[u8]) -> u32 {
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let bytes = [tag[offset], tag[offset + 1], tag[offset + 2], tag[offset + 3]];
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

/// All but the unreserved characters ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3), section 2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn uri_part(text: &str) -> String {
    utf8_percent_encode(&text.replace(':', " "), &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(algorithm: TotpAlgorithm, digits: u8, period_s: u64, skew: u8) -> Totp {
        Totp::new(algorithm, digits, Duration::from_secs(period_s), skew).unwrap()
    }

    fn secret(bytes: &[u8]) -> TotpSecret {
        TotpSecret(bytes.into())
    }

    /// The digits 1 to 9 and 0 over and over, as long as the output of the hash function (RFC 6238, appendix A).
    fn rfc_secret(algorithm: TotpAlgorithm) -> TotpSecret {
        let length = match algorithm {
            TotpAlgorithm::Sha1 => 20,
            TotpAlgorithm::Sha256 => 32,
            TotpAlgorithm::Sha512 => 64,
        };
        TotpSecret(b"1234567890".iter().copied().cycle().take(length).collect())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn agrees_with_rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        let secret = rfc_secret(TotpAlgorithm::Sha1);
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(Totp::default().code_of(&secret, counter), code, "counter {counter}");
        }
    }

    #[test]
    fn agrees_with_rfc_6238_appendix_b() {
        let table = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (second, sha1, sha256, sha512) in table {
            for (algorithm, code) in [
                (TotpAlgorithm::Sha1, sha1),
                (TotpAlgorithm::Sha256, sha256),
                (TotpAlgorithm::Sha512, sha512),
            ] {
                let (totp, secret) = (rules(algorithm, 8, 30, 0), rfc_secret(algorithm));
                assert_eq!(totp.code_at(&secret, at(second)), code, "{algorithm:?} at {second}");
                let step = u64::try_from(second).unwrap() / 30;
                assert_eq!(totp.matching_step(&secret, code, at(second)), Some(step));
            }
        }
    }

    #[test]
    fn skew_ends_to_the_second() {
        let secret = rfc_secret(TotpAlgorithm::Sha1);
        // The code of step 1000 is shown from 30000 s to 30029 s.
        for (skew, first, last) in [(0, 30_000, 30_029), (1, 29_970, 30_059), (2, 29_940, 30_089)] {
            let totp = rules(TotpAlgorithm::Sha1, 6, 30, skew);
            let code = totp.code_of(&secret, 1_000);
            let found = |second| totp.matching_step(&secret, &code, at(second));
            assert_eq!([first, last].map(found), [Some(1_000); 2], "skew {skew}");
            assert_eq!([first - 1, last + 1].map(found), [None; 2], "skew {skew}");
            let end_of_last = at(last) + Duration::from_nanos(999_999_999);
            assert_eq!(totp.matching_step(&secret, &code, end_of_last), Some(1_000));
        }
    }

    #[test]
    fn the_first_step_has_none_before_it() {
        let (totp, secret) = (rules(TotpAlgorithm::Sha1, 6, 30, 2), rfc_secret(TotpAlgorithm::Sha1));
        for second in [-31, -1, 0] {
            assert_eq!(totp.matching_step(&secret, "755224", at(second)), Some(0), "{second}");
        }
        assert_eq!(totp.code_at(&secret, Timestamp::MIN), "755224");
        assert_eq!(totp.code_at(&secret, Timestamp::MAX).len(), 6);
    }

    #[test]
    fn the_newest_of_equal_codes_wins() {
        let (totp, secret) = (Totp::default(), rfc_secret(TotpAlgorithm::Sha1));
        // Found by search: two steps around one, for which this secret gives the same code by chance.
        let (step, code) = (153_567, "468457");
        assert_eq!([step, step + 2].map(|step| totp.code_of(&secret, step)), [code; 2]);
        let between = at(i64::try_from((step + 1) * 30).unwrap());
        assert_eq!(totp.matching_step(&secret, code, between), Some(step + 2));
    }

    #[test]
    fn only_as_many_ascii_digits_are_a_code() {
        let secret = rfc_secret(TotpAlgorithm::Sha1);
        for code in
            ["", "87082", "0287082", "287 082", "287082 ", "28708a", "-87082", "+87082", "２８７０８２", "٢٨"]
        {
            assert_eq!(Totp::default().matching_step(&secret, code, at(59)), None, "{code}");
        }
        assert_eq!(Totp::default().matching_step(&secret, "287082", at(59)), Some(1));
    }

    #[test]
    fn refuses_unsafe_rules() {
        let new = |digits, period_s, skew| {
            Totp::new(TotpAlgorithm::Sha1, digits, Duration::from_secs(period_s), skew)
        };
        assert_eq!(new(6, 30, 1), Ok(Totp::default()));
        for (digits, period_s, skew) in [(6, 15, 0), (8, 120, 2)] {
            assert!(new(digits, period_s, skew).is_ok());
        }
        for digits in [0, 5, 9] {
            assert_eq!(new(digits, 30, 1), Err(InvalidTotp::Digits(digits)));
        }
        for period_s in [0, 14, 121, 286, u64::MAX] {
            assert_eq!(new(6, period_s, 1), Err(InvalidTotp::Period(Duration::from_secs(period_s))));
        }
        let odd = Duration::from_millis(30_500);
        assert_eq!(Totp::new(TotpAlgorithm::Sha1, 6, odd, 1), Err(InvalidTotp::Period(odd)));
        assert_eq!(new(6, 30, 3), Err(InvalidTotp::Skew(3)));
    }

    #[test]
    fn reads_and_writes_the_base32_of_rfc_4648_section_10() {
        for (plain, padded) in [
            ("", ""),
            ("f", "MY======"),
            ("fo", "MZXQ===="),
            ("foo", "MZXW6==="),
            ("foob", "MZXW6YQ="),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ] {
            let bare = padded.trim_end_matches('=');
            for text in [padded, bare, &bare.to_lowercase()] {
                assert_eq!(bytes_of_base32(text).as_deref(), Some(plain.as_bytes()), "{text}");
            }
            assert_eq!(secret(plain.as_bytes()).to_base32(), bare);
        }
    }

    #[test]
    fn reads_secrets_as_people_copy_them() {
        let wanted = rfc_secret(TotpAlgorithm::Sha1).to_base32();
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            " GEZD-gnbv-GY3T-qojq\n GEZD-gnbv-GY3T-qojq==\t",
        ] {
            assert_eq!(TotpSecret::from_base32(text).unwrap().to_base32(), wanted, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_secret() {
        let base32 = |length| secret(&vec![7; length]).to_base32();
        for length in [16, 20, 32, 64] {
            assert!(TotpSecret::from_base32(&base32(length)).is_ok(), "{length}");
        }
        for (text, error) in [
            (String::new(), InvalidTotpSecret::TooShort),
            (base32(15), InvalidTotpSecret::TooShort),
            (base32(65), InvalidTotpSecret::TooLong),
            // 0, 1 and 8 are not in the alphabet, padding ends the text, the last symbol has bits to spare, and no
            // text of whole bytes has 27 symbols.
            (base32(20).replace('A', "0"), InvalidTotpSecret::NotBase32),
            (format!("{}1", base32(20)), InvalidTotpSecret::NotBase32),
            (format!("MY======{}", base32(20)), InvalidTotpSecret::NotBase32),
            (format!("{}B", "A".repeat(25)), InvalidTotpSecret::NotBase32),
            ("A".repeat(27), InvalidTotpSecret::NotBase32),
            ("ÄÄÄÄÄÄÄÄ".repeat(4), InvalidTotpSecret::NotBase32),
        ] {
            assert_eq!(TotpSecret::from_base32(&text).map(|_| ()), Err(error), "{text}");
        }
    }

    #[test]
    fn random_secrets_have_160_bits_and_differ() {
        let [a, b] = [TotpSecret::random(), TotpSecret::random()];
        assert_eq!(a.0.len(), 20);
        assert_ne!(a.to_base32(), b.to_base32());
    }

    #[test]
    fn the_secret_is_hidden() {
        let secret = rfc_secret(TotpAlgorithm::Sha1);
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "TotpSecret(***) Some(TotpSecret(***))");
    }

    #[test]
    fn the_uri_is_the_one_of_the_format() {
        // The example of the format's description, with its issuer.
        let secret = TotpSecret::from_base32("HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ").unwrap();
        assert_eq!(
            Totp::default().uri(&secret, "ACME Co", "john.doe@email.com"),
            "otpauth://totp/ACME%20Co:john.doe%40email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ\
             &issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(
            rules(TotpAlgorithm::Sha512, 8, 60, 0).uri(&secret, "A&B: चाय?", "+91/98#7%=~x"),
            "otpauth://totp/A%26B%20%20%E0%A4%9A%E0%A4%BE%E0%A4%AF%3F:%2B91%2F98%237%25%3D~x\
             ?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ\
             &issuer=A%26B%20%20%E0%A4%9A%E0%A4%BE%E0%A4%AF%3F&algorithm=SHA512&digits=8&period=60"
        );
    }

    prop_compose! {
        fn any_rules()(
            algorithm in prop_oneof![
                Just(TotpAlgorithm::Sha1),
                Just(TotpAlgorithm::Sha256),
                Just(TotpAlgorithm::Sha512),
            ],
            digits in 6_u8..=8,
            period_s in 15_u64..=120,
            skew in 0_u8..=2,
        ) -> Totp {
            rules(algorithm, digits, period_s, skew)
        }
    }

    proptest! {
        #[test]
        fn a_code_is_found_within_the_skew_and_not_beyond(
            totp in any_rules(),
            bytes in prop::collection::vec(any::<u8>(), 16..=64),
            second in 1_000_i64..10_000_000_000,
        ) {
            let secret = secret(&bytes);
            let code = totp.code_at(&secret, at(second));
            let step = totp.step_at(at(second));
            for steps_off in -4_i64..=4 {
                let then = at(second + steps_off * i64::from(totp.period_s));
                let found = totp.matching_step(&secret, &code, then);
                if steps_off.unsigned_abs() <= u64::from(totp.skew) {
                    // Another step may have the same code by chance; then the newer of the two is found.
                    prop_assert!(found.is_some_and(|found| found >= step));
                } else {
                    prop_assert_ne!(found, Some(step));
                }
            }
        }

        #[test]
        fn base32_comes_back(bytes in prop::collection::vec(any::<u8>(), 16..=64)) {
            let text = secret(&bytes).to_base32();
            let back = TotpSecret::from_base32(&text).unwrap();
            prop_assert_eq!(&back.0[..], &bytes[..]);
        }
    }
}
