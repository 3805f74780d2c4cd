//! `/v1/admin`: administrators change products and shoppers, and read what was changed.
//!
//! Whoever shows the key in `X-Admin-Key` is an administrator. Where no key is set, the routes are not there. A change names the
//! version that it is made to in `If-Match`, as the `ETag` of the last answer has it, or `*` for whatever there is.

use bytes::Bytes;
use quickcart_core::admin::{AdminError, AuditFilter, Version};
use quickcart_core::catalog::Page;
use quickcart_core::phone::{PhoneNumber, Region};
use serde::Serialize;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{ETAG, HeaderMap, HeaderValue, IF_MATCH, LOCATION};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::app::App;
use crate::dto::admin::{AdminProduct, AdminUser, Audited, Listed, ProductBody, UserBody};
use crate::dto::page::page;
use crate::dto::smart_cart::query_value;
use crate::dto::validation::message;
use crate::dto::{json_response, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, json_body, method, query, to_its_end, with};

const ADMIN_KEY: &str = "x-admin-key";
/// Who did it, in the audit: there is one key.
const ADMIN: &str = "admin";

/// What a request comes with, apart from its path.
struct Request {
    app: App,
    method: Method,
    headers: HeaderMap,
    query: String,
    body: Result<Bytes, ApiError>,
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
    let users = warp::path!("users").and(method(reads, "GET, HEAD")).and(request(app)).then(users);
    let user = warp::path!("users" / String)
        .and(method(item, "GET, HEAD, PUT, DELETE"))
        .and(request(app))
        .then(user);
    let audit = warp::path!("audit").and(method(reads, "GET, HEAD")).and(request(app)).then(audit);
    let routes = products.or(product).unify().or(users).unify().or(user).unify().or(audit).unify();
    warp::path!("v1" / "admin" / ..).and(routes).map(answer(Dialect::Problem)).boxed()
}

/// Everything of a request that a handler may want.
fn request(app: &App) -> impl Filter<Extract = (Request,), Error = warp::Rejection> + Clone + use<> {
    with(app)
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(query())
        .and(json_body(app))
        .map(|app, method, headers, query, body| Request { app, method, headers, query, body })
}

async fn products(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    if request.method != Method::POST {
        let page = request.page()?;
        let found = request.app.shop.product_entries(one_more(page)).await.map_err(failure)?;
        return Ok(listed::<_, AdminProduct>(found, "products", page, ""));
    }
    let sheet = ProductBody::read(&request.body?)?.into_sheet(0);
    let app = request.app;
    let created =
        to_its_end(async move { app.shop.create_product(sheet, ADMIN).await }).await?.map_err(failure)?;
    let location = format!("/v1/admin/products/{}", created.sheet.record.product.product_id);
    let mut response = versioned(StatusCode::CREATED, created.version, &AdminProduct::from(created));
    set(&mut response, LOCATION, &location);
    Ok(response)
}

async fn product(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let product_id = self::id(&id).ok_or_else(|| ApiError::not_found("Not Found"))?;
    let shop = request.app.shop.clone();
    let entry = match request.method {
        Method::PUT => {
            let expected = request.expected()?;
            let sheet = ProductBody::read(&request.body?)?.into_sheet(product_id);
            to_its_end(async move { shop.change_product(sheet, expected, ADMIN).await }).await?
        }
        Method::DELETE => {
            let expected = request.expected()?;
            let done =
                to_its_end(async move { shop.retire_product(product_id, expected, ADMIN).await }).await?;
            return done.map(|()| no_content()).map_err(failure);
        }
        _ => shop.product_entry(product_id).await,
    };
    let entry = entry.map_err(failure)?;
    Ok(versioned(StatusCode::OK, entry.version, &AdminProduct::from(entry)))
}

async fn users(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let page = request.page()?;
    let phone = query_value(&request.query, "phone");
    let phone = phone.map(|text| PhoneNumber::parse(&text, Region::IN)).transpose()?;
    let found = request.app.shop.user_entries(phone.as_ref(), one_more(page)).await.map_err(failure)?;
    Ok(listed::<_, AdminUser>(found, "users", page, ""))
}

