//! `/products`: what the shop sells.

use quickcart_core::catalog::SEARCH_LENGTH_MAX;
use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::dto::ok;
use crate::dto::page::page;
use crate::dto::smart_cart::{ProductDetails, products, query_value};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, get, query, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let search = warp::path!("search").and(get()).and(with(app)).and(query()).then(search);
    let offers = warp::path!("offers").and(get()).and(with(app)).and(query()).then(offers);
    let product = warp::path!(String).and(get()).and(with(app)).then(product);
    warp::path("products")
        .and(search.or(offers).unify().or(product).unify())
        .map(answer(Dialect::Detail))
        .boxed()
}

async fn search(app: App, query: String) -> Result<Response, ApiError> {
    let text = query_value(&query, "query");
    let text = text.ok_or_else(|| ApiError::bad_request("Search query parameter is required."))?;
    if text.chars().count() > SEARCH_LENGTH_MAX || text.chars().any(char::is_control) {
        return Err(ApiError::bad_request("Search query is too long, or has control characters."));
    }
    let page = page(&query).map_err(ApiError::fields)?;
    let found = app.shop.search(&text, page).await?;
    Ok(ok(&json!({ "results": products(found) })))
}

async fn offers(app: App, query: String) -> Result<Response, ApiError> {
    let found = app.shop.offers(page(&query).map_err(ApiError::fields)?).await?;
    Ok(ok(&json!({ "offers": products(found) })))
}

async fn product(id: String, app: App) -> Result<Response, ApiError> {
    let product_id: i64 = decoded(&id).parse().map_err(|_| ApiError::not_found("Not Found"))?;
    let found = app.shop.product(product_id).await?;
    let product =
        found.ok_or_else(|| ApiError::not_found(format!("Product with id {product_id} not found.")))?;
    Ok(ok(&ProductDetails::from(product)))
}
