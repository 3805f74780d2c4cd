//! What the settings mean, checked before anything starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quickcart_core::catalog::ImageFolder;
use quickcart_core::otp::store::RedisUrl;
use quickcart_core::otp::{Code, Rate};
use quickcart_core::outbox::Publisher;
use quickcart_core::secret::SecretKey;
use quickcart_core::store::DatabaseUrl;
use warp::http::HeaderValue;

use crate::code_settings::{CodeConfig, rate};
use crate::message_settings::MessageConfig;
use crate::otlp::OtlpEndpoint;
use crate::settings::Settings;

/// Where the old frontends are served from, in development.
const DEVELOPMENT_PORTS: [u16; 5] = [3000, 3001, 5173, 5500, 8080];
const PORT_DEFAULT: u16 = 5000;
const REDIS_PORT: u16 = 6379;

/// A setting is wrong; says which, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

pub(crate) fn wrong<T>(text: impl Into<String>) -> Result<T, ConfigError> {
    Err(ConfigError(text.into()))
}

/// The settings, checked. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether this is development.
    pub development: bool,
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// The database.
    pub database: DatabaseUrl,
    /// Where events of orders go.
    pub events: Option<Arc<dyn Publisher>>,
    /// Where counts are pushed to.
    pub otlp: Option<OtlpEndpoint>,
    /// Signs tokens.
    pub jwt_key: SecretKey,
    /// How codes are made, and who gets them.
    pub codes: CodeConfig,
    /// Where codes and limits live; in memory when there is no Redis.
    pub redis: Option<RedisUrl>,
    /// Whether one of the keys was made up for this run.
    pub has_made_up_keys: bool,
    /// The code of everybody in the smart-cart group.
    pub smart_cart_code: Option<Code>,
    /// Where messages go.
    pub messages: MessageConfig,
    /// Where pictures are.
    pub images: Option<ImageFolder>,
    /// What an administrator shows.
    pub admin_key: Option<Secret>,
    /// Names the sessions of book orders in the database.
    pub session_key: SecretKey,
    /// What book orders allow.
    pub book_orders: BookOrderConfig,
    /// How many carts of guests one network may make.
    pub guest_carts: Option<Rate>,
    /// What a device shows.
    pub device_key: Option<Secret>,
    /// Whether devices that show nothing are heard.
    pub legacy_devices: bool,
    /// How many grams a scale may be off; `None` when weights are not compared.
    pub weight_tolerance_g: Option<u32>,
    /// For how long after delivery shoppers may ask for a return.
    pub return_window: Duration,
    /// The origins that may call.
    pub allowed_origins: Vec<HeaderValue>,
    /// The proxies that are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How many connections may be open.
    pub connections_max: usize,
    /// How long a header may take.
    pub header_time_max: Duration,
    /// How long a body may take.
    pub body_time_max: Duration,
    /// How long a request may take.
    pub request_time_max: Duration,
    /// How long to wait for requests at the end.
    pub drain_time_max: Duration,
    /// What was set, but is not used.
    pub notes: Vec<String>,
}

/// What book orders allow that the old backend allowed everybody.
#[derive(Clone, Copy, Debug)]
pub struct BookOrderConfig {
    /// Whether everybody sees all of them.
    pub public_list: bool,
    /// Whether customers process, ship and deliver their own.
    pub customer_status: bool,
    /// Whether the page says what its books cost.
    pub client_prices: bool,
}

