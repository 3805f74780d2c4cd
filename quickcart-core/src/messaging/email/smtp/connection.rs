//! Conversations with a mail server, and those that are kept for the next message.
//!
//! lettre has a transport that does all of this, but its asynchronous one has no time limit after the connection stands, puts
//! a connection back whose conversation was cut off in the middle, and does not tell whether the content was under way.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::letter::Letter;
use super::lines::Lines;
use super::reply::{Step, Trouble};
use super::settings::{InvalidSmtpSettings, SmtpSettings, SmtpTls};

/// How many connections are kept at most.
const IDLE_MAX: usize = 4;
/// How long a connection is kept: less than servers wait (RFC 5321, 4.5.3.2.7, asks them for 5 minutes) and than
/// address translators remember.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Connects to one server, in one way.
pub(super) struct Client {
    server: Server,
    hello: ClientId,
    login: Option<Credentials>,
    address_time_max: Duration,
    idle: Mutex<Vec<Idle>>,
}

enum Server {
    Plaintext(Vec<SocketAddr>),
    StartTls { host: String, port: u16, tls: TlsParameters },
    Implicit { host: String, port: u16, tls: TlsParameters },
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Client {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, InvalidSmtpSettings> {
        let login = settings.login.as_ref();
        Ok(Self {
            server: Server::new(settings)?,
            // Our own name is not known; this is one that we speak for, and servers look for a name with a dot.
            hello: ClientId::Domain(settings.mailbox()?.email.domain().to_owned()),
            login: login.map(|login| Credentials::new(login.user.clone(), login.password.clone())),
            address_time_max: settings.time_limit / 2,
            idle: Mutex::default(),
        })
    }

    /// A connection that is ready for a message: a kept one that still answers, or a new one.
    pub(super) async fn connection(&self) -> Result<Connection, Trouble> {
        while let Some(mut connection) = self.take_idle() {
            if connection.0.command(Rset).await.is_ok() {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    /// A new connection, greeted, encrypted and logged in.
    pub(super) async fn connect(&self) -> Result<Connection, Trouble> {
        let mut connection = self.server.connect(&self.hello, self.address_time_max).await?;
        if let Some(login) = &self.login {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(Trouble::unsupported(Step::Login, "AUTH PLAIN or LOGIN"));
            }
            let answer = connection.auth(DEFAULT_MECHANISMS, login).await;
            granted(Step::Login, answer)?;
        }
        Ok(Connection(connection))
    }

    /// Keeps a connection for the next message.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Keeps a connection if that is of use after this trouble; else hangs up.
    pub(super) fn keep_after(&self, connection: Connection, trouble: &Trouble) {
        if trouble.leaves_connection_usable() {
            self.keep(connection);
        }
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() < IDLE_TIME_MAX);
        idle.pop().map(|idle| idle.connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Server::Plaintext(addresses) => write!(f, "{addresses:?} without TLS"),
            Server::StartTls { host, port, .. } => write!(f, "{host}:{port} with STARTTLS"),
            Server::Implicit { host, port, .. } => write!(f, "{host}:{port} with TLS"),
        }
    }
}

impl Server {
    fn new(settings: &SmtpSettings) -> Result<Self, InvalidSmtpSettings> {
        let (host, port) = (settings.host.clone(), settings.port);
        Ok(match settings.tls {
            SmtpTls::None => {
                let addresses = settings.plaintext_addresses()?.into_iter();
                Self::Plaintext(addresses.map(|address| SocketAddr::new(address, port)).collect())
            }
            SmtpTls::StartTls => Self::StartTls { host, port, tls: tls(settings)? },
            SmtpTls::Implicit => Self::Implicit { host, port, tls: tls(settings)? },
        })
    }

    /// Connects and greets; an address gets `address_time_max`, so that another one has its turn.
    async fn connect(
        &self,
        hello: &ClientId,
        address_time_max: Duration,
    ) -> Result<AsyncSmtpConnection, Trouble> {
        let failed = |error| Trouble::of(Step::Connect, error);
        let time_max = Some(address_time_max);
        match self {
            Self::Plaintext(addresses) => {
                let addresses = &addresses[..];
                let connecting = AsyncSmtpConnection::connect_tokio1(addresses, time_max, hello, None, None);
                connecting.await.map_err(failed)
            }
            Self::Implicit { host, port, tls } => {
                let (address, tls) = ((host.as_str(), *port), Some(tls.clone()));
                let connecting = AsyncSmtpConnection::connect_tokio1(address, time_max, hello, tls, None);
                connecting.await.map_err(failed)
            }
            Self::StartTls { host, port, tls } => {
                let socket = connect(host, *port, address_time_max).await;
                let socket = socket.map_err(|error| Trouble::below(Step::Connect, error))?;
                let lines = Box::new(Lines::of(socket));
                let connecting = AsyncSmtpConnection::connect_with_transport(lines, hello);
                let mut connection = connecting.await.map_err(failed)?;
                if !connection.can_starttls() {
                    return Err(Trouble::unsupported(Step::Connect, "STARTTLS"));
                }
                connection.starttls(tls.clone(), hello).await.map_err(failed)?;
                Ok(connection)
            }
        }
    }
}

/// A connection whose server has nothing left to answer.
pub(super) struct Connection(AsyncSmtpConnection);

impl Connection {
    /// Says whom a message is from and for, up to where the server waits for the content.
    pub(super) async fn announce(&mut self, letter: &Letter) -> Result<(), Trouble> {
        let parameters = self.parameters(letter)?;
        let mail = Mail::new(Some(letter.from.clone()), parameters);
        granted(Step::Sender, self.0.command(mail).await)?;
        let rcpt = Rcpt::new(letter.to.clone(), Vec::new());
        granted(Step::Recipient, self.0.command(rcpt).await)?;
        expect(Step::Data, Severity::PositiveIntermediate, self.0.command(Data).await)
    }

    /// Sends the content and waits until the server has taken it.
    pub(super) async fn hand_over(&mut self, letter: &Letter) -> Result<(), Trouble> {
        granted(Step::Content, self.0.message(&letter.content).await)
    }

    /// Ends the conversation as one should.
    pub(super) async fn quit(mut self) {
        let _ = self.0.command(Quit).await;
    }

    /// What the server has to know about addresses that are not ASCII; the content always is, but for those.
    fn parameters(&self, letter: &Letter) -> Result<Vec<MailParameter>, Trouble> {
        if !letter.is_international() {
            return Ok(Vec::new());
        }
        if !self.0.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Trouble::unsupported(Step::Sender, "SMTPUTF8"));
        }
        Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)])
    }
}

