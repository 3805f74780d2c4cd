//! A provider that does as it is told, on a port of this machine.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Answers until it is dropped, and keeps what it was asked.
pub(crate) struct Fake {
    port: u16,
    kept: Arc<Mutex<Kept>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Kept {
    requests: Vec<Request>,
    forwarded: Vec<String>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    bytes: Vec<u8>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    Answer {
        status: u16,
        headers: &'static str,
        body: String,
    },
    /// No answer, until the other side gives up.
    Hang,
    /// The connection is reset.
    Reset,
    /// Half of an answer, then the end.
    Half {
        status: u16,
    },
    /// An answer of which a byte comes now and then.
    Drip {
        status: u16,
    },
    /// The answer of another server on this machine, which is asked the same.
    Forward {
        port: u16,
    },
}

impl Reaction {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Answer { status, headers: "", body: body.to_string() }
    }
}

impl Fake {
    pub(crate) async fn start(react: impl Fn(&Request) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::<Mutex<Kept>>::default();
        let (shared, react) = (Arc::clone(&kept), Arc::new(react));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, react) = (Arc::clone(&shared), Arc::clone(&react));
                tokio::spawn(async move {
                    // Whoever asks may be gone: then there is nothing to do.
                    let _ = serve(stream, &kept, &*react).await;
                });
            }
        });
        Self { port, kept, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.kept).requests.clone()
    }

    /// All answers of the server that requests were forwarded to.
    pub(crate) fn answers(&self) -> Vec<String> {
        lock(&self.kept).forwarded.clone()
    }

    /// The only request so far.
    pub(crate) fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        assert_eq!(self.headers["content-type"], "application/x-www-form-urlencoded");
        self.body
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(n, v)| (decode(n), decode(v)))
            .collect()
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Kept>,
    react: &(impl Fn(&Request) -> Reaction + Send + Sync),
) -> io::Result<()> {
    let request = read(&mut stream).await?;
    let reaction = react(&request);
    lock(kept).requests.push(request.clone());
    match reaction {
        Reaction::Answer { status, headers, body } => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
            );
            stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
            stream.shutdown().await
        }
        Reaction::Hang => stream.read_to_end(&mut Vec::new()).await.map(drop),
        Reaction::Reset => stream.set_zero_linger(),
        Reaction::Half { status } => {
            let half = format!("HTTP/1.1 {status} X\r\ncontent-length: 1000\r\n\r\n{{\"sid\":\"SM1\"");
            stream.write_all(half.as_bytes()).await?;
            stream.shutdown().await
        }
        Reaction::Drip { status } => {
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 1000000\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            loop {
                ticks.tick().await;
                stream.write_all(b" ").await?;
            }
        }
        Reaction::Forward { port } => {
            let mut other = TcpStream::connect(("127.0.0.1", port)).await?;
            let text = String::from_utf8_lossy(&request.bytes);
            // Prism serves SendGrid's paths without the server's own.
            let text = text.replacen(" /v3/mail/send ", " /mail/send ", 1);
            other.write_all(text.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await?;
            let mut answer = Vec::new();
            other.read_to_end(&mut answer).await?;
            lock(kept).forwarded.push(String::from_utf8_lossy(&answer).into_owned());
            stream.write_all(&answer).await?;
            stream.shutdown().await
        }
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(request) = parse(&bytes) {
            return Ok(request);
        }
    }
}

/// `None` while something is missing.
fn parse(bytes: &[u8]) -> Option<Request> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let (method, path) = (first.next()?, first.next()?);
    (body.len() >= length).then(|| Request {
        method,
        path,
        headers,
        body: body.to_owned(),
        bytes: bytes.to_vec(),
    })
}
