//! `/user`: the list a shopper came with, and the recipes for it.

use bytes::Bytes;
use quickcart_core::cart::CartError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::{authorization, invalid_token, present_shopper, shopper};
use crate::app::App;
use crate::dto::catalogue::{Recipe, Recipes};
use crate::dto::ok;
use crate::dto::page::{PageQuery, page};
use crate::dto::smart_cart::{
    Checklist, ChecklistEntry, Message, ProductChoice, WantedProduct, recipe_source,
};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, get, json_body, post, query, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let checklist =
        warp::path!("checklist").and(get()).and(with(app)).and(authorization()).and(query()).then(checklist);
    let add = warp::path!("checklist" / "add")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(json_body(app))
        .then(add);
    let remove = warp::path!("checklist" / "remove")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(json_body(app))
        .then(remove);
    let recipes =
        warp::path!("recipes").and(get()).and(with(app)).and(authorization()).and(query()).then(recipes);
    let recipe = warp::path!("recipes" / String).and(get()).and(with(app)).and(authorization()).then(recipe);
    let checklist = checklist.or(add).unify().or(remove).unify();
    warp::path("user")
        .and(checklist.or(recipes).unify().or(recipe).unify())
        .map(answer(Dialect::Detail))
        .boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(checklist, add, remove, recipes, recipe))]
    struct Api;
    Api::openapi()
}

/// Answers the list a shopper came with
#[utoipa::path(
    get, path = "/user/checklist", security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, description = "The list", body = Checklist),
        (status = 400, description = "No such page"),
    ),
)]
async fn checklist(
    app: App,
    authorization: Option<HeaderValue>,
    query: String,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let page = page(&query).map_err(ApiError::fields)?;
    let items = app.shop.checklist(user_id, page).await?;
    Ok(ok(&Checklist::from(items)))
}

/// Adds a product to the list, or more of it
#[utoipa::path(
    post, path = "/user/checklist/add", security(("bearer" = [])), request_body = WantedProduct,
    responses(
        (status = 200, description = "The entry of the list", body = ChecklistEntry),
        (status = 404, description = "No such product"),
    ),
)]
async fn add(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let WantedProduct { product_id, quantity } = WantedProduct::read(&body?)?;
    let item =
        app.shop.add_to_checklist(user_id, product_id, quantity).await.map_err(|error| match error {
            CartError::ProductNotFound { product_id } => {
                ApiError::not_found(format!("Product with id {product_id} not found."))
            }
            CartError::UserNotFound { .. } => invalid_token(),
            error => error.into(),
        })?;
    Ok(ok(&ChecklistEntry::from(item)))
}

/// Takes a product off the list
#[utoipa::path(
    post, path = "/user/checklist/remove", security(("bearer" = [])), request_body = ProductChoice,
    responses(
        (status = 200, description = "It is not on the list any more", body = Message),
        (status = 404, description = "It was not on the list"),
    ),
)]
async fn remove(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = present_shopper(&app, authorization.as_ref()).await?;
    let ProductChoice { product_id } = ProductChoice::read_exactly(&body?)?;
    app.shop.remove_from_checklist(user_id, product_id).await.map_err(|error| match error {
        CartError::NotInChecklist { product_id } => {
            let text = format!("Product {product_id} not found in checklist or could not be removed.");
            ApiError::with_text(&error, text)
        }
        error => error.into(),
    })?;
    Ok(ok(&Message { message: &format!("Product {product_id} removed from checklist.") }))
}

/// Lists the recipes for what is on the list or in the cart
#[utoipa::path(
    get, path = "/user/recipes", security(("bearer" = [])),
    params(("source" = Option<String>, Query, description = "checklist or cart, in any case; the list without it", example = "cart"), PageQuery),
    responses(
        (status = 200, description = "The recipes", body = Recipes),
        (status = 400, description = "No such source or page"),
        (status = 404, description = "The shopper has no cart"),
    ),
)]
async fn recipes(app: App, authorization: Option<HeaderValue>, query: String) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let source = recipe_source(&query)?;
    let page = page(&query).map_err(ApiError::fields)?;
    let found = app.shop.recipes(user_id, source, page).await.map_err(|error| match error {
        CartError::NoActiveCart => ApiError::with_text(&error, "User has no active cart."),
        error => error.into(),
    })?;
    Ok(ok(&Recipes::from(found)))
}

/// Answers one recipe
#[utoipa::path(
    get, path = "/user/recipes/{recipe_id}", security(("bearer" = [])),
    params(("recipe_id" = i64, Path, example = 1)),
    responses((status = 200, description = "The recipe", body = Recipe), (status = 404, description = "No such recipe")),
)]
async fn recipe(id: String, app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let recipe_id: i64 = decoded(&id).parse().map_err(|_| ApiError::not_found("Not Found"))?;
    present_shopper(&app, authorization.as_ref()).await?;
    let found = app.shop.recipe(recipe_id).await?;
    let recipe =
        found.ok_or_else(|| ApiError::not_found(format!("Recipe with id {recipe_id} not found.")))?;
    Ok(ok(&Recipe::from(recipe)))
}
