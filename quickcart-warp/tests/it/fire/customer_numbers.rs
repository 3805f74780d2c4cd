//! Customers register at once while servers and databases are killed: each has one number, nobody has that of another, and numbers
//! that were told stay. Some may be left out: a number that was taken and never committed is nobody's, and a PostgreSQL that was killed
//! goes on after the 32 that it had written down in advance. SQLite counts within the transaction and leaves out none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use test_servers::SmtpServer;

use super::buyer::{REST, TRIES, answer};
use super::database::Database;
use super::killed::{KILLS, under_fire};
use super::on_every_database;
use super::seed::{Chance, seeds};
use super::shop::Shop;
use crate::registration::{code_in, details};

const CUSTOMERS: usize = 16;
/// How many numbers PostgreSQL writes down in advance (`SEQ_LOG_VALS`).
const IN_ADVANCE: usize = 32;

on_every_database! {
    no_number_is_given_twice_with_the_server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_given_twice_with_postgres() {
    for seed in seeds() {
        let kill = |shop: &Shop| shop.database.kill_and_restart();
        register(Database::postgres(), seed, kill, CUSTOMERS + IN_ADVANCE).await;
    }
}

async fn no_number_is_given_twice_with_the_server(database: Database, seed: u64) {
    let left_out_max = if let Database::Sqlite(_) = database { 0 } else { CUSTOMERS };
    register(database, seed, |shop| shop.kill_server()(), left_out_max).await;
}

/// Each kill may leave out so many numbers.
async fn register(database: Database, seed: u64, kill: fn(&Shop), left_out_max: usize) {
    let mut chance = Chance::new(seed);
    let mail = SmtpServer::start();
    let settings = [
        ("SMTP_SERVER", "127.0.0.1".to_owned()),
        ("SMTP_PORT", mail.port().to_string()),
        ("SMTP_TLS", "none".to_owned()),
        ("SMTP_EMAIL", "shop@example.com".to_owned()),
    ];
    let shop = Shop::start(database, 1, &settings);
    let emails: Vec<_> = (0..CUSTOMERS).map(|index| format!("k{index}@example.com")).collect();
    let up_to_the_password = emails.iter().map(|email| up_to_the_password(&shop, &mail, email));
    futures_util::future::join_all(up_to_the_password).await;
    let completions = emails.iter().enumerate().map(|(index, email)| {
        let (shop, details) = (Arc::clone(&shop), details(email, &format!("{index:012}")));
        async move { insists(&shop, &details).await }
    });
    let told = under_fire(completions.collect(), &mut chance, || kill(&shop)).await;

    let rows = shop.database.query("SELECT email, customer_id FROM customer");
    let number =
        |row: &String| row.split_once('|').map(|(email, id)| (email.to_owned(), id.parse().unwrap()));
    let numbers: BTreeMap<String, usize> = rows.iter().filter_map(number).collect();
    for (email, told) in emails.iter().zip(told) {
        assert!(told.is_none_or(|told| told == numbers[email]), "{email}: {numbers:?}, seed {seed:#x}");
    }
    let distinct: BTreeSet<_> = numbers.values().collect();
    assert_eq!((rows.len(), distinct.len()), (CUSTOMERS, CUSTOMERS), "{rows:?}, seed {seed:#x}");
    let left_out = *distinct.last().unwrap() - CUSTOMERS;
    assert!(left_out <= KILLS * left_out_max, "{numbers:?}, seed {seed:#x}");
}

async fn up_to_the_password(shop: &Shop, mail: &SmtpServer, email: &str) {
    for step in ["initiate", "verify-otp", "set-password"] {
        let mut body = json!({ "email": email, "password": "secret12" });
        if step == "verify-otp" {
            let mails = mail.mails();
            body["otp"] = json!(code_in(mails.iter().find(|mail| mail.to == [email]).unwrap()));
        }
        let request = shop.request(0, Method::POST, &format!("/auth/register/{step}"));
        let (status, body) = answer(request.json(&body)).await.unwrap();
        assert_eq!(status, 200, "{step}: {body}");
    }
}

/// Asks until the registration is complete; answers the number, if the answer that told it arrived.
async fn insists(shop: &Shop, details: &Value) -> Option<usize> {
    let mut is_in_doubt = false;
    for _ in 0..TRIES {
        let request = shop.request(0, Method::POST, "/auth/register/complete");
        match answer(request.json(details)).await {
            Ok((200, body)) => {
                let name = body["user"]["maKH"].as_str().unwrap();
                return Some(name.strip_prefix("KH").unwrap().parse().unwrap());
            }
            // It was done before, and nobody heard of it.
            Ok((400, _)) if is_in_doubt => return None,
            Ok((503, _)) | Err(_) => is_in_doubt = true,
            Ok((status, body)) => panic!("{status} {body}"),
        }
        tokio::time::sleep(REST).await;
    }
    panic!("{details} has no answer after {TRIES} requests");
}
