//! Which of the described paths a request is for.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::openapi::{DOCUMENT, METHODS};

/// A path of the description.
#[derive(Debug)]
pub(crate) struct Route {
    /// As it is described: `/products/{product_id}`.
    pub(crate) path: &'static str,
    pub(crate) group: &'static str,
    /// The methods of the path.
    pub(crate) allow: String,
}

/// All paths of the description.
pub(crate) struct RouteTable {
    pub(crate) routes: Vec<Route>,
    /// Those without parameters.
    exact: HashMap<&'static str, usize>,
    /// Those with parameters, by their parts; `None` is a parameter.
    patterns: Vec<(Vec<Option<&'static str>>, usize)>,
}

/// The table, made when it is first needed.
pub(crate) static ROUTES: LazyLock<RouteTable> = LazyLock::new(|| {
    let paths = DOCUMENT.description["paths"].as_object().into_iter().flatten();
    RouteTable::new(paths.map(|(path, operations)| route(path, operations)).collect())
});

fn route(path: &'static str, operations: &'static Value) -> Route {
    let group = METHODS.iter().find_map(|method| operations[*method]["tags"][0].as_str());
    // Whatever is got may be asked for its head.
    let has = |method: &str| operations.get(if method == "head" { "get" } else { method }).is_some();
    let methods: Vec<_> = METHODS.into_iter().filter(|method| has(method)).map(str::to_uppercase).collect();
    Route { path, group: group.unwrap_or("other"), allow: methods.join(", ") }
}

impl RouteTable {
    fn new(routes: Vec<Route>) -> Self {
        let (mut exact, mut patterns) = (HashMap::new(), Vec::new());
        for (index, Route { path, .. }) in routes.iter().enumerate() {
            if path.contains('{') {
                let parts = path.split('/').map(|part| (!part.starts_with('{')).then_some(part));
                patterns.push((parts.collect(), index));
            } else {
                exact.insert(*path, index);
            }
        }
        Self { routes, exact, patterns }
    }

    /// The position of the route of a request. One without parameters comes first.
    pub(crate) fn position(&self, path: &str) -> Option<usize> {
        let fits = |pattern: &[Option<&str>]| {
            let mut parts = path.split('/');
            pattern.iter().all(|known| {
                parts.next().is_some_and(|part| known.map_or(!part.is_empty(), |known| known == part))
            }) && parts.next().is_none()
        };
        let pattern = || self.patterns.iter().find(|(pattern, _)| fits(pattern)).map(|(_, route)| *route);
        self.exact.get(path).copied().or_else(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_one_route_or_for_none() {
        let route = |path| Route { path, group: "group", allow: "GET".to_owned() };
        let paths = ["/products/search", "/products/{product_id}", "/orders/{id}/status", "/"];
        let table = RouteTable::new(paths.map(route).into());
        for (path, expected) in [
            ("/products/search", Some("/products/search")),
            ("/products/7", Some("/products/{product_id}")),
            ("/products/", None),
            ("/products/7/8", None),
            ("/orders/7/status", Some("/orders/{id}/status")),
            ("/orders/7/else", None),
            ("/", Some("/")),
            ("", None),
            ("/9876543210", None),
        ] {
            let found = table.position(path).map(|position| table.routes[position].path);
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_route_knows_its_methods() {
        let allow = |path| ROUTES.position(path).map(|position| ROUTES.routes[position].allow.as_str());
        assert_eq!(allow("/v1/receipts/fast2sms/key"), Some("GET, HEAD, POST"));
        assert_eq!(allow("/orders/checkout"), Some("POST"));
        assert_eq!(allow("/orders/1"), Some("GET, HEAD, DELETE"));
    }
}
