//! `/cart`: the cart, the trolley's device, and the way past the wanted products.

use std::sync::Arc;

use bytes::Bytes;
use quickcart_core::account::UserId;
use quickcart_core::cart::{CartError, CartLine, Connection, Quantity, is_ad_hoc};
use quickcart_core::device::{self, CartEvent, DeviceError};
use quickcart_core::pathfinding::PathError;
use quickcart_core::walk::{Stop, Walk, WalkError, WalkPlan};
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::version::{self, IF_MATCH};
use super::{authorization, invalid_token, shopper};
use crate::app::App;
use crate::dto::smart_cart::{
    AddItem, Cart, CartId, Connected, Message, PathRequest, ProductChoice, ShortestPath, UpdateItem,
    WalkAnswer, kilograms, path_request,
};
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect, malformed};
use crate::filters::{answer, get, header, json_body, optional_json_body, post, with};

/// The header that a device shows its key in.
const DEVICE_KEY: &str = "x-device-key";
/// What is said of a start that is on no floor of the map.
const NO_START: &str = "Could not determine a valid starting position on the route.";

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let view = warp::path!("view").and(get()).and(with(app)).and(authorization()).then(view);
    let connect = warp::path!("connect")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(optional_json_body(app))
        .then(connect);
    let disconnect =
        warp::path!("disconnect").and(post()).and(with(app)).and(authorization()).then(disconnect);
    let add = warp::path!("item" / "add")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(header(IF_MATCH))
        .and(json_body(app))
        .then(add);
    let remove = warp::path!("item" / "remove")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(header(IF_MATCH))
        .and(json_body(app))
        .then(remove);
    let add_item = warp::path!("esp32" / "add_item")
        .and(post())
        .and(with(app))
        .and(header(DEVICE_KEY))
        .and(json_body(app))
        .then(add_item);
    let update_item = warp::path!("esp32" / "update_item")
        .and(post())
        .and(with(app))
        .and(header(DEVICE_KEY))
        .and(json_body(app))
        .then(update_item);
    let shortest_path = warp::path!("shortest_path")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(json_body(app))
        .then(shortest_path)
        .map(answer(Dialect::DetailAndError));
    let items = update_item.or(add_item).unify().or(add).unify().or(remove).unify();
    let others = items.or(view).unify().or(connect).unify().or(disconnect).unify();
    warp::path("cart").and(others.map(answer(Dialect::Detail)).or(shortest_path).unify()).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(view, connect, disconnect, add, remove, add_item, update_item, shortest_path))]
    struct Api;
    Api::openapi()
}

/// Answers what is in the trolley
#[utoipa::path(
    get, path = "/cart/view", security(("bearer" = [])),
    responses((status = 200, description = "The trolley", body = Cart), (status = 404, description = "The shopper has no trolley")),
)]
async fn view(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let cart = app.shop.cart(user_id).await.map_err(no_cart)?;
    Ok(ok(&Cart::from(cart)))
}

/// The version that a cart has to have, if it has to have one.
fn expected(if_match: Option<&HeaderValue>) -> Result<Option<u64>, ApiError> {
    if_match.map_or(Ok(None), version::expected)
}

/// A version that is not the expected one is a failed precondition.
fn not_changed(error: CartError) -> ApiError {
    match error {
        CartError::CartChanged { .. } => ApiError::new(StatusCode::PRECONDITION_FAILED, error.to_string()),
        error => no_cart(error),
    }
}

fn no_cart(error: CartError) -> ApiError {
    match error {
        CartError::NoActiveCart => ApiError::with_text(&error, "No active cart found for user."),
        error => error.into(),
    }
}

/// Takes a trolley, or a cart without one when there is no body
#[utoipa::path(
    post, path = "/cart/connect", security(("bearer" = [])), request_body = Option<CartId>,
    responses(
        (status = 200, description = "The trolley is the shopper's, or the cart without one still is", body = Connected),
        (status = 201, description = "A cart without a trolley is the shopper's", body = Connected),
        (status = 404, description = "No such trolley"),
        (status = 409, description = "Somebody else has it, or the shopper has another one"),
    ),
)]
async fn connect(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Option<Bytes>, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let Some(body) = body? else { return connect_ad_hoc(&app, user_id).await };
    let CartId { cart_id } = CartId::read(&body)?;
    let connection = app.shop.connect(user_id, cart_id).await.map_err(|error| {
        let text = match &error {
            CartError::UserNotFound { .. } => return invalid_token(),
            CartError::CartNotFound { cart_id } => format!("Cart with ID {cart_id} does not exist."),
            CartError::AnotherCart { cart_id } => {
                format!("You are already connected to cart {cart_id}. Please disconnect first.")
            }
            CartError::CartInUse { cart_id } => format!("Cart {cart_id} is already in use by another user."),
            other => other.to_string(),
        };
        ApiError::with_text(&error, text)
    })?;
    let message = match connection {
        Connection::New => "Cart connected successfully.",
        Connection::Kept => "You are already connected to this cart.",
    };
    Ok(ok(&Connected { cart_id, user_id, message }))
}

