//! What a server needs to be started as a [`Child`](crate::Child).

use std::io::Read;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::Result;

/// Runs a server until standard input ends, which it is told of. It has to [`announce`] where it listens.
///
/// # Errors
/// Those of the server.
pub fn until_input_ends<F>(server: impl FnOnce(oneshot::Receiver<()>) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = stop.send(());
    });
    runtime.block_on(server(stopped))
}

/// Says the port on standard error.
///
/// # Errors
/// When the listener has none.
#[expect(clippy::print_stderr, reason = "standard output belongs to our server's messages")]
pub fn announce(listener: &TcpListener) -> Result<()> {
    eprintln!("{}", listener.local_addr()?.port());
    Ok(())
}

/// The accept loop of our server, without its limits.
///
/// # Errors
/// When it cannot listen.
pub async fn bare<F>(mut stopped: oneshot::Receiver<()>, connection: impl Fn(TcpStream) -> F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(&listener)?;
    loop {
        let accepted =
            tokio::select! { accepted = listener.accept() => accepted, _ = &mut stopped => return Ok(()) };
        let (stream, _) = accepted?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream));
    }
}

/// An answer of JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
