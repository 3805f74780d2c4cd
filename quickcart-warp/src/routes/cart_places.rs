//! `/cart`: where the cart and the products stand.

use quickcart_core::cart::CartError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::{authorization, present_shopper, shopper};
use crate::app::App;
use crate::dto::ok;
use crate::dto::places::{CartLocation, ProductLocation, product_ids};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, get, query, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let location =
        warp::path!(String / "location").and(get()).and(with(app)).and(authorization()).then(location);
    let product_locations = warp::path!("product_locations")
        .and(get())
        .and(with(app))
        .and(authorization())
        .and(query())
        .then(product_locations);
    warp::path("cart").and(location.or(product_locations).unify()).map(answer(Dialect::Detail)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(location, product_locations))]
    struct Api;
    Api::openapi()
}

/// Answers where a cart stands
#[utoipa::path(
    get, path = "/cart/{cart_id}/location", security(("bearer" = [])),
    params(("cart_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "Where it stands", body = CartLocation),
        (status = 403, description = "It is not the cart of the shopper"),
        (status = 404, description = "Nobody knows where it stands"),
    ),
)]
async fn location(id: String, app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let cart_id: i64 = decoded(&id).parse().map_err(|_| ApiError::not_found("Not Found"))?;
    let user_id = shopper(&app, authorization.as_ref())?;
    let location = app.shop.location_of(user_id, cart_id).await.map_err(|error| {
        let text = match &error {
            CartError::NotYourCart { cart_id } => {
                format!("Cart {cart_id} not found or does not belong to user.")
            }
            CartError::NotLocated { cart_id } => format!("Location not found for cart {cart_id}."),
            other => other.to_string(),
        };
        ApiError::with_text(&error, text)
    })?;
    Ok(ok(&CartLocation::from(location)))
}

/// Answers where products stand
#[utoipa::path(
    get, path = "/cart/product_locations", security(("bearer" = [])),
    params(("product_ids" = String, Query, description = "Whole numbers between commas", example = "1,2")),
    responses(
        (status = 200, description = "Those of them that stand somewhere", body = [ProductLocation]),
        (status = 400, description = "The ids are missing, or none"),
    ),
)]
async fn product_locations(
    app: App,
    authorization: Option<HeaderValue>,
    query: String,
) -> Result<Response, ApiError> {
    present_shopper(&app, authorization.as_ref()).await?;
    let places = app.shop.shelf_places(&product_ids(&query)?).await?;
    Ok(ok(&places.into_iter().map(ProductLocation::from).collect::<Vec<_>>()))
}
