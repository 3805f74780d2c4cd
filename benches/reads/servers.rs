//! The two servers in Rust: ours as it is started in development, and hyper that reads the same and does nothing else.

use std::cell::RefCell;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use benches::Result;
use benches::serving::{announce, bare, json, until_input_ends};
use bytes::Bytes;
use clap::Parser;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use quickcart_warp::settings::Settings;
use quickcart_warp::{init_logging, server, start};
use serde_json::json;
use tokio::sync::oneshot;

use super::bare::Bare;
use super::shop::JWT_KEY;

/// Runs one server until standard input ends; its port is the first line on standard error.
pub(crate) fn serve(server: &str, database: PathBuf, user_id: i64) -> Result<()> {
    until_input_ends(|stopped| async move {
        match server {
            "ours" => ours(stopped, &database).await,
            "hyper" => hyper(stopped, Shop { database, user_id }).await,
            other => Err(format!("there is no server {other}").into()),
        }
    })
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

async fn ours(stopped: oneshot::Receiver<()>, database: &Path) -> Result<()> {
    let database = format!("sqlite:{}", database.display());
    let arguments =
        ["quickcart-warp", "--listen", "127.0.0.1:0", "--log", "info", "--database-url", &database];
    let arguments = arguments.into_iter().chain(["--jwt-secret-key", JWT_KEY]);
    let settings = Arguments::try_parse_from(arguments)?.settings;
    let (filter, format) = settings.log()?;
    init_logging(&filter, format)?;
    let config = settings.check()?;
    let listeners = server::bind(&config.listen).await.map_err(|(_, error)| error)?;
    // Before it starts and says so: the port is the first line.
    listeners.first().map_or(Ok(()), announce)?;
    let started = start::start(&config).await?;
    let stop = async { drop(stopped.await) };
    server::serve(listeners, &started.app, &config, stop).await;
    Ok(())
}

#[derive(Clone)]
struct Shop {
    database: PathBuf,
    /// Whose cart is shown: no token is looked at.
    user_id: i64,
}

async fn hyper(stopped: oneshot::Receiver<()>, shop: Shop) -> Result<()> {
    bare(stopped, move |stream| {
        let shop = shop.clone();
        async move {
            let answer = service_fn(|request| {
                let answer = shop.answer(&request);
                async { Ok::<_, Infallible>(answer) }
            });
            // A client that breaks off is seen by the client.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        }
    })
    .await
}

thread_local! {
    /// The connection of this runtime's thread.
    static CONNECTION: RefCell<Option<Bare>> = const { RefCell::new(None) };
}

impl Shop {
    /// Reads at once, on the thread that it is called on.
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        CONNECTION.with_borrow_mut(|connection| {
            let answer = match connection {
                Some(connection) => self.read(connection, request),
                None => Bare::open(&self.database)
                    .and_then(|opened| self.read(connection.insert(opened), request)),
            };
            let failed = |error: benches::Failure| {
                json(StatusCode::INTERNAL_SERVER_ERROR, &json!({"detail": error.to_string()}))
            };
            answer.unwrap_or_else(failed)
        })
    }

    fn read(&self, connection: &mut Bare, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let not_found = |detail: &str| json(StatusCode::NOT_FOUND, &json!({ "detail": detail }));
        let path = request.uri().path();
        if path == "/cart/view" {
            let cart = connection.cart(self.user_id)?;
            return Ok(cart.map_or_else(
                || not_found("No active cart found for user."),
                |cart| json(StatusCode::OK, &cart),
            ));
        }
        if path == "/products/search" {
            let text = request.uri().query().and_then(|query| query.strip_prefix("query="));
            let found = connection.search(text.ok_or("nothing is searched for")?)?;
            return Ok(json(StatusCode::OK, &json!({ "results": found })));
        }
        let id: i64 = path.strip_prefix("/products/").ok_or("there is no such path")?.parse()?;
        let product = connection.product(id)?;
        Ok(product.map_or_else(
            || not_found(&format!("Product with id {id} not found.")),
            |product| json(StatusCode::OK, &product),
        ))
    }
}
