//! `/v1/admin`: administrators change products and shoppers, and read what was changed.
//!
//! Whoever shows the key in `X-Admin-Key` is an administrator. Where no key is set, the routes are not there. A change names the
//! version that it is made to in `If-Match`, as the `ETag` of the last answer has it, or `*` for whatever there is.

use bytes::Bytes;
use quickcart_core::admin::{AdminError, AuditFilter, Version};
use quickcart_core::catalog::Page;
use quickcart_core::phone::{PhoneNumber, Region};
use serde::Serialize;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{HeaderMap, HeaderValue, LOCATION};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::version::{self, versioned};
use crate::app::App;
use crate::dto::admin::{AdminProduct, AdminUser, AuditEnd, Audited, Listed, NewUser, ProductBody, UserBody};
use crate::dto::page::{PageQuery, page};
use crate::dto::smart_cart::query_value;
use crate::dto::validation::message;
use crate::dto::{no_content, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, json_body, method, query, with};
use crate::to_its_end::to_its_end;

const ADMIN_KEY: &str = "x-admin-key";
/// Who did it, in the audit: there is one key.
pub(super) const ADMIN: &str = "admin";

/// What a request comes with, apart from its path.
pub(super) struct Request {
    pub(super) app: App,
    pub(super) method: Method,
    headers: HeaderMap,
    pub(super) query: String,
    pub(super) body: Result<Bytes, ApiError>,
}

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let reads = |method: &Method| matches!(*method, Method::GET | Method::HEAD);
    let list = |method: &Method| matches!(*method, Method::GET | Method::HEAD | Method::POST);
    let item = |method: &Method| matches!(*method, Method::GET | Method::HEAD | Method::PUT | Method::DELETE);
    let products =
        warp::path!("products").and(method(list, "GET, HEAD, POST")).and(request(app)).then(products);
    let product = warp::path!("products" / String)
        .and(method(item, "GET, HEAD, PUT, DELETE"))
        .and(request(app))
        .then(product);
    let users = warp::path!("users").and(method(list, "GET, HEAD, POST")).and(request(app)).then(users);
    let user = warp::path!("users" / String)
        .and(method(item, "GET, HEAD, PUT, DELETE"))
        .and(request(app))
        .then(user);
    let audit = warp::path!("audit").and(method(reads, "GET, HEAD")).and(request(app)).then(audit);
    let head =
        warp::path!("audit" / "head").and(method(reads, "GET, HEAD")).and(request(app)).then(audit_head);
    let routes = products.or(product).unify().or(users).unify().or(user).unify().or(audit).unify();
    let routes = routes.or(head).unify();
    warp::path!("v1" / "admin" / ..).and(routes).map(answer(Dialect::Problem)).boxed()
}

/// Everything of a request that a handler may want.
pub(super) fn request(
    app: &App,
) -> impl Filter<Extract = (Request,), Error = warp::Rejection> + Clone + use<> {
    with(app)
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(query())
        .and(json_body(app))
        .map(|app, method, headers, query, body| Request { app, method, headers, query, body })
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(
        list_products,
        create_product,
        show_product,
        change_product,
        retire_product,
        list_users,
        create_user,
        show_user,
        change_user,
        retire_user,
        audit,
        audit_head
    ))]
    struct Api;
    Api::openapi()
}

async fn products(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    if request.method == Method::POST { create_product(request).await } else { list_products(request).await }
}

/// Lists products
#[utoipa::path(
    get, path = "/v1/admin/products", security(("admin_key" = [])), params(PageQuery),
    responses(
        (status = 200, description = "A part of the list, with those that are retired", body = Listed<AdminProduct>),
        (status = 400, description = "The page does not exist"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn list_products(request: Request) -> Result<Response, ApiError> {
    let page = request.page()?;
    let found = request.app.shop.product_entries(one_more(page)).await.map_err(failure)?;
    Ok(listed::<_, AdminProduct>(found, "products", page, ""))
}

/// Creates a product
#[utoipa::path(
    post, path = "/v1/admin/products", security(("admin_key" = [])), request_body = ProductBody,
    responses(
        (
            status = 201, description = "The product", body = AdminProduct,
            headers(("ETag" = String, description = "The version"), ("Location" = String, description = "Its path")),
        ),
        (status = 404, description = "The server has no administrators"),
        (status = 409, description = "Another product has the barcode"),
    ),
)]
async fn create_product(request: Request) -> Result<Response, ApiError> {
    let sheet = ProductBody::read(&request.body?)?.into_sheet(0);
    let app = request.app;
    let created =
        to_its_end(async move { app.shop.create_product(sheet, ADMIN).await }).await.map_err(failure)?;
    let location = format!("/v1/admin/products/{}", created.sheet.record.product.product_id);
    let mut response = versioned(StatusCode::CREATED, created.version, &AdminProduct::from(created));
    set(&mut response, LOCATION, &location);
    Ok(response)
}

