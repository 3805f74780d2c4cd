//! Every flag and environment variable, as they are given.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use quickcart_core::store::DatabaseUrl;

use crate::code_settings::CodeSettings;
use crate::config::{ConfigError, given, wrong};
use crate::event_settings::EventSettings;
use crate::logging::LogFormat;
use crate::message_settings::MessageSettings;

/// The settings as they are given. Names in brackets are environment variables.
#[derive(Args, Clone)]
pub struct Settings {
    /// Read environment variables from this file first; those that are set already win
    #[arg(long, value_name = "FILE", global = true)]
    pub env_file: Option<PathBuf>,

    /// `development` or `production`; production when any of QUICKCART_ENV, ENVIRONMENT and FLASK_ENV says so
    #[arg(long, env = "QUICKCART_ENV", default_value = "development", global = true)]
    pub environment: String,
    #[arg(long, env = "ENVIRONMENT", hide = true, global = true)]
    pub(crate) old_environment: Option<String>,
    #[arg(long, env = "FLASK_ENV", hide = true, global = true)]
    pub(crate) flask_env: Option<String>,

    /// Addresses to listen on, separated by commas [default: 127.0.0.1:5000, or what API_HOST, API_PORT and PORT say]
    #[arg(long, env = "QUICKCART_LISTEN", value_name = "ADDRESSES")]
    pub(crate) listen: Option<String>,
    #[arg(long, env = "API_HOST", hide = true)]
    pub(crate) api_host: Option<String>,
    #[arg(long, env = "API_PORT", hide = true)]
    pub(crate) api_port: Option<String>,
    #[arg(long, env = "PORT", hide = true)]
    pub(crate) port: Option<String>,

    /// Let development listen beyond this machine, where codes are echoed and unsigned devices are heard
    #[arg(long, env = "QUICKCART_ALLOW_INSECURE", action = ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) allow_insecure: bool,

