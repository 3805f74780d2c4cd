//! `/orders`: books ordered by telephone number. Checkout and history of the smart cart come before.

use std::convert::Infallible;
use std::future::ready;
use std::net::IpAddr;

use bytes::Bytes;
use quickcart_core::book_order::{Access, BookOrderError};
use quickcart_core::messaging::text::Language;
use quickcart_core::otp::OtpError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{HeaderValue, LOCATION};
use warp::http::{Method, StatusCode};
use warp::path::FullPath;
use warp::reject::Rejection;
use warp::reply::Response;

use super::authorization;
use super::idempotency::{IDEMPOTENCY_KEY, key_of};
use crate::app::App;
use crate::dto::book_order::{
    BookOrder, BookOrderChanged, BookOrderCode, BookOrderCodeSent, BookOrderInitiated, BookOrderQuery,
    BookOrderRequest, BookOrderResend, not_a_phone, order_id, status, unknown_book,
};
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{
    answer, client, get, header, language, lenient_json_body, method, post, put, query, with,
};
use crate::to_its_end::to_its_end;

const ADMIN_KEY: &str = "x-admin-key";
/// The methods of one order.
const OF_ONE: &str = "GET, HEAD, DELETE";

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let initiate = warp::path!("initiate")
        .and(post())
        .and(with(app))
        .and(client())
        .and(language(app))
        .and(lenient_json_body(app))
        .then(initiate);
    let verify = warp::path!("verify")
        .and(post())
        .and(with(app))
        .and(header(IDEMPOTENCY_KEY))
        .and(lenient_json_body(app))
        .then(verify);
    let resend = warp::path!("resend-code")
        .and(post())
        .and(with(app))
        .and(client())
        .and(language(app))
        .and(query())
        .and(lenient_json_body(app))
        .then(resend);
    let list = warp::path::end()
        .and(get())
        .and(warp::path::full())
        .and(with(app))
        .and(credentials())
        .and(query())
        .then(list);
    let looks = method(|method| matches!(*method, Method::GET | Method::HEAD), OF_ONE);
    let cancels = method(|method| *method == Method::DELETE, OF_ONE);
    let show = number().and(warp::path::end()).and(looks).and(with(app)).and(credentials()).then(show);
    let cancel = number().and(warp::path::end()).and(cancels).and(with(app)).and(credentials()).then(cancel);
    let change = number()
        .and(warp::path!("status"))
        .and(put())
        .and(with(app))
        .and(credentials())
        .and(query())
        .then(change);
    let begin = initiate.or(verify).unify().or(resend).unify().boxed();
    let manage = list.or(show).unify().or(cancel).unify().or(change).unify().boxed();
    // Of several answers about methods, the last one counts: that of a path with a name.
    warp::path("orders").and(manage.or(begin).unify()).map(answer(Dialect::Detail)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(initiate, verify, resend, list, show, change, cancel))]
    struct Api;
    Api::openapi()
}

/// What should be the number of an order, and is no path of the smart cart.
fn number() -> impl Filter<Extract = (String,), Error = Rejection> + Copy {
    warp::path::param().and_then(|part: String| {
        ready(if matches!(&*part, "checkout" | "history") {
            Err(warp::reject::not_found())
        } else {
            Ok(part)
        })
    })
}

/// What a request shows of whom it comes from.
struct Credentials {
    admin_key: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
}

fn credentials() -> impl Filter<Extract = (Credentials,), Error = Infallible> + Clone {
    header(ADMIN_KEY)
        .and(authorization())
        .map(|admin_key, authorization| Credentials { admin_key, authorization })
}

impl Credentials {
    /// Who asks: the administrator by the key, else a customer by a session.
    async fn access(&self, app: &App) -> Result<Access, ApiError> {
        if let Some(shown) = &self.admin_key {
            let is_admin = app.is_admin(shown.as_bytes());
            let refused = || ApiError::unauthenticated("Invalid administrator key");
            return if is_admin { Ok(Access::staff()) } else { Err(refused()) };
        }
        let phone = app.book_orders.customer(self.token()?).await.map_err(refused)?;
        Ok(if app.customers_are_trusted { Access::trusted_customer(phone) } else { Access::customer(phone) })
    }

    /// As [`access`](Self::access), where everybody may look who does not show a wrong key.
    async fn access_to_look(&self, app: &App) -> Result<Access, ApiError> {
        if app.book_orders_are_public && self.admin_key.is_none() {
            Ok(Access::staff())
        } else {
            self.access(app).await
        }
    }

    fn token(&self) -> Result<&str, ApiError> {
        let shown = self.authorization.as_ref().and_then(|value| value.to_str().ok()?.split_once(' '));
        let bearer = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = bearer.map(|(_, token)| token.trim()).filter(|token| !token.is_empty());
        token.ok_or_else(|| ApiError::new(StatusCode::FORBIDDEN, "Not authenticated"))
    }
}

