//! `/v1/tokens`: what the bearer of a token of any group may do with it.

use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use warp::reply::Response;

use super::authorization;
use crate::app::App;
use crate::dto::tokens::Refreshed;
use crate::dto::{no_content, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, post, with};
use crate::guard::bearer;
use crate::to_its_end::to_its_end;

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let refresh = warp::path!("refresh").and(post()).and(with(app)).and(authorization()).then(refresh);
    let revoke = warp::path!("revoke").and(post()).and(with(app)).and(authorization()).then(revoke);
    let revoke_all =
        warp::path!("revoke-all").and(post()).and(with(app)).and(authorization()).then(revoke_all);
    warp::path!("v1" / "tokens" / ..)
        .and(refresh.or(revoke).unify().or(revoke_all).unify())
        .map(answer(Dialect::Problem))
        .map(challenged)
        .boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(refresh, revoke, revoke_all))]
    struct Api;
    Api::openapi()
}

/// Says what to show, as a 401 has to ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
fn challenged(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Gives a new token for an old one, which ends
#[utoipa::path(
    post, path = "/v1/tokens/refresh", security(("bearer" = [])),
    responses(
        (status = 200, description = "The new token", body = Refreshed),
        (status = 403, description = "Whose token it is has no account any more"),
    ),
)]
async fn refresh(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let token = shown(authorization.as_ref())?;
    // The old token ends and there is a new one, or neither.
    let token = to_its_end(async move { app.sessions.refresh(&token).await }).await?;
    let mut response = ok(&Refreshed { token });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Ends a token
#[utoipa::path(
    post, path = "/v1/tokens/revoke", security(("bearer" = [])),
    responses(
        (status = 204, description = "It is ended"),
    ),
)]
async fn revoke(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let token = shown(authorization.as_ref())?;
    to_its_end(async move { app.sessions.revoke(&token).await }).await?;
    Ok(no_content())
}

/// Ends all tokens that somebody has
#[utoipa::path(
    post, path = "/v1/tokens/revoke-all", security(("bearer" = [])),
    responses(
        (status = 204, description = "They are ended"),
    ),
)]
async fn revoke_all(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let token = shown(authorization.as_ref())?;
    to_its_end(async move { app.sessions.revoke_all(&token).await }).await?;
    Ok(no_content())
}

fn shown(authorization: Option<&HeaderValue>) -> Result<String, ApiError> {
    let missing =
        || ApiError::unauthenticated("The Authorization header holds no token").with_code("token_missing");
    Ok(bearer(authorization).ok_or_else(missing)?.to_owned())
}
