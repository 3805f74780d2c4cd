//! A message, as providers get it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::text::DltIds;
use crate::email::EmailAddress;
use crate::phone::PhoneNumber;

/// Our own name for a message: random, and the same however often and by whomever it is sent.
pub type MessageId = [u8; 16];

/// Whom a message is for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// A telephone.
    Phone(PhoneNumber),
    /// A mailbox.
    Email(EmailAddress),
}

impl Recipient {
    /// The number, when it is a telephone.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Phone(phone) => Some(phone),
            Self::Email(_) => None,
        }
    }

    /// The address, when it is a mailbox.
    #[must_use]
    pub fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Phone(_) => None,
            Self::Email(email) => Some(email),
        }
    }
}

impl From<PhoneNumber> for Recipient {
    fn from(phone: PhoneNumber) -> Self {
        Self::Phone(phone)
    }
}

impl From<EmailAddress> for Recipient {
    fn from(email: EmailAddress) -> Self {
        Self::Email(email)
    }
}

/// Masked, as the number or address is.
impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => phone.fmt(f),
            Self::Email(email) => email.fmt(f),
        }
    }
}

/// A message for one recipient. `Debug` shows neither the text nor the code.
///
/// ```
/// use quickcart_core::messaging::Message;
/// use quickcart_core::phone::PhoneNumber;
///
/// let phone = PhoneNumber::from_e164("+919876543210")?;
/// let message = Message::new(phone, "Your code is 042137.").with_code("042137");
/// assert_eq!(message.variables, ["042137"]);
/// # Ok::<(), quickcart_core::phone::InvalidPhone>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Our own name for it.
    pub id: MessageId,
    /// Whom it is for.
    pub to: Recipient,
    /// What it is for, such as `smart-cart.sign-in`.
    pub purpose: &'static str,
    /// The subject line of an e-mail.
    pub subject: String,
    /// The whole text, which may hold a code.
    pub text: String,
    /// The code in it, for providers that write the text themselves.
    pub code: Option<String>,
    /// What a registered template gets filled in, in its order; the code first.
    pub variables: Vec<String>,
    /// What India's register knows the text by, where that differs from what the provider was told for all of them.
    pub dlt: Option<Arc<DltIds>>,
    /// How long it is of use: nothing should deliver it later.
    pub valid_for: Option<Duration>,
    /// Which attempt this is to bring it there, from 1.
    pub attempt: u8,
}

impl Message {
    /// A text without a code.
    #[must_use]
    pub fn new(to: impl Into<Recipient>, text: impl Into<String>) -> Self {
        Self {
            id: rand::random(),
            to: to.into(),
            purpose: "",
            subject: String::new(),
            text: text.into(),
            code: None,
            variables: Vec::new(),
            dlt: None,
            valid_for: None,
            attempt: 1,
        }
    }

    /// The same, for a purpose.
    #[must_use]
    pub fn with_purpose(self, purpose: &'static str) -> Self {
        Self { purpose, ..self }
    }

    /// The same, with a subject line.
    #[must_use]
    pub fn with_subject(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    /// The same, with the code that its text holds.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> Self {
        let code = code.into();
        Self { variables: vec![code.clone()], code: Some(code), ..self }
    }

    /// The same, of use for so long.
    #[must_use]
    pub fn with_valid_for(self, valid_for: Duration) -> Self {
        Self { valid_for: Some(valid_for), ..self }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, purpose, attempt, .. } = self;
        let mut shown = f.debug_struct("Message");
        shown.field("to", to).field("purpose", purpose).field("attempt", attempt).finish_non_exhaustive()
    }
}
