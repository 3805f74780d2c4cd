//! Where a mail server is and how it is spoken to; what would show a password or a code on the way is refused.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;

use crate::email::EmailAddress;

/// How long a message may take in all, unless it is said otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take at most, whatever is said: longer than any code is of use.
pub(super) const TIME_LIMIT_MAX: Duration = Duration::from_secs(3_600);

/// A mail server and how to send through it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SmtpSettings {
    /// The server's name, which its certificate has to be for.
    pub host: String,
    /// The port; at first the usual one for `tls`.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// Who sends, for servers that ask; at first nobody.
    pub login: Option<SmtpLogin>,
    /// The sender's address.
    pub from: EmailAddress,
    /// The sender's name as people read it; at first empty.
    pub from_name: String,
    /// How long handing over a message may take in all, an hour at most; at first 10 s. In a [`Failover`](crate::messaging::Failover) it
    /// should be less than what that gives a provider: only this one can tell that nothing was sent yet.
    pub time_limit: Duration,
    /// Certificates, as PEM, of authorities to trust besides the system's.
    pub authorities_pem: Option<Vec<u8>>,
}

impl SmtpSettings {
    /// A server that is sent through without logging in.
    #[must_use]
    pub fn new(host: impl Into<String>, tls: SmtpTls, from: EmailAddress) -> Self {
        Self {
            host: host.into(),
            port: tls.usual_port(),
            tls,
            login: None,
            from,
            from_name: String::new(),
            time_limit: TIME_LIMIT,
            authorities_pem: None,
        }
    }

    /// Who sends, as it stands in a message.
    pub(super) fn mailbox(&self) -> Result<Mailbox, InvalidSmtpSettings> {
        if self.from_name.contains(char::is_control) {
            return Err(InvalidSmtpSettings::FromName);
        }
        // Its domain also names messages and ourselves, in places that know nothing but ASCII.
        let address = Some(self.from.as_str()).filter(|address| address.is_ascii());
        let address: Address =
            address.and_then(|address| address.parse().ok()).ok_or(InvalidSmtpSettings::From)?;
        let name = Some(self.from_name.trim()).filter(|name| !name.is_empty());
        Ok(Mailbox::new(name.map(str::to_owned), address))
    }

    /// Where to connect to without TLS: never anywhere a name server could send us.
    pub(super) fn plaintext_addresses(&self) -> Result<Vec<IpAddr>, InvalidSmtpSettings> {
        let addresses = loopback_addresses(&self.host);
        addresses.ok_or_else(|| InvalidSmtpSettings::Plaintext { host: self.host.clone() })
    }
}

/// How the connection to a mail server is encrypted. There is no way that is encrypted only if the server offers it: whoever
/// stands between would take the offer away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte, by default on port 465. To be preferred ([RFC 8314](https://www.rfc-editor.org/rfc/rfc8314)).
    Implicit,
    /// After a plaintext greeting, by default on port 587; a server that does not want to is not sent through.
    StartTls,
    /// Not at all, by default on port 25: to this machine itself only.
    None,
}

impl SmtpTls {
    /// The encrypted way that is usual on this port.
    #[must_use]
    pub fn required_on(port: u16) -> Self {
        if port == Self::Implicit.usual_port() { Self::Implicit } else { Self::StartTls }
    }

    fn usual_port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// A user of a mail server. `Debug` shows neither name nor password.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpLogin {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpLogin(***)")
    }
}

/// No mail server can be sent through like that.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSmtpSettings {
    /// Everybody on the way could read codes and passwords.
    #[error("SMTP without TLS is for localhost, 127.0.0.1 and [::1] only, not for {host:?}: require TLS")]
    Plaintext {
        /// The server's name.
        host: String,
    },
    /// The sender's address cannot stand in a message.
    #[error(
        "the sender's address is not plain ASCII, such as shop@example.com or shop@xn--bcher-kva.example"
    )]
    From,
    /// The sender's name cannot stand in a message.
    #[error("the sender's name holds a line break or another control character")]
    FromName,
    /// The certificates to trust cannot be read, or hold none.
    #[error("the authorities to trust are not certificates in PEM")]
    Authorities,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The addresses of this machine by `host`, without asking anybody; `None` when it means another one.
fn loopback_addresses(host: &str) -> Option<Vec<IpAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let address: IpAddr = literal.parse().ok()?;
    address.is_loopback().then(|| vec![address])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str) -> SmtpSettings {
        SmtpSettings::new(host, SmtpTls::None, "shop@example.com".parse().unwrap())
    }

    #[test]
    fn plaintext_stays_on_this_machine() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]"] {
            let addresses = settings(host).plaintext_addresses().unwrap();
            assert!(addresses.iter().all(IpAddr::is_loopback), "{host}");
        }
        for host in
            ["", "mail.example.com", "10.0.0.1", "0.0.0.0", "::", "localhost.example.com", "127.0.0.1.nip.io"]
        {
            let error = settings(host).plaintext_addresses().unwrap_err();
            assert!(error.to_string().contains("require TLS"), "{host}: {error}");
        }
    }

    #[test]
    fn a_port_has_its_usual_way() {
        assert_eq!(SmtpTls::required_on(465), SmtpTls::Implicit);
        for port in [25, 587, 2525] {
            assert_eq!(SmtpTls::required_on(port), SmtpTls::StartTls);
        }
    }

    #[test]
    fn shows_no_password() {
        let login = SmtpLogin { user: "shopkeeper".to_owned(), password: "secret".to_owned() };
        let shown = format!("{:?}", SmtpSettings { login: Some(login), ..settings("localhost") });
        assert!(!shown.contains("secret") && !shown.contains("shopkeeper"), "{shown}");
    }

    #[test]
    fn a_sender_is_ascii() {
        let with_address =
            |from: &str| SmtpSettings { from: from.parse().unwrap(), ..settings("localhost") }.mailbox();
        assert!(with_address("shop@xn--bcher-kva.example").is_ok());
        for from in ["shop@bücher.example", "läden@example.com"] {
            assert!(matches!(with_address(from), Err(InvalidSmtpSettings::From)), "{from}");
        }
    }

    #[test]
    fn a_name_of_two_lines_is_none() {
        let with_name =
            |name: &str| SmtpSettings { from_name: name.to_owned(), ..settings("localhost") }.mailbox();
        assert!(with_name("The \"Shop\", Ünited").is_ok());
        for name in ["Shop\r\nBcc: eve@example.com", "Shop\n", "Shop\r", "Shop\0", "Shop\u{85}"] {
            assert!(matches!(with_name(name), Err(InvalidSmtpSettings::FromName)), "{name:?}");
        }
    }
}
