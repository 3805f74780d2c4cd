//! Who may come in: tokens of the server, for routes of Python's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use quickcart_core::account::{
    self as core, Claims, MemberClaims, RegistrationClaims, Revocation, RevocationStore, Revocations,
    ShopperClaims, TokenIssuer,
};
use quickcart_core::clock::{Clock, SystemClock, Timestamp};
use quickcart_core::error::{DomainError, ErrorKind, StoreError};
use quickcart_core::secret::SecretKey;

use crate::errors::{Failure, InvalidArgument};
use crate::fork;
use crate::open_store::OpenStore;
use crate::shop::Shop;
use crate::values::show;
use crate::wait::block_on;

/// How long what the shop knows of revoked tokens is taken for all there is, in milliseconds: as in the server.
const READ_EVERY_MS: i64 = 2_000;

/// The tokens of one group: those of a server that has the same `JWT_SECRET_KEY`, or of the program itself.
///
/// - `secret`: the server's `JWT_SECRET_KEY`.
/// - `group`: `"smart-cart"`, `"phone-otp"` or `"registration"`. A token of one group opens nothing in another.
/// - `shop`: where the server keeps revoked tokens. It is asked at most every 2 s, so a token may be taken so much longer.
///   Without it, only what this object revoked is known.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct Tokens {
    group: Group,
    revocations: Revocations,
    has_shop: bool,
    read_at_ms: AtomicI64,
}

enum Group {
    SmartCart(TokenIssuer<ShopperClaims>),
    PhoneOtp(TokenIssuer<MemberClaims>),
    Registration(TokenIssuer<RegistrationClaims>),
}

/// Does the same with the issuer of whatever group it is.
macro_rules! of_group {
    ($group:expr, $issuer:ident => $work:expr) => {
        match $group {
            Group::SmartCart($issuer) => $work,
            Group::PhoneOtp($issuer) => $work,
            Group::Registration($issuer) => $work,
        }
    };
}

#[pymethods]
impl Tokens {
    #[new]
    #[pyo3(signature = (secret, group="smart-cart", *, shop=None))]
    fn new(py: Python<'_>, secret: &[u8], group: &str, shop: Option<&Bound<'_, Shop>>) -> PyResult<Self> {
        fork::watch(py)?;
        if secret.is_empty() {
            return Err(Failure::from(InvalidArgument::new("secret_empty", "the secret is empty")).into());
        }
        let revocations = match shop {
            Some(shop) => load(py, Arc::clone(&shop.get().0))?,
            None => Revocations::default(),
        };
        let tokens = TokenIssuer::<ShopperClaims>::new(SecretKey::new(secret), Arc::new(SystemClock))
            .with_revocations(revocations.clone());
        let group = match group {
            ShopperClaims::AUDIENCE => Group::SmartCart(tokens),
            MemberClaims::AUDIENCE => Group::PhoneOtp(tokens.of_group()),
            RegistrationClaims::AUDIENCE => Group::Registration(tokens.of_group()),
            _ => {
                let message = "a group is \"smart-cart\", \"phone-otp\" or \"registration\"";
                return Err(Failure::from(InvalidArgument::new("group_unknown", message)).into());
            }
        };
        let read_at_ms = AtomicI64::new(SystemClock.now().as_millisecond());
        Ok(Self { group, revocations, has_shop: shop.is_some(), read_at_ms })
    }

    /// What a token proves. `shown` is the value of an `Authorization` header, with or without `Bearer`, or the token
    /// alone. Raises `UnauthenticatedError`, whose `code` is `token_missing`, `token_invalid`, `token_expired` or
    /// `token_revoked`.
    fn verify(&self, py: Python<'_>, shown: Option<&str>) -> PyResult<Token> {
        let token = token_in(shown)?;
        self.reload_when_old(py)?;
        // Nothing waits from here on, so the interpreter is kept, and a fork meets no lock.
        of_group!(&self.group, issuer => Token::of(py, issuer.verify(token).map_err(Failure::from)?))
    }

    /// A token that says this: `{"user_id": 7}` in the group smart-cart; also `phone` and `is_admin` in phone-otp.
    fn issue(&self, py: Python<'_>, claims: &Bound<'_, PyDict>) -> PyResult<String> {
        let json: String = py.import("json")?.call_method1("dumps", (claims,))?.extract()?;
        of_group!(&self.group, issuer => {
            let claims = serde_json::from_str(&json).map_err(|error| {
                Failure::from(InvalidArgument::new("claims_invalid", format!("not the claims of this group: {error}")))
            })?;
            Ok(issuer.issue(&claims))
        })
    }

