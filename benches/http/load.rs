//! Clients that ask for a code and show it again, over and over, each on a connection of its own.

use std::time::Instant;

use benches::{Connection, Cost, Result, cost_of_clients, microseconds_since};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use serde::Deserialize;

/// How much to ask for.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) pairs: usize,
}

/// Clients that hold codes which they have not shown yet.
pub(crate) struct Holders(Vec<Holder>);

struct Holder {
    client: Client,
    /// Phones and their codes.
    codes: Vec<(String, String)>,
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
    /// Asks for codes and shows them, one after the other. The processor time is left to be filled in.
    pub(crate) async fn run(&self, port: u16, repetition: usize) -> Result<Cost> {
        let clients = self.connect(port).await?;
        let started = Instant::now();
        let tasks = clients.into_iter().enumerate().map(|(index, client)| {
            let phones = self.phones(index, repetition);
            tokio::spawn(async move { send_and_verify(client, phones).await })
        });
        cost_of_clients(started, tasks.collect()).await
    }

    /// Asks for codes that go to a provider. The processor time is left to be filled in.
    pub(crate) async fn send(&self, port: u16, repetition: usize) -> Result<Cost> {
        let clients = self.connect(port).await?;
        let started = Instant::now();
        let tasks = clients.into_iter().enumerate().map(|(index, client)| {
            let phones = self.phones(index, repetition);
            tokio::spawn(async move { send_all(client, phones).await })
        });
        cost_of_clients(started, tasks.collect()).await
    }

    /// Asserts that the server sends by its provider, and shows no code.
    pub(crate) async fn check_sent(port: u16) -> Result<()> {
        let mut client = Client::connect(port).await?;
        let (status, body) = client.ask("9700000000").await?;
        let text = std::str::from_utf8(&body)?;
        assert!(
            status == StatusCode::OK && text.contains("via Twilio") && !text.contains("otp"),
            "{status} {text}"
        );
        Ok(())
    }

    /// Asks for all codes and shows none.
    pub(crate) async fn hold(&self, port: u16, repetition: usize) -> Result<Holders> {
        let clients = self.connect(port).await?;
        let tasks = clients.into_iter().enumerate().map(|(index, client)| {
            let phones = self.phones(index, repetition);
            tokio::spawn(async move { hold_codes(client, phones).await })
        });
        let mut holders = Vec::with_capacity(self.connections);
        for task in tasks.collect::<Vec<_>>() {
            holders.push(task.await??);
        }
        Ok(Holders(holders))
    }

    async fn connect(&self, port: u16) -> Result<Vec<Client>> {
        let mut clients = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            clients.push(Client::connect(port).await?);
        }
        Ok(clients)
    }

    /// Every connection has numbers of its own, and every pair a new one.
    fn phones(&self, index: usize, repetition: usize) -> impl Iterator<Item = String> + Send + 'static {
        let pairs = self.pairs / self.connections;
        let first = (repetition * self.connections + index) * pairs;
        (first..first + pairs).map(|number| benches::scattered_number(number as u64))
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

impl Holders {
    /// Shows all codes. The processor time is left to be filled in.
    pub(crate) async fn verify(self) -> Result<Cost> {
        let started = Instant::now();
        let tasks = self.0.into_iter().map(|holder| tokio::spawn(show_codes(holder)));
        cost_of_clients(started, tasks.collect()).await
    }
}

async fn send_and_verify(mut client: Client, phones: impl Iterator<Item = String>) -> Result<Vec<u32>> {
    let mut latencies_us = Vec::new();
    for phone in phones {
        let started = Instant::now();
        let code = client.send(&phone).await?;
        latencies_us.push(microseconds_since(started));
        latencies_us.push(client.accept(&phone, &code).await?);
    }
    Ok(latencies_us)
}

async fn send_all(mut client: Client, phones: impl Iterator<Item = String>) -> Result<Vec<u32>> {
    let mut latencies_us = Vec::new();
    for phone in phones {
        let started = Instant::now();
        let (status, body) = client.ask(&phone).await?;
        latencies_us.push(microseconds_since(started));
        if status != StatusCode::OK {
            return Err(
                format!("nothing was sent to {phone}: {status} {}", String::from_utf8_lossy(&body)).into()
            );
        }
    }
    Ok(latencies_us)
}

async fn hold_codes(mut client: Client, phones: impl Iterator<Item = String>) -> Result<Holder> {
    let mut codes = Vec::new();
    for phone in phones {
        let code = client.send(&phone).await?;
        codes.push((phone, code));
    }
    Ok(Holder { client, codes })
}

async fn show_codes(Holder { mut client, codes }: Holder) -> Result<Vec<u32>> {
    let mut latencies_us = Vec::with_capacity(codes.len());
    for (phone, code) in &codes {
        latencies_us.push(client.accept(phone, code).await?);
    }
    Ok(latencies_us)
}

struct Client(Connection);

impl Client {
    async fn connect(port: u16) -> Result<Self> {
        Ok(Self(Connection::open(port).await?))
    }

    async fn ask(&mut self, phone: &str) -> Result<(StatusCode, Bytes)> {
        self.post("/api/send-otp", format!(r#"{{"phoneNumber":"{phone}"}}"#)).await
    }

    /// Asks for a code and answers it.
    async fn send(&mut self, phone: &str) -> Result<String> {
        let (status, body) = self.ask(phone).await?;
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

    /// Shows a code that has to be accepted, and answers how long that took, in microseconds.
    async fn accept(&mut self, phone: &str, code: &str) -> Result<u32> {
        let started = Instant::now();
        let (status, success, message) = self.verify(phone, code).await?;
        let taken_us = microseconds_since(started);
        if status != StatusCode::OK || !success {
            return Err(format!("the code of {phone} was refused: {status} {message}").into());
        }
        Ok(taken_us)
    }

    async fn post(&mut self, path: &'static str, body: String) -> Result<(StatusCode, Bytes)> {
        let request = Request::post(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        self.0.ask(request).await
    }
}