async fn connect_ad_hoc(app: &App, user_id: UserId) -> Result<Response, ApiError> {
    let (cart_id, connection) = app.shop.connect_ad_hoc(user_id).await.map_err(|error| match error {
        CartError::UserNotFound { .. } => invalid_token(),
        error => error.into(),
    })?;
    let (status, message) = match connection {
        Connection::New => (StatusCode::CREATED, "New cart connected successfully."),
        Connection::Kept => (StatusCode::OK, "Already connected to cart."),
    };
    Ok(json_response(status, &Connected { cart_id, user_id, message }))
}

/// Returns the trolley, or clears the cart without one
#[utoipa::path(
    post, path = "/cart/disconnect", security(("bearer" = [])),
    responses(
        (status = 200, description = "The trolley is free", body = Message),
        (status = 404, description = "The shopper has no trolley"),
        (status = 409, description = "The trolley is blocked"),
    ),
)]
async fn disconnect(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let cart_id = app.shop.disconnect(user_id).await.map_err(|error| match error {
        CartError::NoActiveCart => {
            ApiError::with_text(&error, "No active cart found for this user to disconnect.")
        }
        error => error.into(),
    })?;
    let and_cleared = if is_ad_hoc(cart_id) { " and cleared" } else { "" };
    Ok(ok(&Message { message: &format!("Cart {cart_id} disconnected{and_cleared} successfully.") }))
}

/// Adds a product to the cart
#[utoipa::path(
    post, path = "/cart/item/add", security(("bearer" = [])), request_body = ProductChoice,
    params(("If-Match" = Option<String>, Header, description = "The ETag of a cart, or * for whatever there is", example = "*")),
    responses(
        (status = 200, description = "It is in the cart", body = Message),
        (status = 404, description = "No such product, or the shopper has no cart"),
        (status = 409, description = "The cart is locked"),
        (status = 412, description = "The cart has changed"),
    ),
)]
async fn add(
    app: App,
    authorization: Option<HeaderValue>,
    if_match: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let ProductChoice { product_id } = ProductChoice::read(&body?)?;
    let expected = expected(if_match.as_ref())?;
    app.shop.add_to_cart(user_id, product_id, expected).await.map_err(|error| match error {
        CartError::ProductNotFound { product_id } => {
            ApiError::with_text(&error, format!("Product with id {product_id} not found."))
        }
        error => not_changed(error),
    })?;
    Ok(ok(&Message { message: &format!("Product {product_id} added to cart.") }))
}

/// Takes a product out of the cart
#[utoipa::path(
    post, path = "/cart/item/remove", security(("bearer" = [])), request_body = ProductChoice,
    params(("If-Match" = Option<String>, Header, description = "The ETag of a cart, or * for whatever there is", example = "*")),
    responses(
        (status = 200, description = "There is less of it in the cart", body = Message),
        (status = 404, description = "It is not in the cart, or the shopper has no cart"),
        (status = 409, description = "The cart is locked"),
        (status = 412, description = "The cart has changed"),
    ),
)]
async fn remove(
    app: App,
    authorization: Option<HeaderValue>,
    if_match: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let ProductChoice { product_id } = ProductChoice::read(&body?)?;
    let expected = expected(if_match.as_ref())?;
    let line =
        app.shop.remove_from_cart(user_id, product_id, expected).await.map_err(|error| match error {
            CartError::NotInCart { product_id } => {
                ApiError::with_text(&error, format!("Product {product_id} not found in cart."))
            }
            error => not_changed(error),
        })?;
    let message = if is_ad_hoc(line.cart_id) {
        format!("Product {product_id} quantity updated/removed from cart {}.", line.cart_id)
    } else {
        format!("Product {product_id} removed from cart.")
    };
    Ok(ok(&Message { message: &message }))
}

/// A device tells that a product was put into its trolley
#[utoipa::path(
    post, path = "/cart/esp32/add_item", security(("device_key" = [])), request_body = AddItem,
    responses(
        (status = 200, description = "It is in the trolley", body = Message),
        (status = 404, description = "No such trolley or product"),
        (status = 409, description = "Nobody has the trolley"),
    ),
)]
async fn add_item(
    app: App,
    key: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let event = event(&app, key.as_ref(), &body?, device::parse_add_item)?;
    let line = apply(&app, &event).await?;
    let weight = match event {
        CartEvent::ItemAdded { cart_weight_mg, .. } => cart_weight_mg,
        CartEvent::ItemWeighed { weight_mg, .. } => weight_mg,
    };
    let (product_id, cart_id, weight) = (line.product.product_id, line.cart_id, kilograms(weight));
    let message =
        format!("Product {product_id} added/updated in cart {cart_id}, weight updated to {weight:?}.");
    Ok(ok(&Message { message: &message }))
}

