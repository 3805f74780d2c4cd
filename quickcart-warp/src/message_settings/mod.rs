//! Flags and environment variables of messages, and what they mean: how a message finds its way, what it may cost, and where
//! receipts come.

mod mail;
mod providers;
mod texts;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use quickcart_core::messaging::sms::{Fast2Sms, InfobipTwoFactor, Twilio, TwilioWebhook};
use quickcart_core::messaging::{FailoverPolicy, MessageProvider, MicroUnits, Order, Route};
use warp::http::Uri;

use self::mail::MailSettings;
pub use self::texts::TextConfig;
use self::texts::TextSettings;
use crate::config::{ConfigError, Secret, given, wrong};

/// Where providers tell what became of messages, below the public URL.
pub(crate) const RECEIPTS: &str = "/v1/receipts";
/// The shortest key in an address, in bytes: it is all that protects what comes there.
const RECEIPT_KEY_LENGTH_MIN: usize = 16;

#[derive(Args, Clone)]
pub(crate) struct MessageSettings {
    /// Providers of the phone-otp group, the first first: of twilio, twilio_whatsapp, fast2sms, infobip, infobip_2fa and
    /// gateways; with @ and countries for these only, as in `fast2sms@IN,twilio`; or `console`, or `none`, which in development is
    /// the same
    /// [default: all that have credentials, else console in development]
    #[arg(long, env = "PHONE_OTP_PROVIDERS", value_name = "NAMES")]
    phone_otp_providers: Option<String>,

    /// Providers of the smart-cart group
    #[arg(long, env = "SMART_CART_PROVIDERS", value_name = "NAMES")]
    smart_cart_providers: Option<String>,

    /// Providers of the book-order group
    #[arg(long, env = "BOOK_ORDER_PROVIDERS", value_name = "NAMES")]
    book_order_providers: Option<String>,

    /// Twilio: the account, its token, and the sender's number or messaging service
    #[arg(long, env = "TWILIO_ACCOUNT_SID", value_name = "SID")]
    twilio_account_sid: Option<String>,
    /// The account's token; it also signs receipts
    #[arg(long, env = "TWILIO_AUTH_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    twilio_auth_token: Option<String>,
    /// The sender's number, in E.164 form
    #[arg(long, env = "TWILIO_PHONE_NUMBER", value_name = "NUMBER")]
    twilio_phone_number: Option<String>,
    /// A pool of senders, instead of a number
    #[arg(long, env = "TWILIO_MESSAGING_SERVICE_SID", value_name = "SID")]
    twilio_messaging_service_sid: Option<String>,
    /// For codes by WhatsApp (twilio_whatsapp): the approved authentication template, whose name begins with HX
    #[arg(long, env = "TWILIO_WHATSAPP_CONTENT_SID", value_name = "SID")]
    twilio_whatsapp_content_sid: Option<String>,
    /// For codes by WhatsApp: the sender's number, in E.164 form [default: the pool of senders]
    #[arg(long, env = "TWILIO_WHATSAPP_FROM", value_name = "NUMBER")]
    twilio_whatsapp_from: Option<String>,
    /// Where Twilio is
    #[arg(long, env = "TWILIO_BASE_URL", value_name = "URL", default_value = Twilio::BASE_URL)]
    twilio_base_url: String,

