//! The three servers: ours as it is started in development, and the least that hyper and warp need for the same answers.

use std::convert::Infallible;

use benches::Result;
use benches::serving::{announce, bare, json, until_input_ends};
use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use quickcart_warp::settings::Settings;
use quickcart_warp::{init_logging, server, start};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot};
use warp::Filter;

const CODE: &str = "123456";
const SENT: &str = "Development Mode: OTP is 123456";
const VERIFIED: &str = "OTP verified successfully";
const WRONG: &str = "Invalid OTP";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Phone {
    phone_number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneAndCode {
    phone_number: String,
    otp: String,
}

#[derive(Serialize)]
struct Sent {
    success: bool,
    message: &'static str,
    provider: &'static str,
    development_mode: bool,
    otp: &'static str,
}

#[derive(Serialize)]
struct Message {
    success: bool,
    message: &'static str,
}

/// Runs one server until standard input ends; its port is the first line on standard error.
pub(crate) fn serve(server: &str) -> Result<()> {
    until_input_ends(|stopped| async {
        match server {
            "ours" => ours(stopped, None).await,
            "provider" => bare(stopped, provider_connection).await,
            "hyper" => bare(stopped, hyper_connection).await,
            "warp" => {
                let routes = warp_routes();
                bare(stopped, move |stream| warp_connection(stream, routes.clone())).await
            }
            other => match other.split_once(" by ") {
                Some(("ours", port)) => ours(stopped, Some(port)).await,
                Some(("hyper", port)) => {
                    let port = port.parse()?;
                    bare(stopped, move |stream| relay_connection(stream, port)).await
                }
                Some(("reqwest", port)) => {
                    let relay = Relay::to(port)?;
                    bare(stopped, move |stream| relay.clone().connection(stream)).await
                }
                _ => Err(format!("there is no server {other}").into()),
            },
        }
    })
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

/// All limits hold, but for that of a phone so wide that the load is not refused.
const LIMITS: [&str; 8] = [
    "--limit-address",
    "1000000000/hour",
    "--limit-prefix",
    "1000000000/hour",
    "--limit-country",
    "1000000000/hour",
    "--limit-spend",
    "1000000000/hour",
];

/// With the port of a provider, messages go there; else they are printed.
async fn ours(stopped: oneshot::Receiver<()>, provider: Option<&str>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite:{}", folder.path().join("shop.db").display());
    let program = ["quickcart-warp", "--listen", "127.0.0.1:0", "--log", "info", "--database-url", &database];
    let provider = provider.map(|port| format!("http://127.0.0.1:{port}"));
    let twilio = provider.iter().flat_map(|url| TWILIO.into_iter().chain(["--twilio-base-url", url]));
    let arguments = program.into_iter().chain(LIMITS).chain(twilio);
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

/// The watch is off: no code is shown, as with those who pump messages.
const TWILIO: [&str; 8] = [
    "--pumping-watch",
    "false",
    "--twilio-account-sid",
    "AC00000000000000000000000000000000",
    "--twilio-auth-token",
    "token",
    "--twilio-phone-number",
    "+15005550006",
];

async fn hyper_connection(stream: TcpStream) {
    // A client that breaks off is seen by the client.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

/// Takes every message, as Twilio does.
async fn provider_connection(stream: TcpStream) {
    let taken = |request: Request<Incoming>| async {
        let _ = request.into_body().collect().await;
        let body = r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","num_segments":"1"}"#;
        let mut response = Response::new(Full::<Bytes>::from(body));
        *response.status_mut() = StatusCode::CREATED;
        Ok::<_, Infallible>(response)
    };
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(taken)).await;
}

const MESSAGE: &str = "To=%2B919876543210&Body=Your+code+is+123456";

/// Answers each request once a provider has answered one of its own, on a connection that is kept beside this one: hyper on both
/// sides, and nothing besides.
async fn relay_connection(stream: TcpStream, provider: u16) {
    let Ok(beside) = TcpStream::connect(("127.0.0.1", provider)).await else { return };
    let Ok((sender, connection)) = hyper::client::conn::http1::handshake(TokioIo::new(beside)).await else {
        return;
    };
    tokio::spawn(connection);
    let sender = Mutex::new(sender);
    let relay = service_fn(|request| async {
        let form = Request::post("/2010-04-01/Accounts/AC/Messages.json").header(HOST, "127.0.0.1");
        let form = form.body(Full::<Bytes>::from(MESSAGE)).expect("a method, a path and a header");
        let mut sender = sender.lock().await;
        let taken = async {
            sender.ready().await?;
            sender.send_request(form).await?.into_body().collect().await
        };
        if taken.await.is_ok() { answer(request).await } else { Ok(status(StatusCode::BAD_GATEWAY)) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), relay).await;
}

/// The same by reqwest, which keeps the connections by itself.
#[derive(Clone)]
struct Relay {
    client: reqwest::Client,
    url: reqwest::Url,
}

impl Relay {
    fn to(port: &str) -> Result<Self> {
        // Not used here, and still reqwest wants to know.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("http://127.0.0.1:{port}/2010-04-01/Accounts/AC/Messages.json").parse()?;
        Ok(Self { client, url })
    }

    async fn connection(self, stream: TcpStream) {
        let relay = service_fn(|request| async {
            let form = self.client.post(self.url.clone()).body(MESSAGE);
            let taken = async { form.send().await?.bytes().await };
            if taken.await.is_ok() { answer(request).await } else { Ok(status(StatusCode::BAD_GATEWAY)) }
        });
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), relay).await;
    }
}

async fn answer(request: Request<Incoming>) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(status(StatusCode::BAD_REQUEST)) };
    let body = body.to_bytes();
    let answer = match (head.method, head.uri.path()) {
        (Method::POST, "/api/send-otp") => {
            serde_json::from_slice(&body).map(|phone| json(StatusCode::OK, &sent(&phone)))
        }
        (Method::POST, "/api/verify-otp") => {
            serde_json::from_slice(&body).map(|both| json(StatusCode::OK, &verified(&both)))
        }
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    Ok(answer.unwrap_or_else(|_| status(StatusCode::BAD_REQUEST)))
}

fn sent(Phone { phone_number }: &Phone) -> Sent {
    let success = phone_number.len() == 10;
    Sent { success, message: SENT, provider: "development", development_mode: true, otp: CODE }
}

fn verified(PhoneAndCode { phone_number, otp }: &PhoneAndCode) -> Message {
    let success = phone_number.len() == 10 && otp == CODE;
    Message { success, message: if success { VERIFIED } else { WRONG } }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn warp_routes() -> warp::filters::BoxedFilter<(warp::reply::Response,)> {
    let send = warp::path!("api" / "send-otp")
        .and(warp::post())
        .and(warp::body::json())
        .map(|phone| warp::reply::Reply::into_response(warp::reply::json(&sent(&phone))));
    let verify = warp::path!("api" / "verify-otp")
        .and(warp::post())
        .and(warp::body::json())
        .map(|both| warp::reply::Reply::into_response(warp::reply::json(&verified(&both))));
    send.or(verify).unify().boxed()
}

async fn warp_connection(stream: TcpStream, routes: warp::filters::BoxedFilter<(warp::reply::Response,)>) {
    let service = TowerToHyperService::new(warp::service(routes));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
