//! `/v1/admin/carts`: the staff sees which carts are blocked, and opens them.

use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::admin::{ADMIN, Request, id, listed, one_more, request, wrong_parameter};
use crate::app::App;
use crate::dto::admin::Listed;
use crate::dto::cart::{Approval, Blocked};
use crate::dto::no_content;
use crate::dto::page::PageQuery;
use crate::dto::smart_cart::query_value;
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, post};
use crate::to_its_end::to_its_end;

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let blocked = warp::path!("carts").and(get()).and(request(app)).then(blocked);
    let approve = warp::path!("carts" / String / "approve").and(post()).and(request(app)).then(approve);
    warp::path!("v1" / "admin" / ..).and(blocked.or(approve).unify()).map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(blocked, approve))]
    struct Api;
    Api::openapi()
}

/// Lists the carts that are blocked
#[utoipa::path(
    get, path = "/v1/admin/carts", security(("admin_key" = [])), params(
        ("state" = String, Query, description = "Where they stand", example = "blocked", pattern = "^blocked$"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A part of the list, by number", body = Listed<Blocked>),
        (status = 400, description = "The page does not exist, or the state is another one"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn blocked(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let page = request.page()?;
    if query_value(&request.query, "state").as_deref() != Some("blocked") {
        return Err(wrong_parameter("state is blocked; other carts are not listed"));
    }
    let found = request.app.shop.blocked_carts(one_more(page)).await?;
    Ok(listed::<_, Blocked>(found, "carts", page, "&state=blocked"))
}

/// Opens a cart again that is blocked
#[utoipa::path(
    post, path = "/v1/admin/carts/{cart_id}/approve", security(("admin_key" = [])), request_body = Approval,
    params(("cart_id" = i64, Path, example = 1)),
    responses(
        (status = 204, description = "The cart is open"),
        (status = 404, description = "No such cart, or the server has no administrators"),
        (status = 409, description = "The cart is not blocked"),
    ),
)]
async fn approve(part: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let cart_id = id(&part).ok_or_else(|| ApiError::not_found("Not Found"))?;
    let Approval { reason } = Approval::read(&request.body?)?;
    let shop = request.app.shop.clone();
    to_its_end(async move { shop.approve_cart(cart_id, &reason, ADMIN).await }).await?;
    Ok(no_content())
}
