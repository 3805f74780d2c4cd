//! The program `quickcart-warp`: serves a shop, imports one, backs it up, verifies its audit, shows its messages, or draws its map.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to whoever started it")]

mod administrator;
mod audit;
mod backup;
mod messages;
mod render;

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use administrator::Administrator;
use backup::Backup;
use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use messages::ShowMessages;
use mimalloc::MiMalloc;
use quickcart_core::admin::AuditFault;
use quickcart_core::catalog::import::{Progress, StoreData, StoreFiles};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::messaging::Route;
use quickcart_core::snapshot::Snapshot;
use quickcart_warp::config::Config;
use quickcart_warp::settings::Settings;
use quickcart_warp::{Messages, Metrics, init_logging, server, start};
use render::Render;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code for what did not go well.
const FAILED: u8 = 1;
/// The exit code for a setting or a file that is wrong.
const UNUSABLE: u8 = 2;

/// The backend of a shop with smart trolleys.
///
/// Without a command it serves the shop. Nothing needs to be set for a first run: it then keeps everything in
/// data/quickcart.db, prints one-time codes on the terminal, and listens on this machine only.
#[derive(Parser)]
#[command(version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

const AFTER_HELP: &str = "\
Examples:
  quickcart-warp                                         a shop to try, on http://127.0.0.1:5000
  quickcart-warp --listen 127.0.0.1:5000,127.0.0.1:8000  several addresses at once
  quickcart-warp --env-file .env                         settings from a file
  quickcart-warp import my-store                         a store of your own
  quickcart-warp import state.json                       all that an empty database begins with
  quickcart-warp backup shop-monday.db                   a copy of the database, also while servers use it
  quickcart-warp audit verify                            whether anybody changed what administrators are known to have done
  quickcart-warp messages                                what its messages say and cost, and what is wrong with them
  quickcart-warp map render -o map.svg                   its map as a picture

Variables of the old backends:
  ENVIRONMENT, FLASK_ENV    production when one of them says so
  API_HOST, API_PORT, PORT  where to listen, when QUICKCART_LISTEN does not say (127.0.0.1, 5000)
  REDIS_HOST, REDIS_PORT, REDIS_PASSWORD
                            where Redis is, when REDIS_URL does not say
  REACT_APP_FAST2SMS_API_KEY
                            the key of Fast2SMS, when FAST2SMS_API_KEY does not say
  MONGO_URL                 not used by this version, which says so when it starts

Exit codes: 0 stopped as asked, 1 failed while running, 2 a setting or a file is wrong.";

#[derive(Subcommand)]
enum Command {
    /// Take a whole store from a folder of CSV and JSON files, or from one JSON file, all of it or nothing
    ///
    /// The folder holds store.json, map.json, categories.csv, foodtypes.csv, allergies.csv, sections.csv, products.csv,
    /// shelf_places.csv, trolleys.csv and perhaps recipes.csv; quickcart-core/demo-store is an example. What has a known id is
    /// changed, what has a new one is added; map, sections, shelf places and recipes take the place of the old ones.
    ///
    /// The file holds what a new server begins with, as quickcart-warp/tests/replay/fixtures.json does, for a database
    /// that is empty. Its map is made from the sections: an aisle along each, where trolleys wait at the first one.
    Import {
        /// The folder, or the file
        store: PathBuf,
    },
    Backup(Backup),
    Administrator(Administrator),
    Messages(ShowMessages),
    /// Look after the audit of administrators' changes
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at maps
    #[command(subcommand)]
    Map(MapCommand),
}

#[derive(Subcommand)]
enum AuditCommand {
    Verify(audit::Verify),
}

#[derive(Subcommand)]
enum MapCommand {
    Render(Render),
}

fn main() -> ExitCode {
    match env_file(std::env::args_os()).and_then(|()| arguments()).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { text, code }) => {
            eprintln!("quickcart-warp: {text}");
            ExitCode::from(code)
        }
    }
}

struct Failure {
    text: String,
    code: u8,
}

fn unusable(error: impl ToString) -> Failure {
    Failure { text: error.to_string(), code: UNUSABLE }
}