    /// The database: sqlite:data/shop.db or postgresql://user:password@host/name, also as SQLAlchemy writes them
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite:data/quickcart.db",
        value_name = "URL",
        global = true
    )]
    pub(crate) database_url: String,

    /// Keep codes and limits in this Redis, shared by all servers: redis://host:6379, redis://user:password@host:6379/0,
    /// or redis+sentinel://host:26379/master?replicas=1 [default: in the memory of this process]
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) redis_url: Option<String>,
    #[arg(long, env = "REDIS_HOST", hide = true)]
    pub(crate) redis_host: Option<String>,
    #[arg(long, env = "REDIS_PORT", hide = true)]
    pub(crate) redis_port: Option<String>,
    #[arg(long, env = "REDIS_USERNAME", hide = true)]
    pub(crate) redis_username: Option<String>,
    #[arg(long, env = "REDIS_PASSWORD", hide = true, hide_env_values = true)]
    pub(crate) redis_password: Option<String>,
    #[arg(long, env = "MONGO_URL", hide = true, hide_env_values = true)]
    pub(crate) mongo_url: Option<String>,

    /// Signs the tokens of shoppers: 32 bytes or more; made up for one run when development has none
    #[arg(long, env = "JWT_SECRET_KEY", hide_env_values = true, value_name = "SECRET")]
    pub(crate) jwt_secret_key: Option<String>,

    /// Protects one-time codes: 32 bytes or more; made up for one run when development has none
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, value_name = "SECRET")]
    pub(crate) secret_key: Option<String>,

    /// A fixed code for the smart-cart group, in development only
    #[arg(long, env = "FIXED_OTP", hide_env_values = true, value_name = "CODE")]
    pub(crate) fixed_otp: Option<String>,

    #[command(flatten)]
    pub(crate) codes: CodeSettings,

    #[command(flatten)]
    pub(crate) messages: MessageSettings,

    #[command(flatten)]
    pub(crate) events: EventSettings,

    /// Push counts here by OTLP over HTTP, besides /metrics: an OpenTelemetry collector such as http://127.0.0.1:4318. Other variables
    /// of OpenTelemetry hold as well: OTEL_METRIC_EXPORT_INTERVAL, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
    #[arg(long, env = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", hide = true)]
    pub(crate) otlp_metrics_endpoint: Option<String>,

    /// The folder of the pictures below /misc/images; none without it
    #[arg(long, env = "QUICKCART_IMAGES", value_name = "FOLDER")]
    pub(crate) images: Option<String>,

    /// The key that an administrator shows in X-Admin-Key: 32 bytes or more in production
    #[arg(long, env = "QUICKCART_ADMIN_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) admin_key: Option<String>,

    /// Show all book orders, with phones and addresses, to everybody who asks: the old page of book-order needs it
    #[arg(long, env = "BOOK_ORDER_PUBLIC_LIST", action = ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) book_order_public_list: bool,

    /// Let customers process, ship and deliver their own book orders
    #[arg(long, env = "BOOK_ORDER_CUSTOMER_STATUS", action = ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) book_order_customer_status: bool,

    /// Let the page say what its books cost; else a book's id is the number of a product, and the catalogue has the price
    #[arg(long, env = "BOOK_ORDER_CLIENT_PRICES", action = ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) book_order_client_prices: bool,

    /// New carts of guests for one address (of IPv6, one /64), such as 1000/hour; `off` lifts the limit
    #[arg(long, env = "QUICKCART_LIMIT_GUEST_CARTS", value_name = "RATE", default_value = "1000/hour")]
    pub(crate) limit_guest_carts: String,

    /// The key that trolley devices show in X-Device-Key
    #[arg(long, env = "QUICKCART_DEVICE_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) device_key: Option<String>,

    /// Hear devices that show no key, in development only [default: true in development]
    #[arg(long, env = "QUICKCART_LEGACY_DEVICES", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) legacy_devices: Option<bool>,

    /// Grams that the scale of a trolley may differ from the weights of the catalogue before its cart is blocked
    /// [default: weights are not compared]
    #[arg(long, env = "QUICKCART_WEIGHT_TOLERANCE", value_name = "GRAMS", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) weight_tolerance: Option<u32>,

    /// Days after delivery for which shoppers may ask for a return; staff take anything back
    #[arg(long, env = "QUICKCART_RETURN_DAYS", default_value_t = 7, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=3650))]
    pub(crate) return_days: u32,

    /// Origins of web pages that may call, separated by commas [default: localhost ports in development, none else]
    #[arg(long, env = "ALLOWED_ORIGINS", value_name = "ORIGINS")]
    pub(crate) allowed_origins: Option<String>,

    /// Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas
    #[arg(long, env = "QUICKCART_TRUSTED_PROXIES", default_value = "", value_name = "NETWORKS")]
    pub(crate) trusted_proxies: String,

    /// Connections that may be open at once; further ones wait
    #[arg(long, env = "QUICKCART_MAX_CONNECTIONS", default_value_t = 4096, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) max_connections: u32,

    /// Seconds that a connection may be quiet: until the header of its first request is there, and between an answer and the next header
    #[arg(long, env = "QUICKCART_HEADER_TIMEOUT", default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) header_timeout: u64,

    /// Seconds that a client may take for the body of a request
    #[arg(long, env = "QUICKCART_BODY_TIMEOUT", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) body_timeout: u64,

    /// Seconds that a request may take altogether
    #[arg(long, env = "QUICKCART_REQUEST_TIMEOUT", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) request_timeout: u64,

    /// Seconds that requests may still take once the server was asked to stop
    #[arg(long, env = "QUICKCART_DRAIN_TIMEOUT", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) drain_timeout: u64,

    /// What is logged: error, warn, info, debug, or more finely as in `info,quickcart::http=debug` [default: info, in development with each request]
    #[arg(long, env = "QUICKCART_LOG", value_name = "FILTER", global = true)]
    pub(crate) log: Option<String>,

    /// How a log line looks [default: text in development, json in production]
    #[arg(long, env = "QUICKCART_LOG_FORMAT", value_name = "FORMAT", global = true)]
    pub(crate) log_format: Option<LogFormat>,
}

impl Settings {
    /// Whether this is development.
    ///
    /// # Errors
    /// [`ConfigError`] for an environment that is neither development nor production.
    pub fn is_development(&self) -> Result<bool, ConfigError> {
        let own = self.environment.trim().to_ascii_lowercase();
        if !matches!(own.as_str(), "" | "development" | "production") {
            return wrong(format!("QUICKCART_ENV is development or production, and not {own:?}"));
        }
        let others = [&self.old_environment, &self.flask_env].into_iter().flatten();
        let says_production = |text: &String| text.trim().eq_ignore_ascii_case("production");
        Ok(own != "production" && !others.into_iter().any(says_production))
    }

    /// What to log, and how.
    ///
    /// # Errors
    /// As [`is_development`](Self::is_development).
    pub fn log(&self) -> Result<(String, LogFormat), ConfigError> {
        let development = self.is_development()?;
        let filter = if development { "info,quickcart::http=debug" } else { "info" };
        let format = if development { LogFormat::Text } else { LogFormat::Json };
        let filter = given(self.log.as_ref()).map_or(filter, String::as_str).to_owned();
        Ok((filter, self.log_format.unwrap_or(format)))
    }

    /// The database.
    ///
    /// # Errors
    /// [`ConfigError`] when the address cannot be read.
    pub fn database(&self) -> Result<DatabaseUrl, ConfigError> {
        self.database_url.parse().or_else(|error| wrong(format!("DATABASE_URL: {error}")))
    }
}