async fn product(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let product_id = self::id(&id).ok_or_else(|| ApiError::not_found("Not Found"))?;
    match request.method {
        Method::PUT => change_product(product_id, request).await,
        Method::DELETE => retire_product(product_id, request).await,
        _ => show_product(product_id, request).await,
    }
}

/// Shows a product
#[utoipa::path(
    get, path = "/v1/admin/products/{product_id}", security(("admin_key" = [])),
    params(("product_id" = i64, Path, example = 1)),
    responses(
        (
            status = 200, description = "The product", body = AdminProduct,
            headers(("ETag" = String, description = "The version")),
        ),
        (status = 404, description = "No such product, or the server has no administrators"),
    ),
)]
async fn show_product(product_id: i64, request: Request) -> Result<Response, ApiError> {
    let entry = request.app.shop.product_entry(product_id).await.map_err(failure)?;
    Ok(versioned(StatusCode::OK, entry.version, &AdminProduct::from(entry)))
}

/// Changes a product
#[utoipa::path(
    put, path = "/v1/admin/products/{product_id}", security(("admin_key" = [])), request_body = ProductBody,
    params(
        ("product_id" = i64, Path, example = 1),
        ("If-Match" = Option<String>, Header, description = "The ETag of the last answer, or * for whatever there is", example = "*"),
    ),
    responses(
        (
            status = 200, description = "The product as it is now", body = AdminProduct,
            headers(("ETag" = String, description = "The version")),
        ),
        (status = 404, description = "No such one, or the server has no administrators"),
        (status = 409, description = "It is retired, or another one has what has to be its own"),
        (status = 412, description = "There is another version"),
        (status = 428, description = "If-Match is missing"),
    ),
)]
async fn change_product(product_id: i64, request: Request) -> Result<Response, ApiError> {
    let expected = request.expected()?;
    let sheet = ProductBody::read(&request.body?)?.into_sheet(product_id);
    let shop = request.app.shop.clone();
    let changed = to_its_end(async move { shop.change_product(sheet, expected, ADMIN).await }).await;
    let entry = changed.map_err(failure)?;
    Ok(versioned(StatusCode::OK, entry.version, &AdminProduct::from(entry)))
}

/// Takes a product off the shop
#[utoipa::path(
    delete, path = "/v1/admin/products/{product_id}", security(("admin_key" = [])),
    params(
        ("product_id" = i64, Path, example = 1),
        ("If-Match" = Option<String>, Header, description = "The ETag of the last answer, or * for whatever there is", example = "*"),
    ),
    responses(
        (status = 204, description = "It is not for sale any more"),
        (status = 404, description = "No such one, or the server has no administrators"),
        (status = 409, description = "It is retired, or another one has what has to be its own"),
        (status = 412, description = "There is another version"),
        (status = 428, description = "If-Match is missing"),
    ),
)]
async fn retire_product(product_id: i64, request: Request) -> Result<Response, ApiError> {
    let expected = request.expected()?;
    let shop = request.app.shop.clone();
    let retired = to_its_end(async move { shop.retire_product(product_id, expected, ADMIN).await }).await;
    retired.map(|()| no_content()).map_err(failure)
}

async fn users(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    if request.method == Method::POST { create_user(request).await } else { list_users(request).await }
}

