//! All routes: group by group, and what becomes of requests that are none of theirs.

mod admin;
mod admin_carts;
mod admin_stock;
mod auth;
mod book_orders;
mod cart;
mod cart_places;
mod direct;
mod docs;
mod guest_carts;
mod idempotency;
mod misc;
mod operations;
mod orders;
mod own_cart;
mod phone_otp;
mod phone_otp_auth;
mod products;
mod receipts;
mod registration;
mod returns;
mod shared;
mod shop_orders;
mod tokens;
mod user;
mod version;

use std::future::{Ready, ready};

use quickcart_core::account::{AccountError, UserId};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::http::{StatusCode, header};
use warp::path::FullPath;
use warp::reject::Rejection;
use warp::reply::Response;

use crate::app::App;
use crate::error::{ApiError, Dialect};
use crate::filters::WrongMethod;
use crate::route_table::ROUTES;

pub(crate) use direct::Direct;

/// The routes of all groups. Requests for other paths are rejected, so routes of your own may follow with `or`.
#[must_use]
pub fn routes(app: &App) -> BoxedFilter<(Response,)> {
    groups(app).boxed()
}

/// Group by group, the busiest first. Each is boxed, so that types and build times stay small, and stands outside of the
/// ones after it, so that a request passes through no more filters than it has to.
fn groups(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    // `/orders/history` and `/orders/checkout` are no numbers of book orders.
    let orders = orders::routes(app).or(book_orders::routes(app)).unify();
    let rest = user::routes(app).or(orders).unify().or(shared::routes(app)).unify();
    let rest = rest.or(misc::routes(app)).unify().or(cart_places::routes(app)).unify();
    let rest = rest.or(shop_orders::routes(app)).unify().or(own_cart::routes(app)).unify();
    let rest = rest.or(guest_carts::routes(app)).unify().or(receipts::routes(app)).unify();
    let rest = rest.or(admin::routes(app)).unify().or(admin_stock::routes(app)).unify();
    let rest = rest.or(admin_carts::routes(app)).unify().or(returns::routes(app)).unify();
    let rest = rest.or(operations::routes(app)).unify();
    let rest = rest.or(registration::routes(app)).unify();
    let rest = rest.or(tokens::routes(app)).unify();
    let rest = rest.or(docs::routes()).unify();
    let shop = products::routes(app).or(auth::routes(app).or(rest).unify()).unify().boxed();
    phone_otp::routes(app).or(cart::routes(app).or(shop).unify()).unify()
}

/// What each file says of its routes, and the group that they belong to.
pub(crate) fn documented() -> Vec<(&'static str, utoipa::openapi::OpenApi)> {
    vec![
        ("phone-otp", phone_otp::api()),
        ("phone-otp", phone_otp_auth::api()),
        ("smart-cart", auth::api()),
        ("smart-cart", products::api()),
        ("smart-cart", user::api()),
        ("smart-cart", cart::api()),
        ("smart-cart", orders::api()),
        ("smart-cart", shop_orders::api()),
        ("smart-cart", returns::api()),
        ("smart-cart", own_cart::api()),
        ("smart-cart", shared::smart_cart_api()),
        ("smart-cart", misc::api()),
        ("smart-cart", cart_places::api()),
        ("smart-cart", guest_carts::api()),
        ("registration", registration::api()),
        ("book-order", book_orders::api()),
        ("admin", admin::api()),
        ("admin", admin_stock::api()),
        ("admin", returns::admin_api()),
        ("admin", admin_carts::api()),
        ("shared", shared::api()),
        ("shared", tokens::api()),
        ("operations", receipts::api()),
        ("operations", operations::api()),
        ("operations", docs::api()),
    ]
}

/// The same routes, with an answer to every request: what none of them takes gets 404 or 405 in the dialect of its path.
#[must_use]
pub fn answers(app: &App) -> BoxedFilter<(Response,)> {
    type Outcome = Result<Response, Rejection>;
    let rejected =
        |rejection| -> Ready<Result<(Outcome,), std::convert::Infallible>> { ready(Ok((Err(rejection),))) };
    warp::path::full()
        .and(groups(app).map(Outcome::Ok).or_else(rejected))
        .map(|path: FullPath, outcome: Outcome| {
            outcome.unwrap_or_else(|rejection| {
                let dialect = Dialect::of_path(path.as_str());
                unmatched(path.as_str(), &rejection).into_response(dialect)
            })
        })
        .boxed()
}

/// A rejection knows the methods of one route; the path may have more.
fn unmatched(path: &str, rejection: &Rejection) -> ApiError {
    if let Some(wrong) = rejection.find::<WrongMethod>() {
        let all = ROUTES.position(path).map(|position| ROUTES.routes[position].allow.as_str());
        ApiError::method_not_allowed(all.unwrap_or(wrong.allow))
    } else {
        ApiError::new(StatusCode::NOT_FOUND, "Not Found")
    }
}

/// The shopper whom an `Authorization` header proves.
fn shopper(app: &App, authorization: Option<&HeaderValue>) -> Result<UserId, ApiError> {
    let token = authorization.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token =
        token.ok_or_else(|| ApiError::unauthenticated("Authorization header is missing or invalid"))?;
    app.tokens.verify(token.trim()).map(|token| token.claims.user_id).map_err(|_| invalid_token())
}

/// The same, for work that does not look the shopper up by itself: a token may outlive them.
async fn present_shopper(app: &App, authorization: Option<&HeaderValue>) -> Result<UserId, ApiError> {
    let user_id = shopper(app, authorization)?;
    match app.shop.user(user_id).await {
        Ok(_) => Ok(user_id),
        Err(AccountError::UserNotFound { .. }) => Err(invalid_token()),
        Err(error) => Err(error.into()),
    }
}

/// The token proves nobody, or somebody who is not here any more.
pub(crate) fn invalid_token() -> ApiError {
    ApiError::unauthenticated("Token is invalid, expired, or user_id missing")
}

/// The `Authorization` header, if there is one.
fn authorization() -> impl Filter<Extract = (Option<HeaderValue>,), Error = std::convert::Infallible> + Clone
{
    crate::filters::header(header::AUTHORIZATION.as_str())
}
