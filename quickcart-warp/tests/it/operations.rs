//! What whoever runs the server asks it.

use reqwest::Client;
use serde_json::{Value, json};
use test_servers::RedisServer;

use crate::program::{Server, folder};

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
    assert_eq!(problem["detail"], "No answer in time: Redis");
    let health = reqwest::get(server.url.clone() + "/health").await.unwrap();
    assert_eq!(health.status(), 200, "the process lives");
    assert_eq!(health.json::<Value>().await.unwrap()["redis"], "disconnected");
    assert_eq!(Client::new().post(&url).send().await.unwrap().status(), 405);
}
