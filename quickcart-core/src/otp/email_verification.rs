//! An e-mail address proved by a code that was sent to it.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Binding, Charge, Conditions, Issued, Limits, Otp, OtpError, network};
use crate::email::EmailAddress;
use crate::messaging::text::{Language, Texts, Values};
use crate::messaging::{Conversion, Message, MessageProvider, Recipient};

/// Sends codes to mailboxes and checks them, for one purpose. Of the limits, those of an e-mail address and of a network
/// hold; a network has one count for telephones and mailboxes.
///
/// ```
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::messaging::RecordingProvider;
/// use quickcart_core::otp::{EmailVerification, KeyRing, Otp, Policy, store::MemoryOtpStore};
/// use quickcart_core::secret::SecretKey;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(MemoryOtpStore::with_capacity(10_000));
/// let otp = Otp::new(store, KeyRing::new(&SecretKey::random()), Policy::default(), Arc::new(SystemClock));
/// let provider = Arc::new(RecordingProvider::default());
/// let verification = EmailVerification::new(otp, provider, "my-shop.register", "My Shop");
/// let email = "asha@example.com".parse()?;
/// let issued = verification.start(&email, None).await?;
/// verification.check(&email, issued.code.as_str()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EmailVerification {
    otp: Otp,
    provider: Arc<dyn MessageProvider>,
    purpose: &'static str,
    brand: &'static str,
    texts: Texts,
    language: Language,
    limits: Limits,
}

impl EmailVerification {
    /// Verifications for `purpose`, such as `registration`; the letter names `brand`, in English. The default limits hold.
    pub fn new(
        otp: Otp,
        provider: Arc<dyn MessageProvider>,
        purpose: &'static str,
        brand: &'static str,
    ) -> Self {
        let (texts, language) = (Texts::default(), Language::default());
        Self { otp, provider, purpose, brand, texts, language, limits: Limits::default() }
    }

    /// The same with other words.
    #[must_use]
    pub fn with_texts(self, texts: Texts) -> Self {
        Self { texts, ..self }
    }

    /// The same in another language.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Issues a code and sends it; `address` is where the request comes from.
    ///
    /// # Errors
    /// [`OtpError::NotSent`] when the provider did not take it; and as [`Otp::issue_under`].
    pub async fn start(&self, email: &EmailAddress, address: Option<IpAddr>) -> Result<Issued, OtpError> {
        let binding = self.binding(email);
        let conditions = Conditions { charges: self.charges(email, address), ..Conditions::default() };
        let requested = self.otp.request(self.otp.subject(&binding), binding, conditions, self.otp.now())?;
        let grant = self.otp.grant(binding, requested, false).await?;
        match self.provider.send(&self.message(email, &grant.issued)).await {
            Ok(_) => Ok(grant.issued),
            Err(error) => Err(self.otp.not_sent(&grant, error).await),
        }
    }

    /// Counts a request that gets no code like one that does, where the answer tells something of a mailbox.
    ///
    /// # Errors
    /// [`OtpError::Limited`], and then nothing was counted.
    pub async fn count(&self, address: Option<IpAddr>) -> Result<(), OtpError> {
        match self.charge_of(address) {
            Some(charge) => self.otp.admit(&[charge]).await.map(drop),
            None => Ok(()),
        }
    }

    /// Accepts the code once.
    ///
    /// # Errors
    /// See [`Otp::verify`].
    pub async fn check(&self, email: &EmailAddress, code: &str) -> Result<(), OtpError> {
        self.otp.verify(self.binding(email), code).await?;
        let to = Recipient::Email(email.clone());
        // It is for the books, and the code is right whatever becomes of them.
        let _ =
            self.provider.converted(Conversion { to: &to, purpose: self.purpose, message_id: None }).await;
        Ok(())
    }

    fn charges(&self, email: &EmailAddress, address: Option<IpAddr>) -> Vec<Charge> {
        let subject = self.otp.subject(&self.binding(email));
        let of_email = self.limits.email.map(|rate| Charge::new("email", subject, rate, self.otp.now()));
        of_email.into_iter().chain(self.charge_of(address)).collect()
    }

    fn charge_of(&self, address: Option<IpAddr>) -> Option<Charge> {
        let (rate, address) = self.limits.address.zip(address)?;
        Some(Charge::new("address", self.otp.name(&[b"address", &network(address)]), rate, self.otp.now()))
    }

    fn binding<'a>(&self, email: &'a EmailAddress) -> Binding<'a> {
        Binding::new(self.purpose, email.as_str())
    }

    fn message(&self, email: &EmailAddress, issued: &Issued) -> Message {
        let left = super::left(issued.expires_at, self.otp.now());
        let minutes = ((left.as_secs() + 30) / 60).max(1);
        let values = Values { brand: self.brand, code: issued.code.as_str(), minutes };
        let text = self.texts.template(self.language).render(&values);
        Message::new(email.clone(), text)
            .with_subject(self.texts.subject(self.language).render(self.brand))
            .with_purpose(self.purpose)
            .with_code(issued.code.as_str())
            .with_valid_for(left)
    }
}
