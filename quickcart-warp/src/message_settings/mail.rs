//! The mail server that sends the codes of the registration group.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use quickcart_core::email::EmailAddress;
use quickcart_core::messaging::Route;
use quickcart_core::messaging::email::{Smtp, SmtpLogin, SmtpSettings, SmtpTls};

use super::Messages;
use crate::config::{ConfigError, given, wrong};

/// Less than the failover gives it: only the provider itself can tell that nothing was sent yet.
const TIME_LIMIT: Duration = Duration::from_secs(9);

#[derive(Args, Clone)]
pub(super) struct MailSettings {
    /// The mail server for the codes of the registration group [default: that of Gmail, for its addresses; without a sender the
    /// console in development, and else nobody can register]
    #[arg(long, env = "SMTP_SERVER", value_name = "HOST")]
    smtp_server: Option<String>,
    /// The mail server's port: on 465 TLS from the first byte, else STARTTLS
    #[arg(long, env = "SMTP_PORT", value_name = "PORT", default_value_t = 587)]
    smtp_port: u16,
    /// The sender's address, which is also the name to log in with
    #[arg(long, env = "SMTP_EMAIL", value_name = "ADDRESS")]
    smtp_email: Option<String>,
    /// The password; without it, nobody logs in
    #[arg(long, env = "SMTP_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    smtp_password: Option<String>,
    /// Whether the connection is encrypted: `none` is for a mail server on this machine only
    #[arg(long, env = "SMTP_TLS", value_name = "HOW", default_value = "required")]
    smtp_tls: TlsName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TlsName {
    Required,
    None,
}

impl MailSettings {
    pub(super) fn check(&self, development: bool) -> Result<Messages, ConfigError> {
        let (server, sender) = (given(self.smtp_server.as_ref()), given(self.smtp_email.as_ref()));
        let Some(sender) = sender else {
            return match server.or(given(self.smtp_password.as_ref())) {
                Some(_) => wrong("SMTP_EMAIL is missing: it is who sends"),
                None if development => Ok(Messages::Console),
                None => Ok(Messages::None),
            };
        };
        let from: EmailAddress = sender.parse().or_else(|error| wrong(format!("SMTP_EMAIL: {error}")))?;
        let gmail = from.as_str().ends_with("@gmail.com").then(|| "smtp.gmail.com".to_owned());
        let Some(host) = server.cloned().or(gmail) else {
            return wrong("SMTP_SERVER is missing: it is the mail server of SMTP_EMAIL");
        };
        let tls = match self.smtp_tls {
            TlsName::Required => SmtpTls::required_on(self.smtp_port),
            TlsName::None => SmtpTls::None,
        };
        let password = given(self.smtp_password.as_ref());
        let login = password.map(|password| SmtpLogin { user: sender.clone(), password: password.clone() });
        let mut settings = SmtpSettings::new(host, tls, from);
        settings.port = self.smtp_port;
        settings.login = login;
        settings.time_limit = TIME_LIMIT;
        let smtp = Smtp::new(&settings).or_else(|error| wrong(format!("SMTP_SERVER: {error}")))?;
        Ok(Messages::Routes(vec![Route::new(Arc::new(smtp))]))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: MailSettings,
    }

    fn check(arguments: &str, development: bool) -> Result<Messages, ConfigError> {
        let arguments = std::iter::once("quickcart-warp").chain(arguments.split_whitespace());
        Command::try_parse_from(arguments).unwrap().settings.check(development)
    }

    #[test]
    fn letters_go_where_the_settings_say() {
        assert!(matches!(check("", true).unwrap(), Messages::Console));
        assert!(matches!(check("", false).unwrap(), Messages::None));
        for arguments in [
            "--smtp-server mail.example.com --smtp-email shop@example.com --smtp-password s3cret",
            "--smtp-server 127.0.0.1 --smtp-port 9925 --smtp-tls none --smtp-email shop@example.com",
            "--smtp-email shop@gmail.com --smtp-password s3cret",
        ] {
            let messages = check(arguments, false).unwrap();
            assert_eq!(messages.providers().collect::<Vec<_>>(), ["smtp"], "{arguments}");
            assert!(!format!("{messages:?}").contains("s3cret"));
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (arguments, culprit) in [
            ("--smtp-server mail.example.com", "SMTP_EMAIL is missing"),
            ("--smtp-password s3cret", "SMTP_EMAIL is missing"),
            ("--smtp-email shop@example.com", "SMTP_SERVER is missing"),
            ("--smtp-email shop --smtp-server mail.example.com", "SMTP_EMAIL: not an e-mail address"),
            (
                "--smtp-email shop@example.com --smtp-server mail.example.com --smtp-tls none",
                "SMTP_SERVER: SMTP without TLS is for localhost",
            ),
        ] {
            let error = check(arguments, true).unwrap_err().to_string();
            assert!(error.starts_with(culprit) && !error.contains("s3cret"), "{error}");
        }
    }
}
