//! Tokens that prove a shopper: JSON Web Tokens (RFC 7519) with one algorithm, HS256.
//!
//! Written here because the usual crate, jsonwebtoken, keeps its cryptography in one global place of the process, which
//! a library must not claim from its host, and reads the machine's clock. The format is small once one algorithm is fixed.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::UserId;
use crate::clock::Clock;
use crate::error::{DomainError, ErrorKind};
use crate::secret::{SecretKey, equal};

/// The longest token that is looked at, in bytes.
const TOKEN_LENGTH_MAX: usize = 1_024;

/// Issues and checks the tokens of one audience.
///
/// ```
/// use quickcart_core::account::TokenIssuer;
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::secret::SecretKey;
/// use std::sync::Arc;
///
/// let tokens = TokenIssuer::smart_cart(SecretKey::random(), Arc::new(SystemClock));
/// assert_eq!(tokens.verify(&tokens.issue(7)), Ok(7));
/// ```
#[derive(Clone)]
pub struct TokenIssuer {
    key: SecretKey,
    audience: &'static str,
    lifetime: SignedDuration,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    user_id: UserId,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

const HEADER: Header<'static> = Header { alg: "HS256", typ: "JWT" };

impl TokenIssuer {
    /// Tokens of the smart-cart group, good for 60 minutes, as its clients know them.
    #[must_use]
    pub fn smart_cart(key: SecretKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, audience: "smart-cart", lifetime: SignedDuration::from_mins(60), clock }
    }

    /// A token for a shopper.
    #[must_use]
    pub fn issue(&self, user_id: UserId) -> String {
        let now = self.clock.now();
        let exp = now.saturating_add(self.lifetime).unwrap_or(now).as_second();
        let claims = Claims { user_id, aud: self.audience, iat: now.as_second(), exp };
        let signed = format!("{}.{}", part(&HEADER), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.hmac(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The shopper whom a token proves.
    ///
    /// # Errors
    /// [`InvalidToken`] when it is not ours, of another audience or algorithm, changed, or expired.
    pub fn verify(&self, token: &str) -> Result<UserId, InvalidToken> {
        if token.len() > TOKEN_LENGTH_MAX {
            return Err(InvalidToken);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken)?;
        if !equal(&decode(signature)?, &self.key.hmac(signed.as_bytes())) {
            return Err(InvalidToken);
        }
        let (header, claims) = signed.split_once('.').ok_or(InvalidToken)?;
        let (header, claims) = (decode(header)?, decode(claims)?);
        let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| InvalidToken)?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).map_err(|_| InvalidToken)?;
        let valid = header.alg == HEADER.alg
            && claims.aud == self.audience
            && self.clock.now().as_second() < claims.exp;
        if valid { Ok(claims.user_id) } else { Err(InvalidToken) }
    }
}

fn part(value: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("numbers and texts are JSON"))
}

fn decode(part: &str) -> Result<Vec<u8>, InvalidToken> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidToken)
}

/// The token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is invalid or has expired; sign in again")]
pub struct InvalidToken;

impl DomainError for InvalidToken {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unauthenticated
    }

    fn code(&self) -> &'static str {
        "token_invalid"
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{ManualClock, Timestamp};

    fn issuer() -> (TokenIssuer, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        (TokenIssuer::smart_cart(SecretKey::new(b"secret"), clock.clone()), clock)
    }

    #[test]
    fn expires_after_sixty_minutes() {
        let (tokens, clock) = issuer();
        let token = tokens.issue(7);
        clock.advance(Duration::from_secs(3_599));
        assert_eq!(tokens.verify(&token), Ok(7));
        clock.advance(Duration::from_secs(1));
        assert_eq!(tokens.verify(&token), Err(InvalidToken));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (tokens, _) = issuer();
        let token = tokens.issue(7);
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                tokens.verify(std::str::from_utf8(&bytes).unwrap()),
                Err(InvalidToken),
                "byte {index}"
            );
        }
    }

    #[test]
    fn another_algorithm_audience_or_key_is_refused() {
        let (tokens, clock) = issuer();
        let sign = |header: &str, claims: &str| {
            let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
            let signed = format!("{}.{}", encode(header), encode(claims));
            let signature = BASE64_URL_SAFE_NO_PAD.encode(tokens.key.hmac(signed.as_bytes()));
            format!("{signed}.{signature}")
        };
        let ours = r#"{"user_id":7,"aud":"smart-cart","iat":0,"exp":3600}"#;
        assert_eq!(tokens.verify(&sign(r#"{"alg":"HS256","typ":"JWT"}"#, ours)), Ok(7));
        for (header, claims) in [
            (r#"{"alg":"none","typ":"JWT"}"#, ours),
            (r#"{"alg":"HS512","typ":"JWT"}"#, ours),
            (r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"user_id":7,"aud":"phone-otp","iat":0,"exp":3600}"#),
            (r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"user_id":"7","aud":"smart-cart","iat":0,"exp":3600}"#),
            (r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"user_id":7,"aud":"smart-cart","iat":0}"#),
        ] {
            assert_eq!(tokens.verify(&sign(header, claims)), Err(InvalidToken), "{header} {claims}");
        }
        let other = TokenIssuer::smart_cart(SecretKey::new(b"other"), clock);
        assert_eq!(other.verify(&tokens.issue(7)), Err(InvalidToken));
        for text in ["", ".", "..", "a.b.c", &"a".repeat(5_000)] {
            assert_eq!(tokens.verify(text), Err(InvalidToken));
        }
    }
}
