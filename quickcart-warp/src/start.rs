//! From a configuration to services that run.

use std::sync::{Arc, Weak};
use std::time::Duration;

use quickcart_core::account::{Members, Registrations, Revocations, Sessions, TokenIssuer};
use quickcart_core::book_order::{BookOrders, Prices, Session};
use quickcart_core::catalog::import::{ImportError, demo_store};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::error::StoreError;
use quickcart_core::messaging::{
    ConsoleProvider, Failover, FailoverPolicy, Ledger, MessageProvider, NoProvider,
};
use quickcart_core::otp::store::{MemoryOtpStore, RedisOtpStore, RedisUrl};
use quickcart_core::otp::{Otp, OtpStore, PhoneVerification};
use quickcart_core::outbox::Relay;
use quickcart_core::shop::Shop;
use quickcart_core::store::{self, DatabaseUrl, Store};

use tokio::sync::{Mutex, Semaphore};

use crate::app::{App, DevicePolicy, Parts, Receipts};
use crate::config::Config;
use crate::message_settings::{MessageConfig, Messages};
use crate::metrics::Metrics;
use crate::sent_texts::{BOOK_ORDER, Group, PHONE_OTP, PHONE_OTP_AUTH, SMART_CART, check_texts};

/// How many codes may be pending at once: some 400 MB, which are never reached, and a flood is refused.
const CHALLENGES_MAX: usize = 1_000_000;

/// How long a mail server may take: some greet only after seconds.
const MAIL_TIME_MAX: Duration = Duration::from_secs(10);

/// How often the tokens are read that other servers of the same database revoked: so long one may still be taken here.
const REVOCATIONS_READ_EVERY: Duration = Duration::from_secs(2);

/// How often the end of the audit is logged: so much of it could be written anew before anybody has kept a head.
const AUDIT_HEAD_EVERY: Duration = Duration::from_secs(60 * 60);

/// The services could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database could not be opened or written.
    #[error("the database {url} cannot be used: {cause}")]
    Database {
        /// Where it is, without a password.
        url: DatabaseUrl,
        /// What happened.
        cause: String,
    },
    /// Redis could not be reached, or is not fit to keep limits.
    #[error("Redis at {url} cannot be used: {cause}")]
    Redis {
        /// Where it is, without a password.
        url: RedisUrl,
        /// What happened.
        cause: String,
    },
    /// Infobip's codes could not be made safe.
    #[error("INFOBIP_APP_ID: {cause}")]
    Infobip {
        /// What is wrong.
        cause: String,
    },
    /// A text would not work.
    #[error("{0}")]
    Text(String),
    /// The demo store is damaged.
    #[error("the demo store cannot be read: {0}")]
    DemoStore(#[from] ImportError),
}

/// Services that run, and what was done to get there.
pub struct Started {
    /// The services.
    pub app: App,
    /// How many products of the demo store were put into an empty database.
    pub demo_products: Option<usize>,
}

/// Opens the database and puts the services together; an empty database of a developer gets the demo store.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: &Config) -> Result<Started, StartError> {
    start_counted(config, None).await
}

