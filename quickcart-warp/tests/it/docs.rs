//! The server's description of itself, and that it is true.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::{Client, Method, Response};
use serde_json::{Map, Value};

use crate::program::{Server, folder};

async fn get(server: &Server, path: &str) -> Response {
    reqwest::get(server.url.clone() + path).await.unwrap()
}

async fn paths(server: &Server) -> Map<String, Value> {
    let description: Value = get(server, "/openapi.json").await.json().await.unwrap();
    description["paths"].as_object().unwrap().clone()
}

#[tokio::test]
async fn the_description_is_kept_until_it_changes() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let first = get(&server, "/openapi.json").await;
    assert_eq!(first.headers()["content-type"], "application/json");
    assert_eq!(first.headers()["cache-control"], "no-cache");
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let description: Value = first.json().await.unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."));
    let request = Client::new().get(server.url.clone() + "/openapi.json");
    let again = request.header("If-None-Match", format!("\"other\", W/{etag}")).send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.text().await.unwrap()), (304, String::new()));
}

/// The pages work where there is no internet: all that they load comes from here, and the browser is told to take nothing else.
#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for (page, assets) in [
        ("/docs", &["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"][..]),
        ("/redoc", &["/redoc/redoc.standalone.js"]),
    ] {
        let response = get(&server, page).await;
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
        let text = response.text().await.unwrap();
        assert!(text.contains(r#"<link rel="icon" href="data:,">"#), "else browsers ask for /favicon.ico");
        let found: Vec<&str> = ["src=\"", "href=\""]
            .iter()
            .flat_map(|name| text.split(name).skip(1).map(|rest| rest.split('"').next().unwrap()))
            .filter(|url| !url.starts_with("data:"))
            .collect();
        assert_eq!(found.iter().collect::<BTreeSet<_>>(), assets.iter().collect(), "{page}");
        for asset in assets {
            let response = get(&server, asset).await;
            assert_eq!(response.status(), 200, "{asset}");
            let kind = if asset.ends_with(".css") { "text/css" } else { "text/javascript" };
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with(kind), "{asset}");
            let text = response.text().await.unwrap();
            for outside in ["url(http", "url(//", "@import", "importScripts(\"http", "cdn.redoc.ly"] {
                assert!(!text.contains(outside), "{asset} loads {outside}");
            }
        }
    }
    let start = get(&server, "/docs/start.js").await.text().await.unwrap();
    assert!(start.contains("validatorUrl: null"), "{start}");
    assert_eq!(get(&server, "/docs/swagger-initializer.js").await.status(), 404);
}

/// A path that is served knows its methods: asked with another one, it names those that it has.
#[tokio::test]
async fn what_is_described_is_served_with_these_methods_and_no_others() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for (path, operations) in paths(&server).await {
        let url = format!("{}{}", server.url, path.replace(['{', '}'], ""));
        let response = Client::new().request(Method::TRACE, url).send().await.unwrap();
        assert_eq!(response.status(), 405, "{path}");
        let allow = response.headers()["allow"].to_str().unwrap().to_owned();
        let allowed: BTreeSet<String> = allow.split(", ").map(str::to_lowercase).collect();
        let mut described: BTreeSet<String> = operations.as_object().unwrap().keys().cloned().collect();
        if described.contains("get") {
            described.insert("head".to_owned());
        }
        assert_eq!(allowed, described, "{path}");
    }
}

/// Reads the filters of the routes: what stands in a `path!` has to be the end of a path of the description.
#[tokio::test]
async fn what_is_served_is_described() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let described: Vec<String> = paths(&server).await.keys().map(|path| nameless(path)).collect();
    let mut found = 0;
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    for file in fs::read_dir(routes).unwrap() {
        let file = file.unwrap().path();
        let source = fs::read_to_string(&file).unwrap();
        for filter in source.split("warp::path!(").skip(1) {
            let parts = filter.split(')').next().unwrap();
            if parts.contains("..") {
                continue;
            }
            let end: String = parts.split('/').map(|part| format!("/{}", literal(part.trim()))).collect();
            assert!(
                described.iter().any(|path| path.ends_with(&end)),
                "{}: {end} is not described",
                file.display()
            );
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}

/// What stands between the quotes of a literal; another part is a parameter.
fn literal(part: &str) -> &str {
    part.strip_prefix('"').map_or("{}", |part| part.trim_end_matches('"'))
}

/// The path with the names of its parameters left out.
fn nameless(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
