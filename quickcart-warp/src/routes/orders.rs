//! `/orders`: checkout and history of the smart cart.

use bytes::Bytes;
use quickcart_core::order::{OrderError, PaymentMethod};
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::idempotency::{IDEMPOTENCY_KEY, key_of};
use super::{authorization, shopper};
use crate::app::App;
use crate::dto::page::{PageQuery, page};
use crate::dto::smart_cart::{Order, Receipt};
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, body, get, header, post, query, with};
use crate::to_its_end::to_its_end;

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let checkout = warp::path!("checkout")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(header(IDEMPOTENCY_KEY))
        .and(body(app))
        .then(checkout);
    let history =
        warp::path!("history").and(get()).and(with(app)).and(authorization()).and(query()).then(history);
    warp::path("orders").and(checkout.or(history).unify()).map(answer(Dialect::Detail)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(checkout, history))]
    struct Api;
    Api::openapi()
}

/// Makes an order of what is in the trolley
#[utoipa::path(
    post, path = "/orders/checkout", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "One order for all requests with this key", min_length = 1, max_length = 255)),
    responses(
        (status = 201, description = "The order", body = Receipt),
        (status = 400, description = "The trolley is empty, or the key is none"),
        (status = 404, description = "The shopper has no trolley"),
        (status = 408, description = "The body, which is only compared, did not arrive in time"),
        (status = 409, description = "There are not enough pieces, the trolley is blocked, or a request with the key is under way"),
        (status = 413, description = "The body is too long"),
        (status = 422, description = "The key is of another request"),
    ),
)]
async fn checkout(
    app: App,
    authorization: Option<HeaderValue>,
    idempotency_key: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let key = key_of(idempotency_key.as_ref(), "POST /orders/checkout", &body?)?;
    let shop = app.shop.clone();
    let work = async move { shop.checkout(user_id, PaymentMethod::Cash, key.as_ref()).await };
    let order = to_its_end(work).await.map_err(|error| match error {
        OrderError::NoActiveCart => ApiError::with_text(&error, "No active cart to checkout."),
        OrderError::CartEmpty => ApiError::with_text(&error, "Cart is empty. Nothing to checkout."),
        error => error.into(),
    })?;
    Ok(json_response(StatusCode::CREATED, &Receipt::from(order)))
}

/// Lists the orders of a shopper
#[utoipa::path(
    get, path = "/orders/history", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, description = "The orders, the newest first", body = [Order]), (status = 400, description = "The page does not exist")),
)]
async fn history(app: App, authorization: Option<HeaderValue>, query: String) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let orders = app.shop.orders(user_id, page(&query).map_err(ApiError::fields)?).await?;
    Ok(ok(&orders.into_iter().map(Order::from).collect::<Vec<_>>()))
}