/// Reads `--env-file` before the settings are read, because clap looks at the environment while it reads them.
fn env_file(arguments: impl Iterator<Item = std::ffi::OsString>) -> Result<(), Failure> {
    let mut arguments = arguments.filter_map(|argument| argument.into_string().ok());
    while let Some(argument) = arguments.next() {
        let file = match argument.split_once('=') {
            Some(("--env-file", file)) => Some(file.to_owned()),
            _ if argument == "--env-file" => arguments.next(),
            _ => None,
        };
        if let Some(file) = file {
            dotenvy::from_path(&file).map_err(|error| unusable(format!("--env-file {file}: {error}")))?;
        }
    }
    Ok(())
}

/// Reads flags and environment. Help goes out as clap writes it; what is wrong is said in one line.
fn arguments() -> Result<Cli, Failure> {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = Cli::command().mut_args(|argument| match argument.get_env() {
        // An empty variable, as compose files like to set them, counts as unset.
        Some(name) if is_empty(name) => argument.env(Resettable::Reset),
        _ => argument,
    });
    command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| {
        if !error.use_stderr() {
            error.exit();
        }
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        unusable(first.strip_prefix("error: ").unwrap_or(first))
    })
}

fn run(cli: Cli) -> Result<(), Failure> {
    let (filter, format) = cli.settings.log().map_err(unusable)?;
    init_logging(&filter, format).map_err(unusable)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(unusable)?;
    let result = match cli.command {
        None => runtime.block_on(serve(&cli.settings)),
        Some(Command::Import { store }) => runtime.block_on(import(&cli.settings, &store)),
        Some(Command::Backup(backup)) => back_up(&cli.settings, &backup),
        Some(Command::Administrator(administrator)) => {
            runtime.block_on(name_administrator(&cli.settings, &administrator))
        }
        Some(Command::Messages(messages)) => show_messages(&cli.settings, &messages),
        Some(Command::Audit(AuditCommand::Verify(verify))) => {
            runtime.block_on(verify_audit(&cli.settings, &verify))
        }
        Some(Command::Map(MapCommand::Render(render))) => render.run().map_err(unusable),
    };
    // A walk that is still being found has nobody left to tell.
    runtime.shutdown_background();
    result
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    let config = settings.check().map_err(unusable)?;
    // The ports come first: a second server on the same ones must not touch the database.
    let listeners = server::bind(&config.listen)
        .await
        .map_err(|(address, error)| unusable(format!("cannot listen on {address}: {error}")))?;
    // Before the services, which count from their start.
    let metrics = Metrics::install(SystemClock.now(), config.otlp.as_ref()).map_err(unusable)?;
    let started = start::start_counted(&config, Some(metrics.clone())).await.map_err(unusable)?;
    let addresses: Vec<String> = listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
        .map(|address| address.to_string())
        .collect();
    // Whoever reads the greeting may ask for the end at once.
    let stop = stop_signal().map_err(unusable)?;
    println!("{}", greeting(&config, &addresses, started.demo_products));
    server::serve(listeners, &started.app, &config, stop).await;
    metrics.push_rest().await;
    tracing::info!("stopped");
    Ok(())
}

/// Done when the process is asked to stop, by SIGTERM or from the keyboard, from now on.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
}

/// Done when the process is asked to stop, from the keyboard.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

fn messages(messages: &Messages) -> String {
    match messages {
        Messages::Console => "console, that is, here (embedded)".to_owned(),
        Messages::None => "none: no code is sent".to_owned(),
        Messages::Routes(routes) => routes.iter().map(Route::name).collect::<Vec<_>>().join(", then "),
    }
}

