//! E-mail, by whichever way out a shop has.

#[cfg(feature = "http")]
mod sendgrid;
#[cfg(feature = "smtp")]
mod smtp;

#[cfg(feature = "http")]
pub use sendgrid::{SendGrid, SendGridBuilder};
#[cfg(feature = "smtp")]
pub use smtp::{InvalidSmtpSettings, Smtp, SmtpLogin, SmtpSettings, SmtpTls};
