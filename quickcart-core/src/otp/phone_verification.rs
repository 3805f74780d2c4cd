//! A phone number proved by a code that was sent to it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::explain::{Explanation, LimitStanding};
use super::review::ReviewNumber;
use super::telemetry::Telemetry;
use super::{
    Binding, Charge, Code, Conditions, Digest, Grant, HeldChallenge, Issued, Limits, Nonce, Otp, OtpError,
    Watch, network,
};
use crate::clock::Timestamp;
use crate::messaging::text::{Language, Texts, Values};
use crate::messaging::{Conversion, HeldPin, Message, MessageProvider, PinVerdict, Recipient};
use crate::phone::{PhoneNumber, PhoneRules};

/// Sends codes to phones and checks them, for one purpose.
///
/// ```
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::messaging::RecordingProvider;
/// use quickcart_core::otp::{CodeRequest, KeyRing, Otp, PhoneVerification, Policy, store::MemoryOtpStore};
/// use quickcart_core::phone::{PhoneNumber, Region};
/// use quickcart_core::secret::SecretKey;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(MemoryOtpStore::with_capacity(10_000));
/// let otp = Otp::new(store, KeyRing::new(&SecretKey::random()), Policy::default(), Arc::new(SystemClock));
/// let verification =
///     PhoneVerification::new(otp, Arc::new(RecordingProvider::default()), "my-shop.sign-in", "My Shop");
/// let phone = PhoneNumber::parse("9876543210", Region::IN)?;
/// let started = verification.start(CodeRequest::new(&phone)).await?;
/// verification.check(&phone, None, started.code.as_str()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PhoneVerification {
    otp: Otp,
    provider: Arc<dyn MessageProvider>,
    purpose: &'static str,
    brand: &'static str,
    texts: Texts,
    rules: PhoneRules,
    limits: Limits,
    fixed_code: Option<Code>,
    review_numbers: Arc<[ReviewNumber]>,
    telemetry: Telemetry,
}

/// Who asks for a code.
#[derive(Clone, Copy, Debug)]
pub struct CodeRequest<'a> {
    /// The number that the code goes to.
    pub phone: &'a PhoneNumber,
    /// What else has to be shown with the code.
    pub nonce: Option<&'a Nonce>,
    /// What the code agrees to, such as an order and its amount. A phone has one pending code for each transaction, and one
    /// without; the limits of the phone count them together.
    pub transaction: Option<&'a str>,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
    /// The client's key for repeating the request without another message.
    pub idempotency_key: Option<&'a str>,
    /// The language of the message.
    pub language: Language,
}

impl<'a> CodeRequest<'a> {
    /// A request for a number of which nothing else is known, in English.
    #[must_use]
    pub fn new(phone: &'a PhoneNumber) -> Self {
        Self {
            phone,
            nonce: None,
            transaction: None,
            address: None,
            idempotency_key: None,
            language: Language::default(),
        }
    }
}

/// A verification, just started.
#[derive(Clone, Debug)]
pub struct Started {
    /// The provider that took the message, or would have taken it: nothing is sent to a number for reviewers, nor
    /// again for a repeated request.
    pub provider: &'static str,
    /// The provider's own name for the message, where there is one.
    pub message_id: Option<String>,
    /// When the code stops working.
    pub expires_at: Timestamp,
    /// The code, for development modes that show it; it is in the message already.
    pub code: Code,
    /// How the limits stand now.
    pub limits: Vec<LimitStanding>,
    /// Whether the request was granted before, under the same idempotency key.
    pub is_replay: bool,
}

impl PhoneVerification {
    /// Verifications for `purpose`, such as `smart-cart.sign-in`; the message names `brand`. The default rules for
    /// numbers and the default limits hold.
    pub fn new(
        otp: Otp,
        provider: Arc<dyn MessageProvider>,
        purpose: &'static str,
        brand: &'static str,
    ) -> Self {
        Self {
            otp,
            provider,
            purpose,
            brand,
            texts: Texts::default(),
            rules: PhoneRules::default(),
            limits: Limits::default(),
            fixed_code: None,
            review_numbers: Arc::default(),
            telemetry: Telemetry::new(purpose),
        }
    }

    /// The same with other words.
    #[must_use]
    pub fn with_texts(self, texts: Texts) -> Self {
        Self { texts, ..self }
    }