/// The same, and shows the counts of the process at `/metrics`.
///
/// # Errors
/// [`StartError`].
pub async fn start_counted(config: &Config, metrics: Option<Metrics>) -> Result<Started, StartError> {
    check_texts(config).map_err(StartError::Text)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = open_store(&config.database).await?;
    let shop = Shop::new(Arc::clone(&store) as _, Arc::clone(&clock))
        .with_weight_tolerance(config.weight_tolerance_g)
        .with_return_window(config.return_window);
    let demo_products = if config.development { fill(&shop, &config.database).await? } else { None };
    let code_store = code_store(config.redis.as_ref()).await?;
    let codes = &config.codes;
    let otp = Otp::new(Arc::clone(&code_store), codes.keys.clone(), codes.policy, Arc::clone(&clock));
    check_two_factor(config).await?;
    let messages = &config.messages;
    let ledger = Arc::new(messages.daily_max.map_or_else(Ledger::default, Ledger::with_daily_max));
    let mut failovers = Vec::new();
    let phone_otp = provider(&messages.phone_otp, messages, &ledger, &clock, &mut failovers);
    let smart_cart = provider(&messages.smart_cart, messages, &ledger, &clock, &mut failovers);
    // News of letters do not come, and there is one mail server.
    let by_mail = FailoverPolicy {
        budget: MAIL_TIME_MAX,
        provider_time_max: MAIL_TIME_MAX,
        report_time_max: None,
        ..messages.policy
    };
    let by_mail = MessageConfig { policy: by_mail, ..messages.clone() };
    let registration = provider(&messages.registration, &by_mail, &ledger, &clock, &mut failovers);
    let registrations = Registrations::new(
        Arc::clone(&store) as _,
        otp.clone(),
        registration,
        &config.jwt_key,
        Arc::clone(&clock),
    )
    .with_limits(codes.limits.clone());
    let book_order = provider(&messages.book_order, messages, &ledger, &clock, &mut failovers);
    let verification = |otp: &Otp, provider: &Arc<dyn MessageProvider>, group: Group| {
        PhoneVerification::new(otp.clone(), Arc::clone(provider), group.purpose, group.brand)
            .with_texts(messages.texts.words.clone())
            .with_rules(codes.rules.clone())
            .with_limits(codes.limits.clone())
            .with_review_numbers(codes.review_numbers.clone())
    };
    let revocations = Revocations::load(Arc::clone(&store) as _, clock.now()).await;
    let revocations = revocations.map_err(|error| database_error(&config.database, &error))?;
    tokio::spawn(revocations.follow(REVOCATIONS_READ_EVERY, Arc::clone(&clock)));
    tokio::spawn(log_audit_heads(Arc::downgrade(&store)));
    if let Some(publisher) = &config.events {
        tokio::spawn(Relay::new(Arc::clone(&store) as _, Arc::clone(publisher), Arc::clone(&clock)).run());
    }
    let tokens = TokenIssuer::new(config.jwt_key.clone(), Arc::clone(&clock)).with_revocations(revocations);
    let (member_tokens, registration_tokens) = (tokens.of_group(), tokens.of_group());
    let members = Members::new(
        Arc::clone(&store) as _,
        otp.clone(),
        member_tokens.clone(),
        &config.jwt_key,
        Arc::clone(&clock),
    );
    // Every group whose tokens can be renewed and revoked.
    let sessions = Sessions::default()
        .with(tokens.clone(), shop.clone())
        .with(member_tokens, members.clone())
        .with(registration_tokens.clone(), registrations.clone());
    let policy = codes.policy.with_ttl(Session::LIFE).expect("ten minutes are allowed");
    let book_orders = BookOrders::new(
        Arc::clone(&store) as _,
        verification(&otp.clone().with_policy(policy), &book_order, BOOK_ORDER),
        if config.book_orders.client_prices { Prices::Client } else { Prices::Catalogue(store) },
        &config.session_key,
        Arc::clone(&clock),
    );
    let app = App::new(Parts {
        shop,
        phone_otp: verification(&otp, &phone_otp, PHONE_OTP),
        phone_otp_auth: verification(&otp, &phone_otp, PHONE_OTP_AUTH),
        book_orders,
        book_orders_are_public: config.book_orders.public_list,
        customers_are_trusted: config.book_orders.customer_status,
        smart_cart: verification(&otp, &smart_cart, SMART_CART)
            .with_fixed_code(config.smart_cart_code.clone()),
        guest_carts: config.guest_carts,
        otp,
        admin_key: config.admin_key.clone(),
        redis: config.redis.as_ref().map(|_| code_store),
        tokens,
        members,
        sessions,
        images: config.images.clone(),
        registrations,
        registration_tokens,
        devices: DevicePolicy::new(
            config.device_key.as_ref().map(crate::config::Secret::expose),
            config.legacy_devices,
        ),
        metrics,
        languages: messages.texts.languages.clone(),
        letter_languages: messages.texts.letter_languages.clone(),
        providers: [&messages.phone_otp, &messages.smart_cart, &messages.book_order]
            .into_iter()
            .flat_map(Messages::providers)
            .collect(),
        receipts: Receipts {
            failovers,
            twilio: messages.twilio_webhook.clone(),
            key: messages.receipt_key.clone(),
        },
        development: config.development,
        body_time_max: config.body_time_max,
        walks: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))),
        database_check: Mutex::default(),
        clock,
    });
    Ok(Started { app, demo_products })
}