    /// Fast2SMS: the key (REACT_APP_FAST2SMS_API_KEY is understood, too)
    #[arg(long, env = "FAST2SMS_API_KEY", hide_env_values = true, value_name = "KEY")]
    fast2sms_api_key: Option<String>,
    #[arg(long, env = "REACT_APP_FAST2SMS_API_KEY", hide = true, hide_env_values = true)]
    old_fast2sms_api_key: Option<String>,
    /// How Fast2SMS delivers: `otp` its own text with the code, `q` ours, `dlt` a registered one
    #[arg(long, env = "FAST2SMS_ROUTE", value_name = "ROUTE", default_value = "otp")]
    fast2sms_route: Fast2SmsRouteName,
    /// The registered sender, for the route dlt
    #[arg(long, env = "FAST2SMS_SENDER_ID", value_name = "ID")]
    fast2sms_sender_id: Option<String>,
    /// Fast2SMS's number for the registered text, for the route dlt
    #[arg(long, env = "FAST2SMS_MESSAGE_ID", value_name = "ID")]
    fast2sms_message_id: Option<String>,
    /// Fast2SMS's dashboard is set up to send receipts here, so that they can be waited for
    #[arg(long, env = "FAST2SMS_RECEIPTS", action = ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    fast2sms_receipts: bool,
    /// Where Fast2SMS is
    #[arg(long, env = "FAST2SMS_BASE_URL", value_name = "URL", default_value = Fast2Sms::BASE_URL)]
    fast2sms_base_url: String,

    /// Infobip: the key
    #[arg(long, env = "INFOBIP_API_KEY", hide_env_values = true, value_name = "KEY")]
    infobip_api_key: Option<String>,
    /// The account's own address, such as xyz.api.infobip.com
    #[arg(long, env = "INFOBIP_BASE_URL", value_name = "URL")]
    infobip_base_url: Option<String>,
    /// The sender's name or number
    #[arg(long, env = "INFOBIP_SENDER", value_name = "NAME")]
    infobip_sender: Option<String>,
    /// For codes that Infobip makes (infobip_2fa): the application
    #[arg(long, env = "INFOBIP_APP_ID", value_name = "ID")]
    infobip_app_id: Option<String>,
    /// For codes that Infobip makes: the message template
    #[arg(long, env = "INFOBIP_MESSAGE_ID", value_name = "ID")]
    infobip_message_id: Option<String>,
    /// India: whose registered text it is (DLT principal entity)
    #[arg(long, env = "INFOBIP_DLT_ENTITY_ID", value_name = "ID")]
    infobip_dlt_entity_id: Option<String>,
    /// India: the registered text (DLT content template)
    #[arg(long, env = "INFOBIP_DLT_TEMPLATE_ID", value_name = "ID")]
    infobip_dlt_template_id: Option<String>,

    /// Other HTTP gateways, described in this JSON file; see docs/messages.md
    #[arg(long, env = "QUICKCART_GATEWAYS", value_name = "FILE")]
    gateways: Option<PathBuf>,

    #[command(flatten)]
    mail: MailSettings,

    #[command(flatten)]
    texts: TextSettings,

    /// Milliseconds that all providers together may take for one message
    #[arg(long, env = "QUICKCART_SEND_BUDGET", value_name = "MS", default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(100..=30_000))]
    send_budget: u64,
    /// Milliseconds that one provider may take
    #[arg(long, env = "QUICKCART_PROVIDER_TIMEOUT", value_name = "MS", default_value_t = 1_500, value_parser = clap::value_parser!(u64).range(50..=30_000))]
    provider_timeout: u64,
    /// Seconds to wait for the news that a message arrived, before the next provider sends it, too; 0 never does
    #[arg(long, env = "QUICKCART_RECEIPT_WAIT", value_name = "SECONDS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(0..=600))]
    receipt_wait: u64,
    /// Who is tried first: `listed`, in the order of the list; `measured`, more often whose codes are shown more often
    #[arg(long, env = "QUICKCART_PROVIDER_ORDER", value_name = "ORDER", default_value = "listed")]
    provider_order: OrderName,
    /// Whether the next provider is tried when one may have sent the message
    #[arg(long, env = "QUICKCART_AFTER_MAYBE_SENT", value_name = "WHAT", default_value = "next")]
    after_maybe_sent: AfterMaybeSent,