    /// Ends this token before its time. Of several who do so at once, one gets `True`.
    fn revoke(&self, py: Python<'_>, shown: Option<&str>) -> Result<bool, Failure> {
        let token = token_in(shown)?;
        py.detach(|| {
            let _call = fork::hold_off()?;
            Ok(of_group!(&self.group, issuer => block_on(issuer.revoke(token)))?)
        })
    }

    /// Ends every token that the holder of this one has.
    fn revoke_all(&self, py: Python<'_>, shown: Option<&str>) -> Result<(), Failure> {
        let token = token_in(shown)?;
        py.detach(|| {
            let _call = fork::hold_off()?;
            of_group!(&self.group, issuer => {
                let claims = issuer.verify(token)?.claims;
                block_on(issuer.revoke_all(&claims))?;
            });
            Ok(())
        })
    }

    fn __repr__(&self) -> &'static str {
        "Tokens(...)"
    }
}

impl Tokens {
    fn reload_when_old(&self, py: Python<'_>) -> Result<(), Failure> {
        let now = SystemClock.now();
        let (now_ms, read_at_ms) = (now.as_millisecond(), self.read_at_ms.load(Ordering::SeqCst));
        let is_old = self.has_shop && now_ms - read_at_ms >= READ_EVERY_MS;
        // Of several threads, one asks.
        let swapped = || {
            self.read_at_ms.compare_exchange(read_at_ms, now_ms, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        };
        if !is_old || !swapped() {
            return Ok(());
        }
        let reloaded = py.detach(|| {
            let _call = fork::hold_off()?;
            Ok::<_, Failure>(block_on(self.revocations.reload(now))?)
        });
        if reloaded.is_err() {
            self.read_at_ms.store(read_at_ms, Ordering::SeqCst);
        }
        reloaded
    }
}

fn load(py: Python<'_>, shop: Arc<OpenStore>) -> Result<Revocations, Failure> {
    py.detach(|| {
        let _call = fork::hold_off()?;
        Ok(block_on(Revocations::load(Arc::new(OfShop(shop)), SystemClock.now()))?)
    })
}

/// The token in the value of an `Authorization` header.
fn token_in(shown: Option<&str>) -> Result<&str, Failure> {
    let text = shown.unwrap_or_default().trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let token = if scheme.eq_ignore_ascii_case("bearer") { rest.trim_start() } else { text };
    if token.is_empty() { Err(MissingToken.into()) } else { Ok(token) }
}

/// What a token proves.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Token {
    /// Whom it is for.
    group: &'static str,
    /// What it says of its holder.
    claims: Py<PyDict>,
    /// Its own name (`jti`).
    token_id: String,
    /// When it was issued.
    issued_at: Timestamp,
    /// When it ends.
    expires_at: Timestamp,
}

impl Token {
    fn of<C: Claims>(py: Python<'_>, token: core::Token<C>) -> PyResult<Self> {
        let core::Token { claims, id, issued_at, expires_at } = token;
        let json =
            serde_json::to_string(&claims).map_err(|error| Failure::from(StoreError::internal(error)))?;
        let claims = py.import("json")?.call_method1("loads", (json,))?.cast_into::<PyDict>()?.unbind();
        Ok(Self { group: C::AUDIENCE, claims, token_id: id.into(), issued_at, expires_at })
    }
}

#[pymethods]
impl Token {
    /// Without the claims, which may hold a phone number.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Token", group = self.group, expires_at = self.expires_at)
    }
}

/// The revoked tokens in a shop's file, which is open whenever it is used. The caller holds a fork off.
struct OfShop(Arc<OpenStore>);

impl OfShop {
    fn store(&self) -> Result<Arc<quickcart_core::store::SqliteStore>, StoreError> {
        Ok(self.0.opened().map_err(|failure| StoreError::unavailable(format!("{failure:?}")))?.store)
    }
}

#[async_trait]
impl RevocationStore for OfShop {
    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<bool, StoreError> {
        self.store()?.revoke(revocation, now).await
    }

    async fn revocations(&self, after: i64) -> Result<(i64, Vec<Revocation>), StoreError> {
        self.store()?.revocations(after).await
    }
}

/// Nobody showed a token.
#[derive(Debug, thiserror::Error)]
#[error("the Authorization header holds no token")]
struct MissingToken;

impl DomainError for MissingToken {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unauthenticated
    }

    fn code(&self) -> &'static str {
        "token_missing"
    }
}