async fn user(id: String, request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let user_id = self::id(&id).ok_or_else(|| ApiError::not_found("Not Found"))?;
    let shop = request.app.shop.clone();
    let entry = match request.method {
        Method::PUT => {
            let expected = request.expected()?;
            let profile = UserBody::read(&request.body?)?.into_profile();
            to_its_end(async move { shop.change_user(user_id, &profile, expected, ADMIN).await }).await?
        }
        Method::DELETE => {
            let expected = request.expected()?;
            let done = to_its_end(async move { shop.retire_user(user_id, expected, ADMIN).await }).await?;
            return done.map(|()| no_content()).map_err(failure);
        }
        _ => shop.user_entry(user_id).await,
    };
    let entry = entry.map_err(failure)?;
    Ok(versioned(StatusCode::OK, entry.version, &AdminUser::from(entry)))
}

async fn audit(request: Request) -> Result<Response, ApiError> {
    request.authenticate()?;
    let page = request.page()?;
    let entity = query_value(&request.query, "entity");
    let entity = entity.map(|text| text.parse()).transpose();
    let entity_id = query_value(&request.query, "entity_id");
    let entity_id = entity_id.map(|text| text.parse()).transpose();
    let filter = AuditFilter {
        entity: entity.map_err(|_| wrong_parameter("entity is product or user"))?,
        entity_id: entity_id.map_err(|_| wrong_parameter("entity_id is a whole number"))?,
    };
    let found = request.app.shop.audit(filter, one_more(page)).await.map_err(failure)?;
    let entity = filter.entity.map_or_else(String::new, |entity| format!("&entity={entity}"));
    let entity_id = filter.entity_id.map_or_else(String::new, |id| format!("&entity_id={id}"));
    Ok(listed::<_, Audited>(found, "audit", page, &(entity + &entity_id)))
}

impl Request {
    /// Without a key of its own, the server has no administrators' routes.
    fn authenticate(&self) -> Result<(), ApiError> {
        if self.app.admin_key.is_none() {
            return Err(ApiError::not_found("Not Found"));
        }
        let is_admin = self.headers.get(ADMIN_KEY).is_some_and(|shown| self.app.is_admin(shown.as_bytes()));
        let refused = || ApiError::unauthenticated("The X-Admin-Key header is missing or wrong");
        if is_admin { Ok(()) } else { Err(refused().with_code("admin_key_wrong")) }
    }

    fn page(&self) -> Result<Page, ApiError> {
        page(&self.query).map_err(|faults| {
            let faults = faults.iter().map(|fault| format!("{fault}: {}", message(fault.fault)));
            wrong_parameter(faults.collect::<Vec<_>>().join("; "))
        })
    }

    /// The version that the change is made to; `None` for whatever there is.
    fn expected(&self) -> Result<Option<Version>, ApiError> {
        let given = self.headers.get(IF_MATCH).ok_or_else(|| {
            let text =
                "If-Match is missing: it names the ETag of the last answer, or * for whatever there is";
            ApiError::new(StatusCode::PRECONDITION_REQUIRED, text).with_code("if_match_missing")
        })?;
        let text = given.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        let version =
            text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
        // What was never an ETag of ours is the version of nothing; a weak one does not count (RFC 9110, 13.1.1).
        version.map(Some).ok_or_else(|| {
            ApiError::new(StatusCode::PRECONDITION_FAILED, "If-Match is no ETag of ours")
                .with_code("other_version")
        })
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

fn wrong_parameter(text: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::bad_request(text).with_code("parameter_invalid")
}

/// An id of a path; what is no number names nothing.
fn id(part: &str) -> Option<i64> {
    decoded(part).parse().ok()
}

/// One more than is shown tells whether the list goes on.
fn one_more(page: Page) -> Page {
    Page { limit: page.limit + 1, ..page }
}

fn listed<T, D: From<T> + Serialize>(found: Vec<T>, list: &str, page: Page, filter: &str) -> Response {
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let end = page.offset.checked_add(page.limit).filter(|_| found.len() > shown);
    let next = end.map(|end| format!("/v1/admin/{list}?offset={end}&limit={}{filter}", page.limit));
    ok(&Listed::new(found.into_iter().take(shown).map(D::from).collect(), next))
}

fn versioned(status: StatusCode, version: Version, body: &impl Serialize) -> Response {
    let mut response = json_response(status, body);
    set(&mut response, ETAG, &format!("\"{version}\""));
    response
}

fn set(response: &mut Response, name: warp::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
