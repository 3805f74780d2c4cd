//! The lines at the end of a message by which phones and browsers know whose code it is.

use super::template::Piece;

/// The lines under the words of a message: the hash of an Android app, and the site that a code is for.
///
/// The site stands last, as [browsers want it](https://wicg.github.io/sms-one-time-codes/#parsing). The hash
/// has to be in the message ([SMS Retriever](https://developers.google.com/identity/sms-retriever/verify)),
/// so it stands before the site. Google once asked for it at the very end; that [`lint`](super::lint) says
/// when there are both.
///
/// ```
/// use quickcart_core::messaging::text::{Template, Trailer, Values};
///
/// let trailer = Trailer::default().with_retriever_hash("FA+9qCX9VSu")?.with_site("example.com", None)?;
/// let template = Template::parse("{code} is your {brand} code.")?.with_trailer(&trailer);
/// let text = template.render(&Values { brand: "My Shop", code: "747723", minutes: 5 });
/// assert_eq!(text, "747723 is your My Shop code.\nFA+9qCX9VSu\n@example.com #747723");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trailer {
    retriever_hash: Option<Box<str>>,
    site: Option<Site>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Site {
    host: Box<str>,
    embedded_host: Option<Box<str>>,
}

/// A line that nobody would understand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTrailer {
    /// It is no hash of an app.
    #[error("{0:?} is no app hash: that is 11 letters of base64")]
    Hash(String),
    /// It is no host.
    #[error(
        "{0:?} is no host, such as example.com: letters, digits, hyphens and dots, without scheme and port"
    )]
    Host(String),
}

impl Trailer {
    /// The same, with the hash of an Android app.
    ///
    /// # Errors
    /// [`InvalidTrailer::Hash`].
    pub fn with_retriever_hash(self, hash: &str) -> Result<Self, InvalidTrailer> {
        let hash = if is_hash(hash) { hash } else { return Err(InvalidTrailer::Hash(hash.to_owned())) };
        Ok(Self { retriever_hash: Some(hash.into()), ..self })
    }

    /// The same, with the site that the code is for, and the site embedded there that asks for it. Chromium
    /// reads the second one behind `@` and not behind `%`, as the specification has it, and so passes it
    /// over.
    ///
    /// # Errors
    /// [`InvalidTrailer::Host`].
    pub fn with_site(self, host: &str, embedded_host: Option<&str>) -> Result<Self, InvalidTrailer> {
        let checked = |host: &str| {
            if is_host(host) { Ok(host.into()) } else { Err(InvalidTrailer::Host(host.to_owned())) }
        };
        let site = Site { host: checked(host)?, embedded_host: embedded_host.map(checked).transpose()? };
        Ok(Self { site: Some(site), ..self })
    }

    /// The lines, each with the break before it.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(hash) = &self.retriever_hash {
            pieces.push(Piece::Words(format!("\n{hash}").into()));
        }
        if let Some(Site { host, embedded_host }) = &self.site {
            pieces.push(Piece::Words(format!("\n@{host} #").into()));
            pieces.push(Piece::Code);
            pieces.extend(embedded_host.as_ref().map(|host| Piece::Words(format!(" %{host}").into())));
        }
        pieces
    }
}

/// The first 11 letters of the base64 of a digest ([SMS
/// Retriever](https://developers.google.com/identity/sms-retriever/verify#computing_your_apps_hash_string)).
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 11 && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+/".contains(&letter))
}

/// A domain of at least two labels ([RFC 1123](https://www.rfc-editor.org/rfc/rfc1123#section-2.1)), or
/// `localhost`. One with other letters is written in Punycode.
pub(super) fn is_host(text: &str) -> bool {
    let is_known = text == "localhost" || text.contains('.');
    is_known
        && text.len() <= 253
        && text.split('.').all(is_label)
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn is_label(label: &str) -> bool {
    let is_edge = |letter: Option<u8>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    (1..=63).contains(&label.len())
        && label.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
        && is_edge(label.bytes().next())
        && is_edge(label.bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_and_hosts_are_taken() {
        for hash in ["FA+9qCX9VSu", "7bhnjAR5gBE", "abcdefghij/"] {
            assert!(is_hash(hash), "{hash}");
        }
        for hash in
            ["", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA-9qCX9VSu", "FA+9qCX9VS=", "FA+9qCX9VSé", "FA+9 CX9VSu"]
        {
            assert_eq!(
                Trailer::default().with_retriever_hash(hash),
                Err(InvalidTrailer::Hash(hash.to_owned())),
                "{hash}"
            );
        }
        for host in ["example.com", "localhost", "xn--bcher-kva.example", "a.b-c.d1"] {
            assert!(is_host(host), "{host}");
        }
        let wrong =
            ["", "example", "https://example.com", "example.com:443", "example.com/", "-a.com", "a-.com"];
        for host in
            wrong.into_iter().chain(["a..com", "example.com.", "bücher.example", "a b.com", "10.0.0.1"])
        {
            let refused = Err(InvalidTrailer::Host(host.to_owned()));
            assert_eq!(Trailer::default().with_site(host, None), refused, "{host}");
            assert_eq!(Trailer::default().with_site("example.com", Some(host)), refused, "{host}");
        }
    }
}
