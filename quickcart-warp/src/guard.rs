//! A filter that lets through who shows a token, for the host's own routes.

use std::future::ready;

use quickcart_core::account::{Claims, InvalidToken, MemberClaims, ShopperClaims};
use warp::Filter;
use warp::http::StatusCode;
use warp::http::header::{AUTHORIZATION, HeaderValue};
use warp::reject::{Reject, Rejection};
use warp::reply::Response;

use crate::app::App;
use crate::error::{ApiError, Dialect};
use crate::filters::header;

/// What the token of a request says, when it is of the group that `C` names, holds, and was not revoked. The token is in
/// the `Authorization` header, after `Bearer` or alone.
///
/// Every other request is rejected; [`refusal`] answers it in the words of the group.
///
/// ```no_run
/// use quickcart_core::account::ShopperClaims;
/// use quickcart_warp::{App, guard, refusal, routes};
/// use warp::Filter;
///
/// # async fn serve(app: App) {
/// let points = warp::path!("loyalty" / "points")
///     .and(guard::<ShopperClaims>(&app))
///     .map(|shopper: ShopperClaims| format!("the points of shopper {}", shopper.user_id));
/// warp::serve(routes(&app).or(points).recover(refusal)).run(([127, 0, 0, 1], 5000)).await;
/// # }
/// ```
pub fn guard<C: Claims + Send + 'static>(
    app: &App,
) -> impl Filter<Extract = (C,), Error = Rejection> + Clone + use<C> {
    let tokens = app.tokens.of_group::<C>();
    header(AUTHORIZATION.as_str()).and_then(move |authorization: Option<HeaderValue>| {
        let shown = bearer(authorization.as_ref()).ok_or(Refused::missing::<C>());
        let verified = shown.and_then(|token| tokens.verify(token).map_err(Refused::invalid::<C>));
        ready(verified.map(|token| token.claims).map_err(warp::reject::custom))
    })
}

/// The same for administrators of the phone-otp group.
pub fn guard_admin(app: &App) -> impl Filter<Extract = (MemberClaims,), Error = Rejection> + Clone + use<> {
    guard::<MemberClaims>(app).and_then(|member: MemberClaims| {
        ready(if member.is_admin { Ok(member) } else { Err(warp::reject::custom(Refused::not_admin())) })
    })
}

/// Answers what [`guard`] rejected, and hands on what others did: for `recover`.
///
/// # Errors
/// The rejection, when it is none of ours.
pub async fn refusal(rejection: Rejection) -> Result<Response, Rejection> {
    match rejection.find::<Refused>() {
        Some(refused) => Ok(refused.answer()),
        None => Err(rejection),
    }
}

/// The token in an `Authorization` header.
pub(crate) fn bearer(authorization: Option<&HeaderValue>) -> Option<&str> {
    let text = authorization?.to_str().ok()?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let token = if scheme.eq_ignore_ascii_case("bearer") { rest.trim_start() } else { text };
    Some(token).filter(|token| !token.is_empty())
}

/// A guard let nobody through.
#[derive(Debug)]
struct Refused {
    /// Whose words the answer has.
    audience: &'static str,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Missing,
    Invalid(InvalidToken),
    NotAdmin,
}

impl Reject for Refused {}

impl Refused {
    fn missing<C: Claims>() -> Self {
        Self { audience: C::AUDIENCE, why: Why::Missing }
    }

    fn invalid<C: Claims>(error: InvalidToken) -> Self {
        Self { audience: C::AUDIENCE, why: Why::Invalid(error) }
    }

    fn not_admin() -> Self {
        Self { audience: MemberClaims::AUDIENCE, why: Why::NotAdmin }
    }

    fn answer(&self) -> Response {
        let dialect =
            if self.audience == MemberClaims::AUDIENCE { Dialect::PhoneOtp } else { Dialect::Detail };
        let error = match (&self.why, self.audience) {
            (Why::NotAdmin, _) => ApiError::new(StatusCode::FORBIDDEN, "Admin access required"),
            (Why::Missing, MemberClaims::AUDIENCE) => {
                ApiError::unauthenticated("Authentication token is missing")
            }
            (Why::Missing, _) => ApiError::unauthenticated("Authorization header is missing or invalid"),
            (Why::Invalid(InvalidToken::Expired), MemberClaims::AUDIENCE) => {
                ApiError::unauthenticated("Token has expired")
            }
            (Why::Invalid(_), MemberClaims::AUDIENCE) => ApiError::unauthenticated("Invalid token"),
            (Why::Invalid(_), ShopperClaims::AUDIENCE) => crate::routes::invalid_token(),
            (Why::Invalid(error), _) => (*error).into(),
        };
        error.into_response(dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_left_out() {
        for text in ["Bearer a.b.c", "bearer  a.b.c", "a.b.c", " BEARER a.b.c "] {
            assert_eq!(bearer(Some(&HeaderValue::from_str(text).unwrap())), Some("a.b.c"), "{text:?}");
        }
        for text in ["", " ", "Bearer", "Bearer "] {
            assert_eq!(bearer(Some(&HeaderValue::from_str(text).unwrap())), None, "{text:?}");
        }
        assert_eq!(bearer(None), None);
        assert_eq!(bearer(Some(&HeaderValue::from_bytes(b"Bearer \xff").unwrap())), None);
    }
}
