//! How often something that is no code may be guessed, such as a password.

use std::net::IpAddr;

use super::{Binding, Charge, Conditions, Otp, OtpError, Rate, Verdict, network};

/// Counts wrong guesses, of a subject by one network, so that a stranger does not lock out who is in another one, and of a
/// subject by all. Right ones cost nothing.
///
/// Ask [`admit`](Self::admit) before a guess is looked at, and again before a right one opens anything: what is guessed at the
/// same time then opens nothing either, once the guesses are used up.
#[derive(Clone)]
pub struct Guesses {
    otp: Otp,
    purpose: &'static str,
    by_network: Rate,
    by_all: Rate,
}

impl Guesses {
    /// Guesses of which wrong ones are limited like this.
    #[must_use]
    pub fn new(otp: Otp, purpose: &'static str, by_network: Rate, by_all: Rate) -> Self {
        Self { otp, purpose, by_network, by_all }
    }

    /// Whether a guess may be made now.
    ///
    /// # Errors
    /// [`OtpError::Limited`] after too many wrong ones.
    pub async fn admit(&self, subject: &str, address: Option<IpAddr>) -> Result<(), OtpError> {
        let binding = Binding::new(self.purpose, subject);
        let conditions = Conditions { charges: self.charges(subject, address), ..Conditions::default() };
        let (subject, now) = (self.otp.subject(&binding), self.otp.now());
        let (request, _) = self.otp.request(subject, binding, conditions, now)?;
        match self.otp.store.preview(&request).await?.verdict {
            Verdict::Issued { .. } | Verdict::Replayed { .. } => Ok(()),
            refused => Err(super::refusal(refused, &request)),
        }
    }

    /// Counts a wrong guess.
    ///
    /// # Errors
    /// [`OtpError::Limited`] when there were too many already.
    pub async fn count_wrong(&self, subject: &str, address: Option<IpAddr>) -> Result<(), OtpError> {
        self.otp.admit(&self.charges(subject, address)).await.map(drop)
    }

    fn charges(&self, subject: &str, address: Option<IpAddr>) -> Vec<Charge> {
        let now = self.otp.now();
        let network = address.map(network).unwrap_or_default();
        let key = |parts: &[&[u8]]| self.otp.name(&[&[b"guesses", self.purpose.as_bytes()], parts].concat());
        vec![
            Charge::new("guesses", key(&[subject.as_bytes(), &network]), self.by_network, now),
            Charge::new("guesses_of_all", key(&[subject.as_bytes()]), self.by_all, now),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::store::MemoryOtpStore;
    use super::super::{KeyRing, Policy};
    use super::*;
    use crate::clock::{ManualClock, Timestamp};
    use crate::secret::SecretKey;

    #[tokio::test]
    async fn wrong_guesses_are_limited_by_network_and_in_all() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let store = Arc::new(MemoryOtpStore::with_capacity(10));
        let otp = Otp::new(store, KeyRing::new(&SecretKey::random()), Policy::default(), clock.clone());
        let guesses = Guesses::new(otp, "door", Rate::hourly(2), Rate::hourly(3));
        let from = |text: &str| Some(text.parse().unwrap());
        for _ in 0..2 {
            guesses.admit("a", from("192.0.2.1")).await.unwrap();
            guesses.count_wrong("a", from("192.0.2.1")).await.unwrap();
        }
        assert!(matches!(guesses.admit("a", from("192.0.2.1")).await, Err(OtpError::Limited { .. })));
        assert!(matches!(guesses.count_wrong("a", from("192.0.2.1")).await, Err(OtpError::Limited { .. })));
        guesses.admit("b", from("192.0.2.1")).await.unwrap();
        guesses.admit("a", from("192.0.2.2")).await.unwrap();
        guesses.count_wrong("a", from("192.0.2.2")).await.unwrap();
        assert!(guesses.admit("a", from("192.0.2.3")).await.is_err(), "three in all");
        clock.advance(Duration::from_secs(3_600));
        guesses.admit("a", from("192.0.2.1")).await.unwrap();
    }
}
