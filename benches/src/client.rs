//! A client over HTTP on a connection of its own, and what many of them saw.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::{Cost, Latency, Result};

/// A keep-alive connection that asks one thing after the other.
pub struct Connection {
    requests: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects to a server on this machine.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { requests })
    }

    /// The answer to a request, with its whole body.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

/// Waits for clients that answer how long each request took, in microseconds. The processor time is left to be filled in.
///
/// # Errors
/// The first failure of a client.
pub async fn cost_of_clients(started: Instant, clients: Vec<JoinHandle<Result<Vec<u32>>>>) -> Result<Cost> {
    let mut latencies_us = Vec::new();
    for client in clients {
        latencies_us.append(&mut client.await??);
    }
    let wall = started.elapsed();
    latencies_us.sort_unstable();
    let last = latencies_us.len().checked_sub(1).ok_or("nothing was asked")?;
    let at = |hundredths: usize| {
        let index = latencies_us.len() * hundredths / 100;
        Duration::from_micros(latencies_us[index.min(last)].into())
    };
    let latency = Latency { p50: at(50), p99: at(99) };
    Ok(Cost { operations: latencies_us.len() as u64, wall, cpu: Duration::ZERO, latency: Some(latency) })
}

/// How long ago that was.
#[must_use]
pub fn microseconds_since(started: Instant) -> u32 {
    u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX)
}