    /// What a message of a provider costs, and a text message for each segment, in the currency's unit, as in `twilio=0.42,fast2sms=0.20`
    /// [default: QUICKCART_MESSAGE_PRICE]
    #[arg(long, env = "QUICKCART_PROVIDER_PRICES", value_name = "PRICES")]
    provider_prices: Option<String>,
    /// What this server's messages may cost in a day (UTC), in the currency's unit
    #[arg(long, env = "QUICKCART_DAILY_SPEND", value_name = "AMOUNT")]
    daily_spend: Option<String>,

    /// How the world reaches this server, for receipts of providers, such as https://shop.example.com
    #[arg(long, env = "QUICKCART_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Ends the address for receipts of providers that sign nothing (Infobip, Fast2SMS): 16 letters and digits or more
    #[arg(long, env = "QUICKCART_RECEIPT_KEY", hide_env_values = true, value_name = "KEY")]
    receipt_key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fast2SmsRouteName {
    Otp,
    Q,
    Dlt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OrderName {
    Listed,
    Measured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AfterMaybeSent {
    Next,
    Stop,
}

/// Where the messages of a group go.
#[derive(Clone, Debug)]
pub enum Messages {
    /// To standard output, in development.
    Console,
    /// Nowhere: whoever asks for a code is told that it could not be sent.
    None,
    /// To the first provider that takes them.
    Routes(Vec<Route>),
}

impl Messages {
    /// The names of the providers that are asked, the first first.
    pub fn providers(&self) -> impl Iterator<Item = &'static str> {
        let routes = match self {
            Self::Routes(routes) => routes.as_slice(),
            Self::Console | Self::None => &[],
        };
        routes.iter().map(Route::name)
    }
}

/// The settings of messages, checked. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct MessageConfig {
    /// Where the messages of the phone-otp group go.
    pub phone_otp: Messages,
    /// Where the messages of the smart-cart group go.
    pub smart_cart: Messages,
    /// Where the letters of the registration group go.
    pub registration: Messages,
    /// Where the messages of the book-order group go.
    pub book_order: Messages,
    /// What messages say.
    pub texts: TextConfig,
    /// How a message finds its way.
    pub policy: FailoverPolicy,
    /// What messages may cost in a day.
    pub daily_max: Option<MicroUnits>,
    /// Codes that Infobip makes, when a group's are: their limits are looked at before the first one.
    pub two_factor: Option<Arc<InfobipTwoFactor>>,
    /// Takes Twilio's receipts.
    pub twilio_webhook: Option<TwilioWebhook>,
    /// Ends the address of receipts that nobody signs.
    pub receipt_key: Option<Secret>,
}

impl MessageSettings {
    /// `message_price` is in hundredths.
    pub(crate) fn check(&self, message_price: u32, development: bool) -> Result<MessageConfig, ConfigError> {
        let policy = FailoverPolicy {
            budget: Duration::from_millis(self.send_budget),
            provider_time_max: self.provider_time_max(),
            after_maybe_sent: self.after_maybe_sent == AfterMaybeSent::Next,
            report_time_max: (self.receipt_wait > 0).then(|| Duration::from_secs(self.receipt_wait)),
            order: match self.provider_order {
                OrderName::Listed => Order::Listed,
                OrderName::Measured => Order::Measured,
            },
        };
        if policy.provider_time_max > policy.budget {
            return wrong(
                "QUICKCART_PROVIDER_TIMEOUT is longer than QUICKCART_SEND_BUDGET, which is for all of them",
            );
        }
        let receipt_key = self.receipt_key()?;
        let public_url = self.public_url(development)?;
        let providers = self.providers(message_price, public_url, receipt_key)?;
        let messages = |name, list: &Option<String>| providers.messages(name, list.as_ref(), development);
        let token = given(self.twilio_auth_token.as_ref());
        let phone_otp = messages("PHONE_OTP_PROVIDERS", &self.phone_otp_providers)?;
        let smart_cart = messages("SMART_CART_PROVIDERS", &self.smart_cart_providers)?;
        let book_order = messages("BOOK_ORDER_PROVIDERS", &self.book_order_providers)?;
        let two_factor = providers.two_factor.clone();
        let asks = |messages: &Messages, name: &str| messages.providers().any(|asked| asked == name);
        Ok(MessageConfig {
            two_factor: two_factor.filter(|two_factor| {
                [&phone_otp, &smart_cart, &book_order].iter().any(|group| asks(group, two_factor.name()))
            }),
            phone_otp,
            smart_cart,
            registration: self.mail.check(development)?,
            book_order,
            texts: self.texts.check()?,
            policy,
            daily_max: given(self.daily_spend.as_ref())
                .map(|text| amount("QUICKCART_DAILY_SPEND", text))
                .transpose()?,
            twilio_webhook: token.zip(public_url).map(|(token, url)| TwilioWebhook::new(token, url)),
            receipt_key: receipt_key.map(|key| Secret::new(key.to_owned())),
        })
    }