/// A text that does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Settings {
    /// Checks everything that a server needs.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is wrong.
    pub fn check(&self) -> Result<Config, ConfigError> {
        let development = self.is_development()?;
        let jwt = self.key("JWT_SECRET_KEY", self.jwt_secret_key.as_ref(), development)?;
        let otp = self.key("SECRET_KEY", self.secret_key.as_ref(), development)?;
        let admin_key = self.admin_key(development)?;
        let has_made_up_keys = jwt.is_none() || otp.is_none();
        let legacy_devices = self.legacy_devices.unwrap_or(development);
        if legacy_devices && !development {
            return wrong(
                "QUICKCART_LEGACY_DEVICES: production hears only devices that show QUICKCART_DEVICE_KEY",
            );
        }
        let smart_cart_code = match given(self.fixed_otp.as_ref()) {
            Some(_) if !development => return wrong("FIXED_OTP is for development; unset it in production"),
            code => code.map(|code| Code::fixed(code)).transpose(),
        };
        let smart_cart_code = smart_cart_code.or_else(|error| wrong(format!("FIXED_OTP: {error}")))?;
        let secret = otp.unwrap_or_else(SecretKey::random);
        let codes = self.codes.check(&secret, development)?;
        let messages = self.messages.check(self.codes.message_price, development)?;
        Ok(Config {
            development,
            listen: self.addresses(development)?,
            database: self.database()?,
            events: self.events.check(self.redis_url.as_deref())?,
            otlp: OtlpEndpoint::check(self.otlp_endpoint.as_ref(), self.otlp_metrics_endpoint.as_ref())?,
            jwt_key: jwt.unwrap_or_else(SecretKey::random),
            codes,
            redis: self.redis()?,
            has_made_up_keys,
            smart_cart_code,
            notes: self.notes(&messages),
            messages,
            images: self.images()?,
            admin_key,
            session_key: secret,
            book_orders: BookOrderConfig {
                public_list: self.book_order_public_list,
                customer_status: self.book_order_customer_status,
                client_prices: self.book_order_client_prices,
            },
            guest_carts: rate("QUICKCART_LIMIT_GUEST_CARTS", &self.limit_guest_carts)?,
            device_key: given(self.device_key.as_ref()).cloned().map(Secret),
            legacy_devices,
            weight_tolerance_g: self.weight_tolerance,
            return_window: Duration::from_secs(u64::from(self.return_days) * 24 * 3_600),
            allowed_origins: self.origins(development)?,
            trusted_proxies: self.proxies()?,
            connections_max: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            header_time_max: Duration::from_secs(self.header_timeout),
            body_time_max: Duration::from_secs(self.body_timeout),
            request_time_max: Duration::from_secs(self.request_timeout),
            drain_time_max: Duration::from_secs(self.drain_timeout),
        })
    }

    fn key(
        &self,
        name: &str,
        secret: Option<&String>,
        development: bool,
    ) -> Result<Option<SecretKey>, ConfigError> {
        let least = SecretKey::LENGTH_MIN;
        match given(secret) {
            None if development => Ok(None),
            None => wrong(format!("{name} is missing; production needs one of {least} bytes or more")),
            Some(secret) if !development && secret.len() < least => {
                wrong(format!("{name} has {} bytes; production needs {least} or more", secret.len()))
            }
            Some(secret) => Ok(Some(SecretKey::new(secret.as_bytes()))),
        }
    }

    /// Each request may guess at this key, and nothing slows guesses down: it has to be as long as the keys that sign.
    fn admin_key(&self, development: bool) -> Result<Option<Secret>, ConfigError> {
        let least = SecretKey::LENGTH_MIN;
        match given(self.admin_key.as_ref()) {
            Some(key) if !development && key.len() < least => wrong(format!(
                "QUICKCART_ADMIN_KEY has {} bytes; production needs {least} or more, or none",
                key.len()
            )),
            key => Ok(key.cloned().map(Secret)),
        }
    }

    fn addresses(&self, development: bool) -> Result<Vec<SocketAddr>, ConfigError> {
        let mut addresses = match given(self.listen.as_ref()) {
            Some(listen) => list(listen).map(resolve).collect::<Result<Vec<_>, _>>()?.concat(),
            None => {
                let host = given(self.api_host.as_ref()).cloned();
                let host = host.unwrap_or_else(|| Ipv4Addr::LOCALHOST.to_string());
                // Two backends may each have named their port; both of their clients shall find us.
                let ports = [("API_PORT", &self.api_port), ("PORT", &self.port)];
                let ports =
                    ports.into_iter().filter_map(|(name, text)| Some(port(name, given(text.as_ref())?)));
                let mut ports: Vec<u16> = ports.collect::<Result<_, _>>()?;
                if ports.is_empty() {
                    ports.push(PORT_DEFAULT);
                }
                let resolved = ports.iter().map(|port| resolve(&with_port(&host, *port)));
                resolved.collect::<Result<Vec<_>, _>>()?.concat()
            }
        };
        addresses.sort_unstable();
        addresses.dedup();
        let open = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback());
        match open {
            Some(address) if development && !self.allow_insecure => wrong(format!(
                "development listens on this machine only, and not on {address}: set QUICKCART_ENV=production, or \
                 QUICKCART_ALLOW_INSECURE=1 if you mean it"
            )),
            _ if addresses.is_empty() => wrong("QUICKCART_LISTEN names no address"),
            _ => Ok(addresses),
        }
    }

    fn origins(&self, development: bool) -> Result<Vec<HeaderValue>, ConfigError> {
        let Some(origins) = given(self.allowed_origins.as_ref()) else {
            let ports = DEVELOPMENT_PORTS.iter().filter(|_| development);
            let origins =
                ports.flat_map(|port| ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{port}")));
            return Ok(origins.filter_map(|origin| HeaderValue::from_str(&origin).ok()).collect());
        };
        let origin = |text: &str| {
            let text = text.trim_end_matches('/');
            let host = text.split_once("://").map_or("", |(_, host)| host);
            let valid = !host.is_empty() && !host.contains('/') && text != "*";
            let value = HeaderValue::from_str(text).ok().filter(|_| valid);
            value.ok_or_else(|| {
                ConfigError(format!(
                    "ALLOWED_ORIGINS: {text:?} is not an origin such as https://shop.example"
                ))
            })
        };
        list(origins).map(origin).collect()
    }

    fn images(&self) -> Result<Option<ImageFolder>, ConfigError> {
        let Some(folder) = given(self.images.as_ref()) else { return Ok(None) };
        let images = ImageFolder::open(Path::new(folder));
        images
            .map(Some)
            .or_else(|error| wrong(format!("QUICKCART_IMAGES: {folder} is not a folder to read: {error}")))
    }

    fn proxies(&self) -> Result<Vec<IpNet>, ConfigError> {
        let network = |text: &str| {
            let address = text.parse::<IpAddr>().map(IpNet::from).ok().or_else(|| text.parse().ok());
            address.ok_or_else(|| {
                ConfigError(format!(
                    "QUICKCART_TRUSTED_PROXIES: {text:?} is neither an address nor a network"
                ))
            })
        };
        list(&self.trusted_proxies).map(network).collect()
    }

    /// `REDIS_URL` wins over the single settings.
    fn redis(&self) -> Result<Option<RedisUrl>, ConfigError> {
        let [host, port, username, password] =
            [&self.redis_host, &self.redis_port, &self.redis_username, &self.redis_password]
                .map(|text| given(text.as_ref()));
        let (name, text) = match (given(self.redis_url.as_ref()), host) {
            (Some(url), _) => ("REDIS_URL", url.clone()),
            (None, Some(host)) => {
                let port = port.map_or(Ok(REDIS_PORT), |text| self::port("REDIS_PORT", text))?;
                let escaped = |text: Option<&String>| {
                    text.map_or_else(String::new, |text| {
                        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
                    })
                };
                let (username, password) = (escaped(username), escaped(password));
                let user =
                    if password.is_empty() { String::new() } else { format!("{username}:{password}@") };
                ("REDIS_HOST", format!("redis://{user}{}", with_port(host, port)))
            }
            (None, None) if port.or(username).or(password).is_some() => {
                let others = "REDIS_PORT, REDIS_USERNAME and REDIS_PASSWORD";
                return wrong(format!("{others} need REDIS_HOST, or REDIS_URL for all of it"));
            }
            (None, None) => return Ok(None),
        };
        // The text may hold a password, so the message does not repeat it.
        text.parse().map(Some).or_else(|error| wrong(format!("{name}: {error}")))
    }

    fn notes(&self, messages: &MessageConfig) -> Vec<String> {
        let mut notes = self.messages.notes(messages);
        if given(self.mongo_url.as_ref()).is_some() {
            notes.push("MONGO_URL is set, but the SQL database takes the place of MongoDB".to_owned());
        }
        notes
    }
}