fn granted(step: Step, answer: Result<Response, SmtpError>) -> Result<(), Trouble> {
    expect(step, Severity::PositiveCompletion, answer)
}

/// lettre takes 2yz and 3yz for the same: yes.
fn expect(step: Step, severity: Severity, answer: Result<Response, SmtpError>) -> Result<(), Trouble> {
    let code = answer.map_err(|error| Trouble::of(step, error))?.code();
    if code.severity == severity { Ok(()) } else { Err(Trouble::unexpected(step, code)) }
}

/// Connects to the first address of a name that lets us.
async fn connect(host: &str, port: u16, address_time_max: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::NotFound);
    for address in lookup_host((host, port)).await? {
        match timeout(address_time_max, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => last = error,
            Err(late) => last = late.into(),
        }
    }
    Err(last)
}

/// The system's authorities, and those of the settings.
fn tls(settings: &SmtpSettings) -> Result<TlsParameters, InvalidSmtpSettings> {
    let mut builder = TlsParametersBuilder::new(settings.host.clone());
    if let Some(pem) = &settings.authorities_pem {
        let authorities = Certificate::from_pem(pem).map_err(|_| InvalidSmtpSettings::Authorities)?;
        builder = builder.add_root_certificate(authorities);
    }
    builder.build_rustls().map_err(|error| InvalidSmtpSettings::Tls(error.into()))
}
