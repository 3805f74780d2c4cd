//! What became of a message, by what the server answered and when.

use std::error::Error;
use std::fmt;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::response::Code;

use super::super::super::Failure;

/// How far a conversation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Connection, greeting, TLS.
    Connect,
    Login,
    Sender,
    Recipient,
    /// `DATA`, before anything of the message is sent.
    Data,
    /// The message itself: from here on it may have been taken.
    Content,
}

/// What a refusal comes down to: by where it happened, the reply code
/// ([RFC 5321, 4.2](https://www.rfc-editor.org/rfc/rfc5321#section-4.2)) and the enhanced status code
/// ([RFC 3463](https://www.rfc-editor.org/rfc/rfc3463)), which is more precise where there is one.
fn refusal(step: Step, code: u16, enhanced: Option<Enhanced>) -> Failure {
    use Failure::{AccountDown, NotSent, RecipientBlocked, RecipientInvalid, RequestBug, RouteUnavailable};
    let detail = enhanced.map(|Enhanced { subject, detail, .. }| (subject, detail));
    match (step, code, detail) {
        // The server does not know yet what we want, so it is not about the message, whatever the code.
        (Step::Connect, ..) => NotSent,
        // The mailbox is full: nothing another server of ours could change, even if it may be emptied.
        (Step::Recipient | Step::Data | Step::Content, _, Some((2, 2))) => RecipientBlocked,
        (_, ..500, _) => NotSent,
        (_, 530 | 534 | 535 | 538, _) | (Step::Login, ..) => AccountDown,
        // It does not send for this sender: an address that is not ours to use.
        (Step::Sender, 550 | 551 | 553, _) | (_, _, Some((1, 7 | 8))) => AccountDown,
        (_, _, Some((1, _))) => RecipientInvalid,
        // Switched off, or not accepting: RFC 3463, 3.3.
        (_, _, Some((2, 1))) => RecipientBlocked,
        (_, _, Some((7, _))) => RouteUnavailable,
        (Step::Recipient, 550 | 551 | 553 | 556, _) => RecipientInvalid,
        // After the recipient was accepted, 550 is a matter of policy: RFC 5321, 4.3.2.
        (_, 552, _) => RecipientBlocked,
        (_, 500..=504 | 555, _) => RequestBug,
        _ => RouteUnavailable,
    }
}

/// A class, subject and detail, such as 5.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Enhanced {
    class: u16,
    subject: u16,
    detail: u16,
}

