//! What the handlers work with: the core's services, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use quickcart_core::account::{
    Members, RegistrationClaims, Registrations, Sessions, ShopperClaims, TokenIssuer,
};
use quickcart_core::book_order::BookOrders;
use quickcart_core::catalog::ImageFolder;
use quickcart_core::clock::{Clock, Timestamp};
use quickcart_core::messaging::sms::TwilioWebhook;
use quickcart_core::messaging::text::Language;
use quickcart_core::messaging::{DeliveryReport, Failover};
use quickcart_core::otp::{Otp, OtpStore, PhoneVerification, Rate};
use quickcart_core::secret::{SecretKey, Tag, equal};
use quickcart_core::shop::Shop;
use tokio::sync::{Mutex, Semaphore};

use crate::config::Secret;
use crate::metrics::Metrics;

/// The services behind the routes. Clones share them.
#[derive(Clone)]
#[expect(
    clippy::redundant_allocation,
    reason = "the outer count is apart from the others: see `counted_apart`"
)]
pub struct App(Arc<Arc<Parts>>);

/// What an [`App`] is made of.
pub struct Parts {
    /// The shop.
    pub shop: Shop,
    /// Codes of the phone-otp group, as its first version has them under `/api`.
    pub phone_otp: PhoneVerification,
    /// The same, as its second version has them under `/api/auth`.
    pub phone_otp_auth: PhoneVerification,
    /// Codes of the smart-cart group.
    pub smart_cart: PhoneVerification,
    /// Counts what networks do.
    pub otp: Otp,
    /// How many carts of guests one network may make.
    pub guest_carts: Option<Rate>,
    /// What an administrator shows.
    pub admin_key: Option<Secret>,
    /// Where codes and limits live, when that is Redis.
    pub redis: Option<Arc<dyn OtpStore>>,
    /// Book orders.
    pub book_orders: BookOrders,
    /// Whether everybody sees all book orders, as the old page needs it.
    pub book_orders_are_public: bool,
    /// Whether customers may do with their book orders what otherwise the shop does.
    pub customers_are_trusted: bool,
    /// Tokens of the smart-cart group.
    pub tokens: TokenIssuer<ShopperClaims>,
    /// Where pictures are; none without it.
    pub images: Option<ImageFolder>,
    /// Customers who register by e-mail, and employees.
    pub registrations: Registrations,
    /// Tokens of the registration group.
    pub registration_tokens: TokenIssuer<RegistrationClaims>,
    /// The members of the phone-otp group.
    pub members: Members,
    /// The tokens of all groups, to be renewed and revoked.
    pub sessions: Sessions,
    /// Which devices are heard.
    pub devices: DevicePolicy,
    /// The counts of the process, when its program keeps them.
    pub metrics: Option<Metrics>,
    /// The languages of text messages; the first one is for whoever asks for none of them.
    pub languages: Vec<Language>,
    /// The languages of letters, likewise.
    pub letter_languages: Vec<Language>,
    /// The names of all message providers that are asked.
    pub providers: Vec<&'static str>,
    /// Takes the news of messages.
    pub receipts: Receipts,
    /// Whether answers show codes, and cookies travel without TLS: development only.
    pub development: bool,
    /// How long a client may take for the body of a request.
    pub body_time_max: Duration,
    /// How many walks may be found at once: each keeps a processor busy.
    pub walks: Arc<Semaphore>,
    /// When the database was last looked at, and whether it did its work.
    pub database_check: Mutex<Option<(Timestamp, bool)>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// Puts the services together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Arc::new(parts)))
    }

    /// The same services, with a count of clones of its own: processors that count at one place wait for each other.
    pub(crate) fn counted_apart(&self) -> Self {
        Self(Arc::new(Arc::clone(&self.0)))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// Whether this is the administrators' key. Tags of one length are compared, so the time it takes tells nothing of the key.
    #[must_use]
    pub fn is_admin(&self, shown: &[u8]) -> bool {
        let comparison = SecretKey::random();
        let known = self.admin_key.as_ref().map(|key| comparison.hmac(key.expose().as_bytes()));
        known.is_some_and(|known| equal(&known, &comparison.hmac(shown)))
    }
}

/// Who is told what became of messages, and what providers have to show for it.
pub struct Receipts {
    /// All that may have sent a message.
    pub failovers: Vec<Failover>,
    /// Takes Twilio's receipts, which are signed.
    pub twilio: Option<TwilioWebhook>,
    /// Ends the address of the receipts that nobody signs.
    pub key: Option<Secret>,
}

impl Receipts {
    /// Whether this is the key.
    #[must_use]
    pub fn opens(&self, key: &str) -> bool {
        self.key.as_ref().is_some_and(|known| equal(known.expose().as_bytes(), key.as_bytes()))
    }

    /// Tells whoever sent these messages.
    pub fn record(&self, reports: &[DeliveryReport]) {
        for report in reports {
            let known = self.failovers.iter().find_map(|failover| failover.record(report));
            tracing::debug!(
                target: "quickcart::messaging", provider = report.provider, state = ?report.state, ?known, "report"
            );
        }
    }
}

/// Which devices are heard.
#[derive(Clone, Debug)]
pub struct DevicePolicy {
    comparison: SecretKey,
    key: Option<Tag>,
    unsigned: bool,
}

impl DevicePolicy {
    /// Hears devices that show `key`, and with `unsigned` also those that show none.
    #[must_use]
    pub fn new(key: Option<&str>, unsigned: bool) -> Self {
        let comparison = SecretKey::random();
        let key = key.map(|key| comparison.hmac(key.as_bytes()));
        Self { comparison, key, unsigned }
    }

    /// Whether a device that shows this key is heard.
    #[must_use]
    pub fn hears(&self, shown: Option<&[u8]>) -> bool {
        match (shown, &self.key) {
            (None, _) => self.unsigned,
            (Some(shown), Some(key)) => equal(key, &self.comparison.hmac(shown)),
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_show_the_key_or_are_not_heard() {
        let strict = DevicePolicy::new(Some("key"), false);
        assert!(strict.hears(Some(b"key")));
        assert!(!strict.hears(Some(b"wrong")) && !strict.hears(None));
        let lenient = DevicePolicy::new(None, true);
        assert!(lenient.hears(None) && !lenient.hears(Some(b"anything")));
    }
}
