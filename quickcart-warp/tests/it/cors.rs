//! Pages of known origins may call, others may not.

use reqwest::{Client, Method, Response};

use crate::program::{Server, folder};

async fn call(server: &Server, method: Method, origin: &str) -> Response {
    let request =
        Client::new().request(method, server.url.clone() + "/api/send-otp").header("Origin", origin);
    let request = request
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,authorization");
    request.send().await.unwrap()
}

fn allow_headers(response: &Response) -> Vec<&str> {
    let names = response.headers().keys().map(|name| name.as_str());
    names.filter(|name| name.starts_with("access-control-allow")).collect()
}

#[tokio::test]
async fn known_origins_get_headers_and_foreign_ones_get_none() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for origin in ["http://localhost:3000", "http://127.0.0.1:5500"] {
        let preflight = call(&server, Method::OPTIONS, origin).await;
        assert!(preflight.status().is_success());
        assert_eq!(preflight.headers()["access-control-allow-origin"], origin);
        assert!(preflight.headers()["access-control-allow-methods"].to_str().unwrap().contains("POST"));
        let headers = preflight.headers()["access-control-allow-headers"].to_str().unwrap().to_lowercase();
        for header in ["authorization", "content-type", "idempotency-key", "x-admin-key", "x-device-key"] {
            assert!(headers.split(", ").any(|allowed| allowed == header), "{headers}");
        }
        let error = call(&server, Method::GET, origin).await;
        assert_eq!(error.status().as_u16(), 405);
        assert_eq!(
            error.headers()["access-control-allow-origin"],
            origin,
            "errors can be read by the page, too"
        );
    }
    for method in [Method::OPTIONS, Method::GET] {
        let is_preflight = method == Method::OPTIONS;
        let response = call(&server, method, "https://evil.example").await;
        assert_eq!(response.status().as_u16(), if is_preflight { 403 } else { 405 });
        assert_eq!(allow_headers(&response), Vec::<&str>::new());
    }
}

#[tokio::test]
async fn one_list_sets_the_origins() {
    let folder = folder();
    let server =
        Server::start(folder.path(), &[("ALLOWED_ORIGINS", "https://shop.example, http://localhost:9000/")]);
    for (origin, allowed) in
        [("https://shop.example", 4), ("http://localhost:9000", 4), ("http://localhost:3000", 0)]
    {
        let response = call(&server, Method::OPTIONS, origin).await;
        assert_eq!(allow_headers(&response).len(), allowed, "{origin}");
    }
}
