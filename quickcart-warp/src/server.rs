//! A hyper accept loop with a limit on everything that a client could hold up.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::Either;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use warp::http::StatusCode;

use crate::app::App;
use crate::config::Config;
use crate::cors::Cors;
use crate::error::{ApiError, Dialect};
use crate::service::{ConnectionService, Service};

/// The longest header of a request, in bytes.
const HEADER_LENGTH_MAX: usize = 32 * 1024;
/// How long to wait when the machine has no more file descriptors for new connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a client may take to read what is left for it at the end of a connection.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(1);
/// What a client gets that sent a part of a header and then nothing.
const HEADER_TOO_LATE: &str = "The request header did not arrive in time";

/// The limits of a connection.
#[derive(Clone, Copy)]
struct Limits {
    /// How long a connection may be quiet.
    header_time_max: Duration,
    /// How long requests may still take at the end.
    drain_time_max: Duration,
}

/// Why a connection that works is looked at.
enum Signal {
    Stop,
    Alarm,
}

/// Binds every address of the configuration.
///
/// # Errors
/// The first address that cannot be bound, and why.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for &address in addresses {
        listeners.push(TcpListener::bind(address).await.map_err(|error| (address, error))?);
    }
    Ok(listeners)
}

/// Serves `app` on all listeners until `stop` is done, then lets requests that are under way come to their end.
pub async fn serve(listeners: Vec<TcpListener>, app: &App, config: &Config, stop: impl Future<Output = ()>) {
    let service = Service::new(
        app,
        Cors::new(config.allowed_origins.clone()),
        config.trusted_proxies.clone(),
        !config.development,
        config.request_time_max,
    );
    let limits = Limits { header_time_max: config.header_time_max, drain_time_max: config.drain_time_max };
    let permits = Arc::new(Semaphore::new(config.connections_max));
    let (stopping, stopped) = watch::channel(());
    let mut loops = JoinSet::new();
    for listener in listeners {
        loops.spawn(accept(listener, service.clone(), limits, Arc::clone(&permits), stopped.clone()));
    }
    if let Some(metrics) = app.metrics.clone() {
        loops.spawn(metrics.upkeep());
    }
    drop(stopped);
    stop.await;
    loops.abort_all();
    while loops.join_next().await.is_some() {}
    // Connections hold a receiver each, and end when they see the change: the channel closes with the last of them.
    let _ = stopping.send(());
    if tokio::time::timeout(limits.drain_time_max, stopping.closed()).await.is_err() {
        tracing::warn!("requests were still under way after {:?}", limits.drain_time_max);
    }
}

async fn accept(
    listener: TcpListener,
    service: Service,
    limits: Limits,
    permits: Arc<Semaphore>,
    stopped: watch::Receiver<()>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Past the limit, one connection a listener waits here and the others in the kernel's queue.
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
                let service = service.of_connection(peer);
                tokio::spawn(connection(stream, service, limits, permit, stopped.clone()));
            }
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    service: ConnectionService,
    limits: Limits,
    _permit: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<()>,
) {
    // Answers are small and whole: waiting for more to send only delays them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let activity = Arc::new(Activity::new());
    let watched = Arc::clone(&activity);
    let answer = service_fn(move |request| {
        watched.begin();
        let activity = Arc::clone(&watched);
        service.answer(request).map(move |answer| {
            activity.end();
            Ok::<_, Infallible>(answer)
        })
    });
    let mut connection = http1::Builder::new()
        .max_buf_size(HEADER_LENGTH_MAX)
        // Answers are small: copying one behind its header is cheaper than handing both to the kernel.
        .writev(false)
        .serve_connection(TokioIo::new(stream), answer);
    let alarm = |after| Either::Right(tokio::time::sleep(after).map(|()| Signal::Alarm));
    // They are asked when they have something to say, and not with every request: that would take a lock which connections share.
    let mut signals = FuturesUnordered::new();
    signals.push(Either::Left(stopped.changed().map(|_| Signal::Stop)));
    signals.push(alarm(limits.header_time_max));
    let is_stopping = loop {
        tokio::select! {
            biased;
            // An error here is the client's: it has gone away, or does not speak HTTP and was told so.
            _ = &mut connection => return,
            Some(signal) = signals.next() => {
                let left = limits.header_time_max.saturating_sub(activity.quiet_for());
                match signal {
                    Signal::Stop => break true,
                    Signal::Alarm if left.is_zero() => break false,
                    Signal::Alarm => signals.push(alarm(left)),
                }
            }
        }
    };
    if is_stopping {
        Pin::new(&mut connection).graceful_shutdown();
        // A connection that is answering gets the time to drain; one that is quiet only has to flush what it wrote.
        let quiet = activity.quiet_for() > Duration::ZERO;
        let time_max = if quiet { FLUSH_TIME_MAX } else { limits.drain_time_max };
        let _ = tokio::time::timeout(time_max, connection).await;
        return;
    }
    let parts = connection.into_parts();
    // Half a header, and no answer under way that a second one would run into: the client may still be listening.
    if activity.is_fresh() && !parts.read_buf.is_empty() {
        let refused = refuse(parts.io.into_inner(), &parts.read_buf);
        let _ = tokio::time::timeout(FLUSH_TIME_MAX, refused).await;
    }
}

/// Since when a connection has not been answering. One alarm a connection looks at it now and then, because hyper's own
/// timer for headers is set and taken back with every request, which costs as much as a tenth of the request.
struct Activity {
    opened: Instant,
    /// In milliseconds after `opened`, or [`Activity::BUSY`].
    quiet_since_ms: AtomicU64,
}

impl Activity {
    const BUSY: u64 = u64::MAX;

    fn new() -> Self {
        Self { opened: Instant::now(), quiet_since_ms: AtomicU64::new(0) }
    }

    fn begin(&self) {
        self.quiet_since_ms.store(Self::BUSY, Ordering::Relaxed);
    }

    fn end(&self) {
        // Zero stands for a connection that has not answered anything.
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(0).max(1);
        self.quiet_since_ms.store(now, Ordering::Relaxed);
    }

    /// Whether nothing was asked yet.
    fn is_fresh(&self) -> bool {
        self.quiet_since_ms.load(Ordering::Relaxed) == 0
    }

    /// How long nothing has been answered and nothing is being answered.
    fn quiet_for(&self) -> Duration {
        match self.quiet_since_ms.load(Ordering::Relaxed) {
            Self::BUSY => Duration::ZERO,
            since_ms => self.opened.elapsed().saturating_sub(Duration::from_millis(since_ms)),
        }
    }
}

/// Answers below the routes, where hyper would only close.
async fn refuse(mut stream: TcpStream, half_header: &[u8]) {
    let line = String::from_utf8_lossy(half_header.split(|&byte| byte == b'\r').next().unwrap_or_default());
    let path = line.split(' ').nth(1).unwrap_or_default();
    let dialect = Dialect::of_path(path);
    let body = ApiError::new(StatusCode::REQUEST_TIMEOUT, HEADER_TOO_LATE).into_text(dialect);
    let (content_type, length) = (dialect.content_type(), body.len());
    let head = format!("content-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close");
    let answer = format!("HTTP/1.1 408 Request Timeout\r\n{head}\r\n\r\n{body}");
    // The client may be gone: then nobody misses the answer.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
