//! `quickcart-warp audit verify`: exit codes, and what is said.

use std::path::Path;
use std::process::Output;

use reqwest::Client;
use rusqlite::Connection;
use serde_json::Value;
use test_servers::PostgresServer;

use crate::program::{Server, command, folder};

const KEY: &str = "the key of this test";

fn verify(folder: &Path, database: Option<&str>, expect: Option<&str>) -> Output {
    // The driver of PostgreSQL logs what the server notices.
    let mut command = command(folder, &[("QUICKCART_LOG", "warn")]);
    command.envs(database.map(|url| ("DATABASE_URL", url)));
    command.args(["audit", "verify"]);
    command.args(expect.iter().flat_map(|head| ["--expect", head])).output().unwrap()
}

#[track_caller]
fn says(output: &Output, code: i32, printed: &str, error: &str) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stdout.contains(printed) && stderr.contains(error), "{stdout}{stderr}");
    assert_eq!(
        (stdout.is_empty(), stderr.is_empty()),
        (printed.is_empty(), error.is_empty()),
        "{stdout}{stderr}"
    );
}

/// Retires products one after the other, and answers where the audit ends.
async fn retire(server: &Server, products: std::ops::RangeInclusive<u32>) -> String {
    let client = Client::new();
    for product_id in products {
        let path = format!("{}/v1/admin/products/{product_id}", server.url);
        let request = client.delete(path).header("X-Admin-Key", KEY).header("If-Match", "*");
        assert_eq!(request.send().await.unwrap().status(), 204);
    }
    let path = format!("{}/v1/admin/audit/head", server.url);
    assert_eq!(client.get(&path).send().await.unwrap().status(), 401);
    let answer = client.get(path).header("X-Admin-Key", KEY).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["head"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_row_that_was_changed_is_named() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_ADMIN_KEY", KEY)]);
    let second = retire(&server, 1..=2).await;
    let head = retire(&server, 3..=5).await;
    assert!(second.starts_with("2:") && head.starts_with("5:"), "{second} {head}");
    for expect in [None, Some(&*second), Some(&*head)] {
        let output = verify(folder.path(), None, expect);
        says(&output, 0, &format!("\nhead {head}\n"), "");
        says(&output, 0, "the audit is whole: 5 links, from 20", "");
    }
    server.terminate();
    let log = server.wait().2;
    assert!(log.contains(&format!("audit head 0:{}", "0".repeat(64))), "{log}");
    let again = Server::start(folder.path(), &[]);
    again.terminate();
    let log = again.wait().2;
    assert!(log.contains(&format!("audit head {head}")), "{log}");

    let shop = Connection::open(folder.path().join("data/quickcart.db")).unwrap();
    let old_server = "INSERT INTO audit (at_ms, who, action, entity, entity_id, after_json) \
                      VALUES (0, 'admin', 'change', 'product', 1, '{}')";
    shop.execute_batch(old_server).unwrap();
    says(&verify(folder.path(), None, Some(&head)), 0, &head, "warning: rows without a link: 1;");
    let cut_off = "DROP TRIGGER audit_link_is_not_deleted; DELETE FROM audit_link WHERE link_id > 3; \
                   UPDATE audit_head SET (link_id, digest) = (SELECT link_id, digest FROM audit_link WHERE link_id = 3)";
    shop.execute_batch(cut_off).unwrap();
    says(&verify(folder.path(), None, Some(&second)), 0, "3 links", "warning: rows without a link: 3;");
    says(
        &verify(folder.path(), None, Some(&head)),
        1,
        "",
        &format!("is not whole: {head} is not in the chain"),
    );
    shop.execute_batch(
        "DROP TRIGGER audit_is_not_changed; UPDATE audit SET who = 'nobody' WHERE audit_id = 2",
    )
    .unwrap();
    let fault = "the audit of sqlite:data/quickcart.db is not whole: link 2 does not fit: its row 2";
    says(&verify(folder.path(), None, None), 1, "", fault);
}

#[tokio::test]
async fn postgresql_is_read_in_the_same_way() {
    let (postgres, folder) = (PostgresServer::start(), folder());
    let database = postgres.create_database();
    let server = Server::start(folder.path(), &[("QUICKCART_ADMIN_KEY", KEY), ("DATABASE_URL", &database)]);
    let head = retire(&server, 1..=2).await;
    says(&verify(folder.path(), Some(&database), Some(&head)), 0, &format!("\nhead {head}\n"), "");
    let change =
        "DROP TRIGGER audit_is_not_changed ON audit; UPDATE audit SET at_ms = at_ms + 1 WHERE audit_id = 1";
    postgres.query(&database, change).unwrap();
    says(
        &verify(folder.path(), Some(&database), None),
        1,
        "",
        "is not whole: link 1 does not fit: its row 1",
    );
}

#[test]
fn what_cannot_be_read_is_no_fault_of_the_audit() {
    let folder = folder();
    says(&verify(folder.path(), None, None), 2, "", "the audit of sqlite:data/quickcart.db cannot be read: ");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was made");
    says(&verify(folder.path(), Some("mysql://db/shop"), None), 2, "", "a database is written as");
    says(&verify(folder.path(), None, Some("7")), 2, "", "a head of the audit is a number, a colon and 64");
    let away = "postgresql://asha:hush@127.0.0.1:1/shop";
    let output = verify(folder.path(), Some(away), None);
    says(&output, 2, "", "the audit of postgresql://127.0.0.1:1/shop cannot be read: ");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hush"));
    let help = command(folder.path(), &[]).args(["audit", "verify", "--help"]).output().unwrap();
    says(&help, 0, "--expect <LINK:DIGEST>", "");
    says(&help, 0, "Exit codes: 0 the chain is whole, 1 it is not", "");
}