fn greeting(config: &Config, addresses: &[String], demo_products: Option<usize>) -> String {
    let urls: Vec<String> = addresses.iter().map(|address| format!("http://{address}")).collect();
    let mode = if config.development {
        "development: codes are shown, unsigned devices are heard unless told otherwise"
    } else {
        "production"
    };
    let codes = config.redis.as_ref().map_or_else(|| "in memory (embedded)".to_owned(), ToString::to_string);
    let mut lines = vec![
        format!("QuickCart {} listens on {}", env!("CARGO_PKG_VERSION"), urls.join(" and ")),
        format!("  mode      {mode}"),
        format!("  database  {}", config.database),
        format!("  codes     {codes}"),
        format!("  messages  phone-otp: {}", messages(&config.messages.phone_otp)),
        format!("            smart-cart: {}", messages(&config.messages.smart_cart)),
        format!("            registration: {}", messages(&config.messages.registration)),
        format!("            book-order: {}", messages(&config.messages.book_order)),
    ];
    if config.legacy_devices {
        lines.push(
            "  devices   heard without a key; set QUICKCART_DEVICE_KEY and QUICKCART_LEGACY_DEVICES=0"
                .to_owned(),
        );
    }
    if config.book_orders.public_list {
        lines.push("  orders    everybody sees all book orders: BOOK_ORDER_PUBLIC_LIST".to_owned());
    }
    if config.has_made_up_keys {
        lines.push(
            "  keys      made up for this run: set JWT_SECRET_KEY and SECRET_KEY to keep tokens valid"
                .to_owned(),
        );
    }
    if let Some(count) = demo_products {
        lines.push(format!("  store     the database was empty and got the demo store of {count} products"));
    }
    lines.extend(config.notes.iter().map(|note| format!("  note      {note}")));
    if let Some(url) = urls.first() {
        let body = r#"'{"mobile_number": "9876543210"}'"#;
        lines.push("Try it:".to_owned());
        lines.push(format!("  curl '{url}/products/search?query=milk'"));
        lines.push(format!(
            "  curl -i -H 'Content-Type: application/json' -d {body} {url}/auth/verify_mobile"
        ));
    }
    lines.join("\n")
}

async fn import(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let database = settings.database().map_err(unusable)?;
    let bar = ProgressBar::new(0).with_style(bar_style());
    let shown = bar.clone();
    let progress: Progress = Box::new(move |done, _| shown.set_position(done as u64));
    let nothing_imported = |error: &dyn Error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        unusable(format!("nothing was imported into {database}: {error}{cause}"))
    };
    let announce = |store: &StoreData| {
        for warning in &store.warnings {
            eprintln!("warning: {warning}");
        }
        bar.set_length(store.record_count() as u64);
        (store.name.clone(), store.products.len(), store.trolleys.len())
    };
    let clock = Arc::new(SystemClock);
    let (name, products, trolleys) = if path.is_file() {
        let text = std::fs::read_to_string(path)
            .map_err(|error| unusable(format!("{}: {error}", path.display())))?;
        let snapshot = Snapshot::parse(&path.display().to_string(), &text).map_err(unusable)?;
        let counts = announce(&snapshot.store);
        let shop = start::open_shop(&database, clock).await.map_err(unusable)?;
        shop.restore(snapshot, progress).await.map_err(|error| nothing_imported(&error))?;
        counts
    } else {
        let data = StoreFiles::read(path).and_then(|files| StoreData::parse(&files)).map_err(unusable)?;
        let counts = announce(&data);
        let shop = start::open_shop(&database, clock).await.map_err(unusable)?;
        shop.import(data, progress).await.map_err(|error| nothing_imported(&error))?;
        counts
    };
    bar.finish_and_clear();
    println!("{name}: {products} products and {trolleys} trolleys are in {database}");
    Ok(())
}

fn back_up(settings: &Settings, backup: &Backup) -> Result<(), Failure> {
    let database = settings.database().map_err(unusable)?;
    println!("{}", backup.run(&database).map_err(unusable)?);
    Ok(())
}

fn show_messages(settings: &Settings, messages: &ShowMessages) -> Result<(), Failure> {
    let (report, errors) = messages.run(&settings.check().map_err(unusable)?);
    println!("{report}");
    match errors {
        0 => Ok(()),
        1 => Err(Failure { text: "1 error, with which the server does not start".to_owned(), code: FAILED }),
        _ => Err(Failure {
            text: format!("{errors} errors, with which the server does not start"),
            code: FAILED,
        }),
    }
}

async fn name_administrator(settings: &Settings, administrator: &Administrator) -> Result<(), Failure> {
    let database = settings.database().map_err(unusable)?;
    println!("{}", administrator.run(&database).await.map_err(unusable)?);
    Ok(())
}

async fn verify_audit(settings: &Settings, verify: &audit::Verify) -> Result<(), Failure> {
    let database = settings.database().map_err(unusable)?;
    let verified = verify.run(&database).await.map_err(|fault| match fault {
        AuditFault::Store(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            unusable(format!("the audit of {database} cannot be read: {error}{cause}"))
        }
        fault => Failure { text: format!("the audit of {database} is not whole: {fault}"), code: FAILED },
    })?;
    if let Some(warning) = audit::warning(&verified) {
        eprintln!("{warning}");
    }
    println!("{}", audit::report(&verified));
    Ok(())
}

fn bar_style() -> ProgressStyle {
    let template = "importing {bar:40} {pos}/{len} records";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