    /// The same with other rules for numbers.
    #[must_use]
    pub fn with_rules(self, rules: PhoneRules) -> Self {
        Self { rules, ..self }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same, with one code for everybody: for development only.
    #[must_use]
    pub fn with_fixed_code(self, code: Option<Code>) -> Self {
        Self { fixed_code: code, ..self }
    }

    /// The same, with numbers for those who review an app.
    #[must_use]
    pub fn with_review_numbers(self, numbers: impl Into<Arc<[ReviewNumber]>>) -> Self {
        Self { review_numbers: numbers.into(), ..self }
    }

    /// Issues a code and sends it. With a nonce, only who shows it again can use the code.
    ///
    /// # Errors
    /// [`OtpError::Refused`] when such numbers get no message; [`OtpError::NotSent`] when the provider did not take it;
    /// and as [`Otp::issue_under`].
    #[expect(clippy::manual_async_fn, reason = "the arguments of an async fn are in its future twice")]
    pub fn start<'a>(
        &'a self,
        request: CodeRequest<'a>,
    ) -> impl Future<Output = Result<Started, OtpError>> + Send + use<'a> {
        async move {
            let started = self.try_start(&request).await;
            if let Err(OtpError::Suspected { .. }) = started {
                Box::pin(self.charge_suspect(request)).await;
            }
            self.telemetry.started(request.phone, &started);
            started
        }
    }

    /// Accepts the code once.
    ///
    /// # Errors
    /// See [`Otp::verify`].
    pub async fn check(&self, phone: &PhoneNumber, nonce: Option<&str>, code: &str) -> Result<(), OtpError> {
        self.check_bound(phone, &Binding { nonce, ..Binding::new(self.purpose, phone.e164()) }, code).await
    }

    /// Accepts the code of a transaction once.
    ///
    /// # Errors
    /// See [`Otp::verify`].
    pub async fn check_transaction(
        &self,
        phone: &PhoneNumber,
        transaction: &str,
        code: &str,
    ) -> Result<(), OtpError> {
        let subject = subject(phone, Some(transaction));
        let binding = Binding { transaction: Some(transaction), ..Binding::new(self.purpose, &subject) };
        self.check_bound(phone, &binding, code).await
    }

    /// Makes the code of a transaction good again that was accepted, because what it was for could not be done.
    ///
    /// # Errors
    /// [`OtpError::WrongCode`] for what was never a code; else as [`Otp::issue`].
    pub async fn restore_transaction(
        &self,
        phone: &PhoneNumber,
        transaction: &str,
        code: &str,
    ) -> Result<(), OtpError> {
        let code = Code::fixed(code).map_err(|_| OtpError::WrongCode)?;
        let subject = subject(phone, Some(transaction));
        let binding = Binding { transaction: Some(transaction), ..Binding::new(self.purpose, &subject) };
        let conditions = Conditions { code: Some(code), ..Conditions::default() };
        self.otp.issue_under(binding, conditions).await.map(drop)
    }

    async fn check_bound(
        &self,
        phone: &PhoneNumber,
        binding: &Binding<'_>,
        code: &str,
    ) -> Result<(), OtpError> {
        let checked = self.try_check(phone, binding, code).await;
        self.telemetry.checked(phone, &checked);
        if checked.is_ok() {
            let to = Recipient::Phone(phone.clone());
            let conversion = Conversion { to: &to, purpose: self.purpose, message_id: None };
            // It is for the books, and the code is right whatever becomes of them.
            let _ = self.provider.converted(conversion).await;
        }
        checked
    }

    async fn try_check(
        &self,
        phone: &PhoneNumber,
        binding: &Binding<'_>,
        code: &str,
    ) -> Result<(), OtpError> {
        let watch = self.limits.pumping.then(|| watch(phone));
        if self.provider.holds_pins()
            && let Some(held) = self.otp.held(binding).await?
        {
            // Boxed, because it is seldom and larger than all the rest.
            return Box::pin(self.check_held(binding, &held, code, watch)).await;
        }
        self.otp.verify_watched(*binding, code, watch).await
    }

    /// Asks the provider that holds the code. The guess is counted before, and taken back when it is right: whoever hangs up
    /// has guessed, and of many at once no more are asked than there are guesses. One that could not be judged counts, too.
    async fn check_held(
        &self,
        binding: &Binding<'_>,
        held: &HeldChallenge,
        code: &str,
        watch: Option<Watch>,
    ) -> Result<(), OtpError> {
        let (provider, id) = held.holder.split_once(' ').unwrap_or_default();
        self.otp.count_guess(binding, held).await?;
        let verdict = self.provider.check_pin(HeldPin { provider, id }, code).await;
        match verdict.map_err(OtpError::NotChecked)? {
            PinVerdict::Right => self.otp.accept_held(binding, held, watch).await,
            PinVerdict::Wrong => Err(OtpError::WrongCode),
            PinVerdict::Gone => Err(OtpError::NotFound),
        }
    }

    /// How long the pending code still works; `None` when there is none. The answer tells that somebody asked for a
    /// code, so whoever shows it to strangers [counts their questions](Self::admit_status) first.
    ///
    /// # Errors
    /// [`OtpError::Store`] when the store does not answer.
    pub async fn expires_in(&self, phone: &PhoneNumber) -> Result<Option<Duration>, OtpError> {
        self.otp.expires_in(Binding::new(self.purpose, phone.e164())).await
    }

    /// Counts one question for the state of a code.
    ///
    /// # Errors
    /// [`OtpError::Limited`] after too many from one address; [`OtpError::Store`] when the store does not answer.
    pub async fn admit_status(&self, address: Option<IpAddr>) -> Result<(), OtpError> {
        self.otp.admit_network("status", self.limits.status, address).await
    }

    /// Why a request is or would be granted or refused now, for whoever has to answer a customer. Changes nothing.
    ///
    /// # Errors
    /// [`OtpError::Store`] when the store does not answer.
    pub async fn explain(&self, request: CodeRequest<'_>) -> Result<Explanation, OtpError> {
        let phone = request.phone;
        let reviewer = match self.reviewer(phone) {
            Ok(reviewer) => reviewer,
            Err(refused) => return Ok(Explanation::refused(phone, &refused)),
        };
        let named = subject(phone, request.transaction);
        let binding = self.binding(&request, &named);
        let conditions = self.conditions(&request, reviewer, self.phone_key(phone), self.otp.now());
        let charges = conditions.charges.clone();
        let decision = self.otp.preview(binding, conditions).await?;
        Ok(Explanation::of(phone, &decision, &charges))
    }

    async fn try_start(&self, request: &CodeRequest<'_>) -> Result<Started, OtpError> {
        let (grant, is_reviewed) = self.grant(request).await?;
        self.deliver(request, grant, is_reviewed).await
    }

    /// Issues a code; answers, too, whether it is for a reviewer.
    async fn grant(&self, request: &CodeRequest<'_>) -> Result<(Grant, bool), OtpError> {
        let phone = request.phone;
        let reviewer = self.reviewer(phone)?;
        let named = subject(phone, request.transaction);
        let binding = self.binding(request, &named);
        let subject = self.otp.subject(&binding);
        let phone_key = if request.transaction.is_none() { subject } else { self.phone_key(phone) };
        let now = self.otp.now();
        let conditions = self.conditions(request, reviewer, phone_key, now);
        let is_chosen = conditions.code.is_some();
        let requested = self.otp.request(subject, binding, conditions, now)?;
        Ok((self.otp.grant(binding, requested, is_chosen).await?, reviewer.is_some()))
    }

    /// Sends what was granted.
    #[expect(clippy::manual_async_fn, reason = "the arguments of an async fn are in its future twice")]
    fn deliver<'a>(
        &'a self,
        request: &'a CodeRequest<'_>,
        grant: Grant,
        is_reviewed: bool,
    ) -> impl Future<Output = Result<Started, OtpError>> + Send {
        async move {
            if is_reviewed {
                self.telemetry.reviewed(request.phone);
            }
            let (provider, message_id, holds_pin) = if grant.issued.is_replay || is_reviewed {
                (self.provider.name(), None, false)
            } else {
                let message = self.message(request, &grant.issued, grant.request.now);
                match self.provider.send(&message).await {
                    Ok(receipt) => (receipt.provider, receipt.message_id, receipt.holds_pin),
                    Err(error) => return Err(Box::pin(self.otp.not_sent(&grant, error)).await),
                }
            };
            // A challenge that is repeated may have been held before.
            if holds_pin || (grant.is_older() && self.provider.holds_pins()) {
                let holder = message_id.as_ref().filter(|_| holds_pin).map(|id| format!("{provider} {id}"));
                self.otp.hold(&grant, &holder.unwrap_or_default()).await?;
            }
            let Issued { code, expires_at, limits, is_replay } = grant.issued;
            Ok(Started { provider, message_id, expires_at, code, limits, is_replay })
        }
    }

    /// The entry of a number for reviewers, which needs no line that exists; every other number has to be one that gets
    /// messages.
    fn reviewer(&self, phone: &PhoneNumber) -> Result<Option<&ReviewNumber>, OtpError> {
        if !self.review_numbers.is_empty() {
            let now = self.otp.now();
            if let Some(number) = self.review_numbers.iter().find(|number| number.is_for(phone, now)) {
                return Ok(Some(number));
            }
        }
        self.rules.check(phone)?;
        Ok(None)
    }

    fn conditions<'a>(
        &self,
        request: &CodeRequest<'a>,
        reviewer: Option<&ReviewNumber>,
        phone_key: Digest,
        now: Timestamp,
    ) -> Conditions<'a> {
        let (phone, limits) = (request.phone, &self.limits);
        let mut charges = Vec::with_capacity(5);
        let mut charge = |name, key: Digest, rate| charges.push(Charge::new(name, key, rate, now));
        if let Some(rate) = limits.phone {
            charge("phone", phone_key, rate);
        }
        if let (Some(rate), Some(address)) = (limits.address, request.address) {
            charge("address", self.address_key(address), rate);
        }
        // Keys of strangers do not meet, so nobody can take one away.
        let idempotency_key = request.idempotency_key.map(|key| match request.address {
            Some(address) => Cow::Owned(format!("{address} {key}")),
            None => Cow::Borrowed(key),
        });
        if let Some(number) = reviewer {
            charges.push(number.charge(self.otp.name(&[b"review", phone.e164().as_bytes()])));
            return Conditions { charges, watch: None, idempotency_key, code: Some(number.code().clone()) };
        }
        if let Some(rate) = limits.prefix {
            charge("prefix", plain(b'p', phone.prefix().as_bytes()), rate);
        }
        if let Some(rate) = limits.country {
            charge("country", plain(b'c', &phone.country_code().to_be_bytes()), rate);
        }
        if let Some(rate) = limits.spend {
            charges.push(Charge {
                cost: limits.message_price,
                ..Charge::new("spend", plain(b's', b""), rate, now)
            });
        }
        let watch = limits.pumping.then(|| watch(phone));
        Conditions { charges, watch, idempotency_key, code: self.fixed_code.clone() }
    }

    /// The same as the subject of its codes, but for those of transactions.
    fn phone_key(&self, phone: &PhoneNumber) -> Digest {
        self.otp.subject(&Binding::new(self.purpose, phone.e164()))
    }

    fn address_key(&self, address: IpAddr) -> Digest {
        self.otp.name(&[b"address", &network(address)])
    }

    /// Asking into a closed prefix counts for the address all the same: who is let through there tells who was verified.
    async fn charge_suspect(&self, request: CodeRequest<'_>) {
        if let (Some(rate), Some(address)) = (self.limits.address, request.address) {
            let charge = Charge::new("address", self.address_key(address), rate, self.otp.now());
            // The request is refused already; this one only may be, too.
            let _ = self.otp.admit(&[charge]).await;
        }
    }

    fn binding<'a>(&self, request: &CodeRequest<'a>, subject: &'a str) -> Binding<'a> {
        let CodeRequest { nonce, transaction, .. } = request;
        Binding {
            nonce: nonce.map(Nonce::as_str),
            transaction: *transaction,
            ..Binding::new(self.purpose, subject)
        }
    }

    fn message(&self, request: &CodeRequest<'_>, issued: &Issued, now: Timestamp) -> Message {
        let (phone, language) = (request.phone, request.language);
        let left = super::left(issued.expires_at, now);
        let minutes = ((left.as_secs() + 30) / 60).max(1);
        let values = Values { brand: self.brand, code: issued.code.as_str(), minutes };
        let template = self.texts.template(language);
        let message = Message::new(phone.clone(), template.render(&values)).with_purpose(self.purpose);
        let mut message = message.with_valid_for(left);
        message.code = Some(values.code.to_owned());
        message.variables = template.variables(&values);
        message.dlt = self.texts.dlt(language).cloned();
        message
    }
}

