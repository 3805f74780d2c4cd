//! `/v1/tokens`: tokens of any group are renewed and revoked.

use std::time::Instant;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::program::{PATIENCE, Server, folder};

async fn post(server: &Server, path: &str, token: Option<&str>, body: &Value) -> Response {
    let request = Client::builder().cookie_store(true).build().unwrap().post(server.url.clone() + path);
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    request.json(body).send().await.unwrap()
}

/// Does something with a token; answers the status and the code of the problem.
async fn with_token(server: &Server, action: &str, token: &str) -> (u16, Value) {
    let response = post(server, &format!("/v1/tokens/{action}"), Some(token), &json!({})).await;
    let status = response.status().as_u16();
    (status, response.json::<Value>().await.map_or(Value::Null, |mut body| body["code"].take()))
}

async fn refreshed(server: &Server, token: &str) -> String {
    let response = post(server, "/v1/tokens/refresh", Some(token), &json!({})).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    response.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
}

/// A member of the phone-otp group.
async fn member(server: &Server) -> String {
    let phone = json!({"phoneNumber": "9876543210"});
    let sent: Value = post(server, "/api/auth/send-otp", None, &phone).await.json().await.unwrap();
    let code = json!({"phoneNumber": "9876543210", "otp": sent["otp"]});
    let known: Value = post(server, "/api/auth/verify-otp", None, &code).await.json().await.unwrap();
    if let Some(token) = known["token"].as_str() {
        return token.to_owned();
    }
    let profile = json!({"phone": "9876543210", "name": "Asha"});
    let made: Value = post(server, "/api/auth/complete-profile", None, &profile).await.json().await.unwrap();
    made["token"].as_str().unwrap().to_owned()
}

/// A shopper of the smart cart.
async fn shopper(server: &Server) -> String {
    let client = Client::builder().cookie_store(true).build().unwrap();
    let post = async |path: &str, body: Value| {
        client.post(server.url.clone() + path).json(&body).send().await.unwrap()
    };
    post("/auth/verify_mobile", json!({"mobile_number": "9876543210"})).await;
    let body = json!({"mobile_number": "9876543210", "otp": "123456"});
    let signed_in: Value = post("/auth/verify_otp", body).await.json().await.unwrap();
    signed_in["token"].as_str().unwrap().to_owned()
}

async fn checklist(server: &Server, token: &str) -> u16 {
    let request = Client::new().get(server.url.clone() + "/user/checklist").bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

const SETTINGS: [(&str, &str); 2] = [("FIXED_OTP", "123456"), ("JWT_SECRET_KEY", "one key for both servers")];

#[tokio::test]
async fn a_token_of_any_group_is_renewed_once_and_revoked() {
    let folder = folder();
    let server = Server::start(folder.path(), &SETTINGS);
    for old in [member(&server).await, shopper(&server).await] {
        let new = refreshed(&server, &old).await;
        assert_ne!(old, new);
        assert_eq!(with_token(&server, "refresh", &old).await, (401, json!("token_revoked")));
        assert_eq!(with_token(&server, "revoke", &new).await, (204, Value::Null));
        for action in ["refresh", "revoke", "revoke-all"] {
            assert_eq!(with_token(&server, action, &new).await, (401, json!("token_revoked")));
        }
    }
}

#[tokio::test]
async fn all_tokens_of_a_shopper_end_and_the_other_groups_stay() {
    let folder = folder();
    let server = Server::start(folder.path(), &SETTINGS);
    let (first, second, member) = (shopper(&server).await, shopper(&server).await, member(&server).await);
    assert_eq!((checklist(&server, &first).await, checklist(&server, &second).await), (200, 200));
    assert_eq!(checklist(&server, &member).await, 401, "a token of one group opens nothing in another");
    assert_eq!(with_token(&server, "revoke-all", &first).await, (204, Value::Null));
    assert_eq!((checklist(&server, &first).await, checklist(&server, &second).await), (401, 401));
    assert_eq!(with_token(&server, "refresh", &second).await, (401, json!("token_revoked")));
    refreshed(&server, &member).await;
}

#[tokio::test]
async fn another_server_of_the_same_database_knows_it_soon() {
    let folder = folder();
    let (here, there) = (Server::start(folder.path(), &SETTINGS), Server::start(folder.path(), &SETTINGS));
    let token = shopper(&here).await;
    assert_eq!(checklist(&there, &token).await, 200);
    assert_eq!(with_token(&here, "revoke", &token).await.0, 204);
    let started = Instant::now();
    while checklist(&there, &token).await == 200 {
        assert!(started.elapsed() < PATIENCE, "the other server still takes it");
    }
    assert_eq!(checklist(&there, &token).await, 401);
}

/// Each command of the page, with a new token, answers the status that stands behind it.
#[tokio::test]
async fn the_commands_of_the_page_answer_as_it_says() {
    let folder = folder();
    let server = Server::start(folder.path(), &SETTINGS);
    let page = include_str!("../../../docs/tokens.md");
    let commands = page.lines().filter_map(|line| line.strip_prefix("curl "));
    let mut actions = Vec::new();
    for command in commands {
        let request = command.strip_prefix("-X POST -H \"Authorization: Bearer $TOKEN\" $URL");
        let (path, answer) = request.and_then(|request| request.split_once('#')).expect(command);
        let (path, status) = (path.trim(), answer.trim()[..3].parse::<u16>().unwrap());
        for token in [shopper(&server).await, member(&server).await] {
            assert_eq!(post(&server, path, Some(&token), &Value::Null).await.status(), status, "{command}");
            assert_eq!(post(&server, path, Some(&token), &Value::Null).await.status(), 401, "{command}");
        }
        actions.push(path.rsplit('/').next().unwrap());
    }
    assert_eq!(actions, ["refresh", "revoke", "revoke-all"]);
}

#[tokio::test]
async fn what_is_wrong_is_a_problem() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let path = "/v1/tokens/refresh";
    for (token, code, detail) in [
        (None, "token_missing", "The Authorization header holds no token"),
        (Some(""), "token_missing", "The Authorization header holds no token"),
        (Some("a.b.c"), "token_invalid", "the token is invalid; sign in again"),
    ] {
        let response = post(&server, path, token, &json!({})).await;
        let headers = response.headers();
        assert_eq!(
            (&headers["content-type"], &headers["www-authenticate"]),
            (&"application/problem+json".parse().unwrap(), &"Bearer".parse().unwrap(),)
        );
        let expected = json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401, "detail": detail, "code": code,
        });
        assert_eq!((response.status().as_u16(), response.json::<Value>().await.unwrap()), (401, expected));
    }
    let response = reqwest::get(server.url.clone() + path).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
    let response = reqwest::get(server.url.clone() + "/v1/nothing").await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.json::<Value>().await.unwrap()["status"], 404);
}
