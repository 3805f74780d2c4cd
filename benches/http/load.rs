//! Clients that ask for a code and show it again, over and over, each on a connection of its own.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use benches::{Cost, Latency, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

/// How much to ask for.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) pairs: usize,
}

#[derive(Deserialize)]
struct Sent<'a> {
    success: bool,
    otp: &'a str,
}

#[derive(Deserialize)]
struct Message<'a> {
    success: bool,
    message: &'a str,
}

impl Load {
    /// Does all pairs over all connections. The processor time is left to be filled in.
    pub(crate) async fn run(&self, port: u16, repetition: usize) -> Result<Cost> {
        let mut clients = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            clients.push(Client::connect(port).await?);
        }
        let started = Instant::now();
        let pairs = self.pairs / self.connections;
        let tasks: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(index, client)| tokio::spawn(pairs_of(client, index, repetition, pairs)))
            .collect();
        let mut latencies_us = Vec::with_capacity(2 * self.pairs);
        for task in tasks {
            latencies_us.append(&mut task.await??);
        }
        let wall = started.elapsed();
        latencies_us.sort_unstable();
        let at = |hundredths: usize| {
            let index = latencies_us.len() * hundredths / 100;
            Duration::from_micros(latencies_us[index.min(latencies_us.len() - 1)].into())
        };
        let latency = Latency { p50: at(50), p99: at(99) };
        Ok(Cost { operations: latencies_us.len() as u64, wall, cpu: Duration::ZERO, latency: Some(latency) })
    }

    /// Asserts that the server accepts the right code, and no other.
    pub(crate) async fn check(port: u16) -> Result<()> {
        let mut client = Client::connect(port).await?;
        let code = client.send("9700000000").await?;
        let other = if code == "000000" { "000001" } else { "000000" };
        let (_, success, _) = client.verify("9700000000", other).await?;
        assert!(!success, "a wrong code was accepted");
        let answer = client.verify("9700000000", &code).await?;
        assert_eq!(answer, (StatusCode::OK, true, "OTP verified successfully".to_owned()));
        Ok(())
    }
}

async fn pairs_of(mut client: Client, index: usize, repetition: usize, pairs: usize) -> Result<Vec<u32>> {
    let mut latencies_us = Vec::with_capacity(2 * pairs);
    let mut note = |started: Instant| {
        latencies_us.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
    };
    for pair in 0..pairs {
        // Every connection has numbers of its own, and every pair a new one.
        let phone = format!("98{:02}{index:02}{pair:04}", repetition % 100);
        let started = Instant::now();
        let code = client.send(&phone).await?;
        note(started);
        let started = Instant::now();
        let (status, success, message) = client.verify(&phone, &code).await?;
        note(started);
        if status != StatusCode::OK || !success {
            return Err(format!("the code of {phone} was refused: {status} {message}").into());
        }
    }
    Ok(latencies_us)
}

struct Client {
    requests: SendRequest<Full<Bytes>>,
}

impl Client {
    async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { requests })
    }

    /// Asks for a code and answers it.
    async fn send(&mut self, phone: &str) -> Result<String> {
        let (status, body) = self.post("/api/send-otp", format!(r#"{{"phoneNumber":"{phone}"}}"#)).await?;
        let Sent { success, otp } = serde_json::from_slice(&body)?;
        if status != StatusCode::OK || !success {
            return Err(format!("no code for {phone}: {status}").into());
        }
        Ok(otp.to_owned())
    }

    /// Shows a code and answers status, success and message.
    async fn verify(&mut self, phone: &str, code: &str) -> Result<(StatusCode, bool, String)> {
        let body = format!(r#"{{"phoneNumber":"{phone}","otp":"{code}"}}"#);
        let (status, body) = self.post("/api/verify-otp", body).await?;
        let Message { success, message } = serde_json::from_slice(&body)?;
        Ok((status, success, message.to_owned()))
    }

    async fn post(&mut self, path: &'static str, body: String) -> Result<(StatusCode, Bytes)> {
        let request = Request::post(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
