//! `/v1/guest-carts`: what somebody puts together before they sign in.

use std::net::IpAddr;

use bytes::Bytes;
use quickcart_core::otp::OtpError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::{authorization, shopper};
use crate::app::App;
use crate::dto::guest_cart::{GuestCart, Merged, NewGuestCart};
use crate::dto::smart_cart::WantedProduct;
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, client, decoded, json_body, post, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let create = warp::path::end().and(post()).and(with(app)).and(client()).then(create);
    let add = warp::path!(String / "items").and(post()).and(with(app)).and(json_body(app)).then(add);
    let merge = warp::path!(String / "merge").and(post()).and(with(app)).and(authorization()).then(merge);
    warp::path!("v1" / "guest-carts" / ..)
        .and(create.or(add).unify().or(merge).unify())
        .map(answer(Dialect::Problem))
        .boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(create, add, merge))]
    struct Api;
    Api::openapi()
}

/// Gives somebody a cart who has not signed in
#[utoipa::path(
    post, path = "/v1/guest-carts",
    responses(
        (status = 201, description = "The token of the cart", body = NewGuestCart),
        (
            status = 429, description = "Too many carts for one network",
            headers(("Retry-After" = u64, description = "Seconds until the next one")),
        ),
    ),
)]
async fn create(app: App, address: Option<IpAddr>) -> Result<Response, ApiError> {
    app.otp.admit_network("guest_carts", app.guest_carts, address).await.map_err(|error| match error {
        OtpError::Limited { .. } => {
            let text = "too many new guest carts for one network; try again later";
            ApiError::with_text(&error, text).with_code("guest_carts_limited")
        }
        error => error.into(),
    })?;
    let token = app.shop.guest_cart().await?.as_str().to_owned();
    Ok(json_response(StatusCode::CREATED, &NewGuestCart { token }))
}

/// Puts a product into the cart of a guest
#[utoipa::path(
    post, path = "/v1/guest-carts/{token}/items",
    params(("token" = String, Path, description = "As /v1/guest-carts has answered it")), request_body = WantedProduct,
    responses(
        (status = 200, description = "All that is in the cart", body = GuestCart),
        (status = 404, description = "No such cart or product"),
        (status = 409, description = "The cart was merged"),
    ),
)]
async fn add(token: String, app: App, body: Result<Bytes, ApiError>) -> Result<Response, ApiError> {
    let WantedProduct { product_id, quantity } = WantedProduct::read(&body?)?;
    let lines = app.shop.add_to_guest_cart(&decoded(&token).parse()?, product_id, quantity).await?;
    Ok(ok(&GuestCart::from(lines)))
}

/// Puts all that a guest had into the cart of a shopper
#[utoipa::path(
    post, path = "/v1/guest-carts/{token}/merge", security(("bearer" = [])),
    params(("token" = String, Path, description = "As /v1/guest-carts has answered it")),
    responses(
        (status = 200, description = "The cart of the shopper", body = Merged),
        (status = 400, description = "There would be too many of a product"),
        (status = 404, description = "No such cart"),
        (status = 409, description = "The cart was merged by somebody else, or that of the shopper is locked"),
    ),
)]
async fn merge(token: String, app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let cart_id = app.shop.merge_guest_cart(user_id, &decoded(&token).parse()?).await?;
    Ok(ok(&Merged { cart_id }))
}