/// Opens the shop of a database.
///
/// # Errors
/// [`StartError::Database`].
pub async fn open_shop(database: &DatabaseUrl, clock: Arc<dyn Clock>) -> Result<Shop, StartError> {
    Ok(Shop::new(open_store(database).await?, clock))
}

async fn open_store(database: &DatabaseUrl) -> Result<Arc<dyn Store>, StartError> {
    store::open(database).await.map_err(|error| database_error(database, &error))
}

/// Tells the log now, and then again and again, where the audit ends, because a head is of use only outside of the database.
async fn log_audit_heads(store: Weak<dyn Store>) {
    while let Some(store) = store.upgrade() {
        match store.audit_links(0, 0).await {
            Ok((_, head)) => tracing::info!(target: "quickcart::audit", "audit head {head}"),
            Err(error) => {
                tracing::warn!(target: "quickcart::audit", "the end of the audit could not be read: {error}");
            }
        }
        drop(store);
        tokio::time::sleep(AUDIT_HEAD_EVERY).await;
    }
}

/// In memory, or in a Redis that answers now.
async fn code_store(redis: Option<&RedisUrl>) -> Result<Arc<dyn OtpStore>, StartError> {
    let Some(url) = redis else { return Ok(Arc::new(MemoryOtpStore::with_capacity(CHALLENGES_MAX))) };
    let store = RedisOtpStore::new(url.clone());
    store.connect().await.map_err(|error| StartError::Redis { url: url.clone(), cause: cause_of(&error) })?;
    Ok(Arc::new(store))
}

async fn fill(shop: &Shop, database: &DatabaseUrl) -> Result<Option<usize>, StartError> {
    if !shop.is_empty().await.map_err(|error| database_error(database, &error))? {
        return Ok(None);
    }
    let data = demo_store()?;
    let count = data.products.len();
    let imported = shop.import(data, Box::new(|_, _| ())).await;
    imported.map_err(|error| database_error(database, &error))?;
    Ok(Some(count))
}

fn database_error(database: &DatabaseUrl, error: &StoreError) -> StartError {
    StartError::Database { url: database.clone(), cause: cause_of(error) }
}

fn cause_of(error: &StoreError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Where a group's messages go; a failover is told of receipts, too.
fn provider(
    messages: &Messages,
    config: &MessageConfig,
    ledger: &Arc<Ledger>,
    clock: &Arc<dyn Clock>,
    failovers: &mut Vec<Failover>,
) -> Arc<dyn MessageProvider> {
    match messages {
        Messages::Console => Arc::new(ConsoleProvider),
        Messages::None => Arc::new(NoProvider),
        Messages::Routes(routes) => {
            let failover =
                Failover::new(routes.clone(), config.policy, Arc::clone(ledger), Arc::clone(clock));
            failovers.push(failover.clone());
            Arc::new(failover)
        }
    }
}

/// Codes that Infobip makes are to be as safe as ours, or the server does not start. A test's Infobip on this machine may
/// not know how to answer.
async fn check_two_factor(config: &Config) -> Result<(), StartError> {
    let Some(two_factor) = &config.messages.two_factor else { return Ok(()) };
    match two_factor.ensure_safe().await {
        Err(error) if two_factor.is_local() => {
            tracing::warn!("the limits of Infobip's codes are not known: {error}");
            Ok(())
        }
        checked => checked.map_err(|error| StartError::Infobip { cause: error.to_string() }),
    }
}
