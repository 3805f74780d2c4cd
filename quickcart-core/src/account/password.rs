//! Passwords: hashed slowly, off the async threads, and only so many at once.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use crate::error::{DomainError, ErrorKind};
use crate::secret::{ARGON2ID, Salt, SlowHash, argon2id, equal};

/// How many may wait for a thread that hashes; past that, callers are told to come again.
const WAITING_MAX: usize = 256;
/// The highest cost of an old hash that is still looked at: each one more doubles the time, and 15 takes seconds.
const BCRYPT_COST_MAX: u32 = 14;

/// Hashes passwords and checks them. Clones share the threads.
///
/// Each hash keeps a processor busy for milliseconds and takes 19 MiB, so few run at once, and a flood of logins slows logins
/// only.
///
/// ```
/// use quickcart_core::account::{PasswordHash, Passwords};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::default();
/// let hash = passwords.hash("correct horse").await?;
/// assert!(passwords.verify("correct horse", Some(&hash)).await?);
/// assert!(!passwords.verify("correct horses", Some(&hash)).await?);
/// assert!(!passwords.verify("of nobody", None).await?, "which takes as long");
/// let stored: PasswordHash = hash.as_str().parse()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Passwords {
    /// For who hashes or waits for it.
    places: Arc<Semaphore>,
    /// For who hashes.
    threads: Arc<Semaphore>,
}

impl Passwords {
    /// The shortest password, in characters: what the frontends promise. [NIST SP
    /// 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.1.1.2, would like 8.
    pub const LENGTH_MIN: usize = 6;
    /// The longest password, in bytes: far more than anybody types, and little to hash.
    pub const SIZE_MAX: usize = 1_024;

    /// Hashes at most `threads` passwords at once.
    #[must_use]
    pub fn new(threads: NonZero<usize>) -> Self {
        let places = Arc::new(Semaphore::new(threads.get().saturating_add(WAITING_MAX)));
        Self { places, threads: Arc::new(Semaphore::new(threads.get())) }
    }

    /// Whether a password may be chosen.
    ///
    /// # Errors
    /// [`PasswordError::TooShort`] and [`PasswordError::TooLong`].
    pub fn check_length(password: &str) -> Result<(), PasswordError> {
        if password.chars().count() < Self::LENGTH_MIN {
            Err(PasswordError::TooShort)
        } else if password.len() > Self::SIZE_MAX {
            Err(PasswordError::TooLong)
        } else {
            Ok(())
        }
    }

    /// Hashes the whole of a password, however long, with Argon2id and a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError`] when it is too short or too long, or too many wait.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        Self::check_length(password)?;
        let password = password.to_owned();
        self.run(move || PasswordHash::of(&password, &rand::random())).await
    }

    /// Whether the password is the one of this hash; without a hash it is not, after the time of one.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many wait.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<bool, PasswordError> {
        let hash = hash.cloned().unwrap_or_else(PasswordHash::of_nobody);
        // No password is longer, so not more of it is hashed.
        let end = password.floor_char_boundary(Self::SIZE_MAX);
        let (shown, is_whole) = (password[..end].to_owned(), end == password.len());
        self.run(move || hash.is_of(&shown) && is_whole).await
    }

    /// Whoever hangs up meanwhile keeps the thread until the work is done: it cannot be broken off.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, thread);
            work()
        });
        done.await.map_err(|_| PasswordError::Busy)
    }
}

/// Half of the processors hash.
impl Default for Passwords {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::new(NonZero::new(processors / 2).unwrap_or(NonZero::<usize>::MIN))
    }
}

/// What is kept of a password: a [PHC string](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md) of
/// Argon2id, or a hash of bcrypt from an older system. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// The text to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of an older system: once the password is known to be right, it is to be hashed anew.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        !self.0.starts_with(ARGON2ID)
    }

    fn of(password: &str, salt: &Salt) -> Self {
        let encoded = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
        let hash = argon2id(password.as_bytes(), salt);
        Self(format!("{ARGON2ID}{}${}", encoded(salt), encoded(&hash)).into())
    }

    /// That no password has, as far as anybody knows.
    fn of_nobody() -> Self {
        let encoded = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
        Self(format!("{ARGON2ID}{}${}", encoded(&Salt::default()), encoded(&SlowHash::default())).into())
    }

    /// Old hashes know 72 bytes of a password only, as bcrypt does.
    fn is_of(&self, password: &str) -> bool {
        match parts(&self.0) {
            Some((salt, hash)) => equal(&argon2id(password.as_bytes(), &salt), &hash),
            None => bcrypt::verify(password, &self.0).unwrap_or(false),
        }
    }
}

impl FromStr for PasswordHash {
    type Err = InvalidPasswordHash;