/// Lists shoppers
#[utoipa::path(
    get, path = "/v1/admin/users", security(("admin_key" = [])),
    params(
        ("phone" = Option<String>, Query, description = "Who has this number", example = "+919876543210"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A part of the list", body = Listed<AdminUser>),
        (status = 400, description = "The page does not exist, or the number cannot"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn list_users(request: Request) -> Result<Response, ApiError> {
    let page = request.page()?;
    let phone = query_value(&request.query, "phone");
    let phone = phone.map(|text| PhoneNumber::parse(&text, Region::IN)).transpose()?;
    let found = request.app.shop.user_entries(phone.as_ref(), one_more(page)).await.map_err(failure)?;
    Ok(listed::<_, AdminUser>(found, "users", page, ""))
}

/// Takes in a shopper who has not signed in yet
#[utoipa::path(
    post, path = "/v1/admin/users", security(("admin_key" = [])), request_body = NewUser,
    responses(
        (
            status = 201, description = "The shopper", body = AdminUser,
            headers(("ETag" = String, description = "The version"), ("Location" = String, description = "Their path")),
        ),
        (status = 400, description = "The body does not fit, or the number cannot"),
        (status = 404, description = "The server has no administrators"),
        (status = 409, description = "Somebody has this phone or this address"),
    ),
)]
async fn create_user(request: Request) -> Result<Response, ApiError> {
    let (phone, profile) = NewUser::read(&request.body?)?;
    let shop = request.app.shop.clone();
    let created = to_its_end(async move { shop.create_user(&phone, &profile, ADMIN).await }).await;
    let entry = created.map_err(failure)?;
    let location = format!("/v1/admin/users/{}", entry.user.user_id);
    let mut response = versioned(StatusCode::CREATED, entry.version, &AdminUser::from(entry));
    set(&mut response, LOCATION, &location);
    Ok(response)
}

async fn user(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let user_id = self::id(&id).ok_or_else(|| ApiError::not_found("Not Found"))?;
    match request.method {
        Method::PUT => change_user(user_id, request).await,
        Method::DELETE => retire_user(user_id, request).await,
        _ => show_user(user_id, request).await,
    }
}

/// Shows a shopper
#[utoipa::path(
    get, path = "/v1/admin/users/{user_id}", security(("admin_key" = [])),
    params(("user_id" = i64, Path, example = 1)),
    responses(
        (
            status = 200, description = "The shopper", body = AdminUser,
            headers(("ETag" = String, description = "The version")),
        ),
        (status = 404, description = "No such shopper, or the server has no administrators"),
    ),
)]
async fn show_user(user_id: i64, request: Request) -> Result<Response, ApiError> {
    let entry = request.app.shop.user_entry(user_id).await.map_err(failure)?;
    Ok(versioned(StatusCode::OK, entry.version, &AdminUser::from(entry)))
}

/// Changes the profile of a shopper
#[utoipa::path(
    put, path = "/v1/admin/users/{user_id}", security(("admin_key" = [])), request_body = UserBody,
    params(
        ("user_id" = i64, Path, example = 1),
        ("If-Match" = Option<String>, Header, description = "The ETag of the last answer, or * for whatever there is", example = "*"),
    ),
    responses(
        (
            status = 200, description = "The shopper as they are now", body = AdminUser,
            headers(("ETag" = String, description = "The version")),
        ),
        (status = 404, description = "No such one, or the server has no administrators"),
        (status = 409, description = "It is retired, or another one has what has to be its own"),
        (status = 412, description = "There is another version"),
        (status = 428, description = "If-Match is missing"),
    ),
)]
async fn change_user(user_id: i64, request: Request) -> Result<Response, ApiError> {
    let expected = request.expected()?;
    let profile = UserBody::read(&request.body?)?.into_profile();
    let shop = request.app.shop.clone();
    let changed = to_its_end(async move { shop.change_user(user_id, &profile, expected, ADMIN).await }).await;
    let entry = changed.map_err(failure)?;
    Ok(versioned(StatusCode::OK, entry.version, &AdminUser::from(entry)))
}

/// Ends the account of a shopper
#[utoipa::path(
    delete, path = "/v1/admin/users/{user_id}", security(("admin_key" = [])),
    params(
        ("user_id" = i64, Path, example = 1),
        ("If-Match" = Option<String>, Header, description = "The ETag of the last answer, or * for whatever there is", example = "*"),
    ),
    responses(
        (status = 204, description = "They cannot sign in any more"),
        (status = 404, description = "No such one, or the server has no administrators"),
        (status = 409, description = "It is retired, or another one has what has to be its own"),
        (status = 412, description = "There is another version"),
        (status = 428, description = "If-Match is missing"),
    ),
)]
async fn retire_user(user_id: i64, request: Request) -> Result<Response, ApiError> {
    let expected = request.expected()?;
    let shop = request.app.shop.clone();
    let retired = to_its_end(async move { shop.retire_user(user_id, expected, ADMIN).await }).await;
    retired.map(|()| no_content()).map_err(failure)
}

