//! Which providers there are, by their credentials, and who is tried first.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use quickcart_core::messaging::gateway::{Gateway, GatewayConfig};
use quickcart_core::messaging::sms::{
    Fast2Sms, Fast2SmsRoute, IndiaDlt, Infobip, InfobipTwoFactor, Twilio, TwilioBuilder, TwilioKey,
    TwilioSender,
};
use quickcart_core::messaging::{Failover, InvalidSetting, MessageProvider, MicroUnits, Route};
use quickcart_core::phone::Countries;

use super::{Fast2SmsRouteName, MessageSettings, Messages, RECEIPTS, amount};
use crate::config::{ConfigError, given, list, wrong};

/// What gateways cannot be called: other providers are, or the lists of providers have a meaning for it.
const RESERVED_NAMES: [&str; 7] =
    ["twilio", "twilio_whatsapp", "fast2sms", "infobip", "infobip_2fa", "console", "none"];
/// How many micro-units a hundredth of the currency's unit has.
const MICRO_A_HUNDREDTH: MicroUnits = 10_000;

/// All providers that have credentials.
pub(super) struct Providers<'a> {
    all: Vec<Arc<dyn MessageProvider>>,
    /// Only where a list names it: recipients have to agree to messages by WhatsApp.
    whatsapp: Option<Arc<Twilio>>,
    pub(super) two_factor: Option<Arc<InfobipTwoFactor>>,
    prices: Vec<(&'a str, MicroUnits)>,
    message_price: MicroUnits,
}