/// Begins an order of books and sends a code
#[utoipa::path(
    post, path = "/orders/initiate", request_body = BookOrderRequest,
    params(("Accept-Language" = Option<String>, Header, description = "The language of the message, of those that the server writes", example = "hi, en;q=0.5")),
    responses(
        (status = 202, description = "A code is on its way", body = BookOrderInitiated),
        (status = 400, description = "The order is too large"),
        (status = 429, description = "A limit is used up, or it is too early"),
    ),
)]
async fn initiate(
    app: App,
    address: Option<IpAddr>,
    language: Language,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let purchase = BookOrderRequest::read(&body?)?.purchase()?;
    let orders = app.book_orders.clone().with_language(language);
    let opened = to_its_end(async move { orders.initiate(purchase, address).await }).await;
    let opened = opened.map_err(|error| not_sent(error, "SMS service temporarily unavailable"))?;
    Ok(json_response(StatusCode::ACCEPTED, &BookOrderInitiated::from(opened)))
}

/// Makes the order when the code is right
#[utoipa::path(
    post, path = "/orders/verify", request_body = BookOrderCode,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same answer for all requests with this key", min_length = 1, max_length = 255)),
    responses(
        (status = 200, description = "The order", body = BookOrder),
        (status = 400, description = "The code is wrong, the order was made before, or the key is none"),
        (status = 401, description = "No such session"),
        (status = 403, description = "Too many wrong codes"),
        (status = 409, description = "A request with the key is under way"),
        (status = 422, description = "The body does not fit, or the key is of another request"),
        (status = 429, description = "Too many wrong codes of the phone"),
    ),
)]
async fn verify(
    app: App,
    idempotency_key: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let body = body?;
    let key = key_of(idempotency_key.as_ref(), "POST /orders/verify", &body)?;
    let BookOrderCode { session_token, pin_code } = BookOrderCode::read(&body)?;
    let orders = app.book_orders.clone();
    let work = async move { orders.verify(&session_token, &pin_code, key.as_ref()).await };
    let placed = to_its_end(work).await;
    Ok(ok(&BookOrder::from(placed.map_err(refused)?)))
}

/// Sends another code
#[utoipa::path(
    post, path = "/orders/resend-code", request_body = Option<BookOrderResend>,
    params(
        ("session_token" = Option<String>, Query, description = "In the place of the body"),
        ("Accept-Language" = Option<String>, Header, description = "The language of the message, of those that the server writes", example = "hi, en;q=0.5"),
    ),
    responses(
        (status = 200, description = "A code is on its way", body = BookOrderCodeSent),
        (status = 400, description = "The order was made"),
        (status = 403, description = "Too many wrong codes"),
        (status = 404, description = "No such session"),
        (status = 429, description = "A limit is used up, or it is too early"),
    ),
)]
async fn resend(
    app: App,
    address: Option<IpAddr>,
    language: Language,
    query: String,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let BookOrderResend { session_token } = BookOrderResend::read(&query, body)?;
    let orders = app.book_orders.clone().with_language(language);
    let sent = to_its_end(async move { orders.resend(&session_token, address).await }).await;
    sent.map_err(|error| match error {
        BookOrderError::SessionNotFound => ApiError::not_found("Session not found or expired"),
        error => not_sent(error, "Failed to send verification code"),
    })?;
    Ok(ok(&BookOrderCodeSent::AGAIN))
}

/// Lists orders of books
#[utoipa::path(
    get, path = "/orders/", security(("admin_key" = []), ("bearer" = [])),
    params(
        ("skip" = Option<u32>, Query, description = "How many orders stand before the page"),
        ("limit" = Option<u32>, Query, description = "How many orders the page has at most; 100 without it"),
        ("phone_number" = Option<String>, Query, description = "Whose orders", example = "+8801712345678"),
    ),
    responses(
        (status = 200, description = "The shop's orders, or those of the customer", body = [BookOrder]),
        (status = 403, description = "The caller shows nothing, or may not do it"),
        (status = 422, description = "A field of the query is wrong"),
    ),
)]
async fn list(
    path: FullPath,
    app: App,
    credentials: Credentials,
    query: String,
) -> Result<Response, ApiError> {
    if !path.as_str().ends_with('/') {
        return Ok(redirect(path.as_str(), &query));
    }
    let access = credentials.access_to_look(&app).await?;
    let BookOrderQuery { page, phone } = BookOrderQuery::read(&query)?;
    let access = match phone {
        None => Some(access),
        Some(phone) => phone.and_then(|phone| access.narrowed(phone)),
    };
    let orders = match access {
        Some(access) => app.book_orders.list(&access, page).await?,
        None => Vec::new(),
    };
    Ok(ok(&orders.into_iter().map(BookOrder::from).collect::<Vec<_>>()))
}

