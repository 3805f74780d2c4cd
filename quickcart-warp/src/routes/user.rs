//! `/user`: the list a shopper came with.

use bytes::Bytes;
use quickcart_core::cart::CartError;
use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::{authorization, invalid_token, shopper};
use crate::app::App;
use crate::dto::ok;
use crate::dto::smart_cart::{ChecklistEntry, checklist_item};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, json_body, post, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let checklist = warp::path!("checklist").and(get()).and(with(app)).and(authorization()).then(checklist);
    let add = warp::path!("checklist" / "add")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(json_body(app))
        .then(add);
    warp::path("user").and(checklist.or(add).unify()).map(answer(Dialect::Detail)).boxed()
}

async fn checklist(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let items = app.shop.checklist(user_id).await?;
    let items: Vec<ChecklistEntry> = items.into_iter().map(ChecklistEntry::from).collect();
    Ok(ok(&json!({ "items": items })))
}

async fn add(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let (product_id, quantity) = checklist_item(&body?)?;
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
