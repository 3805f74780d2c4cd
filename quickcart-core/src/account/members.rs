//! How members get in: a phone that was proved, and a name when the phone is new. Administrators also have passwords.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;

use super::member::{Member, MemberError, MemberRole, MemberStatus, MemberStore, NewMember};
use super::session::Holders;
use super::token::{MemberClaims, TokenIssuer};
use super::{Passwords, UserId};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::otp::{Guesses, Otp, Rate, network};
use crate::phone::PhoneNumber;
use crate::secret::{SecretKey, Tag};

/// How long a phone that was proved may be given a name.
const PROOF_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Wrong passwords of one administrator from one network.
const LOGINS_BY_NETWORK: Rate = Rate::hourly(20);
/// Wrong passwords of one administrator in all: [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.2.2,
/// allows 100.
const LOGINS_BY_ALL: Rate = Rate::hourly(100);

/// The members of the phone-otp group. Clones are handles of the same ones.
#[derive(Clone)]
pub struct Members {
    store: Arc<dyn MemberStore>,
    tokens: TokenIssuer<MemberClaims>,
    /// So that the store holds no phone of who is no member.
    proofs: SecretKey,
    passwords: Passwords,
    logins: Guesses,
    clock: Arc<dyn Clock>,
}

/// A member who is in.
#[derive(Clone)]
pub struct SignedIn {
    /// Who.
    pub member: Member,
    /// Proves it, for 7 days.
    pub token: String,
}

impl Members {
    /// Members that are kept in `store`; `otp` counts wrong passwords. All servers of a store have the same `secret`.
    pub fn new(
        store: Arc<dyn MemberStore>,
        otp: Otp,
        tokens: TokenIssuer<MemberClaims>,
        secret: &SecretKey,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let logins = Guesses::new(otp, "phone-otp.admin-login", LOGINS_BY_NETWORK, LOGINS_BY_ALL);
        let proofs = secret.for_use("proved phones of members");
        Self { store, tokens, proofs, passwords: Passwords::default(), logins, clock }
    }

    /// Lets the member of this phone in, whose code was just accepted from `address`. `None` when the phone belongs to
    /// nobody: from the same network, [`complete_profile`](Self::complete_profile) may follow within ten minutes.
    ///
    /// # Errors
    /// [`MemberError::ShutOut`] and [`MemberError::Store`].
    pub async fn sign_in(
        &self,
        phone: &PhoneNumber,
        address: Option<IpAddr>,
    ) -> Result<Option<SignedIn>, MemberError> {
        let now = self.clock.now();
        let until = now.saturating_add(PROOF_LIFETIME).unwrap_or(now);
        let member = self.store.sign_in(phone, &self.proof(phone, address), until, now).await?;
        member.map(|member| self.let_in(member)).transpose()
    }

    /// Makes a member of who proved their phone, and lets them in. The network keeps those out who only know that
    /// somebody is about to become a member.
    ///
    /// # Errors
    /// [`MemberError`].
    pub async fn complete_profile(
        &self,
        member: &NewMember,
        address: Option<IpAddr>,
    ) -> Result<SignedIn, MemberError> {
        let proof = self.proof(&member.phone, address);
        let member = self.store.create(member, &proof, self.clock.now()).await?;
        self.let_in(member)
    }

    /// The same with other threads for passwords.
    #[must_use]
    pub fn with_passwords(self, passwords: Passwords) -> Self {
        Self { passwords, ..self }
    }

    /// Lets an administrator in. Who does not exist takes as long to refuse as a wrong password.
    ///
    /// # Errors
    /// [`MemberError::WrongCredentials`]; [`MemberError::Guesses`] after too many of them; [`MemberError::Password`]
    /// when too many passwords are being checked; [`MemberError::ShutOut`] and [`MemberError::Store`].
    pub async fn sign_in_administrator(
        &self,
        username: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SignedIn, MemberError> {
        self.logins.admit(username, address).await?;
        let known = self.store.administrator(username).await?;
        let is_right = self.passwords.verify(password, known.as_ref().map(|(_, hash)| hash)).await?;
        let Some((user_id, _)) = known.filter(|_| is_right) else {
            self.logins.count_wrong(username, address).await?;
            return Err(MemberError::WrongCredentials);
        };
        self.logins.admit(username, address).await?;
        let member = self.store.signed_in(user_id, self.clock.now()).await?;
        self.let_in(member.ok_or(MemberError::WrongCredentials)?)
    }

    /// Lets a member in, or shuts them out, with all the tokens they have.
    ///
    /// # Errors
    /// [`MemberError::NotFound`] and [`MemberError::Store`].
    pub async fn set_status(&self, user_id: UserId, status: MemberStatus) -> Result<Member, MemberError> {
        let member = self.store.set_status(user_id, status, self.clock.now()).await?;
        if status != MemberStatus::Active {
            self.tokens.revoke_all(&claims(&member)).await?;
        }
        Ok(member)
    }

    fn let_in(&self, member: Member) -> Result<SignedIn, MemberError> {
        match member.status {
            MemberStatus::Active => Ok(SignedIn { token: self.tokens.issue(&claims(&member)), member }),
            status => Err(MemberError::ShutOut { status }),
        }
    }

    fn proof(&self, phone: &PhoneNumber, address: Option<IpAddr>) -> Tag {
        let network = address.map(network).unwrap_or_default();
        self.proofs.tag(&[phone.e164().as_bytes(), &network])
    }
}

fn claims(member: &Member) -> MemberClaims {
    let is_admin = member.role == MemberRole::Admin;
    MemberClaims { user_id: member.user_id, phone: member.phone.national().to_owned(), is_admin }
}

#[async_trait]
impl Holders for Members {
    type Claims = MemberClaims;

    async fn current(&self, token: &MemberClaims) -> Result<Option<MemberClaims>, StoreError> {
        let member = self.store.member(token.user_id).await?;
        Ok(member.filter(|member| member.status == MemberStatus::Active).as_ref().map(claims))
    }
}
