//! `/v1/cart`: the shopper's cart with where it stands, and their way out of a block.

use quickcart_core::cart::CartError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::version::versioned;
use super::{authorization, invalid_token, shopper};
use crate::app::App;
use crate::dto::cart::OwnCart;
use crate::dto::no_content;
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, post, with};
use crate::to_its_end::to_its_end;

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let view = warp::path!("cart").and(get()).and(with(app)).and(authorization()).then(view);
    let rescan = warp::path!("cart" / "rescan").and(post()).and(with(app)).and(authorization()).then(rescan);
    warp::path!("v1" / ..).and(view.or(rescan).unify()).map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(view, rescan))]
    struct Api;
    Api::openapi()
}

/// Shows the shopper's cart, and where it stands
#[utoipa::path(
    get, path = "/v1/cart", security(("bearer" = [])),
    responses(
        (
            status = 200, description = "The cart", body = OwnCart,
            headers(("ETag" = String, description = "The version, for If-Match when something is added or removed")),
        ),
        (status = 404, description = "The shopper has no cart"),
    ),
)]
async fn view(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let cart = app.shop.cart(user_id).await.map_err(failure)?;
    Ok(versioned(StatusCode::OK, cart.version, &OwnCart::from(cart)))
}

/// Opens the shopper's cart again that is blocked, once its lines weigh what its scale showed last
#[utoipa::path(
    post, path = "/v1/cart/rescan", security(("bearer" = [])),
    responses(
        (status = 204, description = "The cart is open"),
        (status = 404, description = "The shopper has no cart"),
        (status = 409, description = "The weight differs, by how many grams the answer says, or is not known, or the cart is not blocked"),
    ),
)]
async fn rescan(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let shop = app.shop.clone();
    to_its_end(async move { shop.rescan(user_id).await }).await.map_err(failure)?;
    Ok(no_content())
}

fn failure(error: CartError) -> ApiError {
    match error {
        CartError::UserNotFound { .. } => invalid_token(),
        error => error.into(),
    }
}
