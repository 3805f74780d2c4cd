//! Accounts by e-mail: a code, a password, the details, and then a customer; later the login.
//!
//! All that old clients show from one step to the next is the e-mail address. So whoever has shown the code is known by where
//! the request came from, for some minutes, or by a token that they were given.

mod claims;
mod customer;
mod error;
mod login;
mod step;
mod store;

use std::net::IpAddr;
use std::sync::Arc;

pub use claims::{Holder, RegistrationClaims};
pub use customer::{
    Account, Customer, CustomerDetails, CustomerId, Detail, DetailsChange, Employee, InvalidCustomerId, Role,
};
pub use error::RegistrationError;
pub use step::{Claim, Proof, Registration, Step};
pub use store::RegistrationStore;

use super::Passwords;
use crate::clock::Clock;
use crate::email::EmailAddress;
use crate::messaging::MessageProvider;
use crate::messaging::text::{Language, Subject, Template, Texts};
use crate::otp::{EmailVerification, Guesses, Limits, Nonce, Otp, Rate, network};
use crate::secret::{SecretKey, Tag};

const SUBJECT: &str = "Mã xác thực OTP - Hệ thống đặt vé";
const TEXT: &str = "Xin chào,\n\n\
    Mã xác thực OTP của bạn là: {code}\n\n\
    Mã có hiệu lực trong {minutes} phút. Vui lòng không chia sẻ mã này với bất kỳ ai.\n\n\
    Nếu bạn không yêu cầu mã này, vui lòng bỏ qua email này.\n";

/// Wrong passwords of one account from one network.
const LOGINS_BY_NETWORK: Rate = Rate::hourly(20);
/// Wrong passwords of one account in all: [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.2.2, allows
/// 100.
const LOGINS_BY_ALL: Rate = Rate::hourly(100);
/// Numbers of identity cards that somebody else has, for one registration: the answer tells that they are registered.
const CITIZEN_IDS: Rate = Rate::hourly(5);

/// Registers customers by e-mail, and lets customers and employees sign in.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use quickcart_core::account::{Client, CustomerDetails, Registrations};
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::messaging::ConsoleProvider;
/// use quickcart_core::otp::{KeyRing, Otp, Policy, store::MemoryOtpStore};
/// use quickcart_core::secret::SecretKey;
/// use quickcart_core::store::SqliteStore;
/// use std::{path::Path, sync::Arc};
///
/// let (key, clock) = (SecretKey::random(), Arc::new(SystemClock));
/// let codes = Arc::new(MemoryOtpStore::with_capacity(10_000));
/// let otp = Otp::new(codes, KeyRing::new(&key), Policy::default(), clock.clone());
/// let store = Arc::new(SqliteStore::open(Path::new("data/shop.db"))?);
/// let registrations = Registrations::new(store, otp, Arc::new(ConsoleProvider), &key, clock);
///
/// let email = "an@example.com".parse()?;
/// registrations.initiate(&email, None).await?;
/// let token = registrations.verify(&email, "042137", None).await?;
/// let client = Client { address: None, token: Some(token.as_str()) };
/// registrations.set_password(&email, client, "correct horse").await?;
/// let details = CustomerDetails {
///     name: "Nguyễn Văn An".to_owned(),
///     phone: "0900000001".to_owned(),
///     citizen_id: "001099000001".to_owned(),
///     address: "Hà Nội".to_owned(),
/// };
/// let customer = registrations.complete(&email, client, &details).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registrations {
    store: Arc<dyn RegistrationStore>,
    codes: EmailVerification,
    passwords: Passwords,
    logins: Guesses,
    citizen_ids: Guesses,
    key: SecretKey,
    clock: Arc<dyn Clock>,
}

/// What a client shows of itself. `Debug` does not show the token.
#[derive(Clone, Copy, Default)]
pub struct Client<'a> {
    /// Where the request comes from; without it, only the token proves anything.
    pub address: Option<IpAddr>,
    /// What it got for the code.
    pub token: Option<&'a str>,
}

impl std::fmt::Debug for Client<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Registrations {
    /// Who sends the letters.
    pub const BRAND: &'static str = "QuickCart";

    /// The words of the letters: those of messages, but in Vietnamese those of the old backend.
    #[must_use]
    pub fn texts() -> Texts {
        Texts::default()
            .with_subject(Language::Vietnamese, Subject::parse(SUBJECT).expect("a test reads it"))
            .with_template(Language::Vietnamese, Template::parse(TEXT).expect("a test reads it"))
    }

    /// Registrations whose codes come from `otp` and go out by `provider`; servers that share the store share the key. The
    /// default limits hold.
    pub fn new(
        store: Arc<dyn RegistrationStore>,
        otp: Otp,
        provider: Arc<dyn MessageProvider>,
        key: &SecretKey,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let logins = Guesses::new(otp.clone(), "registration.login", LOGINS_BY_NETWORK, LOGINS_BY_ALL);
        let citizen_ids = Guesses::new(otp.clone(), "registration.citizen-id", CITIZEN_IDS, CITIZEN_IDS);
        let codes = EmailVerification::new(otp, provider, "registration", Self::BRAND)
            .with_texts(Self::texts())
            .with_language(Language::Vietnamese);
        let key = key.for_use("registration");
        Self { store, codes, passwords: Passwords::default(), logins, citizen_ids, key, clock }
    }

