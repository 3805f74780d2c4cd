//! What every answer tells browsers, whatever became of the request.

use reqwest::{Client, Method, Response};

use crate::program::{Server, folder};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn call(server: &Server, method: Method, path: &str, scheme: &str) -> Response {
    let request = Client::new().request(method, server.url.clone() + path);
    request.header("X-Forwarded-Proto", scheme).send().await.unwrap()
}

#[tokio::test]
async fn every_answer_has_them() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_TRUSTED_PROXIES", "127.0.0.1")]);
    for (method, path) in [
        (Method::GET, "/products/1"),
        (Method::GET, "/nowhere"),
        (Method::DELETE, "/cart/view"),
        (Method::GET, "/orders/history"),
        (Method::GET, "/hello"),
        (Method::POST, "/api/send-otp"),
    ] {
        let response = call(&server, method, path, "https").await;
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(
            headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'",
            "{path}"
        );
        assert!(!headers.contains_key("strict-transport-security"), "development has no TLS to keep to");
    }
}

#[tokio::test]
async fn production_keeps_to_tls_when_a_proxy_of_ours_speaks_it() {
    let folder = folder();
    let settings = |proxies| {
        [
            ("QUICKCART_ENV", "production"),
            ("JWT_SECRET_KEY", SECRET),
            ("SECRET_KEY", SECRET),
            ("PHONE_OTP_PROVIDERS", "none"),
            ("SMART_CART_PROVIDERS", "none"),
            ("BOOK_ORDER_PROVIDERS", "none"),
            ("QUICKCART_TRUSTED_PROXIES", proxies),
        ]
    };
    for (proxies, scheme, expected) in
        [("127.0.0.1", "https", true), ("127.0.0.1", "http", false), ("10.0.0.1", "https", false)]
    {
        let server = Server::start(folder.path(), &settings(proxies));
        let response = call(&server, Method::GET, "/health", scheme).await;
        let found = response.headers().contains_key("strict-transport-security");
        assert_eq!(found, expected, "{scheme} by {proxies}");
    }
}