impl MessageSettings {
    pub(super) fn providers(
        &self,
        message_price: u32,
        public_url: Option<&str>,
        receipt_key: Option<&str>,
    ) -> Result<Providers<'_>, ConfigError> {
        let mut all: Vec<Arc<dyn MessageProvider>> = Vec::new();
        let whatsapp = self.whatsapp(public_url)?.map(Arc::new);
        all.extend(self.twilio(public_url, whatsapp.is_some())?.map(|twilio| Arc::new(twilio) as _));
        all.extend(self.fast2sms(receipt_key)?.map(|fast2sms| Arc::new(fast2sms) as _));
        let receipts = public_url.zip(receipt_key);
        let receipts = receipts.map(|(url, key)| format!("{url}{RECEIPTS}/infobip/{key}"));
        all.extend(self.infobip(receipts)?.map(|infobip| Arc::new(infobip) as _));
        all.extend(self.gateways()?.into_iter().map(|gateway| Arc::new(gateway) as _));
        let two_factor = self.two_factor()?.map(Arc::new);
        let (prices, message_price) = (self.prices()?, MicroUnits::from(message_price) * MICRO_A_HUNDREDTH);
        let providers = Providers { all, whatsapp, two_factor, prices, message_price };
        match providers.prices.iter().find(|(name, _)| providers.named(name).is_none()) {
            Some((name, _)) => wrong(format!("QUICKCART_PROVIDER_PRICES: {}", providers.unknown(name))),
            None => Ok(providers),
        }
    }

    /// `is_for_whatsapp` excuses an account without a sender of text messages.
    fn twilio(&self, public_url: Option<&str>, is_for_whatsapp: bool) -> Result<Option<Twilio>, ConfigError> {
        let number = given(self.twilio_phone_number.as_ref()).cloned().map(TwilioSender::Number);
        let sender = self.twilio_pool().or(number);
        if sender.is_none() && is_for_whatsapp {
            return Ok(None);
        }
        let place = "TWILIO_PHONE_NUMBER or TWILIO_MESSAGING_SERVICE_SID";
        let builder = self.twilio_builder(sender, place, public_url)?;
        builder.map(|builder| built("TWILIO", builder.build())).transpose()
    }

    fn whatsapp(&self, public_url: Option<&str>) -> Result<Option<Twilio>, ConfigError> {
        let number = given(self.twilio_whatsapp_from.as_ref()).cloned().map(TwilioSender::Number);
        let Some(template) = given(self.twilio_whatsapp_content_sid.as_ref()) else {
            return match number {
                Some(_) => wrong("Twilio: TWILIO_WHATSAPP_CONTENT_SID is missing"),
                None => Ok(None),
            };
        };
        let sender = number.or_else(|| self.twilio_pool());
        let place = "TWILIO_WHATSAPP_FROM or TWILIO_MESSAGING_SERVICE_SID";
        match self.twilio_builder(sender, place, public_url)? {
            Some(builder) => built("TWILIO", builder.whatsapp(template).build()).map(Some),
            None => {
                wrong("TWILIO_WHATSAPP_CONTENT_SID needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and a sender")
            }
        }
    }

    fn twilio_pool(&self) -> Option<TwilioSender> {
        given(self.twilio_messaging_service_sid.as_ref()).cloned().map(TwilioSender::MessagingService)
    }

    /// `place` is where the sender would stand.
    fn twilio_builder(
        &self,
        sender: Option<TwilioSender>,
        place: &str,
        public_url: Option<&str>,
    ) -> Result<Option<TwilioBuilder>, ConfigError> {
        let account = given(self.twilio_account_sid.as_ref());
        let token = given(self.twilio_auth_token.as_ref());
        let needs = [
            ("TWILIO_ACCOUNT_SID", account.is_some()),
            ("TWILIO_AUTH_TOKEN", token.is_some()),
            (place, sender.is_some()),
        ];
        let (Some(account), Some(token), Some(sender)) = (account, token, sender) else {
            return none_or_missing("Twilio", &needs);
        };
        let mut builder = Twilio::builder(account, TwilioKey::AuthToken(token.clone()), sender)
            .time_max(self.provider_time_max())
            .base_url(&self.twilio_base_url);
        if let Some(url) = public_url {
            builder = builder.status_callback(format!("{url}{RECEIPTS}/twilio"));
        }
        Ok(Some(builder))
    }

    fn fast2sms(&self, receipt_key: Option<&str>) -> Result<Option<Fast2Sms>, ConfigError> {
        let key = given(self.fast2sms_api_key.as_ref()).or(given(self.old_fast2sms_api_key.as_ref()));
        let Some(key) = key else { return Ok(None) };
        let route = match self.fast2sms_route {
            Fast2SmsRouteName::Otp => Fast2SmsRoute::Otp,
            Fast2SmsRouteName::Q => Fast2SmsRoute::Quick,
            Fast2SmsRouteName::Dlt => {
                let [sender_id, message_id] = [&self.fast2sms_sender_id, &self.fast2sms_message_id]
                    .map(|text| given(text.as_ref()).cloned());
                let Some((sender_id, message_id)) = sender_id.zip(message_id) else {
                    return wrong("FAST2SMS_ROUTE: dlt needs FAST2SMS_SENDER_ID and FAST2SMS_MESSAGE_ID");
                };
                Fast2SmsRoute::Dlt { sender_id, message_id }
            }
        };
        let mut builder = Fast2Sms::builder(key, route)
            .time_max(self.provider_time_max())
            .base_url(&self.fast2sms_base_url);
        if self.fast2sms_receipts {
            if receipt_key.is_none() {
                return wrong("FAST2SMS_RECEIPTS needs QUICKCART_RECEIPT_KEY");
            }
            builder = builder.with_reports();
        }
        built("FAST2SMS", builder.build()).map(Some)
    }

    fn infobip(&self, delivery_url: Option<String>) -> Result<Option<Infobip>, ConfigError> {
        let Some((url, key)) = self.infobip_account()? else { return Ok(None) };
        let mut builder = Infobip::builder(url, key).time_max(self.provider_time_max());
        if let Some(sender) = given(self.infobip_sender.as_ref()) {
            builder = builder.sender(sender);
        }
        if let Some(url) = delivery_url {
            builder = builder.delivery_url(url);
        }
        let template = given(self.infobip_dlt_template_id.as_ref()).cloned();
        match given(self.infobip_dlt_entity_id.as_ref()).cloned() {
            Some(principal_entity_id) => {
                let content_template_id = template;
                let dlt = IndiaDlt { principal_entity_id, content_template_id, telemarketer_id: None };
                builder = builder.india_dlt(dlt);
            }
            None if template.is_some() => {
                return wrong("INFOBIP_DLT_TEMPLATE_ID needs INFOBIP_DLT_ENTITY_ID");
            }
            None => {}
        }
        built("INFOBIP", builder.build()).map(Some)
    }

    fn two_factor(&self) -> Result<Option<InfobipTwoFactor>, ConfigError> {
        let [app, message] =
            [&self.infobip_app_id, &self.infobip_message_id].map(|text| given(text.as_ref()));
        let (Some(app), Some(message)) = (app, message) else {
            let names = [("INFOBIP_APP_ID", app.is_some()), ("INFOBIP_MESSAGE_ID", message.is_some())];
            return none_or_missing("Infobip", &names);
        };
        let Some((url, key)) = self.infobip_account()? else { return Ok(None) };
        let mut builder =
            InfobipTwoFactor::builder(url, key, app, message).time_max(self.provider_time_max());
        if let Some(sender) = given(self.infobip_sender.as_ref()) {
            builder = builder.sender(sender);
        }
        built("INFOBIP", builder.build()).map(Some)
    }

    /// The old backend wrote the address without its scheme.
    fn infobip_account(&self) -> Result<Option<(String, &String)>, ConfigError> {
        let (url, key) = (given(self.infobip_base_url.as_ref()), given(self.infobip_api_key.as_ref()));
        let (Some(url), Some(key)) = (url, key) else {
            let names = [("INFOBIP_BASE_URL", url.is_some()), ("INFOBIP_API_KEY", key.is_some())];
            return none_or_missing("Infobip", &names);
        };
        let scheme = if url.contains("://") { "" } else { "https://" };
        Ok(Some((format!("{scheme}{url}"), key)))
    }

    fn gateways(&self) -> Result<Vec<Gateway>, ConfigError> {
        let Some(path) = &self.gateways else { return Ok(Vec::new()) };
        let place = format!("QUICKCART_GATEWAYS: {}", path.display());
        let text = std::fs::read(path).or_else(|error| wrong(format!("{place}: {error}")))?;
        let configs: Vec<GatewayConfig> = serde_json::from_slice(&text)
            .or_else(|error| wrong(format!("{place}: {}", without_value(&error))))?;
        let mut gateways: Vec<Gateway> = Vec::new();
        for config in &configs {
            let name = config.name.as_str();
            let is_odd = |c: char| c.is_whitespace() || c.is_control() || "@,=".contains(c);
            if name.is_empty() || name.contains(is_odd) {
                return wrong(format!("{place}: {name:?} is no name: lists could not hold it"));
            }
            if RESERVED_NAMES.contains(&name) || gateways.iter().any(|gateway| gateway.name() == name) {
                return wrong(format!("{place}: the name {name} is taken"));
            }
            // Names are kept for as long as the program runs, as those of the other providers are.
            let name: &'static str = String::leak(name.to_owned());
            gateways.push(built(&format!("{place}: {name}"), Gateway::new(name, config))?);
        }
        Ok(gateways)
    }

    fn prices(&self) -> Result<Vec<(&str, MicroUnits)>, ConfigError> {
        let name = "QUICKCART_PROVIDER_PRICES";
        let price = |pair| -> Result<(&str, MicroUnits), ConfigError> {
            let (provider, price) = str::split_once(pair, '=')
                .ok_or_else(|| ConfigError::new(format!("{name}: {pair:?} is not like twilio=0.42")))?;
            Ok((provider.trim(), amount(name, price)?))
        };
        given(self.provider_prices.as_ref()).map(|text| list(text)).into_iter().flatten().map(price).collect()
    }
}

