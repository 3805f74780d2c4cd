//! What happens to every request before and after its route: request id, time limit, CORS, security headers, log,
//! counts.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use hyper::body::Incoming;
use ipnet::IpNet;
use tower_service::Service as _;
use warp::filters::BoxedFilter;
use warp::http::header::{HeaderName, HeaderValue, ORIGIN};
use warp::http::{Request, StatusCode};
use warp::reply::Response;

use crate::app::App;
use crate::client_address::{CLIENT, client_address, is_trusted};
use crate::cors::Cors;
use crate::error::{ApiError, Dialect};
use crate::in_time::InTime;
use crate::logging::masked_path;
use crate::metrics::Metrics;
use crate::routes::{Direct, answers};
use crate::security_headers::{protect, says_tls};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken from a client, in bytes.
const REQUEST_ID_LENGTH_MAX: usize = 64;

/// How many request ids a connection has, which is more than it lives to use.
const IDS_OF_CONNECTION: u64 = 1 << 32;

/// The routes, with all that goes around them. Clones share it.
#[derive(Clone)]
pub(crate) struct Service(Arc<Parts>);

/// The service of one connection: what its requests count or clone is its own, so that processors do not wait for each other.
#[derive(Clone)]
pub(crate) struct ConnectionService(Arc<Connection>);

struct Connection {
    parts: Arc<Parts>,
    app: App,
    peer: SocketAddr,
    next_id: AtomicU64,
}

struct Parts {
    app: App,
    answers: BoxedFilter<(Response,)>,
    cors: Cors,
    trusted_proxies: Vec<IpNet>,
    /// Whether browsers are told to keep to TLS, once a proxy says that they came with it.
    tls_only: bool,
    time_max: Duration,
    /// Where the request ids of the next connection start: the first at random, the others as far from each other as requests
    /// are counted.
    next_ids: AtomicU64,
}

impl Service {
    pub(crate) fn new(
        app: &App,
        cors: Cors,
        trusted_proxies: Vec<IpNet>,
        tls_only: bool,
        time_max: Duration,
    ) -> Self {
        let start = quickcart_core::secret::SecretKey::random().hmac(b"request ids");
        let start = start.iter().take(8).fold(0, |start, byte| start << 8 | u64::from(*byte));
        let (app, answers) = (app.clone(), answers(app));
        let next_ids = AtomicU64::new(start);
        Self(Arc::new(Parts { app, answers, cors, trusted_proxies, tls_only, time_max, next_ids }))
    }

    /// The service of a connection with `peer`.
    pub(crate) fn of_connection(&self, peer: SocketAddr) -> ConnectionService {
        let next_id = AtomicU64::new(self.0.next_ids.fetch_add(IDS_OF_CONNECTION, Ordering::Relaxed));
        let (parts, app) = (Arc::clone(&self.0), self.0.app.counted_apart());
        ConnectionService(Arc::new(Connection { parts, app, peer, next_id }))
    }
}

impl ConnectionService {
    /// Answers a request. Everything up to the routes happens at once, so that the future that hyper moves around holds
    /// the request once.
    pub(crate) fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response> + Send + use<> {
        let Connection { parts, app, peer, .. } = &*self.0;
        let request_id = self.request_id(request.headers().get(X_REQUEST_ID));
        let origin = request.headers().get(ORIGIN).cloned();
        let client = client_address(*peer, request.headers(), &parts.trusted_proxies);
        let came_with_tls =
            parts.tls_only && is_trusted(peer.ip(), &parts.trusted_proxies) && says_tls(request.headers());
        let line = tracing::enabled!(target: "quickcart::http", tracing::Level::DEBUG)
            .then(|| (Instant::now(), request.method().clone(), masked_path(request.uri().path())));
        let count =
            |metrics: &Metrics| (Instant::now(), metrics.counted(request.method(), request.uri().path()));
        let counted = app.metrics.as_ref().map(count);
        let dialect = Dialect::of_path(request.uri().path());
        // Boxed, because it is passed on several times.
        let call = if let Some(response) = parts.outside_routes(&request, dialect) {
            ready(response).boxed()
        } else if let Some(direct) = Direct::of(&request) {
            direct.answer(app.clone(), client, request).boxed()
        } else {
            let answered = warp::service(parts.answers.clone()).call(request);
            CLIENT.scope(client, answered).map(|Ok(response)| response).boxed()
        };
        let service = self.clone();
        InTime::new(parts.time_max, call).map(move |called| {
            let Connection { parts, app, .. } = &*service.0;
            let mut response = called.unwrap_or_else(|| parts.too_late(dialect));
            parts.cors.allow(origin.as_ref(), response.headers_mut());
            protect(response.headers_mut(), came_with_tls);
            if let Some((started, method, path)) = line {
                let (status, request_id) =
                    (response.status().as_u16(), request_id.to_str().unwrap_or_default());
                let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                tracing::debug!(target: "quickcart::http", %client, %method, %path, status, elapsed_us, request_id, "request");
            }
            response.headers_mut().insert(X_REQUEST_ID, request_id);
            if let (Some(metrics), Some((started, counted))) = (&app.metrics, counted) {
                metrics.record(counted, response.status(), started.elapsed());
            }
            response
        })
    }

    /// The client's own id, so that its log and ours can be laid side by side; else a new one.
    fn request_id(&self, given: Option<&HeaderValue>) -> HeaderValue {
        let fits = |value: &&HeaderValue| {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=REQUEST_ID_LENGTH_MAX).contains(&value.len()) && value.as_bytes().iter().all(plain)
        };
        given.filter(fits).cloned().unwrap_or_else(|| {
            let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
            // From the number itself it takes two allocations.
            HeaderValue::from_str(itoa::Buffer::new().format(id)).unwrap_or_else(|_| id.into())
        })
    }
}

impl Parts {
    /// What no route gets to see: questions of browsers, and requests that name no path (CONNECT and `OPTIONS *`), which
    /// warp's filters take for granted.
    fn outside_routes(&self, request: &Request<Incoming>, dialect: Dialect) -> Option<Response> {
        let no_path = || ApiError::bad_request("The request names no path").into_response(Dialect::Detail);
        let preflight = self.cors.preflight(request.method(), request.headers(), dialect);
        preflight.or_else(|| (!request.uri().path().starts_with('/')).then(no_path))
    }

    fn too_late(&self, dialect: Dialect) -> Response {
        tracing::error!("a request took longer than {:?}", self.time_max);
        let text = "The request took too long. Please try again later.";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response(dialect)
    }
}
