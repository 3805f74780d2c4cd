//! A message as a mail server gets it ([RFC 5322](https://www.rfc-editor.org/rfc/rfc5322)).

use data_encoding::HEXLOWER;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};

use super::super::super::{Failure, Message};

/// Says what it is about and not the code: subjects stand on lock screens.
const SUBJECT: &str = "Your verification code";

/// An envelope and its content.
pub(super) struct Letter {
    pub(super) from: Address,
    pub(super) to: Address,
    /// Without angle brackets.
    pub(super) message_id: String,
    pub(super) content: Vec<u8>,
}

impl Letter {
    pub(super) fn write(from: &Mailbox, message: &Message) -> Result<Self, Unwritable> {
        let email = message.to.email().ok_or(Unwritable::NoMailbox)?;
        let to = address(email.as_str())?;
        let message_id = format!("{}@{}", HEXLOWER.encode(&message.id), from.email.domain());
        let written = lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(subject(message))
            .message_id(Some(format!("<{message_id}>")))
            // RFC 3834, section 5: so that no machine answers, nor puts an absence note between codes.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .singlepart(SinglePart::plain(message.text.clone()))
            .map_err(|_| Unwritable::Message)?;
        Ok(Self { from: from.email.clone(), to, message_id, content: written.formatted() })
    }

    /// Whether the address needs more than ASCII ([RFC 6531](https://www.rfc-editor.org/rfc/rfc6531)); the sender's never does.
    pub(super) fn is_international(&self) -> bool {
        let to: &str = self.to.as_ref();
        !to.is_ascii()
    }
}

/// Why a message cannot be an e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwritable {
    NoMailbox,
    Address,
    Message,
}

impl Unwritable {
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::NoMailbox | Self::Message => Failure::RequestBug,
            Self::Address => Failure::RouteUnavailable,
        }
    }
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoMailbox => "not for a mailbox",
            Self::Address => "the address cannot be used for SMTP",
            Self::Message => "the message cannot be written",
        })
    }
}

/// An address that is safe in a command line, which ends where a line ends.
fn address(text: &str) -> Result<Address, Unwritable> {
    if text.contains(char::is_control) {
        return Err(Unwritable::Address);
    }
    text.parse().map_err(|_| Unwritable::Address)
}

/// The subject on one line, and never with the code.
fn subject(message: &Message) -> String {
    let shows_code = message.code.as_ref().is_some_and(|code| message.subject.contains(code.as_str()));
    let wanted = if shows_code { "" } else { message.subject.as_str() };
    let line = wanted.replace(char::is_control, " ");
    match line.trim() {
        "" => SUBJECT.to_owned(),
        line => line.to_owned(),
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str) -> Message {
        let to: crate::email::EmailAddress = "asha@example.com".parse().unwrap();
        Message::new(to, "Your code is 042137.\n.\n..\nBis später").with_code("042137").with_subject(subject)
    }

    fn written(subject: &str) -> String {
        let from = Mailbox::new(Some("Shop".to_owned()), "shop@example.com".parse().unwrap());
        String::from_utf8(Letter::write(&from, &message(subject)).unwrap().content).unwrap()
    }

    #[test]
    fn a_subject_is_one_line_without_the_code() {
        for (wanted, expected) in [
            ("", SUBJECT),
            (" \r\n", SUBJECT),
            ("042137 is your code", SUBJECT),
            ("Welcome", "Welcome"),
            ("Hi\r\nBcc: eve@example.com", "Hi  Bcc: eve@example.com"),
            ("Hi\r\n\r\nBody", "Hi    Body"),
            ("\u{2028}Hi\0\u{85}", "Hi"),
        ] {
            assert_eq!(subject(&message(wanted)), expected);
        }
    }

    #[test]
    fn no_subject_adds_a_header_or_a_body() {
        let names = |text: &str| -> Vec<String> {
            let (headers, _) = text.split_once("\r\n\r\n").unwrap();
            let lines = headers.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
            lines.map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
        };
        let usual = names(&written("Hi"));
        for evil in
            ["a\r\nBcc: eve@example.com", "a\nX: y", "a\rX: y", "a\r\n\r\nbody", "é\r\nX: y", "a\u{85}X: y"]
        {
            assert_eq!(names(&written(evil)), usual, "{evil:?}");
        }
    }

    #[test]
    fn everything_is_ascii_with_whole_lines() {
        let text = written("Größe: ₹5");
        assert!(text.is_ascii());
        assert!(text.lines().all(|line| line.len() <= 76), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }

    #[test]
    fn no_address_ends_a_line() {
        for text in [
            "a\r\nRCPT TO:<eve@example.com>@example.com",
            "\"a\r\nb\"@example.com",
            "\"a\u{85}\"@example.com",
        ] {
            assert_eq!(address(text).unwrap_err(), Unwritable::Address, "{text:?}");
        }
    }
}