    /// What is set about texts that providers do not send.
    pub(crate) fn notes(&self, config: &MessageConfig) -> Vec<String> {
        let settings = self.texts.given();
        let writes = |name: &str| match name {
            "fast2sms" => self.fast2sms_route != Fast2SmsRouteName::Q,
            name => ["infobip_2fa", "twilio_whatsapp"].contains(&name),
        };
        let groups = [&config.phone_otp, &config.smart_cart, &config.book_order];
        let asked: BTreeSet<_> = groups.into_iter().flat_map(Messages::providers).collect();
        let writers = asked.into_iter().filter(|name| !settings.is_empty() && writes(name));
        let note = |name| format!("{name} has words of its own, whatever {} says", settings.join(" or "));
        writers.map(note).collect()
    }

    fn provider_time_max(&self) -> Duration {
        Duration::from_millis(self.provider_timeout)
    }

    fn public_url(&self, development: bool) -> Result<Option<&str>, ConfigError> {
        let Some(url) = given(self.public_url.as_ref()) else { return Ok(None) };
        let is_safe = |url: &Uri| match url.scheme_str() {
            Some("https") => true,
            Some("http") => development,
            _ => false,
        };
        let has_host = |url: &Uri| url.authority().is_some_and(|host| !host.as_str().contains('@'));
        let parsed = url.parse().ok().filter(|url| is_safe(url) && has_host(url) && url.query().is_none());
        if parsed.is_none() || url.contains('#') {
            return wrong("QUICKCART_PUBLIC_URL is not like https://shop.example.com");
        }
        Ok(Some(url.trim_end_matches('/')))
    }