/// Whom a code proves. No number holds a space, so none is named as another one with a transaction.
fn subject<'a>(phone: &'a PhoneNumber, transaction: Option<&str>) -> Cow<'a, str> {
    match transaction {
        Some(transaction) => Cow::Owned(format!("{} {transaction}", phone.e164())),
        None => Cow::Borrowed(phone.e164()),
    }
}

fn watch(phone: &PhoneNumber) -> Watch {
    let prefix = phone.prefix();
    let number = phone.e164()[prefix.len()..].parse().unwrap_or_default();
    Watch { prefix: plain(b'p', prefix.as_bytes()), number }
}

/// A key that names nobody, and so needs no digest.
fn plain(kind: u8, text: &[u8]) -> Digest {
    let mut key = [0; 16];
    key[0] = kind;
    for (byte, letter) in key[1..].iter_mut().zip(text) {
        *byte = *letter;
    }
    key
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::store::MemoryOtpStore;
    use super::super::{KeyRing, Policy};
    use super::*;
    use crate::clock::ManualClock;
    use crate::messaging::RecordingProvider;
    use crate::messaging::text::{DltIds, Template, Trailer};
    use crate::secret::SecretKey;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn verification() -> PhoneVerification {
        let store = Arc::new(MemoryOtpStore::with_capacity(10));
        let keys = KeyRing::new(&SecretKey::random());
        let otp = Otp::new(store, keys, Policy::default(), Arc::new(ManualClock::at(NOW)));
        PhoneVerification::new(otp, Arc::new(RecordingProvider::default()), "shop.sign-in", "My Shop")
    }

    fn message(verification: &PhoneVerification, left_s: i64, language: Language) -> Message {
        let phone = PhoneNumber::from_e164("+919876543210").unwrap();
        let expires_at = NOW + SignedDuration::from_secs(left_s);
        let code = Code::fixed("042137").unwrap();
        let issued = Issued { code, expires_at, is_replay: false, limits: Vec::new() };
        verification.message(&CodeRequest { language, ..CodeRequest::new(&phone) }, &issued, NOW)
    }

    #[test]
    fn futures_fit_where_allocators_need_no_lock() {
        let (verification, phone) = (verification(), PhoneNumber::from_e164("+919876543210").unwrap());
        let start = verification.start(CodeRequest::new(&phone));
        let check = verification.check(&phone, None, "042137");
        assert!(size_of_val(&start) < 1_000 && size_of_val(&check) < 1_000);
    }

    #[test]
    fn english_is_as_it_always_was() {
        let verification = verification();
        for left_s in [0, 1, 29, 30, 59, 60, 89, 90, 119, 120, 300, 599, 600] {
            let minutes = ((left_s + 30) / 60).max(1);
            let plural = if minutes > 1 { "s" } else { "" };
            let message = message(&verification, left_s, Language::default());
            let expected = format!(
                "Your My Shop verification code is: 042137. Valid for {minutes} minute{plural}. Do not share this code with anyone.",
            );
            assert_eq!(message.text, expected);
            assert_eq!(message.code.as_deref(), Some("042137"));
            assert_eq!(message.variables, ["042137".to_owned(), minutes.to_string()]);
            assert_eq!(message.valid_for, Some(Duration::from_secs(left_s as u64)));
            assert_eq!(message.purpose, "shop.sign-in");
        }
    }

    #[test]
    fn each_language_gets_its_own_words() {
        let own = Template::parse("{minutes} phút: {code}, {brand}").unwrap();
        let trailer = Trailer::default().with_site("example.com", None).unwrap();
        let texts = Texts::default().with_template(Language::Vietnamese, own).with_trailer(&trailer);
        let verification = verification().with_texts(texts);
        let hindi = message(&verification, 300, Language::Hindi).text;
        assert_eq!(hindi, "आपका My Shop कोड 042137 है, 5 मिनट तक मान्य। किसी को न बताएं।\n@example.com #042137");
        let vietnamese = message(&verification, 300, Language::Vietnamese);
        assert_eq!(vietnamese.text, "5 phút: 042137, My Shop\n@example.com #042137");
        assert_eq!(vietnamese.variables, ["5", "042137", "042137"]);
    }

    #[test]
    fn a_message_tells_what_its_text_is_registered_under() {
        let ids = DltIds { entity_id: "1".to_owned(), template_id: "2".to_owned() };
        let texts = Texts::default().with_dlt(Language::Hindi, ids.clone());
        let verification = verification().with_texts(texts.clone());
        assert_eq!(message(&verification, 300, Language::Hindi).dlt.as_deref(), Some(&ids));
        assert_eq!(message(&verification, 300, Language::English).dlt, None);
        let other = texts.with_template(Language::Hindi, Template::parse("{code}").unwrap());
        assert_eq!(other.dlt(Language::Hindi), None, "another text is not registered");
    }

    #[tokio::test]
    async fn a_request_names_its_language() {
        let provider = Arc::new(RecordingProvider::default());
        let verification = PhoneVerification { provider: provider.clone(), ..verification() };
        let phone = PhoneNumber::from_e164("+919876543210").unwrap();
        let request = CodeRequest { language: Language::Bengali, ..CodeRequest::new(&phone) };
        let code = verification.start(request).await.unwrap().code;
        let expected = format!("আপনার My Shop কোড {}, মেয়াদ 5 মিনিট। কাউকে জানাবেন না।", code.as_str());
        assert_eq!(provider.latest_text(&phone), Some(expected));
    }
}
