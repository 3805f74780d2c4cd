//! `/v1/orders` and `/v1/cart/hold`: the shopper's orders and holds, with what the old routes have no words for.

use bytes::Bytes;
use quickcart_core::order::OrderError;
use quickcart_core::stock::StockError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::idempotency::{IDEMPOTENCY_KEY, key_of};
use super::{authorization, present_shopper, shopper};
use crate::app::App;
use crate::dto::order::{CartHold, CartOrder, NewOrder};
use crate::dto::{json_response, no_content, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, header, method, optional_json_body, post, with};
use crate::to_its_end::to_its_end;

/// The methods of a hold.
const OF_HOLD: &str = "POST, DELETE";

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let place = warp::path!("orders")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(header(IDEMPOTENCY_KEY))
        .and(optional_json_body(app))
        .then(place);
    let cancel = warp::path!("orders" / String / "cancel")
        .and(post())
        .and(with(app))
        .and(authorization())
        .then(cancel);
    let holds = method(|method| *method == Method::POST, OF_HOLD);
    let releases = method(|method| *method == Method::DELETE, OF_HOLD);
    let hold = warp::path!("cart" / "hold").and(holds).and(with(app)).and(authorization()).then(hold);
    let release =
        warp::path!("cart" / "hold").and(releases).and(with(app)).and(authorization()).then(release);
    let routes = place.or(cancel).unify().or(hold).unify().or(release).unify();
    warp::path!("v1" / ..).and(routes).map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(place, cancel, hold, release))]
    struct Api;
    Api::openapi()
}

/// Makes an order of what is in the cart, once
#[utoipa::path(
    post, path = "/v1/orders", security(("bearer" = [])), request_body = Option<NewOrder>,
    params(("Idempotency-Key" = String, Header, description = "One order for all requests with this key", min_length = 1, max_length = 255, pattern = "^[!-~]+$", example = "8e03978e-40d5-43dd-bc93-6894a57f9324")),
    responses(
        (status = 201, description = "The order, as it was placed", body = CartOrder),
        (status = 400, description = "The key is missing or none, a field is wrong, or the cart is empty"),
        (status = 404, description = "The shopper has no cart"),
        (status = 409, description = "There are not enough pieces, the cart is blocked, or a request with the key is under way"),
        (status = 422, description = "The key is of another request"),
    ),
)]
async fn place(
    app: App,
    authorization: Option<HeaderValue>,
    idempotency_key: Option<HeaderValue>,
    body: Result<Option<Bytes>, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let body = body?;
    let key = key_of(idempotency_key.as_ref(), "POST /v1/orders", body.as_deref().unwrap_or_default())?;
    let key = key.ok_or_else(|| {
        let text =
            "Idempotency-Key is missing: it names this order, in case that the request has to come again";
        ApiError::bad_request(text).with_code("idempotency_key_missing")
    })?;
    let NewOrder { payment_method } = NewOrder::read(body.as_deref())?;
    let shop = app.shop.clone();
    let work = async move { shop.checkout(user_id, payment_method, Some(&key)).await };
    let order = to_its_end(work).await.map_err(|error| match error {
        OrderError::OutOfStock { ref shortages } => ApiError::out_of_stock(&error, shortages),
        error => error.into(),
    })?;
    Ok(json_response(StatusCode::CREATED, &CartOrder::from(order)))
}

/// Calls an order off
#[utoipa::path(
    post, path = "/v1/orders/{order_id}/cancel", security(("bearer" = [])),
    params(("order_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "The order, which is cancelled", body = CartOrder),
        (status = 404, description = "The shopper has no such order"),
        (status = 409, description = "It is too late"),
    ),
)]
async fn cancel(id: String, app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = present_shopper(&app, authorization.as_ref()).await?;
    let order_id = decoded(&id).parse().map_err(|_| ApiError::not_found("Not Found"))?;
    let shop = app.shop.clone();
    let order = to_its_end(async move { shop.cancel_order(user_id, order_id).await }).await?;
    Ok(ok(&CartOrder::from(order)))
}

/// Holds all that is in the cart for ten minutes, while its shopper pays; nothing of it is changed meanwhile
#[utoipa::path(
    post, path = "/v1/cart/hold", security(("bearer" = [])),
    responses(
        (status = 200, description = "What is held, in the place of what was held before", body = CartHold),
        (status = 404, description = "The shopper has no cart"),
        (status = 409, description = "There are not enough pieces, or the cart is blocked; nothing has changed"),
    ),
)]
async fn hold(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let shop = app.shop.clone();
    let held = to_its_end(async move { shop.hold_cart(user_id).await }).await;
    let hold = held.map_err(|error| match error {
        StockError::OutOfStock { ref shortages } => ApiError::out_of_stock(&error, shortages),
        error => error.into(),
    })?;
    Ok(ok(&CartHold::from(hold)))
}

/// Gives back what is held for a shopper
#[utoipa::path(
    delete, path = "/v1/cart/hold", security(("bearer" = [])),
    responses(
        (status = 204, description = "Nothing is held for them"),
    ),
)]
async fn release(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = present_shopper(&app, authorization.as_ref()).await?;
    let shop = app.shop.clone();
    to_its_end(async move { shop.release_hold(user_id).await }).await?;
    Ok(no_content())
}
