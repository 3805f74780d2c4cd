//! An HTTP server on a port of this machine that answers as a function says, or not at all.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

/// Answers until it is dropped. It has threads of its own, so that a test may wait for the server meanwhile.
pub(crate) struct FakeHttp {
    port: u16,
    is_over: Arc<AtomicBool>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    /// As text, whatever it is.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) enum Reaction {
    Answer { status: u16, headers: &'static str, body: String },
    Hang,
    Close,
}

impl FakeHttp {
    /// A server that does what `react` says, on a free port.
    pub(crate) fn start(react: impl Fn(&Request) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, react) = (Arc::clone(&is_over), Arc::new(react));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                let react = Arc::clone(&react);
                // Whoever asks may be gone: then there is nothing to do.
                std::thread::spawn(move || stream.and_then(|stream| serve(stream, &*react)));
            }
        });
        Self { port, is_over }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for FakeHttp {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

impl Reaction {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Answer { status, headers: "", body: body.to_string() }
    }
}

fn serve(mut stream: TcpStream, react: impl Fn(&Request) -> Reaction) -> std::io::Result<()> {
    let request = read(&stream)?;
    let reaction = react(&request);
    match reaction {
        Reaction::Answer { status, headers, body } => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
            );
            stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())
        }
        Reaction::Hang => stream.read_to_end(&mut Vec::new()).map(drop),
        Reaction::Close => Ok(()),
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = || -> std::io::Result<String> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line()?.split_once(": ") {
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(Request { method, path, headers, body: String::from_utf8_lossy(&bytes).into_owned(), bytes })
}
