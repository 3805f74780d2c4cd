//! Stands between a server and PostgreSQL, counts the statements of a transaction, and ends the server at one of them.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Carries whatever comes, until it is dropped.
pub(super) struct Proxy {
    url: String,
    port: u16,
    armed: Arc<Mutex<Option<Armed>>>,
    is_over: Arc<AtomicBool>,
}

/// What arrives no more.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// PostgreSQL does not hear the statement.
    Statement,
    /// It does, and the server does not hear what comes of it.
    Answer,
}

struct Armed {
    process_id: u32,
    begins: Vec<u8>,
    cut: Cut,
    statements_left: usize,
}

impl Proxy {
    /// Takes the place of the PostgreSQL at this address.
    pub(super) fn to(url: &str) -> Self {
        let address = url.split(['@', '/']).nth(3).unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // Messages are read here, so they are not encrypted.
        let url = url.replace(&address, &format!("127.0.0.1:{port}")) + "?sslmode=disable";
        let (armed, is_over) = <(Arc<Mutex<Option<Armed>>>, Arc<AtomicBool>)>::default();
        let (watched, over) = (Arc::clone(&armed), Arc::clone(&is_over));
        std::thread::spawn(move || {
            for server in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                let (address, watched) = (address.clone(), Arc::clone(&watched));
                // Whoever asks may be gone: then there is nothing to do.
                std::thread::spawn(move || carry(server?, TcpStream::connect(address)?, &watched));
            }
        });
        Self { url, port, armed, is_over }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends this process at the statement of this number. They count from one on that has these bytes, to the end of its transaction.
    pub(super) fn arm(&self, process_id: u32, begins: &[u8], cut: Cut, statement: usize) {
        let armed = Armed { process_id, begins: begins.to_owned(), cut, statements_left: statement };
        *self.armed.lock().unwrap() = Some(armed);
    }

    pub(super) fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Armed {
    /// Whether this is the statement, and what is done then.
    fn cut_at(&mut self, request: &[Message], is_counted: &mut bool) -> Option<(Cut, u32)> {
        let begins = |message: &Message| message.windows(self.begins.len()).any(|part| part == self.begins);
        *is_counted |= request.iter().any(begins);
        let is_statement = request.iter().any(|message| matches!(message[0], EXECUTE | QUERY));
        if !*is_counted || !is_statement {
            return None;
        }
        self.statements_left -= 1;
        (self.statements_left == 0).then_some((self.cut, self.process_id))
    }
}

/// As it is on the wire: its type, its length and what it says.
type Message = Vec<u8>;

// Types of messages: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
const EXECUTE: u8 = b'E';
const QUERY: u8 = b'Q';
const SYNC: u8 = b'S';
const TERMINATE: u8 = b'X';
const READY: u8 = b'Z';
/// What PostgreSQL is ready for says whether there is a transaction.
const IDLE: u8 = b'I';

/// Carries one request and its answer after the other.
fn carry(mut server: TcpStream, mut postgres: TcpStream, armed: &Mutex<Option<Armed>>) -> io::Result<()> {
    // The first message has no type.
    let mut request = vec![read_message(&mut server, 0)?];
    let mut is_counted = false;
    loop {
        let cut = armed.lock().unwrap().as_mut().and_then(|armed| armed.cut_at(&request, &mut is_counted));
        if let Some((Cut::Statement, process_id)) = cut {
            return kill(process_id);
        }
        postgres.write_all(&request.concat())?;
        let answer = read_until(&mut postgres, &[READY])?;
        if let Some((Cut::Answer, process_id)) = cut {
            return kill(process_id);
        }
        is_counted &= answer.last().and_then(|ready| ready.last()) != Some(&IDLE);
        server.write_all(&answer.concat())?;
        request = read_until(&mut server, &[SYNC, QUERY, TERMINATE])?;
    }
}

/// Messages up to one of these types.
fn read_until(stream: &mut TcpStream, types: &[u8]) -> io::Result<Vec<Message>> {
    let mut messages = Vec::new();
    loop {
        let message = read_message(stream, 1)?;
        let is_last = types.contains(&message[0]);
        messages.push(message);
        if is_last {
            return Ok(messages);
        }
    }
}

/// A message whose type is so long.
fn read_message(stream: &mut TcpStream, type_length: usize) -> io::Result<Message> {
    let mut message = vec![0; type_length + 4];
    stream.read_exact(&mut message)?;
    let length = u32::from_be_bytes(message[type_length..].try_into().unwrap()) as usize;
    message.resize(type_length + length, 0);
    stream.read_exact(&mut message[type_length + 4..])?;
    Ok(message)
}

/// Ends a process at once.
fn kill(process_id: u32) -> io::Result<()> {
    let status = Command::new("kill").args(["-KILL", &process_id.to_string()]).status()?;
    assert!(status.success());
    Ok(())
}
