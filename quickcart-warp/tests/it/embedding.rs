//! The routes inside somebody else's warp server.

use std::sync::Arc;

use clap::Parser;
use quickcart_warp::settings::Settings;
use quickcart_warp::{routes, start};
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
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
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