/// Lists what was changed
#[utoipa::path(
    get, path = "/v1/admin/audit", security(("admin_key" = [])), params(
        ("entity" = Option<String>, Query, description = "product, user or cart", example = "product"),
        ("entity_id" = Option<i64>, Query, description = "Which of them"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A part of the list", body = Listed<Audited>),
        (status = 400, description = "The page does not exist, or the entity cannot"),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn audit(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let page = request.page()?;
    let entity = query_value(&request.query, "entity");
    let entity = entity.map(|text| text.parse()).transpose();
    let entity_id = query_value(&request.query, "entity_id");
    let entity_id = entity_id.map(|text| text.parse()).transpose();
    let filter = AuditFilter {
        entity: entity.map_err(|_| wrong_parameter("entity is product, user or cart"))?,
        entity_id: entity_id.map_err(|_| wrong_parameter("entity_id is a whole number"))?,
    };
    let found = request.app.shop.audit(filter, one_more(page)).await.map_err(failure)?;
    let entity = filter.entity.map_or_else(String::new, |entity| format!("&entity={entity}"));
    let entity_id = filter.entity_id.map_or_else(String::new, |id| format!("&entity_id={id}"));
    Ok(listed::<_, Audited>(found, "audit", page, &(entity + &entity_id)))
}

/// Shows where the audit ends
///
/// Kept elsewhere, it tells later whether anything before it was changed: `quickcart-warp audit verify --expect` looks for it.
#[utoipa::path(
    get, path = "/v1/admin/audit/head", security(("admin_key" = [])),
    responses(
        (status = 200, description = "The last link", body = AuditEnd),
        (status = 404, description = "The server has no administrators"),
    ),
)]
async fn audit_head(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let head = request.app.shop.audit_head().await?;
    Ok(ok(&AuditEnd { head: head.to_string() }))
}

impl Request {
    /// Without a key of its own, the server has no administrators' routes.
    pub(super) fn authenticate(&self) -> Result<(), ApiError> {
        if self.app.admin_key.is_none() {
            return Err(ApiError::not_found("Not Found"));
        }
        let is_admin = self.headers.get(ADMIN_KEY).is_some_and(|shown| self.app.is_admin(shown.as_bytes()));
        let refused = || ApiError::unauthenticated("The X-Admin-Key header is missing or wrong");
        if is_admin { Ok(()) } else { Err(refused().with_code("admin_key_wrong")) }
    }

    pub(super) fn page(&self) -> Result<Page, ApiError> {
        page(&self.query).map_err(|faults| {
            let faults = faults.iter().map(|fault| format!("{fault}: {}", message(fault.fault)));
            wrong_parameter(faults.collect::<Vec<_>>().join("; "))
        })
    }

    /// The version that the change is made to; `None` for whatever there is.
    fn expected(&self) -> Result<Option<Version>, ApiError> {
        let given = self.headers.get(version::IF_MATCH).ok_or_else(|| {
            let text =
                "If-Match is missing: it names the ETag of the last answer, or * for whatever there is";
            ApiError::new(StatusCode::PRECONDITION_REQUIRED, text).with_code("if_match_missing")
        })?;
        version::expected(given)
    }
}

/// The core's error; a version that is not the expected one is a failed precondition here.
fn failure(error: AdminError) -> ApiError {
    match error {
        AdminError::OtherVersion { .. } => {
            ApiError::new(StatusCode::PRECONDITION_FAILED, error.to_string()).with_code("other_version")
        }
        error => error.into(),
    }
}

pub(super) fn wrong_parameter(text: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::bad_request(text).with_code("parameter_invalid")
}

/// An id of a path; what is no number names nothing.
pub(super) fn id(part: &str) -> Option<i64> {
    decoded(part).parse().ok()
}

/// One more than is shown tells whether the list goes on.
pub(super) fn one_more(page: Page) -> Page {
    Page { limit: page.limit + 1, ..page }
}

pub(super) fn listed<T, D: From<T> + Serialize>(
    found: Vec<T>,
    list: &str,
    page: Page,
    filter: &str,
) -> Response {
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let end = page.offset.checked_add(page.limit).filter(|_| found.len() > shown);
    let next = end.map(|end| format!("/v1/admin/{list}?offset={end}&limit={}{filter}", page.limit));
    ok(&Listed::new(found.into_iter().take(shown).map(D::from).collect(), next))
}

fn set(response: &mut Response, name: warp::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
