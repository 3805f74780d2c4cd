//! Flags and environment variables of one-time codes, and what they mean.

use std::str::FromStr;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use quickcart_core::otp::{KeyId, KeyRing, Limits, Policy, Rate, Resend, ReviewNumber};
use quickcart_core::phone::{Countries, PhoneNumber, PhoneRules, Region};
use quickcart_core::secret::SecretKey;

use crate::config::{ConfigError, given, list, wrong};

#[derive(Args, Clone)]
pub(crate) struct CodeSettings {
    /// Keys of codes as ID:SECRET, newest first, two at most; to rotate, put a new one in front and take the last away after
    /// ten minutes [default: made from SECRET_KEY]
    #[arg(long, env = "QUICKCART_CODE_KEYS", hide_env_values = true, value_name = "KEYS")]
    code_keys: Option<String>,

    /// Seconds before a phone gets a second code; then twice, four and ten times as long [default: 30, in development 0]
    #[arg(long, env = "QUICKCART_RESEND_COOLDOWN", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=360))]
    resend_cooldown: Option<u64>,

    /// Countries whose numbers get codes, as in ISO 3166, or `all`
    #[arg(long, env = "QUICKCART_PHONE_COUNTRIES", value_name = "COUNTRIES", default_value = "IN,BD,VN")]
    phone_countries: String,

    /// Send to landlines, premium-rate and other numbers that are no mobile phones, too
    #[arg(long, env = "QUICKCART_ANY_LINE", action = ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    any_line: bool,

    /// Codes that one phone may ask for, such as 20/day, 5/hour or 3/90s; `off` lifts the limit
    #[arg(long, env = "QUICKCART_LIMIT_PHONE", value_name = "RATE", default_value = "20/day")]
    limit_phone: String,

    /// Codes that one mailbox may ask for
    #[arg(long, env = "QUICKCART_LIMIT_EMAIL", value_name = "RATE", default_value = "10/hour")]
    limit_email: String,

    /// Codes that one address (of IPv6, one /64) may ask for
    #[arg(long, env = "QUICKCART_LIMIT_ADDRESS", value_name = "RATE", default_value = "1000/hour")]
    limit_address: String,

    /// Codes for one number prefix, which is 100,000 numbers
    #[arg(long, env = "QUICKCART_LIMIT_PREFIX", value_name = "RATE", default_value = "300/hour")]
    limit_prefix: String,

    /// Codes for one country
    #[arg(long, env = "QUICKCART_LIMIT_COUNTRY", value_name = "RATE", default_value = "20000/hour")]
    limit_country: String,

    /// What all messages together may cost, in hundredths of the currency
    #[arg(long, env = "QUICKCART_LIMIT_SPEND", value_name = "RATE", default_value = "500000/day")]
    limit_spend: String,

    /// What a message costs, in hundredths of the currency
    #[arg(long, env = "QUICKCART_MESSAGE_PRICE", value_name = "PRICE", default_value_t = 25)]
    pub(crate) message_price: u32,

    /// Questions for the state of a code from one address
    #[arg(long, env = "QUICKCART_LIMIT_STATUS", value_name = "RATE", default_value = "3600/hour")]
    limit_status: String,

    /// Close number prefixes that look like SMS pumping
    #[arg(long, env = "QUICKCART_PUMPING_WATCH", action = ArgAction::Set, num_args = 0..=1, default_value = "true", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pumping_watch: bool,

    /// Numbers for the reviewers of an app, as NUMBER:CODE:LAST-DAY:USES, such as +919876500000:424242:2027-01-31:50; they
    /// get no message
    #[arg(long, env = "QUICKCART_REVIEW_NUMBERS", hide_env_values = true, value_name = "NUMBERS")]
    review_numbers: Option<String>,
}

/// The settings of codes, checked. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct CodeConfig {
    /// Make and check codes.
    pub keys: KeyRing,
    /// The rules of codes.
    pub policy: Policy,
    /// Which numbers get messages.
    pub rules: PhoneRules,
    /// How many.
    pub limits: Limits,
    /// Numbers for reviewers.
    pub review_numbers: Vec<ReviewNumber>,
}

impl CodeSettings {
    pub(crate) fn check(&self, secret: &SecretKey, development: bool) -> Result<CodeConfig, ConfigError> {
        // The old frontends expect that a new code takes the place of the one before.
        let policy = Policy::default().with_resend(Resend::Replace);
        let policy = match self.resend_cooldown {
            Some(seconds) => policy.with_cooldown(Duration::from_secs(seconds)),
            None if development => Ok(policy.without_cooldown()),
            None => Ok(policy),
        };
        let countries = Countries::from_str(&self.phone_countries)
            .or_else(|error| wrong(format!("QUICKCART_PHONE_COUNTRIES: {error}")))?;
        let spend = rate("QUICKCART_LIMIT_SPEND", &self.limit_spend)?;
        if spend.is_some_and(|spend| spend.quota() < self.message_price) {
            return wrong(
                "QUICKCART_MESSAGE_PRICE: a message costs more than QUICKCART_LIMIT_SPEND ever allows",
            );
        }
        Ok(CodeConfig {
            keys: self.keys(secret, development)?,
            policy: policy.or_else(|error| wrong(format!("QUICKCART_RESEND_COOLDOWN: {error}")))?,
            rules: PhoneRules::new(countries, !self.any_line),
            limits: Limits {
                phone: rate("QUICKCART_LIMIT_PHONE", &self.limit_phone)?,
                email: rate("QUICKCART_LIMIT_EMAIL", &self.limit_email)?,
                address: rate("QUICKCART_LIMIT_ADDRESS", &self.limit_address)?,
                prefix: rate("QUICKCART_LIMIT_PREFIX", &self.limit_prefix)?,
                country: rate("QUICKCART_LIMIT_COUNTRY", &self.limit_country)?,
                spend,
                message_price: self.message_price,
                pumping: self.pumping_watch,
                status: rate("QUICKCART_LIMIT_STATUS", &self.limit_status)?,
            },
            review_numbers: self.review_numbers()?,
        })
    }

