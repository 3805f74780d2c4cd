//! `/v1/orders/…/returns` and `/v1/admin/returns`: what comes back of orders that were delivered.

use bytes::Bytes;
use quickcart_core::order::{ReturnState, ReturnStep};
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::admin::{Request, id, listed, one_more, request, wrong_parameter};
use super::{authorization, present_shopper};
use crate::app::App;
use crate::dto::admin::Listed;
use crate::dto::page::PageQuery;
use crate::dto::returns::{AcceptedReturn, NewReturn, OrderReturn};
use crate::dto::smart_cart::query_value;
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, json_body, method, post, with};
use crate::to_its_end::to_its_end;

/// The methods of returns.
const OF_RETURNS: &str = "GET, HEAD, POST";

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let of_order = warp::path!("orders" / String / "returns");
    let shows = method(|method| matches!(*method, Method::GET | Method::HEAD), OF_RETURNS);
    let show = of_order.and(shows).and(with(app)).and(authorization()).then(show);
    let asks = method(|method| *method == Method::POST, OF_RETURNS);
    let ask = of_order.and(asks).and(with(app)).and(authorization()).and(json_body(app)).then(ask);
    let list = |method: &Method| matches!(*method, Method::GET | Method::HEAD | Method::POST);
    let all = warp::path!("admin" / "returns").and(method(list, OF_RETURNS)).and(request(app)).then(all);
    let advance =
        warp::path!("admin" / "returns" / String / String).and(post()).and(request(app)).then(advance);
    let routes = show.or(ask).unify().or(all).unify().or(advance).unify();
    warp::path!("v1" / ..).and(routes).map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of the shopper's routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(show, ask))]
    struct Api;
    Api::openapi()
}

/// What the description of the server says of the administrator's routes.
pub(super) fn admin_api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(list, accept, advance))]
    struct Api;
    Api::openapi()
}

/// Shows what comes back of an order, newest first
#[utoipa::path(
    get, path = "/v1/orders/{order_id}/returns", security(("bearer" = [])),
    params(("order_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "Its returns", body = Vec<OrderReturn>),
        (status = 404, description = "The shopper has no such order"),
    ),
)]
async fn show(id: String, app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = present_shopper(&app, authorization.as_ref()).await?;
    let order_id = number(&id)?;
    let found = app.shop.returns_of_order(user_id, order_id).await?;
    Ok(ok(&found.into_iter().map(OrderReturn::from).collect::<Vec<_>>()))
}

/// Asks to give pieces of an order back
#[utoipa::path(
    post, path = "/v1/orders/{order_id}/returns", security(("bearer" = [])), request_body = NewReturn,
    params(("order_id" = i64, Path, example = 1)),
    responses(
        (status = 201, description = "The return", body = OrderReturn),
        (status = 400, description = "The body does not fit"),
        (status = 404, description = "The shopper has no such order"),
        (status = 409, description = "It is not delivered, or too long ago, or not so many pieces are left of it"),
    ),
)]
async fn ask(
    id: String,
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = present_shopper(&app, authorization.as_ref()).await?;
    let order_id = number(&id)?;
    let request = NewReturn::read(&body?)?;
    let shop = app.shop.clone();
    let item = to_its_end(async move { shop.request_return(user_id, order_id, &request).await }).await?;
    Ok(json_response(StatusCode::CREATED, &OrderReturn::from(item)))
}

async fn all(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    if request.method == Method::POST { accept(request).await } else { list(request).await }
}

/// Lists returns
#[utoipa::path(
    get, path = "/v1/admin/returns", security(("admin_key" = [])), params(
        ("state" = Option<String>, Query, description = "Only those that are so far",
         pattern = "^(requested|received|refunded|rejected)$"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A part of the list, oldest first", body = Listed<OrderReturn>),
        (status = 400, description = "The page or the state does not exist"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn list(request: Request) -> Result<Response, ApiError> {
    let page = request.page()?;
    let state = query_value(&request.query, "state").map(|text| text.parse::<ReturnState>()).transpose();
    let wrong = |_| wrong_parameter("state is requested, received, refunded or rejected");
    let state = state.map_err(wrong)?;
    let found = request.app.shop.returns(state, one_more(page)).await?;
    let filter = state.map_or_else(String::new, |state| format!("&state={state}"));
    Ok(listed::<_, OrderReturn>(found, "returns", page, &filter))
}

/// Begins a return for a customer, however late
#[utoipa::path(
    post, path = "/v1/admin/returns", security(("admin_key" = [])), request_body = AcceptedReturn,
    responses(
        (status = 201, description = "The return", body = OrderReturn),
        (status = 400, description = "The body does not fit"),
        (status = 404, description = "No such order, or the server has no administrators"),
        (status = 409, description = "It is not delivered, or not so many pieces are left of it"),
    ),
)]
async fn accept(request: Request) -> Result<Response, ApiError> {
    let (order_id, accepted) = AcceptedReturn::read(&request.body?)?;
    let shop = request.app.shop.clone();
    let item = to_its_end(async move { shop.accept_return(order_id, &accepted).await }).await?;
    Ok(json_response(StatusCode::CREATED, &OrderReturn::from(item)))
}

/// Moves a return on
#[utoipa::path(
    post, path = "/v1/admin/returns/{return_id}/{step}", security(("admin_key" = [])),
    params(
        ("return_id" = i64, Path, example = 1),
        ("step" = String, Path, description = "What the shop does: `restock` receives what can be sold again",
         example = "receive", pattern = "^(receive|restock|refund|reject)$"),
    ),
    responses(
        (status = 200, description = "The return as it is now", body = OrderReturn),
        (status = 404, description = "No such return or step, or the server has no administrators"),
        (status = 409, description = "That cannot happen to it now"),
    ),
)]
async fn advance(id: String, step: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let return_id = number(&id)?;
    let step: ReturnStep = decoded(&step).parse().map_err(|_| ApiError::not_found("Not Found"))?;
    let shop = request.app.shop.clone();
    let item = to_its_end(async move { shop.advance_return(return_id, step).await }).await?;
    Ok(ok(&OrderReturn::from(item)))
}

fn number(part: &str) -> Result<i64, ApiError> {
    id(part).ok_or_else(|| ApiError::not_found("Not Found"))
}