    fn from_str(text: &str) -> Result<Self, InvalidPasswordHash> {
        let is_old = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
        let cost = || text.parse().map_or(u32::MAX, |hash: bcrypt::HashParts| hash.get_cost());
        let valid = if is_old { (4..=BCRYPT_COST_MAX).contains(&cost()) } else { parts(text).is_some() };
        if valid { Ok(Self(text.into())) } else { Err(InvalidPasswordHash) }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

/// Salt and hash of a text that is of Argon2id.
fn parts(text: &str) -> Option<(Salt, SlowHash)> {
    let (salt, hash) = text.strip_prefix(ARGON2ID)?.split_once('$')?;
    let decoded = |text| BASE64_STANDARD_NO_PAD.decode(text).ok();
    Some((decoded(salt)?.try_into().ok()?, decoded(hash)?.try_into().ok()?))
}

/// The text is no hash that this version checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither {ARGON2ID}<salt>$<hash> nor a hash of bcrypt with a cost of 4 to {BCRYPT_COST_MAX}")]
pub struct InvalidPasswordHash;

/// Why a password was not hashed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It has too few characters.
    #[error("a password has at least {} characters", Passwords::LENGTH_MIN)]
    TooShort,
    /// It has too many bytes.
    #[error("a password has at most {} bytes", Passwords::SIZE_MAX)]
    TooLong,
    /// Too many passwords wait to be hashed or checked.
    #[error("too many passwords are being checked; try again soon")]
    Busy,
}

impl DomainError for PasswordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooShort | Self::TooLong => ErrorKind::InvalidInput,
            Self::Busy => ErrorKind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Busy => "passwords_busy",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Busy).then_some(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As [crypt_blowfish](https://www.openwall.com/crypt/) hashes them.
    const BY_CRYPT_BLOWFISH: [(&str, &str); 4] = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
        ("Mật khẩu dài", "$2a$04$AAAAAAAAAAAAAAAAAAAAA.qzNSvaprL7PkURiPt7m/zDHMqtdIpRq"),
    ];

    #[tokio::test]
    async fn hashes_whole_passwords_with_a_salt_each() {
        let passwords = Passwords::default();
        let long = "x".repeat(72);
        let hash = passwords.hash(&format!("{long}1")).await.unwrap();
        assert!(passwords.verify(&format!("{long}1"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&format!("{long}2"), Some(&hash)).await.unwrap(), "past 72 bytes, too");
        assert!(!passwords.verify("", Some(&hash)).await.unwrap());
        assert_ne!(passwords.hash(&format!("{long}1")).await.unwrap(), hash);
        assert!(!hash.is_outdated());
        assert_eq!(hash.as_str().parse(), Ok(hash.clone()));
        assert_eq!(format!("{hash:?}"), "PasswordHash(***)");
    }

    #[tokio::test]
    async fn a_password_has_its_length() {
        let passwords = Passwords::default();
        let longest = "x".repeat(Passwords::SIZE_MAX);
        let longer = longest.clone() + "x";
        for (text, error) in [
            ("12345", PasswordError::TooShort),
            // Characters count, not bytes.
            ("ếếếếế", PasswordError::TooShort),
            (&longer, PasswordError::TooLong),
        ] {
            assert_eq!(passwords.hash(text).await, Err(error), "{text}");
        }
        let hash = passwords.hash(&longest).await.unwrap();
        assert!(passwords.verify(&longest, Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&longer, Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn hashes_of_the_old_system_are_checked() {
        let passwords = Passwords::default();
        for (password, text) in BY_CRYPT_BLOWFISH {
            for prefix in ["$2a$", "$2b$", "$2y$"] {
                let hash: PasswordHash = text.replace("$2a$", prefix).parse().unwrap();
                assert!(hash.is_outdated());
                assert!(passwords.verify(password, Some(&hash)).await.unwrap(), "{text}");
                assert!(!passwords.verify("wrong", Some(&hash)).await.unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let (_, bcrypt) = BY_CRYPT_BLOWFISH[0];
        for text in [
            "",
            "secret12",
            "$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            &bcrypt.replace("$05$", "$31$"),
            &bcrypt.replace("$2a$", "$2x$"),
            &bcrypt.replace('W', "é"),
            &format!("{bcrypt}x"),
            ARGON2ID,
        ] {
            assert_eq!(text.parse::<PasswordHash>(), Err(InvalidPasswordHash), "{text}");
        }
    }

    #[tokio::test]
    async fn who_does_not_fit_is_told_and_who_hangs_up_keeps_the_thread() {
        let passwords = Passwords::new(NonZero::<usize>::MIN);
        let (started, has_started) = std::sync::mpsc::channel();
        let (go, may_go) = std::sync::mpsc::channel::<()>();
        let busy = passwords.clone();
        let first = tokio::spawn(async move {
            let work = move || {
                let _ = started.send(());
                let _ = may_go.recv();
            };
            busy.run(work).await
        });
        tokio::task::yield_now().await;
        has_started.recv().unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(passwords.threads.available_permits(), 0, "the thread still works");
        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.run(|| ()).await })
            })
            .collect();
        while passwords.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.verify("secret12", None).await, Err(PasswordError::Busy));
        go.send(()).unwrap();
        for waiter in waiting {
            waiter.await.unwrap().unwrap();
        }
        assert!(!passwords.verify("secret12", None).await.unwrap());
    }
}
