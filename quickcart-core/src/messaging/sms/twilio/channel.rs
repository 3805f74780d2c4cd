//! How a message of Twilio's gets to a phone.

use std::borrow::Cow;

use serde_json::json;

use crate::messaging::{Failure, Message, SendError};

const SMS_NAME: &str = "twilio";
const WHATSAPP_NAME: &str = "twilio_whatsapp";

/// Begins addresses of WhatsApp; those of text messages begin with nothing.
const WHATSAPP: &str = "whatsapp:";

/// By which of Twilio's channels a message goes.
pub(super) enum Channel {
    /// A text message.
    Sms,
    /// Outside of a conversation, WhatsApp takes a code only in an
    /// [authentication template](https://www.twilio.com/docs/content/whatsappauthentication), whose only variable it is.
    WhatsApp { content_sid: String },
}

impl Channel {
    /// The provider's name, as in [`MessageProvider::name`](crate::messaging::MessageProvider::name).
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sms => SMS_NAME,
            Self::WhatsApp { .. } => WHATSAPP_NAME,
        }
    }

    /// A number, as this channel writes it.
    pub(super) fn address<'a>(&self, number: &'a str) -> Cow<'a, str> {
        match self {
            Self::WhatsApp { .. } if !number.starts_with(WHATSAPP) => [WHATSAPP, number].concat().into(),
            Self::Sms | Self::WhatsApp { .. } => number.into(),
        }
    }

    /// The fields that say what the message says.
    pub(super) fn content<'a>(
        &'a self,
        message: &'a Message,
    ) -> Result<[(&'static str, Cow<'a, str>); 2], SendError> {
        match self {
            // Typographic quotes and the like would halve the length of a segment.
            Self::Sms => Ok([("Body", (&message.text).into()), ("SmartEncoded", "true".into())]),
            Self::WhatsApp { content_sid } => {
                let no_code =
                    || SendError::new(self.name(), Failure::RequestBug).with_code("no code to send");
                let code = message.code.as_ref().ok_or_else(no_code)?;
                let variables = json!({ "1": code }).to_string();
                Ok([("ContentSid", content_sid.into()), ("ContentVariables", variables.into())])
            }
        }
    }
}

/// The name of whoever sent a message to this address, as a report writes it.
pub(super) fn provider_of(address: &str) -> &'static str {
    if address.starts_with(WHATSAPP) { WHATSAPP_NAME } else { SMS_NAME }
}
