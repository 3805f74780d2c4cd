//! `/v1/admin`: administrators count stock, see what became of it, and move the orders of carts on.

use quickcart_core::order::OrderEvent;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::reply::Response;

use super::admin::{ADMIN, Request, id, listed, one_more, request, wrong_parameter};
use crate::app::App;
use crate::dto::admin::Listed;
use crate::dto::ok;
use crate::dto::order::CartOrder;
use crate::dto::page::PageQuery;
use crate::dto::returns::{Pieces, ShortPick};
use crate::dto::smart_cart::query_value;
use crate::dto::stock::{Counted, Received, Stock, StockMovement};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, get, method, post};
use crate::to_its_end::to_its_end;

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let of_one = |method: &Method| matches!(*method, Method::GET | Method::HEAD | Method::PUT);
    let levels = warp::path!("stock").and(get()).and(request(app)).then(levels);
    let movements = warp::path!("stock" / "movements").and(get()).and(request(app)).then(movements);
    let stock = warp::path!("products" / String / "stock")
        .and(method(of_one, "GET, HEAD, PUT"))
        .and(request(app))
        .then(stock);
    let receive =
        warp::path!("products" / String / "stock" / "receive").and(post()).and(request(app)).then(receive);
    let short_pick =
        warp::path!("orders" / String / "short_pick").and(post()).and(request(app)).then(short_pick);
    let advance = warp::path!("orders" / String / String).and(post()).and(request(app)).then(advance);
    let stock = levels.or(movements).unify().or(stock).unify().or(receive).unify();
    let routes = stock.or(short_pick).unify().or(advance).unify();
    warp::path!("v1" / "admin" / ..).and(routes).map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(levels, movements, show, count, receive, short_pick, advance))]
    struct Api;
    Api::openapi()
}

