//! The description of the server, generated from the handlers and the types that they read and answer
//! ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html)).
//!
//! A handler says what is its own: path, body, answers. What all of a kind have in common is added here: the name and the
//! group of the operation, the failures of reading a body, of proving who one is and of the server, and how the dialect of the
//! path writes failures. Types of two groups may have the same name.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::PartialSchema as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{OpenApi, ToSchema};

use crate::doc_pages::etag;
use crate::dto::failure::{Failure, PhoneOtpFailure, Problem};
use crate::dto::order::ShortageItem;
use crate::dto::validation::{ProblemItem, ValidationItem};
use crate::error::Dialect;
use crate::routes;

const SCHEMAS: &str = "#/components/schemas/";
/// What a path of the description may hold besides operations.
pub(crate) const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// The description as it goes over the wire.
pub(crate) struct Document {
    pub(crate) json: String,
    /// Changes with the text.
    pub(crate) etag: String,
    pub(crate) description: Value,
}

/// The description, made when it is first needed.
pub(crate) static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let description = describe();
    let json = description.to_string();
    Document { etag: etag(json.as_bytes()), json, description }
});

#[derive(OpenApi)]
#[openapi(
    info(title = "QuickCart", description = "The backend of a shop with smart trolleys: four old backends on one server."),
    tags(
        (name = "phone-otp", description = "Codes to phones, in two versions"),
        (name = "smart-cart", description = "Sign-in, products, trolleys, walks and orders"),
        (name = "registration", description = "Customers and employees by e-mail"),
        (name = "book-order", description = "Orders of books, confirmed by a code"),
        (name = "admin", description = "For whoever keeps the shop"),
        (name = "shared", description = "What several groups have in common"),
        (name = "operations", description = "For whoever runs the server, and for providers"),
    ),
)]
struct Base;

fn describe() -> Value {
    let mut description = to_value(&Base::openapi());
    let (mut paths, mut schemas) = (Map::new(), failure_schemas());
    for (group, api) in routes::documented() {
        // Each group's types under the group's name.
        let text = to_value(&api).to_string().replace(SCHEMAS, &format!("{SCHEMAS}{group}."));
        let mut api: Value = serde_json::from_str(&text).unwrap_or_default();
        for (name, schema) in members(&mut api["components"]["schemas"]) {
            schemas.insert(format!("{group}.{name}"), schema);
        }
        for (path, mut operations) in members(&mut api["paths"]) {
            for method in METHODS {
                if let Some(operation) = operations.get_mut(method) {
                    complete(operation, group, method, &path);
                }
            }
            let known = paths.entry(path).or_insert_with(|| json!({}));
            members(&mut operations).into_iter().for_each(|(method, operation)| known[method] = operation);
        }
    }
    description["paths"] = Value::Object(paths);
    description["components"] = json!({
        "schemas": schemas,
        "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            "device_key": { "type": "apiKey", "in": "header", "name": "X-Device-Key" },
            "admin_key": { "type": "apiKey", "in": "header", "name": "X-Admin-Key" },
        },
    });
    description
}

/// Adds what an operation has in common with others of its kind.
fn complete(operation: &mut Value, group: &str, method: &str, path: &str) {
    let dialect = Dialect::of_path(path);
    let name: Vec<&str> =
        path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    operation["operationId"] = format!("{method}_{}", name.join("_")).into();
    operation["tags"] = json!([group]);
    let mut failures = vec![
        ("500", "Something is wrong on our side"),
        ("503", "Something that the server depends on does not answer"),
    ];
    if let Some(body) = operation["requestBody"].as_object() {
        let does_not_fit = "The body cannot be read, or does not fit";
        // These groups answer as FastAPI does, and take whatever is JSON.
        let is_lenient = matches!(group, "registration" | "book-order");
        failures.push((if is_lenient { "422" } else { "400" }, does_not_fit));
        failures.push(("408", "The body did not arrive in time"));
        failures.push(("413", "The body is too long"));
        if !is_lenient && body["content"].get("application/json").is_some() {
            failures.push(("415", "The body is not of the type application/json"));
        }
    }
    if operation["security"].is_array() {
        failures.push(("401", "The caller did not prove who they are"));
    }
    for (status, text) in failures {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            responses[status] = json!({ "description": text });
        }
    }
    let schema = json!({ "$ref": format!("{SCHEMAS}{}", failure_schema(dialect)) });
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if status.as_str() >= "400" && response.get("content").is_none() {
            response["content"] = json!({ dialect.content_type(): { "schema": schema } });
        }
    }
}

fn failure_schema(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::PhoneOtp => "PhoneOtpFailure",
        Dialect::Detail | Dialect::DetailAndError => "Failure",
        Dialect::Problem => "Problem",
    }
}

fn failure_schemas() -> Map<String, Value> {
    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![
        ("PhoneOtpFailure".to_owned(), PhoneOtpFailure::schema()),
        ("Failure".to_owned(), Failure::schema()),
        ("Problem".to_owned(), Problem::schema()),
        ("ProblemItem".to_owned(), ProblemItem::schema()),
        ("ShortageItem".to_owned(), ShortageItem::schema()),
        ("ValidationItem".to_owned(), ValidationItem::schema()),
    ];
    Failure::schemas(&mut schemas);
    ValidationItem::schemas(&mut schemas);
    schemas.into_iter().map(|(name, schema)| (name, to_value(&schema))).collect()
}

fn to_value(description: &impl serde::Serialize) -> Value {
    serde_json::to_value(description).unwrap_or_else(|error| {
        tracing::error!("the description could not be written: {error}");
        Value::Null
    })
}

fn members(object: &mut Value) -> Map<String, Value> {
    object.as_object_mut().map(std::mem::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn the_description_holds_together() {
        let description = &DOCUMENT.description;
        assert!(description["openapi"].as_str().unwrap().starts_with("3.1."));
        let mut found = Vec::new();
        references(description, &mut found);
        assert!(found.len() > 50);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(description.pointer(pointer).is_some(), "{reference} is not there");
        }
        let tags: HashSet<_> =
            description["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        let mut names = HashSet::new();
        for (path, operations) in description["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                assert!(names.insert(&operation["operationId"]), "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path} says what it does");
                assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
                let parameters: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
                for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                    assert!(
                        parameters
                            .iter()
                            .any(|parameter| parameter["in"] == "path" && parameter["name"] == name),
                        "{method} {path}: {name}"
                    );
                }
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let has_body = response.get("content").is_some();
                    let needs_body = !matches!(status.as_str(), "204" | "304");
                    assert_eq!(has_body, needs_body, "{method} {path}: {status}");
                }
            }
        }
    }

    #[test]
    fn two_groups_may_have_types_of_one_name() {
        let schemas = &DOCUMENT.description["components"]["schemas"];
        assert!(schemas["phone-otp.Message"]["properties"]["success"].is_object());
        assert!(schemas["smart-cart.Message"]["properties"]["success"].is_null());
    }
}
