//! `/v1/guest-carts`: what somebody puts together before they sign in.

use bytes::Bytes;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::{authorization, shopper};
use crate::app::App;
use crate::dto::guest_cart::{GuestCart, Merged, NewGuestCart};
use crate::dto::smart_cart::WantedProduct;
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, json_body, post, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let create = warp::path::end().and(post()).and(with(app)).then(create);
    let add = warp::path!(String / "items").and(post()).and(with(app)).and(json_body(app)).then(add);
    let merge = warp::path!(String / "merge").and(post()).and(with(app)).and(authorization()).then(merge);
    warp::path!("v1" / "guest-carts" / ..)
        .and(create.or(add).unify().or(merge).unify())
        .map(answer(Dialect::Problem))
        .boxed()
}

async fn create(app: App) -> Result<Response, ApiError> {
    let token = app.shop.guest_cart().await?.as_str().to_owned();
    Ok(json_response(StatusCode::CREATED, &NewGuestCart { token }))
}

async fn add(token: String, app: App, body: Result<Bytes, ApiError>) -> Result<Response, ApiError> {
    let WantedProduct { product_id, quantity } = WantedProduct::read(&body?)?;
    let lines = app.shop.add_to_guest_cart(&decoded(&token).parse()?, product_id, quantity).await?;
    Ok(ok(&GuestCart::from(lines)))
}

async fn merge(token: String, app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let cart_id = app.shop.merge_guest_cart(user_id, &decoded(&token).parse()?).await?;
    Ok(ok(&Merged { cart_id }))
}