/// Lists the stock of all products that are counted
#[utoipa::path(
    get, path = "/v1/admin/stock", security(("admin_key" = [])), params(
        ("low" = Option<bool>, Query, description = "Only those of which the shop wants to order more"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A part of the list, by product", body = Listed<Stock>),
        (status = 400, description = "The page does not exist, or low is neither true nor false"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn levels(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let page = request.page()?;
    let only_low = query_value(&request.query, "low").map(|text| text.parse()).transpose();
    let only_low = only_low.map_err(|_| wrong_parameter("low is true or false"))?.unwrap_or(false);
    let found = request.app.shop.stock_levels(only_low, one_more(page)).await?;
    Ok(listed::<_, Stock>(found, "stock", page, if only_low { "&low=true" } else { "" }))
}

/// Lists what changed the stock
#[utoipa::path(
    get, path = "/v1/admin/stock/movements", security(("admin_key" = [])), params(
        ("product_id" = Option<i64>, Query, description = "Of which product"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A part of the list, the latest first", body = Listed<StockMovement>),
        (status = 400, description = "The page does not exist, or the product is no number"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn movements(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let page = request.page()?;
    let product_id = query_value(&request.query, "product_id").map(|text| text.parse()).transpose();
    let product_id = product_id.map_err(|_| wrong_parameter("product_id is a whole number"))?;
    let found = request.app.shop.stock_movements(product_id, one_more(page)).await?;
    let filter = product_id.map_or_else(String::new, |id| format!("&product_id={id}"));
    Ok(listed::<_, StockMovement>(found, "stock/movements", page, &filter))
}

async fn stock(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let product_id = number(&id)?;
    if request.method == Method::PUT {
        count(product_id, request).await
    } else {
        show(product_id, request).await
    }
}

/// Shows the stock of a product
#[utoipa::path(
    get, path = "/v1/admin/products/{product_id}/stock", security(("admin_key" = [])),
    params(("product_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "The stock", body = Stock),
        (status = 404, description = "No such product, its stock is not counted, or the server has no administrators"),
    ),
)]
async fn show(product_id: i64, request: Request) -> Result<Response, ApiError> {
    let shop = &request.app.shop;
    match shop.stock_level(product_id).await? {
        Some(level) => Ok(ok(&Stock::from(level))),
        None => {
            shop.product_entry(product_id).await?;
            let text = format!("the stock of product {product_id} is not counted");
            Err(ApiError::not_found(text).with_code("stock_not_counted"))
        }
    }
}

/// Says how many pieces of a product are in the shop
#[utoipa::path(
    put, path = "/v1/admin/products/{product_id}/stock", security(("admin_key" = [])), request_body = Counted,
    params(("product_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "The stock, which is counted from now on", body = Stock),
        (status = 404, description = "No such product, or the server has no administrators"),
        (status = 409, description = "More pieces than these are held for shoppers"),
    ),
)]
async fn count(product_id: i64, request: Request) -> Result<Response, ApiError> {
    let Counted { on_hand, low_at } = Counted::read(&request.body?)?;
    let shop = request.app.shop.clone();
    let work = async move { shop.count_stock(product_id, on_hand, low_at, ADMIN).await };
    Ok(ok(&Stock::from(to_its_end(work).await?)))
}

/// Adds pieces that came to the stock of a product
#[utoipa::path(
    post, path = "/v1/admin/products/{product_id}/stock/receive", security(("admin_key" = [])),
    request_body = Received, params(("product_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "The stock, which is counted from now on", body = Stock),
        (status = 400, description = "The body does not fit, or there would be too many"),
        (status = 404, description = "No such product, or the server has no administrators"),
    ),
)]
async fn receive(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let product_id = number(&id)?;
    let Received { quantity } = Received::read(&request.body?)?;
    let shop = request.app.shop.clone();
    let work = async move { shop.receive_stock(product_id, quantity, ADMIN).await };
    Ok(ok(&Stock::from(to_its_end(work).await?)))
}

/// Takes pieces out of the order of a cart that are not to be had
#[utoipa::path(
    post, path = "/v1/admin/orders/{order_id}/short_pick", security(("admin_key" = [])), request_body = Pieces,
    params(("order_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "The order as it is now", body = CartOrder),
        (status = 400, description = "The body does not fit"),
        (status = 404, description = "No such order, or the server has no administrators"),
        (status = 409, description = "It is not being put together, or has not so many pieces, or nothing would be left of it"),
    ),
)]
async fn short_pick(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let order_id = number(&id)?;
    let ShortPick { product_id, missing } = ShortPick::read(&request.body?)?;
    let shop = request.app.shop.clone();
    let work = async move { shop.short_pick(order_id, product_id, missing).await };
    Ok(ok(&CartOrder::from(to_its_end(work).await?)))
}

/// Moves the order of a cart on
#[utoipa::path(
    post, path = "/v1/admin/orders/{order_id}/{event}", security(("admin_key" = [])),
    params(
        ("order_id" = i64, Path, example = 1),
        ("event" = String, Path, description = "What happens to it", example = "start_processing",
         pattern = "^(cancel|start_processing|ship|deliver|fail_delivery)$"),
    ),
    responses(
        (status = 200, description = "The order as it is now", body = CartOrder),
        (status = 404, description = "No such order or event, or the server has no administrators"),
        (status = 409, description = "That cannot happen to it now, or the shop does not do it"),
    ),
)]
async fn advance(id: String, event: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let order_id = number(&id)?;
    let event = OrderEvent::from_name(&decoded(&event)).ok_or_else(|| ApiError::not_found("Not Found"))?;
    let shop = request.app.shop.clone();
    let work = async move { shop.advance_order(order_id, event, event.said_by_shop()).await };
    Ok(ok(&CartOrder::from(to_its_end(work).await?)))
}

/// The number of a path.
fn number(part: &str) -> Result<i64, ApiError> {
    id(part).ok_or_else(|| ApiError::not_found("Not Found"))
}
