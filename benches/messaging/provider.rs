//! A Twilio in a process of its own: takes every message, at once or after a while.

use std::convert::Infallible;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use benches::{Child, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};

pub(crate) const FLAG: &str = "--provider";

/// How it answers: what Twilio says of a message that it took, without what nobody reads.
const TAKEN: &str = r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","num_segments":"1"}"#;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 16_384;

pub(crate) fn start(answers_after: Duration) -> Result<Child> {
    Child::start(&[FLAG, &answers_after.as_millis().to_string()])
}

/// Serves until standard input ends; the port is the first line on standard error.
#[expect(clippy::print_stderr, reason = "the parent process reads it")]
pub(crate) fn serve(answers_after: Duration) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(BACKLOG)?;
        eprintln!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(connection(stream, answers_after));
        }
    })
}

async fn connection(stream: TcpStream, answers_after: Duration) {
    let answer = |request: Request<Incoming>| async move {
        let _ = request.into_body().collect().await;
        if !answers_after.is_zero() {
            tokio::time::sleep(answers_after).await;
        }
        let mut response = Response::new(Full::<Bytes>::from(TAKEN));
        *response.status_mut() = StatusCode::CREATED;
        Ok::<_, Infallible>(response)
    };
    let _ = stream.set_nodelay(true);
    // A client that breaks off is seen by the client.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}
