//! How far a registration has come, and what takes it further: pure functions of what is kept and the time.

use jiff::SignedDuration;

use super::RegistrationError;
use crate::account::PasswordHash;
use crate::clock::Timestamp;
use crate::secret::{Tag, equal};

/// A registration that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// How far it has come.
    pub step: Step,
    /// When it is forgotten: at this instant it already is.
    pub expires_at: Timestamp,
}

/// How far a registration has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A code was sent.
    CodeSent,
    /// The code was shown.
    CodeVerified(Proof),
    /// A password was chosen.
    PasswordSet(Proof, PasswordHash),
}

/// Who has shown the code, as keyed digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Where the request came from, when that is known.
    pub network: Option<Tag>,
    /// What the client was given to show from then on.
    pub token: Tag,
    /// When.
    pub proved_at: Timestamp,
}

/// What a client shows to take the next step, as keyed digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Where the request comes from, when that is known.
    pub network: Option<Tag>,
    /// The token, if it has one.
    pub token: Option<Tag>,
}

impl Registration {
    /// How long it may take from one step to the next.
    pub const STEP_TIME_MAX: SignedDuration = SignedDuration::from_secs(3_600);

    /// A code was sent.
    #[must_use]
    pub fn begin(now: Timestamp) -> Self {
        Self::at(Step::CodeSent, now)
    }

    /// The code was shown.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`] when it was shown before.
    pub fn verify(self, proof: Proof) -> Result<Self, RegistrationError> {
        match self.step {
            Step::CodeSent => Ok(Self::at(Step::CodeVerified(proof), proof.proved_at)),
            Step::CodeVerified(_) | Step::PasswordSet(..) => Err(RegistrationError::OutOfStep),
        }
    }

    /// A password was chosen.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`] before the code was shown, for who did not show it, and the second time.
    pub fn set_password(
        self,
        claim: &Claim,
        hash: PasswordHash,
        now: Timestamp,
    ) -> Result<Self, RegistrationError> {
        match self.step {
            Step::CodeVerified(proof) if proof.accepts(claim, now) => {
                Ok(Self::at(Step::PasswordSet(proof, hash), now))
            }
            _ => Err(RegistrationError::OutOfStep),
        }
    }

    /// The password of the account that this becomes.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`] before a password was chosen, and for who did not show the code.
    pub fn complete(self, claim: &Claim, now: Timestamp) -> Result<PasswordHash, RegistrationError> {
        match self.step {
            Step::PasswordSet(proof, hash) if proof.accepts(claim, now) => Ok(hash),
            _ => Err(RegistrationError::OutOfStep),
        }
    }

    /// The same, unless it is forgotten by now.
    #[must_use]
    pub fn unless_expired(self, now: Timestamp) -> Option<Self> {
        Some(self).filter(|registration| now < registration.expires_at)
    }

    fn at(step: Step, now: Timestamp) -> Self {
        Self { step, expires_at: now.saturating_add(Self::STEP_TIME_MAX).unwrap_or(Timestamp::MAX) }
    }
}

impl Proof {
    /// How long the network alone is proof enough: old clients show nothing else.
    pub const NETWORK_TIME_MAX: SignedDuration = SignedDuration::from_mins(10);

    /// Whether it is the same client.
    #[must_use]
    pub fn accepts(&self, claim: &Claim, now: Timestamp) -> bool {
        let same = |kept: &Tag, shown: Option<Tag>| shown.is_some_and(|shown| equal(kept, &shown));
        let is_recent = now.duration_since(self.proved_at) < Self::NETWORK_TIME_MAX;
        let is_near = self.network.is_some_and(|network| same(&network, claim.network));
        same(&self.token, claim.token) || (is_recent && is_near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const NEAR: Claim = Claim { network: Some([1; 32]), token: None };
    const HOLDER: Claim = Claim { network: None, token: Some([2; 32]) };
    const STRANGER: Claim = Claim { network: Some([3; 32]), token: Some([3; 32]) };

    fn hash() -> PasswordHash {
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".parse().unwrap()
    }

    fn proof() -> Proof {
        Proof { network: NEAR.network, token: [2; 32], proved_at: NOW }
    }

    /// All three, each with what it allows: the code, a password, the end.
    fn steps() -> [(Registration, [bool; 3]); 3] {
        let sent = Registration::begin(NOW);
        let verified = sent.clone().verify(proof()).unwrap();
        let set = verified.clone().set_password(&NEAR, hash(), NOW).unwrap();
        [(sent, [true, false, false]), (verified, [false, true, false]), (set, [false, false, true])]
    }

    #[test]
    fn each_step_allows_the_next_one_only() {
        for (registration, allowed) in steps() {
            let can = |claim: &Claim| {
                [
                    registration.clone().verify(proof()).is_ok(),
                    registration.clone().set_password(claim, hash(), NOW).is_ok(),
                    registration.clone().complete(claim, NOW).is_ok(),
                ]
            };
            assert_eq!(can(&NEAR), allowed, "{registration:?}");
            assert_eq!(can(&HOLDER), allowed, "{registration:?}");
            for foreign in [STRANGER, Claim::default()] {
                assert_eq!(can(&foreign), [allowed[0], false, false], "{registration:?}");
            }
        }
    }

    #[test]
    fn the_network_is_proof_for_ten_minutes_and_the_token_to_the_end() {
        let later = |seconds| NOW + SignedDuration::from_secs(seconds);
        assert!(proof().accepts(&NEAR, later(599)) && !proof().accepts(&NEAR, later(600)));
        assert!(proof().accepts(&HOLDER, later(3_599)));
        let unknown = Proof { network: None, ..proof() };
        assert!(!unknown.accepts(&Claim::default(), NOW), "two unknown places are not the same one");
    }

    #[test]
    fn a_registration_is_forgotten_an_hour_after_its_last_step() {
        let later = NOW + SignedDuration::from_secs(300);
        let [_, (verified, _), _] = steps();
        assert_eq!(verified.expires_at, NOW + Registration::STEP_TIME_MAX);
        let set = verified.set_password(&HOLDER, hash(), later).unwrap();
        assert_eq!(set.expires_at, later + Registration::STEP_TIME_MAX);
        assert!(set.clone().unless_expired(set.expires_at).is_none());
        assert!(set.clone().unless_expired(later).is_some());
    }
}
