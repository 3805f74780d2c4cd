//! E-mail.

mod sendgrid;

pub use sendgrid::{SendGrid, SendGridBuilder};