/// A text that is there and not blank: an empty variable counts as unset.
pub(crate) fn given(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.trim().is_empty())
}

pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn port(name: &str, text: &str) -> Result<u16, ConfigError> {
    text.trim().parse().or_else(|_| wrong(format!("{name} is a port from 0 to 65535, and not {text:?}")))
}

fn with_port(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

fn resolve(text: &str) -> Result<Vec<SocketAddr>, ConfigError> {
    let found = text.to_socket_addrs().map(|addresses| addresses.collect::<Vec<_>>());
    found.or_else(|_| wrong(format!("{text:?} is not an address to listen on, such as 127.0.0.1:5000")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::message_settings::Messages;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: Settings,
    }

    /// The settings of a command line; the environment of the test has none of the variables.
    fn check(arguments: &str) -> Result<Config, ConfigError> {
        let arguments = std::iter::once("quickcart-warp").chain(arguments.split_whitespace());
        Command::try_parse_from(arguments).unwrap().settings.check()
    }

    const SECRETS: &str = "--jwt-secret-key 0123456789abcdef0123456789abcdef --secret-key fedcba9876543210fedcba9876543210 \
                           --phone-otp-providers none --smart-cart-providers none --book-order-providers none";

    #[test]
    fn a_first_run_is_development_on_this_machine() {
        let config = check("").unwrap();
        assert!(config.development && config.legacy_devices && config.has_made_up_keys);
        assert_eq!(config.listen, ["127.0.0.1:5000".parse().unwrap()]);
        assert!(config.allowed_origins.contains(&HeaderValue::from_static("http://localhost:5173")));
        assert!(matches!(config.messages.phone_otp, Messages::Console));
    }

    #[test]
    fn any_of_three_settings_makes_it_production() {
        for argument in ["--environment production", "--old-environment Production", "--flask-env production"]
        {
            assert!(!check(&format!("{argument} {SECRETS}")).unwrap().development, "{argument}");
        }
        assert!(check("--flask-env testing").unwrap().development);
        assert!(check("--environment prod").is_err());
    }

    #[test]
    fn production_refuses_to_start_unsafe() {
        let refused = |arguments: &str| {
            check(&format!("--environment production {arguments}")).unwrap_err().to_string()
        };
        assert!(refused("").starts_with("JWT_SECRET_KEY is missing"));
        assert!(refused("--jwt-secret-key short").starts_with("JWT_SECRET_KEY has 5 bytes"));
        assert!(refused(&format!("{SECRETS} --fixed-otp 123456")).starts_with("FIXED_OTP"));
        assert!(refused(&format!("{SECRETS} --legacy-devices")).starts_with("QUICKCART_LEGACY_DEVICES"));
        let key = "0123456789abcdef0123456789abcde";
        let admin = refused(&format!("{SECRETS} --admin-key {key}"));
        assert_eq!(admin, "QUICKCART_ADMIN_KEY has 31 bytes; production needs 32 or more, or none");
        assert!(check(&format!("--environment production {SECRETS} --admin-key {key}f")).is_ok());
        assert!(check("--admin-key short").is_ok());
        let keys =
            "--jwt-secret-key 0123456789abcdef0123456789abcdef --secret-key fedcba9876543210fedcba9876543210";
        assert!(refused(keys).contains("no provider is configured"));
        assert!(
            refused(&format!("{keys} --phone-otp-providers console")).contains("does not print messages")
        );
    }

    #[test]
    fn development_stays_on_this_machine_unless_told() {
        assert!(check("--listen 0.0.0.0:5000").unwrap_err().to_string().contains("QUICKCART_ALLOW_INSECURE"));
        assert!(check("--api-host 0.0.0.0").is_err());
        assert!(check("--listen 0.0.0.0:5000 --allow-insecure").is_ok());
        assert!(check(&format!("--environment production {SECRETS} --listen 0.0.0.0:5000")).is_ok());
    }

    #[test]
    fn listens_where_the_old_settings_say() {
        let ports = |arguments: &str| {
            check(arguments).unwrap().listen.iter().map(SocketAddr::port).collect::<Vec<_>>()
        };
        assert_eq!(
            ports("--listen 127.0.0.1:5000,127.0.0.1:5001,[::1]:8000,127.0.0.1:5000"),
            [5000, 5001, 8000]
        );
        assert_eq!(ports("--api-port 5000 --port 5001"), [5000, 5001]);
        assert_eq!(ports("--api-host ::1 --port 8000"), [8000]);
        assert!(check("--listen nonsense").is_err());
        assert!(check("--port 70000").unwrap_err().to_string().starts_with("PORT is a port"));
    }

    #[test]
    fn reads_databases_origins_and_proxies() {
        let database = |url: &str| check(&format!("--database-url {url}")).unwrap().database.to_string();
        assert_eq!(database("sqlite:///./x.db"), "sqlite:./x.db");
        assert_eq!(database("postgresql+psycopg2://u:secret@h/d"), "postgresql://h/d");
        assert!(check("--database-url mysql://u:secret@h/d").is_err());
        assert_eq!(
            check("--allowed-origins https://a.example/,http://b:3000").unwrap().allowed_origins.len(),
            2
        );
        assert!(check("--allowed-origins *").is_err());
        assert_eq!(check("--trusted-proxies 10.0.0.0/8,127.0.0.1").unwrap().trusted_proxies.len(), 2);
        assert!(check("--trusted-proxies nonsense").is_err());
        assert_eq!(check("").unwrap().guest_carts, Some(Rate::hourly(1_000)));
        assert_eq!(check("--limit-guest-carts off").unwrap().guest_carts, None);
        let refused = check("--limit-guest-carts many").unwrap_err().to_string();
        assert!(refused.starts_with("QUICKCART_LIMIT_GUEST_CARTS"), "{refused}");
    }

    #[test]
    fn says_what_is_set_and_not_used() {
        let notes = check("--mongo-url mongodb://h").unwrap().notes;
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn finds_redis() {
        let redis = |arguments: &str| check(arguments).map(|config| config.redis.map(|url| url.to_string()));
        let found = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(redis(""), Ok(None));
        assert_eq!(redis("--redis-url redis://a:1 --redis-host b"), found("redis://a:1"));
        assert_eq!(redis("--redis-host b --redis-password p@ss/word"), found("redis://b:6379"));
        let user = redis("--redis-host b --redis-username shop --redis-password p@ss/word");
        assert_eq!(user, found("redis://b:6379"));
        assert_eq!(redis("--redis-host ::1 --redis-port 7000"), found("redis://[::1]:7000"));
        assert!(redis("--redis-port 7000").is_err() && redis("--redis-host b --redis-port x").is_err());
        let refused = redis("--redis-url rediss://:s3cret@a").unwrap_err().to_string();
        assert!(refused.starts_with("REDIS_URL") && !refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn shows_no_secret() {
        let config = check(
            "--device-key s3cret --admin-key s3cret --fixed-otp 424242 --jwt-secret-key hush --redis-url redis://:s3cret@h",
        )
        .unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("424242") && !shown.contains("hush"), "{shown}");
    }
}
