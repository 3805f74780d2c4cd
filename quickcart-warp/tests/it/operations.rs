//! What whoever runs the server asks it.

use std::fs;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::Instant;

use reqwest::Client;
use serde_json::{Value, json};
use test_servers::{PostgresServer, RedisServer};

use crate::program::{PATIENCE, Server, folder};
use crate::shopper::{SETTINGS, Shopper};

#[tokio::test]
async fn health_answers_one_object_for_all_old_backends() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let mut health: Value = reqwest::get(server.url.clone() + "/health").await.unwrap().json().await.unwrap();
    let timestamp = health["timestamp"].take();
    assert_eq!(timestamp.as_str().unwrap().len(), "2026-11-21 09:03:10".len());
    assert!(health["message"].take().is_string() && health["version"].take().is_string());
    let expected = json!({
        "success": true, "status": "healthy", "message": null, "version": null, "timestamp": null,
        "services": {
            "database": "connected", "payments": false, "sms": { "twilio": false, "fast2sms": false },
        },
        "redis": "connected", "mongodb": "connected",
    });
    assert_eq!(health, expected);
    let root: Value = reqwest::get(server.url.clone() + "/").await.unwrap().json().await.unwrap();
    assert_eq!((&root["status"], &root["docs"]), (&json!("success"), &json!("/docs")));
    for endpoint in [
        "auth",
        "health",
        "POST /orders/initiate",
        "POST /orders/verify",
        "GET /orders/",
        "GET /orders/{order_id}",
    ] {
        assert!(root["endpoints"][endpoint].is_string(), "{endpoint}");
    }
}

#[tokio::test]
async fn ready_says_what_does_not_answer() {
    let mut redis = RedisServer::start();
    let (folder, redis_url) = (folder(), redis.url());
    let server = Server::start(folder.path(), &[("REDIS_URL", &redis_url)]);
    let url = server.url.clone() + "/ready";
    let ready: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    assert_eq!(ready, json!({ "status": "ready", "database": "connected", "redis": "connected" }));
    redis.kill();
    let down = reqwest::get(&url).await.unwrap();
    assert_eq!(down.status(), 503);
    assert_eq!(down.headers()["retry-after"], "2");
    assert_eq!(down.headers()["content-type"], "application/problem+json");
    let problem: Value = down.json().await.unwrap();
    assert_eq!(problem["detail"], "Not usable: Redis");
    let health = reqwest::get(server.url.clone() + "/health").await.unwrap();
    assert_eq!(health.status(), 200, "the process lives");
    assert_eq!(health.json::<Value>().await.unwrap()["redis"], "disconnected");
    assert_eq!(Client::new().post(&url).send().await.unwrap().status(), 405);
}

/// What `/ready` says of a server whose database cannot be used.
async fn is_down(server: &Server) {
    let url = server.url.clone() + "/ready";
    let started = Instant::now();
    let down = loop {
        let response = reqwest::get(&url).await.unwrap();
        if response.status() != 200 {
            break response;
        }
        assert!(started.elapsed() < PATIENCE, "it counts as ready");
    };
    assert_eq!((down.status().as_u16(), &down.headers()["retry-after"]), (503, &"2".parse().unwrap()));
    assert_eq!(down.headers()["content-type"], "application/problem+json");
    let problem = json!({
        "type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": "Not usable: database",
    });
    assert_eq!(down.json::<Value>().await.unwrap(), problem);
    let health = reqwest::get(server.url.clone() + "/health").await.unwrap();
    assert_eq!(health.status(), 200, "the process lives");
    assert_eq!(health.json::<Value>().await.unwrap()["services"]["database"], "disconnected");
}

#[tokio::test]
async fn a_database_that_is_gone_is_not_ready() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    fs::rename(folder.path().join("data"), folder.path().join("elsewhere")).unwrap();
    is_down(&server).await;
}

#[tokio::test]
async fn a_database_that_was_replaced_is_not_ready() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let file = folder.path().join("data/quickcart.db");
    fs::copy(&file, folder.path().join("copy")).unwrap();
    fs::rename(folder.path().join("copy"), file).unwrap();
    is_down(&server).await;
}

#[tokio::test]
async fn a_database_that_is_damaged_is_not_ready() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for file in fs::read_dir(folder.path().join("data")).unwrap() {
        let file = fs::OpenOptions::new().write(true).open(file.unwrap().path()).unwrap();
        let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
        file.write_all_at(&vec![0x5A; length], 0).unwrap();
    }
    is_down(&server).await;
}

