//! What happens to every request before and after its route: request id, time limit, CORS, security headers, log,
//! counts.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::Either;
use hyper::body::Incoming;
use ipnet::IpNet;
use tower_service::Service as _;
use warp::filters::BoxedFilter;
use warp::http::header::{HeaderName, HeaderValue, ORIGIN};
use warp::http::{Request, StatusCode};
use warp::reply::Response;

use crate::client_address::{CLIENT, client_address, is_trusted};
use crate::cors::Cors;
use crate::error::{ApiError, Dialect};
use crate::in_time::InTime;
use crate::logging::masked_path;
use crate::metrics::Metrics;
use crate::security_headers::{protect, says_tls};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken from a client, in bytes.
const REQUEST_ID_LENGTH_MAX: usize = 64;

/// The routes, with all that goes around them. Clones share it.
#[derive(Clone)]
pub(crate) struct Service(Arc<Parts>);

struct Parts {
    answers: BoxedFilter<(Response,)>,
    cors: Cors,
    trusted_proxies: Vec<IpNet>,
    /// Whether browsers are told to keep to TLS, once a proxy says that they came with it.
    tls_only: bool,
    time_max: Duration,
    metrics: Option<Metrics>,
    /// Request ids are a random start, then counted.
    next_id: AtomicU64,
}

impl Service {
    pub(crate) fn new(
        answers: BoxedFilter<(Response,)>,
        cors: Cors,
        trusted_proxies: Vec<IpNet>,
        tls_only: bool,
        time_max: Duration,
        metrics: Option<Metrics>,
    ) -> Self {
        let start = quickcart_core::secret::SecretKey::random().hmac(b"request ids");
        let start = start.iter().take(8).fold(0, |start, byte| start << 8 | u64::from(*byte));
        let next_id = AtomicU64::new(start);
        Self(Arc::new(Parts { answers, cors, trusted_proxies, tls_only, time_max, metrics, next_id }))
    }

    /// Answers a request. Everything up to the routes happens at once, so that the future that hyper moves around holds
    /// the request once.
    pub(crate) fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send + use<> {
        let request_id = self.request_id(request.headers().get(X_REQUEST_ID));
        let origin = request.headers().get(ORIGIN).cloned();
        let client = client_address(peer, request.headers(), &self.0.trusted_proxies);
        let came_with_tls =
            self.0.tls_only && is_trusted(peer.ip(), &self.0.trusted_proxies) && says_tls(request.headers());
        let line = tracing::enabled!(target: "quickcart::http", tracing::Level::DEBUG)
            .then(|| (Instant::now(), request.method().clone(), masked_path(request.uri().path())));
        let count =
            |metrics: &Metrics| (Instant::now(), metrics.counted(request.method(), request.uri().path()));
        let counted = self.0.metrics.as_ref().map(count);
        let dialect = Dialect::of_path(request.uri().path());
        let call = match self.outside_routes(&request, dialect) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(warp::service(self.0.answers.clone()).call(request)),
        };
        let service = self.clone();
        InTime::new(self.0.time_max, CLIENT.scope(client, call)).map(move |called| {
            let mut response = called.map_or_else(|| service.too_late(dialect), |Ok(response)| response);
            service.0.cors.allow(origin.as_ref(), response.headers_mut());
            protect(response.headers_mut(), came_with_tls);
            if let Some((started, method, path)) = line {
                let (status, request_id) =
                    (response.status().as_u16(), request_id.to_str().unwrap_or_default());
                let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                tracing::debug!(target: "quickcart::http", %client, %method, %path, status, elapsed_us, request_id, "request");
            }
            response.headers_mut().insert(X_REQUEST_ID, request_id);
            if let (Some(metrics), Some((started, counted))) = (&service.0.metrics, counted) {
                metrics.record(counted, response.status(), started.elapsed());
            }
            response
        })
    }

    /// What no route gets to see: questions of browsers, and requests that name no path (CONNECT and `OPTIONS *`), which
    /// warp's filters take for granted.
    fn outside_routes(&self, request: &Request<Incoming>, dialect: Dialect) -> Option<Response> {
        let no_path = || ApiError::bad_request("The request names no path").into_response(Dialect::Detail);
        let preflight = self.0.cors.preflight(request.method(), request.headers(), dialect);
        preflight.or_else(|| (!request.uri().path().starts_with('/')).then(no_path))
    }

    fn too_late(&self, dialect: Dialect) -> Response {
        tracing::error!("a request took longer than {:?}", self.0.time_max);
        let text = "The request took too long. Please try again later.";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response(dialect)
    }

    /// The client's own id, so that its log and ours can be laid side by side; else a new one.
    fn request_id(&self, given: Option<&HeaderValue>) -> HeaderValue {
        let fits = |value: &&HeaderValue| {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=REQUEST_ID_LENGTH_MAX).contains(&value.len()) && value.as_bytes().iter().all(plain)
        };
        given.filter(fits).cloned().unwrap_or_else(|| self.0.next_id.fetch_add(1, Ordering::Relaxed).into())
    }
}