impl Enhanced {
    /// The one that begins the text of a reply with this code, and agrees with it
    /// ([RFC 2034, 4](https://www.rfc-editor.org/rfc/rfc2034#section-4)).
    fn parse(code: u16, text: &str) -> Option<Self> {
        let mut parts = text.split_whitespace().next()?.split('.').map(|part| part.parse().ok());
        let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
        let is_one = parts.next().is_none() && class == code / 100 && subject <= 999 && detail <= 999;
        is_one.then_some(Self { class, subject, detail })
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Where and how a message got stuck. It shows codes, but no text of the server, which likes to repeat addresses.
#[derive(Debug)]
pub(super) struct Trouble {
    step: Step,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The server said no.
    Refused { code: u16, enhanced: Option<Enhanced> },
    /// The server said yes to something else.
    Unexpected { code: u16 },
    /// We asked for what the server does not offer.
    Unsupported(&'static str),
    /// The server hung up, or said what is no SMTP.
    Garbled,
    /// The time was up.
    Late,
    /// What lies below SMTP: name, connection, TLS.
    Below(Box<dyn Error + Send + Sync>),
}

impl Trouble {
    /// The time was up somewhere before the content.
    pub(super) const LATE: Self = Self::late(Step::Data);

    pub(super) const fn late(step: Step) -> Self {
        Self { step, kind: Kind::Late }
    }

    pub(super) fn unsupported(step: Step, what: &'static str) -> Self {
        Self { step, kind: Kind::Unsupported(what) }
    }

    pub(super) fn unexpected(step: Step, code: Code) -> Self {
        Self { step, kind: Kind::Unexpected { code: code.into() } }
    }

    pub(super) fn below(step: Step, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { step, kind: Kind::Below(error.into()) }
    }

    pub(super) fn of(step: Step, error: SmtpError) -> Self {
        let kind = match error.status() {
            Some(code) => {
                let code = code.into();
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                Kind::Refused { code, enhanced: Enhanced::parse(code, &text) }
            }
            // Its text holds what the server said.
            None if error.is_response() => Kind::Garbled,
            None => Kind::Below(error.into()),
        };
        Self { step, kind }
    }

    /// What it comes down to.
    pub(super) fn failure(&self) -> Failure {
        match (self.step, &self.kind) {
            (step, &Kind::Refused { code, enhanced }) => refusal(step, code, enhanced),
            (Step::Content, _) => Failure::MaybeSent,
            (Step::Login, Kind::Unsupported(_)) => Failure::AccountDown,
            (Step::Sender, Kind::Unsupported(_)) => Failure::RouteUnavailable,
            _ => Failure::NotSent,
        }
    }

    /// The server's code, when it gave one.
    pub(super) fn code(&self) -> Option<String> {
        match self.kind {
            Kind::Refused { code, enhanced: Some(enhanced) } => Some(format!("{code} {enhanced}")),
            Kind::Refused { code, enhanced: None } | Kind::Unexpected { code } => Some(code.to_string()),
            _ => None,
        }
    }

    /// Whether the server goes on listening: it refused one message, not us. 421 comes before it hangs up.
    pub(super) fn leaves_connection_usable(&self) -> bool {
        matches!(self.kind, Kind::Refused { code, .. } if code != 421)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Refused { .. } => f.write_str("the mail server refused"),
            Kind::Unexpected { .. } => f.write_str("the mail server answered something else"),
            Kind::Unsupported(what) => write!(f, "the mail server does not offer {what}"),
            Kind::Garbled => f.write_str("the mail server hung up or did not speak SMTP"),
            Kind::Late => f.write_str("the mail server did not answer in time"),
            Kind::Below(_) => f.write_str("the mail server cannot be talked to"),
        }?;
        write!(f, " ({})", self.step.name())
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Below(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Login => "logging in",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Data => "before the content",
            Self::Content => "content",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Failure::{AccountDown, NotSent, RecipientBlocked, RecipientInvalid, RequestBug, RouteUnavailable};
    use Step::{Connect, Content, Data, Login, Recipient, Sender};

    #[test]
    fn refusals_by_step_and_code() {
        for (step, reply, expected) in [
            // Nobody knows yet what we want.
            (Connect, "421 4.3.2 shutting down", NotSent),
            (Connect, "454 4.7.0 no TLS now", NotSent),
            (Connect, "554 5.7.1 not from your address", NotSent),
            (Login, "454 4.7.0 later", NotSent),
            (Login, "535 5.7.8 wrong", AccountDown),
            (Login, "534 5.7.9 too weak", AccountDown),
            (Login, "504 5.5.4 not like that", AccountDown),
            (Login, "550 no", AccountDown),
            (Sender, "530 5.7.0 log in first", AccountDown),
            (Sender, "530 5.7.0 STARTTLS first", AccountDown),
            (Sender, "550 5.1.0 not your address", AccountDown),
            (Sender, "553 5.7.1 not your address", AccountDown),
            (Sender, "501 5.1.7 bad sender", AccountDown),
            (Sender, "451 4.3.0 later", NotSent),
            (Sender, "555 no such parameter", RequestBug),
            (Recipient, "421 too many", NotSent),
            (Recipient, "450 4.2.0 greylisted", NotSent),
            (Recipient, "451 4.7.1 greylisted", NotSent),
            (Recipient, "452 4.3.1 disk full", NotSent),
            (Recipient, "454 no", NotSent),
            (Recipient, "452 4.2.2 mailbox full", RecipientBlocked),
            (Recipient, "550 no such user", RecipientInvalid),
            (Recipient, "550 5.1.1 no such user", RecipientInvalid),
            (Recipient, "551 moved", RecipientInvalid),
            (Recipient, "553 bad name", RecipientInvalid),
            (Recipient, "501 5.1.3 bad name", RecipientInvalid),
            (Recipient, "554 5.1.1 no such user", RecipientInvalid),
            (Recipient, "556 5.1.10 takes no mail", RecipientInvalid),
            (Recipient, "556 takes no mail", RecipientInvalid),
            (Recipient, "550 5.2.1 off", RecipientBlocked),
            (Recipient, "550 5.2.2 full", RecipientBlocked),
            (Recipient, "552 full", RecipientBlocked),
            (Recipient, "550 5.7.1 no relaying", RouteUnavailable),
            (Recipient, "554 no relaying", RouteUnavailable),
            (Recipient, "503 5.5.1 not now", RequestBug),
            (Recipient, "501 what", RequestBug),
            (Recipient, "550 4.1.1 contradicts itself", RecipientInvalid),
            (Data, "554 no valid recipients", RouteUnavailable),
            (Content, "451 4.3.0 later", NotSent),
            (Content, "550 looks like spam", RouteUnavailable),
            (Content, "550 5.1.1 no such user after all", RecipientInvalid),
            (Content, "552 5.2.2 full", RecipientBlocked),
            (Content, "552 full", RecipientBlocked),
            (Content, "554 5.7.1 spam", RouteUnavailable),
            (Content, "554 no", RouteUnavailable),
        ] {
            let (code, text) = reply.split_once(' ').unwrap();
            let code = code.parse().unwrap();
            assert_eq!(refusal(step, code, Enhanced::parse(code, text)), expected, "{step:?}: {reply}");
        }
    }

    #[test]
    fn an_enhanced_code_begins_the_text_and_agrees_with_the_reply() {
        let parsed = |code, text| Enhanced::parse(code, text).map(|enhanced| enhanced.to_string());
        assert_eq!(parsed(550, "5.1.1 <a@b> unknown").as_deref(), Some("5.1.1"));
        assert_eq!(parsed(452, "4.2.2").as_deref(), Some("4.2.2"));
        for (code, text) in [
            (550, ""),
            (550, "no 5.1.1"),
            (550, "4.1.1 no"),
            (550, "5.1 no"),
            (550, "5.1.1.1 no"),
            (550, "5.x.1 no"),
            (550, "5.1.1000 no"),
            (550, "5.1.99999999999 no"),
        ] {
            assert_eq!(parsed(code, text), None, "{text}");
        }
    }

    #[test]
    fn silence_is_harmless_only_before_the_content() {
        for step in [Connect, Login, Sender, Recipient, Data] {
            assert_eq!(Trouble::late(step).failure(), NotSent);
        }
        assert_eq!(Trouble::late(Content).failure(), Failure::MaybeSent);
    }
}