    fn receipt_key(&self) -> Result<Option<&str>, ConfigError> {
        let Some(key) = given(self.receipt_key.as_ref()) else { return Ok(None) };
        let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if key.len() < RECEIPT_KEY_LENGTH_MIN || !is_plain {
            return wrong(format!(
                "QUICKCART_RECEIPT_KEY needs {RECEIPT_KEY_LENGTH_MIN} letters and digits or more"
            ));
        }
        Ok(Some(key))
    }
}

/// A decimal number with six places at most, such as 0.42.
fn amount(name: &str, text: &str) -> Result<MicroUnits, ConfigError> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let micro = || -> Option<MicroUnits> {
        let is_number = !whole.is_empty() && part.len() <= 6 && digits(whole) && digits(part);
        let micro: MicroUnits = format!("{whole}{part:0<6}").parse().ok()?;
        is_number.then_some(micro)
    };
    micro().map_or_else(|| wrong(format!("{name}: {text:?} is not an amount such as 0.42")), Ok)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: MessageSettings,
    }

    fn check(arguments: &str, development: bool) -> Result<MessageConfig, ConfigError> {
        let arguments = std::iter::once("quickcart-warp").chain(arguments.split_whitespace());
        Command::try_parse_from(arguments).unwrap().settings.check(25, development)
    }

    const TWILIO: &str =
        "--twilio-account-sid AC0 --twilio-auth-token s3cret --twilio-phone-number +15005550006";
    const WHATSAPP: &str = "--twilio-whatsapp-content-sid HX0 --twilio-whatsapp-from +15005550007";
    const FAST2SMS: &str = "--fast2sms-api-key s3cret";

    fn names(messages: &Messages) -> Vec<&'static str> {
        match messages {
            Messages::Routes(routes) => routes.iter().map(Route::name).collect(),
            Messages::Console => vec!["console"],
            Messages::None => vec!["none"],
        }
    }

    #[test]
    fn whoever_has_credentials_is_asked() {
        assert_eq!(names(&check("", true).unwrap().phone_otp), ["console"]);
        let without = format!("{FAST2SMS} --phone-otp-providers none");
        assert_eq!(names(&check(&without, true).unwrap().phone_otp), ["console"]);
        assert_eq!(names(&check(&without, false).unwrap().phone_otp), ["none"]);
        let config =
            check(&format!("{FAST2SMS} {TWILIO} --smart-cart-providers fast2sms@IN+BD"), false).unwrap();
        assert_eq!(names(&config.phone_otp), ["twilio", "fast2sms"]);
        assert_eq!(names(&config.smart_cart), ["fast2sms"]);
        assert!(config.twilio_webhook.is_none() && config.two_factor.is_none());
        let infobip = "--infobip-api-key s3cret --infobip-base-url xyz.api.infobip.com --infobip-app-id A \
                       --infobip-message-id M";
        assert!(check(infobip, false).unwrap().two_factor.is_none(), "nobody asks for it");
        let config = check(&format!("{infobip} --phone-otp-providers infobip_2fa,infobip"), false).unwrap();
        assert!(config.two_factor.is_some());
        assert_eq!(names(&config.phone_otp), ["infobip_2fa", "infobip"]);
        assert_eq!(names(&config.smart_cart), ["infobip"], "codes that others make are a choice");
    }

    #[test]
    fn codes_go_by_whatsapp_where_a_list_says_so() {
        let config =
            check(&format!("{TWILIO} {WHATSAPP} --phone-otp-providers twilio,twilio_whatsapp"), false)
                .unwrap();
        assert_eq!(names(&config.phone_otp), ["twilio", "twilio_whatsapp"]);
        assert_eq!(names(&config.smart_cart), ["twilio"], "recipients have to agree to it");
        let (account, _number) = TWILIO.rsplit_once("--twilio-phone-number").unwrap();
        let only =
            "--phone-otp-providers twilio_whatsapp --smart-cart-providers none --book-order-providers none";
        let (template, _sender) = WHATSAPP.rsplit_once("--twilio-whatsapp-from").unwrap();
        let pool = format!("{template} --twilio-messaging-service-sid MG0");
        for whatsapp in [WHATSAPP, &pool] {
            let config = check(&format!("{account} {whatsapp} {only}"), false).unwrap();
            assert_eq!(names(&config.phone_otp), ["twilio_whatsapp"]);
        }
    }

    #[test]
    fn receipts_need_an_address() {
        let config = check(&format!("{TWILIO} --public-url https://shop.example/"), false).unwrap();
        assert!(config.twilio_webhook.is_some() && config.receipt_key.is_none());
        let Messages::Routes(routes) = config.phone_otp else { panic!("twilio is there") };
        assert_eq!(routes[0].name(), "twilio");
    }

    #[test]
    fn amounts_are_decimal() {
        for (text, micro) in [("0.42", 420_000), ("1", 1_000_000), ("0.000001", 1), ("12.5", 12_500_000)] {
            assert_eq!(amount("X", text), Ok(micro), "{text}");
        }
        for text in ["", ".5", "1,5", "-1", "0.0000001", "1e3", "99999999999999999999"] {
            assert!(amount("X", text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_what_is_wrong_and_no_secret() {
        for (arguments, culprit) in [
            ("--twilio-account-sid AC0 --twilio-auth-token s3cret", "Twilio: TWILIO_PHONE_NUMBER"),
            (WHATSAPP, "Twilio: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN is missing"),
            (
                "--twilio-whatsapp-content-sid HX0",
                "TWILIO_WHATSAPP_CONTENT_SID needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and a sender",
            ),
            (
                &format!("{TWILIO} --twilio-whatsapp-from +1"),
                "Twilio: TWILIO_WHATSAPP_CONTENT_SID is missing",
            ),
            (
                &format!("{TWILIO} --twilio-whatsapp-content-sid HX0"),
                "Twilio: TWILIO_WHATSAPP_FROM or TWILIO_MESSAGING_SERVICE_SID is missing",
            ),
            (
                &format!("{TWILIO} --twilio-whatsapp-from +1 --twilio-whatsapp-content-sid MG0"),
                "TWILIO: the name of the template",
            ),
            (
                &format!("{TWILIO} --phone-otp-providers twilio,twilio_whatsapp"),
                "PHONE_OTP_PROVIDERS: twilio_whatsapp needs TWILIO_ACCOUNT_SID",
            ),
            ("--infobip-api-key s3cret", "Infobip: INFOBIP_BASE_URL is missing"),
            ("--phone-otp-providers twilio", "PHONE_OTP_PROVIDERS: twilio needs TWILIO_ACCOUNT_SID"),
            ("--phone-otp-providers pigeon", "PHONE_OTP_PROVIDERS: \"pigeon\" is not a provider"),
            (
                "--fast2sms-api-key s3cret --phone-otp-providers fast2sms@XX",
                "PHONE_OTP_PROVIDERS: fast2sms@XX",
            ),
            (
                "--fast2sms-api-key s3cret --phone-otp-providers fast2sms,none",
                "PHONE_OTP_PROVIDERS: none stands",
            ),
            ("--fast2sms-api-key s3cret --fast2sms-route dlt", "FAST2SMS_ROUTE"),
            ("--fast2sms-api-key s3cret --fast2sms-base-url http://10.0.0.1", "FAST2SMS: the URL must"),
            ("--fast2sms-api-key s3cret --provider-prices fast2sms", "QUICKCART_PROVIDER_PRICES"),
            (
                "--fast2sms-api-key s3cret --provider-prices twillio=1",
                "QUICKCART_PROVIDER_PRICES: \"twillio\"",
            ),
            (
                "--fast2sms-api-key s3cret --phone-otp-providers fast2sms@IN,fast2sms",
                "PHONE_OTP_PROVIDERS: fast2sms comes twice",
            ),
            ("--fast2sms-api-key s3cret --fast2sms-receipts", "FAST2SMS_RECEIPTS"),
            ("--provider-timeout 5000", "QUICKCART_PROVIDER_TIMEOUT"),
            (
                "--infobip-api-key s3cret --infobip-base-url x.example --infobip-app-id A",
                "Infobip: INFOBIP_MESSAGE_ID",
            ),
            ("--daily-spend much", "QUICKCART_DAILY_SPEND"),
            ("--public-url shop.example", "QUICKCART_PUBLIC_URL"),
            ("--receipt-key short", "QUICKCART_RECEIPT_KEY"),
            ("--gateways /nowhere/at/all.json", "QUICKCART_GATEWAYS"),
        ] {
            let error = check(arguments, true).unwrap_err().to_string();
            assert!(error.starts_with(culprit) && !error.contains("s3cret"), "{error}");
        }
        let refused = |arguments: &str| check(arguments, false).unwrap_err().to_string();
        assert!(refused("").contains("no provider is configured"));
        assert!(refused("--phone-otp-providers console").contains("does not print messages"));
        assert!(refused("--public-url http://shop.example").starts_with("QUICKCART_PUBLIC_URL"));
        let shown = format!("{:?}", check(&format!("{TWILIO} {FAST2SMS}"), false).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