/// A device tells what the pieces of a product in its trolley weigh
#[utoipa::path(
    post, path = "/cart/esp32/update_item", security(("device_key" = [])), request_body = UpdateItem,
    responses(
        (status = 200, description = "The trolley has as many as they weigh", body = Message),
        (status = 404, description = "No such trolley or product"),
        (status = 409, description = "Nobody has the trolley"),
    ),
)]
async fn update_item(
    app: App,
    key: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let event = event(&app, key.as_ref(), &body?, device::parse_update_item)?;
    let CartLine { cart_id, product, quantity, .. } = apply(&app, &event).await?;
    let (barcode, quantity) = (product.barcode, quantity.map_or(0, Quantity::get));
    let message =
        format!("Cart {cart_id} updated for product with barcode {barcode} with quantity {quantity}.");
    Ok(ok(&Message { message: &message }))
}

/// What a device that may be heard has to say.
fn event(
    app: &App,
    key: Option<&HeaderValue>,
    body: &[u8],
    parse: fn(&[u8]) -> Result<CartEvent, DeviceError>,
) -> Result<CartEvent, ApiError> {
    if !app.devices.hears(key.map(HeaderValue::as_bytes)) {
        return Err(ApiError::unauthenticated("The X-Device-Key header is missing or wrong"));
    }
    parse(body).map_err(|error| match error {
        DeviceError::Fields(faults) => ApiError::fields(faults),
        DeviceError::Form(error) => malformed(&error),
        error => error.into(),
    })
}

async fn apply(app: &App, event: &CartEvent) -> Result<CartLine, ApiError> {
    app.shop.apply(event).await.map_err(|error| {
        let text = match &error {
            CartError::BarcodeNotFound { barcode } => format!("Product with barcode {barcode} not found."),
            CartError::NoUnitWeight { barcode } => {
                format!("Product with barcode {barcode} has no defined weight.")
            }
            CartError::ProductNotFound { product_id } => format!("Product with id {product_id} not found."),
            CartError::CartNotFound { cart_id } => format!("Cart with ID {cart_id} does not exist."),
            other => other.to_string(),
        };
        ApiError::with_text(&error, text)
    })
}

/// Finds the shortest walk past products or points
#[utoipa::path(
    post, path = "/cart/shortest_path", security(("bearer" = [])), request_body = ShortestPath,
    responses(
        (status = 200, description = "The walk, in the form that fits the question", body = WalkAnswer),
        (status = 404, description = "The shopper has no trolley"),
    ),
)]
async fn shortest_path(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    match path_request(&body?)? {
        PathRequest::Points { start, destinations } => {
            let stops =
                destinations.into_iter().map(|point| Stop { product_id: None, section_id: None, point });
            let plan = app.shop.plan_walk_between(start, stops.collect()).await?;
            let off_the_map = |error: &WalkError| ApiError::with_text(error, NO_START);
            Ok(ok(&WalkAnswer::Directions(solve(&app, plan, off_the_map).await?.into())))
        }
        PathRequest::Products(products) if products.is_empty() => {
            Err(ApiError::bad_request("No destinations provided."))
        }
        PathRequest::Products(products) => {
            let plan = app.shop.plan_walk(user_id, &products).await.map_err(|error| match error {
                WalkError::NoActiveCart => {
                    ApiError::with_text(&error, "No active cart location found for user.")
                }
                error => error.into(),
            })?;
            // Where the trolley stands is not what the client said.
            let off_the_map = |_: &WalkError| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, NO_START);
            Ok(ok(&WalkAnswer::Segments(solve(&app, plan, off_the_map).await?.into())))
        }
    }
}

/// Finds the walk on a thread where that holds up no other request.
async fn solve(
    app: &App,
    plan: WalkPlan,
    off_the_map: impl FnOnce(&WalkError) -> ApiError,
) -> Result<Walk, ApiError> {
    let stopping = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The server is stopping");
    let permit = Arc::clone(&app.walks).acquire_owned().await.map_err(stopping)?;
    let solved = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        plan.solve()
    })
    .await;
    let walk =
        solved.map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))?;
    walk.map_err(|error| match error {
        WalkError::Path(PathError::OffTheMap { .. }) => off_the_map(&error),
        error => error.into(),
    })
}
