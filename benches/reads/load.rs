//! Clients that read the same things in the same order, each on a connection of its own.

use std::sync::Arc;
use std::time::Instant;

use benches::{Connection, Cost, Result, cost_of_clients, microseconds_since};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use serde_json::Value;

use super::shop::Read;

/// What is asked, and with which token.
pub(crate) struct Load {
    gets: Arc<[Get]>,
    connections: usize,
}

struct Get {
    path: String,
    authorization: Option<String>,
}

/// What a server says to a path.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Load {
    pub(crate) fn new(reads: &[Read], token: &str, connections: usize) -> Self {
        let get = |read: &Read| Get {
            path: read.path(),
            authorization: read.is_of_shopper().then(|| format!("Bearer {token}")),
        };
        Self { gets: reads.iter().map(get).collect(), connections }
    }

    /// Asks for everything once.
    pub(crate) async fn answers(&self, port: u16) -> Result<Vec<Answer>> {
        let mut connection = Connection::open(port).await?;
        let mut answers = Vec::with_capacity(self.gets.len());
        for get in &*self.gets {
            let (status, body) = connection.ask(get.request()?).await?;
            let text = || format!("{}: {status} {}", get.path, String::from_utf8_lossy(&body));
            let body = serde_json::from_slice(&body).map_err(|_| text())?;
            answers.push(Answer { path: get.path.clone(), status, body });
        }
        Ok(answers)
    }

    /// Asks so many times, and again for the first thing after the last. The processor time is left to be filled in.
    pub(crate) async fn run(&self, port: u16, requests: usize) -> Result<Cost> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(Connection::open(port).await?);
        }
        let each = requests / self.connections;
        let started = Instant::now();
        let clients = connections.into_iter().enumerate().map(|(index, connection)| {
            tokio::spawn(ask_all(connection, Arc::clone(&self.gets), index, each))
        });
        cost_of_clients(started, clients.collect()).await
    }
}

/// Each client starts with another thing, so that not all ask for the same at once.
async fn ask_all(
    mut connection: Connection,
    gets: Arc<[Get]>,
    first: usize,
    count: usize,
) -> Result<Vec<u32>> {
    let mut latencies_us = Vec::with_capacity(count);
    for get in gets.iter().cycle().skip(first).take(count) {
        let request = get.request()?;
        let started = Instant::now();
        let (status, body) = connection.ask(request).await?;
        latencies_us.push(microseconds_since(started));
        if status != StatusCode::OK {
            return Err(format!("{}: {status} {}", get.path, String::from_utf8_lossy(&body)).into());
        }
    }
    Ok(latencies_us)
}

impl Get {
    fn request(&self) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::get(&self.path).header(HOST, "localhost");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        Ok(request.body(Full::default())?)
    }
}
