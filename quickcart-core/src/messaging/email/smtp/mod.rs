//! E-mail through a mail server, over SMTP ([RFC 5321](https://www.rfc-editor.org/rfc/rfc5321)).

mod connection;
mod letter;
mod lines;
mod reply;
mod settings;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use tokio::time::{Instant, timeout_at};

pub use settings::{InvalidSmtpSettings, SmtpLogin, SmtpSettings, SmtpTls};

use self::connection::{Client, Connection};
use self::letter::Letter;
use self::reply::{Step, Trouble};
use self::settings::TIME_LIMIT_MAX;
use super::super::{Message, MessageProvider, Receipt, Recipient, SendError};

const NAME: &str = "smtp";

/// Sends e-mail through one mail server, and keeps a few connections to it open.
///
/// A message that is handed over again has the same `Message-ID`, which is our [id](Message::id) of it at the sender's domain.
/// Many mailboxes show such a message once, but SMTP promises nothing, so this provider does not call itself
/// [idempotent](MessageProvider::is_idempotent).
///
/// ```
/// use quickcart_core::messaging::email::{Smtp, SmtpLogin, SmtpSettings, SmtpTls};
///
/// let mut settings = SmtpSettings::new("mail.example.com", SmtpTls::Implicit, "shop@example.com".parse()?);
/// settings.from_name = "The Shop".to_owned();
/// settings.login = Some(SmtpLogin { user: "shop".to_owned(), password: "secret".to_owned() });
/// let smtp = Smtp::new(&settings)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Smtp {
    client: Client,
    from: Mailbox,
    time_limit: Duration,
}

impl Smtp {
    /// Gets ready to send; nothing is connected yet.
    pub fn new(settings: &SmtpSettings) -> Result<Self, InvalidSmtpSettings> {
        Ok(Self {
            client: Client::new(settings)?,
            from: settings.mailbox()?,
            time_limit: settings.time_limit.min(TIME_LIMIT_MAX),
        })
    }

    /// Connects, greets and logs in, as a message would, and sends none: for when a program starts.
    pub async fn check(&self) -> Result<(), SendError> {
        let deadline = Instant::now() + self.time_limit;
        let connection = timeout_at(deadline, self.client.connect()).await.unwrap_or(Err(Trouble::LATE))?;
        // It has answered all that was asked, whatever it says to a farewell.
        let _ = timeout_at(deadline, connection.quit()).await;
        Ok(())
    }

    /// Everything up to where the server waits for the content: whatever fails here, nothing was sent.
    async fn announce(&self, letter: &Letter) -> Result<Connection, Trouble> {
        let mut connection = self.client.connection().await?;
        match connection.announce(letter).await {
            Ok(()) => Ok(connection),
            Err(trouble) => {
                self.client.keep_after(connection, &trouble);
                Err(trouble)
            }
        }
    }

    /// Hands over the content: the server may have taken the message even if no answer comes.
    async fn hand_over(
        &self,
        mut connection: Connection,
        letter: &Letter,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let late = Err(Trouble::late(Step::Content));
        match timeout_at(deadline, connection.hand_over(letter)).await.unwrap_or(late) {
            Ok(()) => {
                self.client.keep(connection);
                Ok(())
            }
            Err(trouble) => {
                self.client.keep_after(connection, &trouble);
                Err(trouble)
            }
        }
    }
}

#[async_trait]
impl MessageProvider for Smtp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn serves(&self, to: &Recipient) -> bool {
        to.email().is_some()
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let deadline = Instant::now() + self.time_limit;
        let letter = Letter::write(&self.from, message)
            .map_err(|problem| SendError::new(NAME, problem.failure()).with_code(problem))?;
        let connection = timeout_at(deadline, self.announce(&letter)).await.unwrap_or(Err(Trouble::LATE))?;
        self.hand_over(connection, &letter, deadline).await?;
        // What servers call the message themselves is free text; this is what their logs and bounces cite as well.
        Ok(Receipt::new(NAME, Some(letter.message_id)))
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, time_limit, .. } = self;
        f.debug_struct("Smtp").field("client", client).field("time_limit", time_limit).finish_non_exhaustive()
    }
}

impl From<Trouble> for SendError {
    fn from(trouble: Trouble) -> Self {
        let error = SendError::new(NAME, trouble.failure());
        match trouble.code() {
            Some(code) => error.with_code(code),
            None => error,
        }
        .caused_by(trouble)
    }
}
