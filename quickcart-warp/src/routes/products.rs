//! `/products`: what the shop sells.

use quickcart_core::catalog::SEARCH_LENGTH_MAX;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::dto::ok;
use crate::dto::page::{PageQuery, page};
use crate::dto::smart_cart::{Found, Offers, ProductDetails, query_value};
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

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(search, offers, product))]
    struct Api;
    Api::openapi()
}

/// Finds products by name or barcode
#[utoipa::path(
    get, path = "/products/search",
    params(("query" = String, Query, description = "a name or a barcode", example = "milk", min_length = 1, max_length = 200), PageQuery),
    responses((status = 200, description = "What was found", body = Found), (status = 400, description = "No query, or none that can be searched")),
)]
async fn search(app: App, query: String) -> Result<Response, ApiError> {
    let text = query_value(&query, "query");
    let text = text.ok_or_else(|| ApiError::bad_request("Search query parameter is required."))?;
    if text.chars().count() > SEARCH_LENGTH_MAX || text.chars().any(char::is_control) {
        return Err(ApiError::bad_request("Search query is too long, or has control characters."));
    }
    let page = page(&query).map_err(ApiError::fields)?;
    Ok(ok(&Found::from(app.shop.search(&text, page).await?)))
}

/// Lists what is cheaper today
#[utoipa::path(
    get, path = "/products/offers", params(PageQuery),
    responses((status = 200, description = "The offers", body = Offers), (status = 400, description = "The page does not exist")),
)]
async fn offers(app: App, query: String) -> Result<Response, ApiError> {
    let page = page(&query).map_err(ApiError::fields)?;
    Ok(ok(&Offers::from(app.shop.offers(page).await?)))
}

/// Answers one product
#[utoipa::path(
    get, path = "/products/{product_id}",
    params(("product_id" = i64, Path, example = 1)),
    responses((status = 200, description = "The product", body = ProductDetails), (status = 404, description = "No such product")),
)]
async fn product(id: String, app: App) -> Result<Response, ApiError> {
    let product_id: i64 = decoded(&id).parse().map_err(|_| ApiError::not_found("Not Found"))?;
    let found = app.shop.product(product_id).await?;
    let product =
        found.ok_or_else(|| ApiError::not_found(format!("Product with id {product_id} not found.")))?;
    Ok(ok(&ProductDetails::from(product)))
}