    /// The same with letters in another language than Vietnamese.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { codes: self.codes.with_language(language), ..self }
    }

    /// The same with other limits of codes.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { codes: self.codes.with_limits(limits), ..self }
    }

    /// The same with other threads for passwords.
    #[must_use]
    pub fn with_passwords(self, passwords: Passwords) -> Self {
        Self { passwords, ..self }
    }

    /// Sends a code and begins a registration, in the place of one that may be under way.
    ///
    /// # Errors
    /// [`RegistrationError::EmailTaken`]; [`RegistrationError::Code`] when no code was sent, and then nothing is kept.
    pub async fn initiate(
        &self,
        email: &EmailAddress,
        address: Option<IpAddr>,
    ) -> Result<(), RegistrationError> {
        if self.store.has_account(email).await? {
            self.codes.count(address).await?;
            return Err(RegistrationError::EmailTaken);
        }
        self.codes.start(email, address).await?;
        self.store.begin(email, self.clock.now()).await
    }

    /// Sends another code in the place of the one before.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`] when no registration is under way; [`RegistrationError::Code`] when no code was sent.
    pub async fn resend(
        &self,
        email: &EmailAddress,
        address: Option<IpAddr>,
    ) -> Result<(), RegistrationError> {
        if self.store.registration(email, self.clock.now()).await?.is_none() {
            self.codes.count(address).await?;
            return Err(RegistrationError::OutOfStep);
        }
        self.codes.start(email, address).await?;
        Ok(())
    }

    /// Accepts the code once; the answer proves from then on that it was shown.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`]; [`RegistrationError::Code`] when the code is not the right one.
    pub async fn verify(
        &self,
        email: &EmailAddress,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Nonce, RegistrationError> {
        let registration = self.store.registration(email, self.clock.now()).await?;
        if registration.is_none_or(|registration| registration.step != Step::CodeSent) {
            return Err(RegistrationError::OutOfStep);
        }
        self.codes.check(email, code).await?;
        let token = Nonce::random();
        let claim = self.claim(Client { address, token: None });
        let (network, token_tag) = (claim.network, self.token_tag(token.as_str()));
        let proof = Proof { network, token: token_tag, proved_at: self.clock.now() };
        self.store.verify(email, proof).await?;
        Ok(token)
    }

    /// Keeps a password for whoever has shown the code.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`]; [`RegistrationError::Password`].
    pub async fn set_password(
        &self,
        email: &EmailAddress,
        client: Client<'_>,
        password: &str,
    ) -> Result<(), RegistrationError> {
        let claim = self.claim(client);
        let now = self.clock.now();
        match self.store.registration(email, now).await?.map(|registration| registration.step) {
            // Nobody else is told what is wrong with a password, nor has one hashed.
            Some(Step::CodeVerified(proof)) if proof.accepts(&claim, now) => {
                Passwords::check_length(password)?;
            }
            _ => return Err(RegistrationError::OutOfStep),
        }
        let hash = self.passwords.hash(password).await?;
        self.store.set_password(email, claim, hash, self.clock.now()).await
    }

    /// Makes a customer of whoever has shown the code and chosen a password.
    ///
    /// # Errors
    /// [`RegistrationError::OutOfStep`]; [`RegistrationError::DetailsMissing`] and
    /// [`RegistrationError::DetailsInvalid`]; [`RegistrationError::EmailTaken`] and [`RegistrationError::CitizenIdTaken`].
    /// The registration goes on after all of them.
    pub async fn complete(
        &self,
        email: &EmailAddress,
        client: Client<'_>,
        details: &CustomerDetails,
    ) -> Result<Customer, RegistrationError> {
        let claim = self.claim(client);
        let now = self.clock.now();
        let registration = self.store.registration(email, now).await?;
        registration.ok_or(RegistrationError::OutOfStep)?.complete(&claim, now)?;
        let details = details.checked()?;
        self.citizen_ids.admit(email.as_str(), None).await?;
        let completed = self.store.complete(email, claim, details, self.clock.now()).await;
        if let Err(RegistrationError::CitizenIdTaken) = completed {
            self.citizen_ids.count_wrong(email.as_str(), None).await?;
        }
        completed
    }

    fn claim(&self, client: Client<'_>) -> Claim {
        Claim {
            network: client.address.map(|address| self.key.tag(&[b"network", &network(address)])),
            token: client.token.map(|token| self.token_tag(token)),
        }
    }

    fn token_tag(&self, token: &str) -> Tag {
        self.key.tag(&[b"token", token.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_can_be_written() {
        assert_eq!(Subject::parse(SUBJECT).unwrap().render(""), SUBJECT);
        let values = crate::messaging::text::Values { brand: "", code: "042137", minutes: 5 };
        let text = Template::parse(TEXT).unwrap().render(&values);
        assert!(text.contains("là: 042137\n") && text.contains("trong 5 phút"), "{text}");
    }

    #[test]
    fn a_client_shows_no_token() {
        let client = Client { address: None, token: Some("secret") };
        assert!(!format!("{client:?}").contains("secret"));
    }
}