impl Providers<'_> {
    pub(super) fn messages(
        &self,
        name: &str,
        providers: Option<&String>,
        development: bool,
    ) -> Result<Messages, ConfigError> {
        let names: Vec<&str> = given(providers).map(|text| list(text)).into_iter().flatten().collect();
        if names.len().max(self.all.len()) > Failover::ROUTES_MAX {
            return wrong(format!("{name}: there are at most {} providers", Failover::ROUTES_MAX));
        }
        match names.as_slice() {
            [] if !self.all.is_empty() => {
                let route = |provider: &Arc<_>| self.route(Arc::clone(provider), Countries::All);
                Ok(Messages::Routes(self.all.iter().map(route).collect()))
            }
            [] if development => Ok(Messages::Console),
            [] => wrong(format!(
                "{name}: no provider is configured, and production does not print messages; `none` lets the server \
                 start without sending any"
            )),
            // Without a provider, development shows codes instead of sending them.
            ["none" | "console"] if development => Ok(Messages::Console),
            ["none"] => Ok(Messages::None),
            ["console"] => wrong(format!("{name}: production does not print messages on the console")),
            names => {
                let routes = names.iter().map(|text| self.listed(name, text));
                let routes: Vec<Route> = routes.collect::<Result<_, _>>()?;
                let mut seen = HashSet::new();
                match routes.iter().find(|route| !seen.insert(route.name())) {
                    Some(twice) => wrong(format!("{name}: {} comes twice", twice.name())),
                    None => Ok(Messages::Routes(routes)),
                }
            }
        }
    }

    /// `twilio`, or `fast2sms@IN+BD`.
    fn listed(&self, setting: &str, text: &str) -> Result<Route, ConfigError> {
        let (provider, countries) = text.split_once('@').unwrap_or((text, "all"));
        let countries = Countries::from_str(&countries.replace('+', ","))
            .or_else(|error| wrong(format!("{setting}: {text}: {error}")))?;
        match self.named(provider) {
            Some(found) => Ok(self.route(found, countries)),
            None => wrong(format!("{setting}: {}", self.unknown(provider))),
        }
    }

    fn named(&self, name: &str) -> Option<Arc<dyn MessageProvider>> {
        let whatsapp = self.whatsapp.iter().map(|provider| Arc::clone(provider) as _);
        let two_factor = self.two_factor.iter().map(|provider| Arc::clone(provider) as _);
        self.all
            .iter()
            .cloned()
            .chain(whatsapp)
            .chain(two_factor)
            .find(|known: &Arc<dyn MessageProvider>| known.name() == name)
    }

    fn unknown(&self, provider: &str) -> String {
        let needs = match provider {
            "twilio" => {
                "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_PHONE_NUMBER (or TWILIO_MESSAGING_SERVICE_SID)"
            }
            "twilio_whatsapp" => {
                "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_WHATSAPP_CONTENT_SID and TWILIO_WHATSAPP_FROM (or \
                 TWILIO_MESSAGING_SERVICE_SID)"
            }
            "fast2sms" => "FAST2SMS_API_KEY",
            "infobip" => "INFOBIP_API_KEY and INFOBIP_BASE_URL",
            "infobip_2fa" => "INFOBIP_API_KEY, INFOBIP_BASE_URL, INFOBIP_APP_ID and INFOBIP_MESSAGE_ID",
            "console" | "none" => return format!("{provider} stands alone"),
            _ => {
                let names: Vec<_> = self.all.iter().map(|provider| provider.name()).collect();
                let names = if names.is_empty() { "none so far".to_owned() } else { names.join(", ") };
                return format!("{provider:?} is not a provider; those with credentials are: {names}");
            }
        };
        format!("{provider} needs {needs}")
    }

    fn route(&self, provider: Arc<dyn MessageProvider>, countries: Countries) -> Route {
        let price = self.prices.iter().find(|(name, _)| *name == provider.name());
        let price = price.map_or(self.message_price, |(_, price)| *price);
        Route::new(provider).with_countries(countries).with_price(price)
    }
}

/// Half of a provider's credentials are a mistake, none of them are a choice.
fn none_or_missing<T>(provider: &str, settings: &[(&str, bool)]) -> Result<Option<T>, ConfigError> {
    let missing = settings.iter().filter(|(_, is_given)| !is_given).map(|(name, _)| *name);
    let missing: Vec<_> = missing.collect();
    if missing.len() == settings.len() {
        return Ok(None);
    }
    wrong(format!("{provider}: {} is missing", missing.join(" and ")))
}

fn built<T>(place: &str, provider: Result<T, InvalidSetting>) -> Result<T, ConfigError> {
    provider.or_else(|error| wrong(format!("{place}: {}", error.problem)))
}

/// Where JSON is wrong, and why. Where it is a value that does not fit, the value is not shown: it may be a key.
pub(super) fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if ["invalid type", "invalid value", "unknown variant"].iter().any(|start| text.starts_with(start)) {
        let expected =
            text.rsplit_once("expected ").map_or_else(String::new, |(_, rest)| format!(": expected {rest}"));
        return format!("a value does not fit{expected}");
    }
    text
}
