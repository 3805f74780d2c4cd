//! Tokens that prove a shopper: JSON Web Tokens (RFC 7519) with one algorithm, HS256.
//!
//! Written here because the usual crate, jsonwebtoken, keeps its cryptography in one global place of the process, which
//! a library must not claim from its host, and reads the machine's clock. The format is small once one algorithm is fixed.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::UserId;
use super::revocation::{Revocation, Revocations, Revoked};
use super::session::SessionError;
use crate::clock::{Clock, Timestamp};
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::secret::{SecretKey, equal};

/// The longest token that is looked at, in bytes.
const TOKEN_LENGTH_MAX: usize = 1_024;

/// Issues and checks the tokens of one audience.
///
/// ```
/// use quickcart_core::account::{ShopperClaims, TokenIssuer};
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::secret::SecretKey;
/// use std::sync::Arc;
///
/// let tokens = TokenIssuer::new(SecretKey::random(), Arc::new(SystemClock));
/// let token = tokens.issue(&ShopperClaims { user_id: 7 });
/// assert_eq!(tokens.verify(&token).unwrap().claims.user_id, 7);
/// ```
pub struct TokenIssuer<C> {
    key: SecretKey,
    clock: Arc<dyn Clock>,
    revocations: Revocations,
    claims: PhantomData<fn() -> C>,
}

/// What the tokens of one audience say besides `aud`, `jti`, `iat` and `exp`.
pub trait Claims: Serialize + DeserializeOwned {
    /// Whom the tokens are for; they open nothing else.
    const AUDIENCE: &'static str;
    /// How long they are good for.
    const LIFETIME: SignedDuration;

    /// Who holds the token, among all of this audience.
    fn subject(&self) -> Cow<'_, str>;
}

/// Shoppers of the smart cart, for 60 minutes, as its clients know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopperClaims {
    /// The shopper.
    pub user_id: UserId,
}

impl Claims for ShopperClaims {
    const AUDIENCE: &'static str = "smart-cart";
    const LIFETIME: SignedDuration = SignedDuration::from_mins(60);

    fn subject(&self) -> Cow<'_, str> {
        self.user_id.to_string().into()
    }
}

/// Members of the phone-otp group, for 7 days, as its clients know them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberClaims {
    /// The member.
    pub user_id: UserId,
    /// The ten digits of their phone.
    pub phone: String,
    /// Whether they may do what administrators may.
    pub is_admin: bool,
}

impl Claims for MemberClaims {
    const AUDIENCE: &'static str = "phone-otp";
    const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

    fn subject(&self) -> Cow<'_, str> {
        self.user_id.to_string().into()
    }
}

/// Without the phone.
impl std::fmt::Debug for MemberClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user_id, is_admin, .. } = self;
        write!(f, "MemberClaims {{ user_id: {user_id}, phone: ***, is_admin: {is_admin} }}")
    }
}

/// A token that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<C> {
    /// What it says.
    pub claims: C,
    /// Its own name (`jti`).
    pub id: Box<str>,
    /// When it was issued, in whole seconds.
    pub issued_at: Timestamp,
    /// When it ends, in whole seconds.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
}

/// The claims that every token has ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519#section-4.1), 4.1).
#[derive(Serialize, Deserialize)]
struct Registered<'a> {
    aud: &'a str,
    jti: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Payload<'a, C> {
    #[serde(flatten)]
    claims: &'a C,
    #[serde(flatten)]
    registered: Registered<'a>,
}

const HEADER: Header<'static> = Header { alg: "HS256", typ: "JWT" };

impl<C> Clone for TokenIssuer<C> {
    fn clone(&self) -> Self {
        self.of_group()
    }
}

impl<C> TokenIssuer<C> {
    /// Tokens signed with `key`. What is revoked is known to this one and its clones, as long as they live.
    #[must_use]
    pub fn new(key: SecretKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, clock, revocations: Revocations::default(), claims: PhantomData }
    }

    /// The same, refusing what `revocations` knows.
    #[must_use]
    pub fn with_revocations(self, revocations: Revocations) -> Self {
        Self { revocations, ..self }
    }

    /// The tokens of another audience: the same key, clock and revocations.
    #[must_use]
    pub fn of_group<D>(&self) -> TokenIssuer<D> {
        TokenIssuer {
            key: self.key.clone(),
            clock: Arc::clone(&self.clock),
            revocations: self.revocations.clone(),
            claims: PhantomData,
        }
    }
}

