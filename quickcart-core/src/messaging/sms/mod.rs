//! Text messages, and codes by WhatsApp, by the providers that sell them.

mod fast2sms;
mod infobip;
mod json;
mod status;
mod twilio;

pub use fast2sms::{Fast2Sms, Fast2SmsBuilder, Fast2SmsRoute, read_fast2sms_reports};
pub use infobip::{
    IndiaDlt, Infobip, InfobipBuilder, InfobipTwoFactor, InfobipTwoFactorBuilder, read_infobip_reports,
};
pub use twilio::{Twilio, TwilioBuilder, TwilioKey, TwilioSender, TwilioWebhook};

use super::{Failure, Message, SendError};
use crate::phone::PhoneNumber;

/// The number that a message goes to.
fn phone<'a>(provider: &'static str, message: &'a Message) -> Result<&'a PhoneNumber, SendError> {
    let not_a_phone = || SendError::new(provider, Failure::RequestBug).with_code("not a telephone");
    message.to.phone().ok_or_else(not_a_phone)
}
