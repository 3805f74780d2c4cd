//! The phone-otp group when many ask at once: what may happen once happens once.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::program::{Server, folder};

/// How many of `count` requests at once got each status.
async fn statuses(server: &Server, path: &'static str, body: &Value, count: usize) -> Vec<StatusCode> {
    let client = Client::new();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let request = client.post(server.url.clone() + path).json(body);
            tokio::spawn(async move { request.send().await.unwrap().status() })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

fn count(statuses: &[StatusCode], status: u16) -> usize {
    statuses.iter().filter(|found| found.as_u16() == status).count()
}

async fn code(server: &Server, path: &str) -> Value {
    let body = json!({"phoneNumber": "9876543210"});
    let response = Client::new().post(server.url.clone() + path).json(&body).send().await.unwrap();
    response.json::<Value>().await.unwrap()["otp"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defect_9_of_sixteen_parallel_verifies_one_succeeds() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for version in ["/api", "/api/auth"] {
        let (send, verify) = match version {
            "/api" => ("/api/send-otp", "/api/verify-otp"),
            _ => ("/api/auth/send-otp", "/api/auth/verify-otp"),
        };
        let body = json!({"phoneNumber": "9876543210", "otp": code(&server, send).await});
        let statuses = statuses(&server, verify, &body, 16).await;
        assert_eq!((count(&statuses, 200), count(&statuses, 400)), (1, 15), "{version}: {statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defect_8_of_sixteen_parallel_profiles_one_is_made() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let body = json!({"phoneNumber": "9876543210", "otp": code(&server, "/api/auth/send-otp").await});
    assert_eq!(count(&statuses(&server, "/api/auth/verify-otp", &body, 1).await, 200), 1);
    let body = json!({"phone": "9876543210", "name": "Asha Rao", "email": "asha@example.com"});
    let statuses = statuses(&server, "/api/auth/complete-profile", &body, 16).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 403)), (1, 15), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defect_2_the_limit_of_a_day_is_exact_when_many_ask_at_once() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let body = json!({"phoneNumber": "9876543210"});
    let statuses = statuses(&server, "/api/auth/send-otp", &body, 40).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 429)), (20, 20), "{statuses:?}");
}