impl<C: Claims> TokenIssuer<C> {
    /// A token that says this.
    #[must_use]
    pub fn issue(&self, claims: &C) -> String {
        let now = self.clock.now();
        let exp = now.saturating_add(C::LIFETIME).unwrap_or(now).as_second();
        let id = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        let registered = Registered { aud: C::AUDIENCE, jti: &id, iat: now.as_second(), exp };
        let signed = format!("{}.{}", part(&HEADER), part(&Payload { claims, registered }));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.hmac(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// What a token proves.
    ///
    /// # Errors
    /// [`InvalidToken`] when it is not ours, of another audience or algorithm, changed, expired, or revoked.
    pub fn verify(&self, token: &str) -> Result<Token<C>, InvalidToken> {
        if token.len() > TOKEN_LENGTH_MAX {
            return Err(InvalidToken::Foreign);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Foreign)?;
        if !equal(&decode(signature)?, &self.key.hmac(signed.as_bytes())) {
            return Err(InvalidToken::Foreign);
        }
        let (header, payload) = signed.split_once('.').ok_or(InvalidToken::Foreign)?;
        let (header, payload) = (decode(header)?, decode(payload)?);
        let header: Header<'_> = read(&header)?;
        let registered: Registered<'_> = read(&payload)?;
        if header.alg != HEADER.alg || registered.aud != C::AUDIENCE {
            return Err(InvalidToken::Foreign);
        }
        if self.clock.now().as_second() >= registered.exp {
            return Err(InvalidToken::Expired);
        }
        let claims = serde_json::from_slice(&payload).map_err(|_| InvalidToken::Foreign)?;
        let at = |second| Timestamp::from_second(second).map_err(|_| InvalidToken::Foreign);
        let (issued_at, expires_at) = (at(registered.iat)?, at(registered.exp)?);
        let token = Token { claims, id: registered.jti.into(), issued_at, expires_at };
        if self.revocations.covers(&token) { Err(InvalidToken::Revoked) } else { Ok(token) }
    }

    /// Ends this token before its time. Of several who do so at once, one gets `true`.
    ///
    /// # Errors
    /// [`SessionError`] when it holds no more, or the store does not answer.
    pub async fn revoke(&self, token: &str) -> Result<bool, SessionError> {
        let Token { id, expires_at, .. } = self.verify(token)?;
        Ok(self.end(Revoked::Token(id), expires_at).await?)
    }

    /// Ends every token that was issued to whom these claims name, up to now; those of this very second, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_all(&self, claims: &C) -> Result<(), StoreError> {
        let issued_until = self.clock.now();
        let until = issued_until.saturating_add(C::LIFETIME).unwrap_or(issued_until);
        let revoked = Revoked::Holder { subject: claims.subject().into(), issued_until };
        self.end(revoked, until).await.map(|_| ())
    }

    async fn end(&self, revoked: Revoked, until: Timestamp) -> Result<bool, StoreError> {
        let revocation = Revocation { audience: C::AUDIENCE.into(), revoked, until };
        self.revocations.revoke(revocation, self.clock.now()).await
    }
}

fn part(value: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("claims are JSON objects with text keys"))
}

fn decode(part: &str) -> Result<Vec<u8>, InvalidToken> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidToken::Foreign)
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, InvalidToken> {
    serde_json::from_slice(json).map_err(|_| InvalidToken::Foreign)
}

/// The token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is not ours, was changed, or is for somebody else.
    #[error("the token is invalid; sign in again")]
    Foreign,
    /// It was good once.
    #[error("the token has expired; sign in again")]
    Expired,
    /// Somebody ended it before its time.
    #[error("the token was revoked; sign in again")]
    Revoked,
}

impl DomainError for InvalidToken {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unauthenticated
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "token_invalid",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;

    const CLAIMS: ShopperClaims = ShopperClaims { user_id: 7 };

    fn issuer() -> (TokenIssuer<ShopperClaims>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        (TokenIssuer::new(SecretKey::new(b"secret"), clock.clone()), clock)
    }

    #[test]
    fn expires_after_sixty_minutes() {
        let (tokens, clock) = issuer();
        let token = tokens.issue(&CLAIMS);
        clock.advance(Duration::from_secs(3_599));
        assert_eq!(tokens.verify(&token).unwrap().claims, CLAIMS);
        clock.advance(Duration::from_secs(1));
        assert_eq!(tokens.verify(&token), Err(InvalidToken::Expired));
    }

    #[test]
    fn a_token_of_a_week_hides_its_phone_in_logs() {
        let (tokens, clock) = issuer();
        let tokens = tokens.of_group::<MemberClaims>();
        let claims = MemberClaims { user_id: 7, phone: "9876543210".to_owned(), is_admin: false };
        let token = tokens.issue(&claims);
        clock.advance(Duration::from_secs(7 * 24 * 3_600 - 1));
        let verified = tokens.verify(&token).unwrap();
        assert_eq!(verified.claims, claims);
        assert!(!format!("{verified:?}").contains("9876543210"), "{verified:?}");
        clock.advance(Duration::from_secs(1));
        assert_eq!(tokens.verify(&token), Err(InvalidToken::Expired));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (tokens, _) = issuer();
        let token = tokens.issue(&CLAIMS);
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                tokens.verify(std::str::from_utf8(&bytes).unwrap()),
                Err(InvalidToken::Foreign),
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
        let ours = r#"{"user_id":7,"aud":"smart-cart","jti":"a","iat":0,"exp":3600}"#;
        assert_eq!(tokens.verify(&sign(r#"{"alg":"HS256","typ":"JWT"}"#, ours)).unwrap().claims, CLAIMS);
        for (header, claims) in [
            (r#"{"alg":"none","typ":"JWT"}"#, ours),
            (r#"{"alg":"HS512","typ":"JWT"}"#, ours),
            (
                r#"{"alg":"HS256","typ":"JWT"}"#,
                r#"{"user_id":7,"aud":"phone-otp","jti":"a","iat":0,"exp":3600}"#,
            ),
            (
                r#"{"alg":"HS256","typ":"JWT"}"#,
                r#"{"user_id":"7","aud":"smart-cart","jti":"a","iat":0,"exp":3600}"#,
            ),
            (r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"user_id":7,"aud":"smart-cart","jti":"a","iat":0}"#),
        ] {
            assert_eq!(tokens.verify(&sign(header, claims)), Err(InvalidToken::Foreign), "{header} {claims}");
        }
        let other = TokenIssuer::<ShopperClaims>::new(SecretKey::new(b"other"), clock);
        assert_eq!(other.verify(&tokens.issue(&CLAIMS)), Err(InvalidToken::Foreign));
        for text in ["", ".", "..", "a.b.c", &"a".repeat(5_000)] {
            assert_eq!(tokens.verify(text), Err(InvalidToken::Foreign));
        }
    }
}
