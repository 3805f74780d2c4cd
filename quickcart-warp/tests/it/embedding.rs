//! The routes inside somebody else's warp server.

use std::sync::Arc;

use clap::Parser;
use quickcart_warp::settings::Settings;
use quickcart_warp::{answers, routes, server, start};
use reqwest::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use warp::Filter;

use crate::program::folder;

#[derive(Parser)]
struct Host {
    #[command(flatten)]
    settings: Settings,
}

#[tokio::test]
async fn foreign_routes_stand_beside_ours() {
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("shop.db").display());
    let host = Host::parse_from(["host", "--database-url", &database]);
    let config = host.settings.check().unwrap();
    let started = Arc::new(start::start(&config).await.unwrap());
    let greeting = warp::path!("greeting").map(|| "hello from the host");
    let both = routes(&started.app).or(greeting);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    crate::program::choose_cryptography();
    tokio::spawn(warp::serve(both).incoming(listener).run());
    let get = async |path: &str| {
        let response = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(get("/greeting").await, (200, "hello from the host".to_owned()));
    let (status, body) = get("/products/1").await;
    assert!(status == 200 && body.contains("Toned Milk"), "{body}");
    assert_eq!(get("/nowhere").await.0, 404);
}

/// A request; `CODE` in its body stands for the code that was sent last.
type Asked = (Method, &'static str, Vec<(&'static str, &'static str)>, String);

/// All that codes by phone are asked, right and wrong.
fn questions() -> Vec<Asked> {
    const JSON: (&str, &str) = ("content-type", "application/json");
    let (send, verify) = ("/api/send-otp", "/api/verify-otp");
    let phone = |number: &str| format!(r#"{{"phoneNumber":"{number}"}}"#);
    let code = |number: &str, code: &str| format!(r#"{{"phoneNumber":"{number}","otp":"{code}"}}"#);
    let post = |path, headers: &[_], body: String| (Method::POST, path, headers.to_vec(), body);
    let mut asked = vec![
        post(send, &[JSON, ("accept-language", "hi, en;q=0.5")], phone("9876500001")),
        post(verify, &[JSON], code("9876500001", "no code")),
        post(verify, &[JSON], code("9876500001", "CODE")),
        post(verify, &[JSON], code("9876500001", "CODE")),
        post(send, &[JSON, ("idempotency-key", "one")], phone("9876500002")),
        post(send, &[JSON, ("idempotency-key", "one")], phone("9876500002")),
        post(send, &[JSON, ("idempotency-key", "one")], phone("9876500003")),
        post(send, &[JSON, ("idempotency-key", "")], phone("9876500004")),
        post(send, &[JSON], phone("12")),
        post(verify, &[JSON], code("12", "CODE")),
    ];
    for path in [send, verify] {
        for body in [String::new(), "{".to_owned(), "[]".to_owned(), "{}".to_owned(), " ".repeat(300_000)] {
            asked.push(post(path, &[JSON], body));
        }
        asked.push(post(path, &[], phone("9876500001")));
        asked.push(post(path, &[("content-type", "text/plain")], phone("9876500001")));
        asked.push((Method::GET, path, Vec::new(), String::new()));
        asked.push((Method::PUT, path, vec![JSON], phone("9876500001")));
    }
    asked
}

/// What is asked, and the code that was sent last.
struct Door {
    url: String,
    client: Client,
    code: String,
}

impl Door {
    fn at(listener: &TcpListener) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, client: Client::new(), code: String::new() }
    }

    /// Status, header fields and body, in which `CODE` stands for the code.
    async fn ask(
        &mut self,
        (method, path, headers, body): &Asked,
    ) -> (u16, [Option<HeaderValue>; 2], String) {
        let request = self.client.request(method.clone(), format!("{}{path}", self.url));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.body(body.replace("CODE", &self.code)).send().await.unwrap();
        let fields = [CONTENT_TYPE, ALLOW].map(|name| response.headers().get(name).cloned());
        let (status, mut text) = (response.status().as_u16(), response.text().await.unwrap());
        if let Some(code) =
            serde_json::from_str::<Value>(&text).ok().and_then(|json| json["otp"].as_str().map(str::to_owned))
        {
            text = text.replace(&code, "CODE");
            self.code = code;
        }
        (status, fields, text)
    }
}

/// Our server reaches the two routes that are asked most without their filters.
#[tokio::test]
async fn our_server_answers_codes_by_phone_as_the_filters_do() {
    crate::program::choose_cryptography();
    let start_in = async |folder: &TempDir| {
        let database = format!("sqlite:{}", folder.path().join("shop.db").display());
        let config = Host::parse_from(["host", "--database-url", &database]).settings.check().unwrap();
        (start::start(&config).await.unwrap(), config)
    };
    let (folder, other_folder) = (folder(), folder());
    let (started, config) = start_in(&folder).await;
    let (other, _) = start_in(&other_folder).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut server, mut filters) = (Door::at(&listener), Door::at(&other_listener));
    tokio::spawn(warp::serve(answers(&other.app)).incoming(other_listener).run());
    let serving = server::serve(vec![listener], &started.app, &config, std::future::pending());
    let compared = async {
        for asked in questions() {
            assert_eq!(server.ask(&asked).await, filters.ask(&asked).await, "{asked:?}");
        }
    };
    tokio::select! {
        () = serving => unreachable!("nobody stops it"),
        () = compared => {}
    }
}
