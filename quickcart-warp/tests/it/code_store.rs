//! Codes and limits in Redis: shared by servers, and a clear answer when Redis is not there.

use std::process::Stdio;

use reqwest::{Client, Response};
use serde_json::{Value, json};
use test_servers::RedisServer;

use crate::program::{Server, command, folder};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn post(server: &Server, path: &str, body: Value) -> Response {
    Client::new().post(server.url.clone() + path).json(&body).send().await.unwrap()
}

async fn send(server: &Server, phone: &str) -> Response {
    post(server, "/api/send-otp", json!({ "phoneNumber": phone })).await
}

#[tokio::test]
async fn two_servers_are_one() {
    let redis = RedisServer::start();
    let (folder, other_folder, url) = (folder(), folder(), redis.url());
    let settings = [("REDIS_URL", url.as_str()), ("SECRET_KEY", SECRET), ("QUICKCART_LIMIT_PHONE", "2/day")];
    let one = Server::start(folder.path(), &settings);
    let other = Server::start(other_folder.path(), &settings);
    assert_eq!(send(&one, "9876543210").await.status(), 200);
    let code = one.code();
    let shown = json!({"phoneNumber": "9876543210", "otp": code});
    assert_eq!(post(&other, "/api/verify-otp", shown.clone()).await.status(), 200);
    assert_eq!(post(&one, "/api/verify-otp", shown).await.status(), 400, "it was used on the other server");
    assert_eq!(send(&other, "9876543210").await.status(), 200);
    assert_eq!(send(&one, "9876543210").await.status(), 429, "they count together");
}

#[tokio::test]
async fn without_redis_there_is_a_clear_answer_and_then_it_goes_on() {
    let mut redis = RedisServer::start();
    let (folder, url) = (folder(), redis.url());
    let server = Server::start(folder.path(), &[("REDIS_URL", url.as_str()), ("SECRET_KEY", SECRET)]);
    assert_eq!(send(&server, "9876543210").await.status(), 200);
    let code = server.code();
    redis.kill();
    let shown = json!({"phoneNumber": "9876543210", "otp": code});
    for response in [send(&server, "9876543210").await, post(&server, "/api/verify-otp", shown.clone()).await]
    {
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
        assert_eq!(response.json::<Value>().await.unwrap()["success"], json!(false));
    }
    let search = reqwest::get(server.url.clone() + "/products/search?query=milk").await.unwrap();
    assert_eq!(search.status(), 200, "the shop itself stays open");

    redis.restart();
    let mut response = send(&server, "9876543210").await;
    for _ in 0..100 {
        if response.status() == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        response = send(&server, "9876543210").await;
    }
    assert_eq!(response.status(), 200, "the connection comes back by itself");
    assert_eq!(
        post(&server, "/api/verify-otp", shown).await.status(),
        400,
        "codes end with the run of Redis"
    );
}

#[test]
fn a_redis_that_cannot_be_used_stops_the_start() {
    let folder = folder();
    let refuse = |url: &str| {
        let settings = [("REDIS_URL", url), ("QUICKCART_LISTEN", "127.0.0.1:0")];
        let output = command(folder.path(), &settings).stdout(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let mut gone = RedisServer::start();
    gone.kill();
    let text = refuse(&gone.url());
    assert!(text.starts_with("quickcart-warp: Redis at redis://127.0.0.1"), "{text}");
    let evicting = RedisServer::with(&[("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-lru")]);
    let text = refuse(&evicting.url());
    assert!(text.contains("noeviction") && text.lines().count() == 1, "{text}");
}
