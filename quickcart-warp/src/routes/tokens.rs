//! `/v1/tokens`: what the bearer of a token of any group may do with it.

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use warp::reply::Response;

use super::authorization;
use crate::app::App;
use crate::dto::ok;
use crate::dto::tokens::Refreshed;
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, post, to_its_end, with};
use crate::guard::bearer;

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

/// Says what to show, as a 401 has to ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
fn challenged(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

async fn refresh(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let token = shown(authorization.as_ref())?;
    // The old token ends and there is a new one, or neither.
    let token = to_its_end(async move { app.sessions.refresh(&token).await }).await??;
    let mut response = ok(&Refreshed { token });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn revoke(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let token = shown(authorization.as_ref())?;
    to_its_end(async move { app.sessions.revoke(&token).await }).await??;
    Ok(done())
}

async fn revoke_all(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let token = shown(authorization.as_ref())?;
    to_its_end(async move { app.sessions.revoke_all(&token).await }).await??;
    Ok(done())
}

fn shown(authorization: Option<&HeaderValue>) -> Result<String, ApiError> {
    let missing =
        || ApiError::unauthenticated("The Authorization header holds no token").with_code("token_missing");
    Ok(bearer(authorization).ok_or_else(missing)?.to_owned())
}

fn done() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