fn redirect(path: &str, query: &str) -> Response {
    let mark = if query.is_empty() { "" } else { "?" };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(location) = HeaderValue::try_from(format!("{path}/{mark}{query}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Shows an order of books
#[utoipa::path(
    get, path = "/orders/{order_id}", security(("admin_key" = []), ("bearer" = [])),
    params(("order_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "The order", body = BookOrder),
        (status = 403, description = "The caller shows nothing, or may not do it"),
        (status = 404, description = "No such order"),
        (status = 422, description = "The number is no number"),
    ),
)]
async fn show(id: String, app: App, credentials: Credentials) -> Result<Response, ApiError> {
    let access = credentials.access_to_look(&app).await?;
    let not_found = || ApiError::not_found("Order not found");
    let order_id = order_id(&id)?.ok_or_else(not_found)?;
    let order = app.book_orders.get(&access, order_id).await.map_err(|error| match error {
        BookOrderError::OrderNotFound => not_found(),
        error => refused(error),
    })?;
    Ok(ok(&BookOrder::from(order)))
}

/// Moves an order of books on
#[utoipa::path(
    put, path = "/orders/{order_id}/status", security(("admin_key" = []), ("bearer" = [])),
    params(("order_id" = i64, Path, example = 1), ("status" = String, Query, description = "Where to", example = "processing")),
    responses(
        (status = 200, description = "It has the status", body = BookOrderChanged),
        (status = 400, description = "It cannot go there from where it is"),
        (status = 403, description = "The caller shows nothing, or may not do it"),
        (status = 404, description = "No such order"),
        (status = 422, description = "The number is no number, or the status none"),
    ),
)]
async fn change(id: String, app: App, credentials: Credentials, query: String) -> Result<Response, ApiError> {
    let access = credentials.access(&app).await?;
    let (order_id, status) = (order_id(&id)?.ok_or_else(order_not_found)?, status(&query)?);
    app.book_orders.move_to(&access, order_id, status).await.map_err(|error| match error {
        BookOrderError::IllegalTransition(error) => {
            ApiError::bad_request(format!("Cannot transition from {} to {status}", error.from))
        }
        error => refused(error),
    })?;
    Ok(ok(&BookOrderChanged { message: format!("Order status updated to {status}").into() }))
}

/// Calls an order of books off
#[utoipa::path(
    delete, path = "/orders/{order_id}", security(("admin_key" = []), ("bearer" = [])),
    params(("order_id" = i64, Path, example = 1)),
    responses(
        (status = 200, description = "It is cancelled", body = BookOrderChanged),
        (status = 400, description = "It is too late"),
        (status = 403, description = "The caller shows nothing, or may not do it"),
        (status = 404, description = "No such order"),
        (status = 422, description = "The number is no number"),
    ),
)]
async fn cancel(id: String, app: App, credentials: Credentials) -> Result<Response, ApiError> {
    let access = credentials.access(&app).await?;
    let order_id = order_id(&id)?.ok_or_else(order_not_found)?;
    app.book_orders.cancel(&access, order_id).await.map_err(|error| match error {
        BookOrderError::IllegalTransition(error) if error.from == "processing" => {
            ApiError::bad_request("Cannot cancel orders that are being processed")
        }
        BookOrderError::IllegalTransition(_) => {
            ApiError::bad_request("Cannot cancel shipped or delivered orders")
        }
        error => refused(error),
    })?;
    Ok(ok(&BookOrderChanged { message: "Order cancelled successfully".into() }))
}

fn order_not_found() -> ApiError {
    ApiError::not_found("Order not found or unauthorized")
}

/// Why there is no code; `unavailable` when that lies with those who send them.
fn not_sent(error: BookOrderError, unavailable: &'static str) -> ApiError {
    const TOO_MANY: &str = "Too many verification attempts. Please try again later.";
    match error {
        BookOrderError::TooManyInitiations { .. }
        | BookOrderError::Otp(
            OtpError::Limited { .. }
            | OtpError::Suspected { .. }
            | OtpError::Locked { .. }
            | OtpError::CoolingDown { .. },
        ) => ApiError::with_text(&error, TOO_MANY),
        BookOrderError::Otp(OtpError::Refused(_)) => not_a_phone(),
        BookOrderError::Otp(OtpError::NotSent(cause)) if cause.is_about_recipient() => not_a_phone(),
        BookOrderError::Otp(_) => ApiError::with_text(&error, unavailable),
        BookOrderError::BookNotFound { index } => unknown_book(index),
        error => refused(error),
    }
}

fn refused(error: BookOrderError) -> ApiError {
    match error {
        BookOrderError::SessionNotFound => ApiError::unauthenticated("Invalid or expired session"),
        BookOrderError::SessionUnverified => ApiError::with_text(&error, "Session is not verified"),
        BookOrderError::AlreadyVerified => ApiError::bad_request("Order already verified"),
        BookOrderError::WrongCode { guesses_left } => {
            ApiError::bad_request(format!("Invalid code. {guesses_left} attempts remaining."))
        }
        BookOrderError::Locked => ApiError::with_text(&error, "Maximum verification attempts exceeded"),
        BookOrderError::OrderNotFound => order_not_found(),
        BookOrderError::StaffOnly => {
            ApiError::with_text(&error, "Only the shop may change the status of an order")
        }
        BookOrderError::Otp(_) => ApiError::with_text(&error, "Verification service temporarily unavailable"),
        error => error.into(),
    }
}