/// As on a disk that is full, which is felt by whoever runs the server.
#[tokio::test]
async fn a_database_that_cannot_be_written_is_not_ready_until_it_can() {
    let folder = folder();
    let mut command = Command::new("sh");
    // The signal would end the process, where a full disk answers an error.
    command.args(["-c", "trap '' XFSZ && exec \"$0\"", env!("CARGO_BIN_EXE_quickcart-warp")]);
    command.current_dir(folder.path()).env_clear().env("QUICKCART_LISTEN", "127.0.0.1:0");
    let server = Server::run(command);
    let file_bytes_max = |limit: &str| {
        let arguments = [format!("--pid={}", server.process_id()), format!("--fsize={limit}:unlimited")];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    };
    file_bytes_max("0");
    is_down(&server).await;
    let product = reqwest::get(server.url.clone() + "/products/1").await.unwrap();
    assert_eq!(product.status(), 200, "it can be read");
    file_bytes_max("unlimited");
    let started = Instant::now();
    while reqwest::get(server.url.clone() + "/ready").await.unwrap().status() != 200 {
        assert!(started.elapsed() < PATIENCE, "it is not ready again");
    }
}

/// Does what docs/databases.md promises of a database that is away.
#[tokio::test]
async fn a_postgresql_that_is_away_is_told_and_one_that_is_back_is_used() {
    let (mut postgres, folder) = (PostgresServer::start(), folder());
    let database = postgres.create_database();
    let server = Server::start(folder.path(), &[&SETTINGS[..], &[("DATABASE_URL", &database)]].concat());
    let url = &server.url;
    let asha = Shopper::sign_in(url, 1).await;
    let first = asha.buy(url, "first").await;
    asha.fill_cart(url).await;
    for round in 0..2 {
        postgres.kill();
        is_down(&server).await;
        let old = reqwest::get(url.clone() + "/products/1").await.unwrap();
        let new = asha.order(url, "second").await;
        for (response, kind) in [(old, "application/json"), (new, "application/problem+json")] {
            assert_eq!(
                (response.status().as_u16(), &response.headers()["retry-after"]),
                (503, &"1".parse().unwrap())
            );
            assert_eq!(response.headers()["content-type"], kind);
            let body: Value = response.json().await.unwrap();
            assert!(body["detail"].is_string(), "{body}");
        }
        postgres.restart();
        let started = Instant::now();
        while reqwest::get(url.clone() + "/ready").await.unwrap().status() != 200 {
            assert!(started.elapsed() < PATIENCE, "it is not ready again");
        }
        assert_eq!(reqwest::get(url.clone() + "/products/1").await.unwrap().status(), 200);
        assert_eq!(asha.history(url).await.len(), round + 1);
        let second = asha.order(url, "second").await;
        assert_eq!(second.status(), 201);
        assert_ne!(second.json::<Value>().await.unwrap()["order_id"], first["order_id"]);
        assert_eq!(asha.history(url).await.len(), 2, "one order a key");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for path in
        ["/products/1", "/products/2", "/products/999999", "/9876543210", "/api/otp-status/9876543210"]
    {
        reqwest::get(server.url.clone() + path).await.unwrap();
    }
    let response = reqwest::get(server.url.clone() + "/metrics").await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    let count = |labels: &str| {
        let name = format!("quickcart_http_request_total{{{labels}}} ");
        text.lines().find_map(|line| line.strip_prefix(&*name)).map(|count| count.parse::<u32>().unwrap())
    };
    let product = r#"group="smart-cart",route="/products/{product_id}",method="GET""#;
    assert_eq!(count(&format!(r#"{product},status="2xx""#)), Some(2), "{text}");
    assert_eq!(count(&format!(r#"{product},status="4xx""#)), Some(1), "{text}");
    assert_eq!(count(r#"group="other",route="other",method="GET",status="4xx""#), Some(1), "{text}");
    let sum = r#"quickcart_http_request_duration_seconds_count{group="smart-cart",route="/products/{product_id}"} 3"#;
    assert!(text.contains(sum), "{text}");
    assert!(!text.contains("9876543210"), "{text}");
    for name in ["quickcart_otp_issue_total", "quickcart_build_info", "process_resident_memory_bytes"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[tokio::test]
async fn counts_are_for_this_machine_or_the_key() {
    let folder = folder();
    let key = "the-admin-key-of-this-test";
    let settings = [("QUICKCART_TRUSTED_PROXIES", "127.0.0.1"), ("QUICKCART_ADMIN_KEY", key)];
    let server = Server::start(folder.path(), &settings);
    let status = async |headers: &[(&str, &str)]| {
        let request = Client::new().get(server.url.clone() + "/metrics");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&[]).await, 200);
    let elsewhere = ("X-Forwarded-For", "203.0.113.9");
    assert_eq!(status(&[elsewhere]).await, 401);
    assert_eq!(status(&[("X-Forwarded-For", "127.0.0.1")]).await, 401, "passed on");
    assert_eq!(status(&[("Forwarded", "for=203.0.113.9")]).await, 401);
    assert_eq!(status(&[elsewhere, ("X-Admin-Key", "wrong")]).await, 401);
    assert_eq!(status(&[elsewhere, ("X-Admin-Key", key)]).await, 200);
}
