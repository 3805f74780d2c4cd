//! A mail server that keeps what it is given, and misbehaves on command.

mod session;
mod stream;
mod tls;

use std::collections::HashMap;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use data_encoding::BASE64;

use self::session::Session;
use self::stream::Stream;
use self::tls::Identity;

/// Longer than anything here takes, so only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens on loopback until it is dropped, in threads of this process: SMTP (RFC 5321) with `AUTH PLAIN`, and, as it is
/// started, without TLS, with `STARTTLS`, or with TLS from the first byte.
pub struct SmtpServer {
    port: u16,
    identity: Arc<Identity>,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// Where in a conversation something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The server speaks first.
    Greeting,
    /// `EHLO`, before and after `STARTTLS`.
    Hello,
    /// `STARTTLS`.
    StartTls,
    /// `AUTH`.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The dot after the content.
    Content,
    /// `RSET`.
    Reset,
}

/// What goes wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This is the answer, and what it stands for is done only if it begins with 2 or 3. Written in one go, and a line end is
    /// added.
    Answer(&'static str),
    /// The connection ends without an answer.
    HangUp,
    /// No answer comes, ever.
    Silence,
    /// The answer begins, byte by byte, and never ends.
    Drip,
}

/// A message the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Who logged in, with which password.
    pub login: Option<(String, String)>,
    /// The address of `MAIL FROM`.
    pub from: String,
    /// The addresses of `RCPT TO`.
    pub to: Vec<String>,
    /// Header and body, with lines as they came and dots unstuffed.
    pub content: String,
    /// Whether it came over TLS.
    pub is_encrypted: bool,
    /// The number of its connection, from 1.
    pub connection: usize,
}

impl Mail {
    /// The value of a header field, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let (headers, _) = self.content.split_once("\r\n\r\n")?;
        let unfolded = headers.replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut fields = unfolded.split("\r\n").filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        Some(value.trim().to_owned())
    }

    /// What comes after the header.
    #[must_use]
    pub fn body(&self) -> &str {
        self.content.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// The body as it was before it was made fit for mail.
    ///
    /// # Panics
    /// It is not encoded as it says.
    #[must_use]
    pub fn text(&self) -> String {
        let body = self.body();
        match self.header("Content-Transfer-Encoding").as_deref() {
            None | Some("7bit" | "8bit") => body.to_owned(),
            Some("base64") => {
                String::from_utf8(BASE64.decode(body.replace("\r\n", "").as_bytes()).unwrap()).unwrap()
            }
            Some("quoted-printable") => {
                let joined = body.replace("=\r\n", "");
                let mut parts = joined.split('=');
                let mut bytes = parts.next().unwrap().as_bytes().to_vec();
                for part in parts {
                    bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
                    bytes.extend_from_slice(&part.as_bytes()[2..]);
                }
                String::from_utf8(bytes).unwrap()
            }
            other => panic!("encoded as {other:?}"),
        }
    }
}

/// A line a client said, other than content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was said.
    pub text: String,
    /// Whether it came over TLS.
    pub is_encrypted: bool,
}

impl SmtpServer {
    /// A server that knows no TLS.
    #[must_use]
    pub fn start() -> Self {
        Self::listen(Security::None)
    }

    /// A server that offers `STARTTLS`.
    #[must_use]
    pub fn with_starttls() -> Self {
        Self::listen(Security::StartTls)
    }

    /// A server that speaks TLS from the first byte.
    #[must_use]
    pub fn with_tls() -> Self {
        Self::listen(Security::Implicit)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate, for `localhost` and 127.0.0.1, as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.identity.pem
    }

    /// From now on takes no mail from anybody else.
    pub fn require_login(&self, user: &str, password: &str) {
        self.shared.state().login = Some((user.to_owned(), password.to_owned()));
    }

    /// From now on knows no mailbox whose address contains `part`.
    pub fn refuse_recipients(&self, part: &str) {
        self.shared.state().refused = Some(part.to_owned());
    }

    /// From now on goes wrong there.
    pub fn fail(&self, step: Step, fault: Fault) {
        self.shared.state().faults.insert(step, fault);
    }

    /// From now on nothing goes wrong.
    pub fn behave(&self) {
        self.shared.state().faults.clear();
    }

    /// Ends all connections from its side, as a server does with idle ones.
    pub fn hang_up(&self) {
        for stream in self.shared.state().streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// All that was taken, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.state().mails.clone()
    }

    /// All that clients said, but for contents.
    #[must_use]
    pub fn heard(&self) -> Vec<Line> {
        self.shared.state().heard.clone()
    }

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Returns once a client has got so far, whatever it is answered.
    ///
    /// # Panics
    /// No client does so within half a minute.
    pub fn wait_for(&self, step: Step) {
        let state = self.shared.state();
        let waits = |state: &mut State| !state.reached.contains(&step);
        let waited = self.shared.news.wait_timeout_while(state, PATIENCE, waits);
        let (_state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "no client got as far as {step:?}");
    }

    fn listen(security: Security) -> Self {
        let identity = Arc::new(Identity::generate());
        let shared = Arc::new(Shared::default());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = {
            let (shared, identity) = (shared.clone(), identity.clone());
            thread::spawn(move || accept(&listener, &shared, security, &identity))
        };
        Self { port, identity, shared, acceptor: Some(acceptor) }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        // Wakes the acceptor, which then sees that it is over.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    None,
    StartTls,
    Implicit,
}

/// What a server and its conversations have in common.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    login: Option<(String, String)>,
    refused: Option<String>,
    faults: HashMap<Step, Fault>,
    reached: Vec<Step>,
    heard: Vec<Line>,
    mails: Vec<Mail>,
    connections: usize,
    streams: Vec<TcpStream>,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong at a step that a client has reached.
    fn reach(&self, step: Step) -> Option<Fault> {
        let mut state = self.state();
        state.reached.push(step);
        self.news.notify_all();
        state.faults.get(&step).cloned()
    }
}

/// Takes connections until it is over, and then ends them all.
fn accept(listener: &TcpListener, shared: &Arc<Shared>, security: Security, identity: &Identity) {
    thread::scope(|conversations| {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let connection = {
                let mut state = shared.state();
                if state.is_over {
                    break;
                }
                state.streams.push(stream.try_clone().unwrap());
                state.connections += 1;
                state.connections
            };
            conversations.spawn(move || {
                let stream = Stream::plain(stream);
                Session::new(shared, security, identity, stream, connection).run();
            });
        }
        for stream in shared.state().streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
}
