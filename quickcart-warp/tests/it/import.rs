//! `quickcart-warp import`: a store of one's own.

use std::fs;
use std::path::Path;
use std::process::Output;

use reqwest::Client;
use serde_json::Value;

use crate::program::{Server, command, demo_store, folder};

fn import(folder: &Path) -> Output {
    command(folder, &[]).args(["import", "my-store"]).output().unwrap()
}

fn copy_demo_store(folder: &Path) {
    fs::create_dir(folder.join("my-store")).unwrap();
    for entry in fs::read_dir(demo_store()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join("my-store").join(path.file_name().unwrap())).unwrap();
    }
}

fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join("my-store").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

async fn first_product(server: &Server) -> Value {
    Client::new().get(server.url.clone() + "/products/1").send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_store_is_taken_whole_and_seen_by_a_server_that_runs() {
    let folder = folder();
    copy_demo_store(folder.path());
    change(folder.path(), "products.csv", "Toned Milk 1 L", "Village Milk 1 L");
    let output = import(folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8(output.stdout).unwrap().contains("Tulsi Market"));
    let server = Server::start(folder.path(), &[]);
    assert_eq!(first_product(&server).await["product_name"], "Village Milk 1 L", "the demo store stays away");
    change(folder.path(), "products.csv", "Village Milk 1 L", "Alpine Milk 1 L");
    fs::remove_file(folder.path().join("my-store/recipes.csv")).unwrap();
    assert!(import(folder.path()).status.success(), "a store may do without recipes");
    assert_eq!(first_product(&server).await["product_name"], "Alpine Milk 1 L");
}

#[tokio::test]
async fn what_is_refused_is_named_and_nothing_is_taken() {
    let folder = folder();
    copy_demo_store(folder.path());
    let server = Server::start(folder.path(), &[]);
    change(folder.path(), "products.csv", "Toned Milk 1 L", "Village Milk 1 L");
    change(folder.path(), "trolleys.csv", "\n1,D1", "\n1,D99");
    let output = import(folder.path());
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("trolleys.csv, line 2, column 2 (dock): the dock is not in map.json"), "{text}");
    assert_eq!(first_product(&server).await["product_name"], "Toned Milk 1 L");
    fs::remove_file(folder.path().join("my-store/map.json")).unwrap();
    let text = String::from_utf8(import(folder.path()).stderr).unwrap();
    assert!(text.contains("map.json: there is no such file in my-store"), "{text}");
}

fn import_file(folder: &Path, database: &str) -> Output {
    command(folder, &[("DATABASE_URL", database)]).args(["import", "state.json"]).output().unwrap()
}

#[tokio::test]
async fn a_file_is_taken_into_an_empty_database_once() {
    let folder = folder();
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay/fixtures.json");
    fs::copy(state, folder.path().join("state.json")).unwrap();
    let output = import_file(folder.path(), "sqlite:shop.db");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), "QuickCart: 4 products and 2 trolleys are in sqlite:shop.db");
    let server = Server::start(folder.path(), &[("DATABASE_URL", "sqlite:shop.db")]);
    assert_eq!(first_product(&server).await["expiry"], "Thu, 31 Dec 2026 00:00:00 GMT");
    let again = import_file(folder.path(), "sqlite:shop.db");
    assert_eq!(again.status.code(), Some(2));
    let text = String::from_utf8(again.stderr).unwrap();
    assert!(text.contains("nothing was imported into sqlite:shop.db: the database is not empty"), "{text}");
}

#[tokio::test]
async fn a_file_that_is_refused_leaves_the_database_empty() {
    let folder = folder();
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay/fixtures.json");
    let whole = fs::read_to_string(state).unwrap();
    fs::write(folder.path().join("state.json"), whole.replacen("\"60.00\"", "\"60.005\"", 1)).unwrap();
    let output = import_file(folder.path(), "sqlite:shop.db");
    assert_eq!(output.status.code(), Some(2));
    let line = whole.lines().position(|line| line.contains("\"60.00\"")).unwrap() + 1;
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("state.json, line {line}, column ")), "{text}");
    fs::write(folder.path().join("state.json"), &whole).unwrap();
    assert!(import_file(folder.path(), "sqlite:shop.db").status.success());
    fs::write(folder.path().join("state.json"), b"\xff").unwrap();
    let text = String::from_utf8(import_file(folder.path(), "sqlite:other.db").stderr).unwrap();
    assert!(text.contains("state.json: ") && !text.contains("panicked"), "{text}");
}