    fn keys(&self, secret: &SecretKey, development: bool) -> Result<KeyRing, ConfigError> {
        let mut keys = Vec::new();
        for text in given(self.code_keys.as_ref()).map(|text| list(text)).into_iter().flatten() {
            let pair = text.split_once(':').and_then(|(id, key)| Some((id.parse::<KeyId>().ok()?, key)));
            let Some((id, key)) = pair.filter(|(id, _)| *id > 0) else {
                return wrong("QUICKCART_CODE_KEYS: each key is ID:SECRET, with an id from 1 to 255");
            };
            let least = SecretKey::LENGTH_MIN;
            if !development && key.len() < least {
                return wrong(format!(
                    "QUICKCART_CODE_KEYS: key {id} has {} bytes; production needs {least}",
                    key.len()
                ));
            }
            if keys.iter().any(|(other, _)| *other == id) {
                return wrong(format!("QUICKCART_CODE_KEYS: two keys have the id {id}"));
            }
            keys.push((id, SecretKey::new(key.as_bytes())));
        }
        if keys.len() > 2 {
            return wrong("QUICKCART_CODE_KEYS: two keys are live at most");
        }
        let ring = KeyRing::new(secret);
        Ok(keys.iter().rev().fold(ring, |ring, (id, key)| ring.with_newest(*id, key)))
    }

    fn review_numbers(&self) -> Result<Vec<ReviewNumber>, ConfigError> {
        let numbers = given(self.review_numbers.as_ref()).map(|text| list(text)).into_iter().flatten();
        let number = |(index, text): (usize, &str)| {
            review_number(text).ok_or_else(|| {
                ConfigError::new(format!(
                    "QUICKCART_REVIEW_NUMBERS: number {} is not NUMBER:CODE:LAST-DAY:USES",
                    index + 1
                ))
            })
        };
        numbers.enumerate().map(number).collect()
    }
}

fn review_number(text: &str) -> Option<ReviewNumber> {
    let mut parts = text.split(':');
    let (phone, code, day, uses) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let phone = PhoneNumber::parse(phone, Region::IN).ok()?;
    let until = day.parse::<Date>().ok()?.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let uses = uses.parse().ok().filter(|&uses| uses > 0 && parts.next().is_none())?;
    ReviewNumber::new(phone, code, until, uses).ok()
}

pub(crate) fn rate(name: &str, text: &str) -> Result<Option<Rate>, ConfigError> {
    match text.trim() {
        "off" => Ok(None),
        text => text.parse().map(Some).or_else(|error| wrong(format!("{name}: {text:?}: {error}, or off"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: CodeSettings,
    }

    fn check(arguments: &str, development: bool) -> Result<CodeConfig, ConfigError> {
        let arguments = std::iter::once("quickcart-warp").chain(arguments.split_whitespace());
        let settings = Command::try_parse_from(arguments).unwrap().settings;
        settings.check(&SecretKey::new(b"secret"), development)
    }

    #[test]
    fn the_defaults_are_those_of_the_core() {
        let config = check("", false).unwrap();
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.policy.cooldown(4), Policy::default().cooldown(4));
        assert_eq!(check("", true).unwrap().policy.cooldown(1).as_secs(), 0);
        assert_eq!(config.keys.key_ids(), [0]);
    }

    #[test]
    fn reads_rates_keys_and_numbers() {
        let config = check("--limit-phone off --limit-spend 70/90s --code-keys 2:new,1:old", true).unwrap();
        assert_eq!((config.limits.phone, config.limits.spend), (None, "70/90s".parse().ok()));
        assert_eq!(config.keys.key_ids(), [2, 1]);
        assert_eq!(check("--code-keys 1:newer", true).unwrap().keys.key_ids(), [1, 0]);
        let config = check("--review-numbers +919876500000:424242:2027-01-31:50", true).unwrap();
        assert_eq!(config.review_numbers.len(), 1);
        assert!(!format!("{config:?}").contains("424242"));
    }

    #[test]
    fn names_what_is_wrong() {
        for (arguments, culprit) in [
            ("--limit-phone 20", "QUICKCART_LIMIT_PHONE"),
            ("--limit-address 0/day", "QUICKCART_LIMIT_ADDRESS"),
            ("--code-keys secret", "QUICKCART_CODE_KEYS"),
            ("--code-keys 0:secret", "QUICKCART_CODE_KEYS"),
            ("--code-keys 1:a,1:b", "QUICKCART_CODE_KEYS"),
            ("--code-keys 1:a,2:b,3:c", "QUICKCART_CODE_KEYS"),
            ("--review-numbers +919876500000:424242:2027-01-31", "QUICKCART_REVIEW_NUMBERS"),
            ("--review-numbers +919876500000:424242:tomorrow:5", "QUICKCART_REVIEW_NUMBERS"),
            ("--review-numbers +919876500000:4242:2027-01-31:5", "QUICKCART_REVIEW_NUMBERS"),
            ("--message-price 26 --limit-spend 25/day", "QUICKCART_MESSAGE_PRICE"),
            ("--phone-countries XX", "QUICKCART_PHONE_COUNTRIES"),
        ] {
            let error = check(arguments, true).unwrap_err().to_string();
            assert!(error.starts_with(culprit) && !error.contains("secret"), "{error}");
        }
        assert!(check("--code-keys 1:short", false).is_err());
    }
}
