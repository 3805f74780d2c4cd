//! Backups of both databases, made and restored with the commands of docs/databases.md.

use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use test_servers::PostgresServer;

use crate::program::{Server, command, folder};
use crate::shopper::{SETTINGS, Shopper};

const PAGE: &str = include_str!("../../../docs/databases.md");

/// The commands that are shown in the section with this heading, block by block.
fn commands(heading: &str) -> Vec<&'static str> {
    let section = PAGE.split(heading).nth(1).unwrap().split("\n##").next().unwrap();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// Runs commands as the page shows them, where this program and those of PostgreSQL are found.
fn run(commands: &str, folder: &Path, settings: &[(&str, &str)], programs: &Path) -> Output {
    let own = Path::new(env!("CARGO_BIN_EXE_quickcart-warp")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", own.display(), programs.display());
    let mut shell = Command::new("sh");
    shell.args(["-euc", commands]).current_dir(folder).env_clear().env("PATH", path);
    shell.envs(settings.iter().copied()).output().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_shop_that_sells_has_every_order_that_was_acknowledged() {
    let (first, second) = (folder(), folder());
    let server = Server::start(first.path(), &SETTINGS);
    let [backup, restore] = commands("### SQLite")[..] else { panic!("two blocks of commands") };
    let asha = Shopper::sign_in(&server.url, 1).await;
    for round in 0..4 {
        asha.buy(&server.url, &format!("before-{round}")).await;
    }
    let before = asha.history(&server.url).await;
    // Somebody else buys on.
    let bina = Shopper::sign_in(&server.url, 2).await;
    let mut done = {
        let folder = first.path().to_owned();
        tokio::task::spawn_blocking(move || run(backup, &folder, &[], Path::new("/usr/bin")))
    };
    let mut bought = 0;
    let output = loop {
        let key = format!("during-{bought}");
        tokio::select! {
            output = &mut done => break output.unwrap(),
            _ = bina.buy(&server.url, &key) => bought += 1,
        }
    };
    let told = succeeds(&output);
    let copy = first.path().join("shop-monday.db");
    let size = copy.metadata().unwrap().len();
    assert!(told.starts_with(&format!("shop-monday.db has {size} bytes")), "{told}");
    for line in restore.lines() {
        assert!(told.contains(line), "{line} is not in {told}");
    }
    let version = |path: &Path| -> (String, i64) {
        let connection = Connection::open(path).unwrap();
        let read = |sql: &str| connection.query_row(sql, [], |row| row.get(0));
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        (read("PRAGMA integrity_check").unwrap(), version)
    };
    let current = version(&first.path().join("data/quickcart.db")).1;
    assert_eq!(version(&copy), ("ok".to_owned(), current));

    // Another shop is there, whose log must not be read into this one.
    let mut other = Server::start(second.path(), &SETTINGS);
    Shopper::sign_in(&other.url, 3).await.buy(&other.url, "elsewhere").await;
    other.kill();
    std::fs::copy(&copy, second.path().join("shop-monday.db")).unwrap();
    succeeds(&run(restore, second.path(), &[], Path::new("/usr/bin")));
    let restored = Server::start(second.path(), &SETTINGS);
    assert_eq!(asha.history(&restored.url).await, before);
    assert!(bina.history(&restored.url).await.len() <= bought + 1);
    asha.buy(&restored.url, "after").await;
    assert_eq!(asha.history(&server.url).await, before, "the first shop is as it was");
}

#[test]
fn what_cannot_be_backed_up_is_said_in_one_line() {
    let folder = folder();
    let refused = |settings: &[(&str, &str)], part: &str| {
        let output = command(folder.path(), settings).args(["backup", "copy.db"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(part) && text.lines().count() == 1 && !text.contains("hush"), "{text}");
    };
    refused(&[], "data/quickcart.db was not backed up: the store is not available");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was made");
    refused(&[("DATABASE_URL", "postgresql://asha:hush@db/shop")], "pg_dump --format=custom --file=copy.db");
    std::fs::write(folder.path().join("copy.db"), "mine").unwrap();
    refused(&[], "copy.db is there already, and a backup overwrites nothing");
    std::fs::write(folder.path().join("copy.db.partial"), "").unwrap();
    refused(&[], "copy.db.partial is there");
}

#[tokio::test]
async fn a_dump_of_postgresql_is_restored_into_a_shop_with_the_same_orders() {
    let (postgres, folder) = (PostgresServer::start(), folder());
    let database = postgres.create_database();
    let restored_url = postgres.url("shop_restored");
    let settings = [&SETTINGS[..], &[("DATABASE_URL", database.as_str())]].concat();
    let server = Server::start(folder.path(), &settings);
    let asha = Shopper::sign_in(&server.url, 1).await;
    for round in 0..3 {
        asha.buy(&server.url, &format!("before-{round}")).await;
    }
    let orders = asha.history(&server.url).await;
    let programs = postgres.programs();
    let refused = command(folder.path(), &[("DATABASE_URL", &database)])
        .args(["backup", "told.dump"])
        .output()
        .unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    let told = told.split("backups: ").nth(1).unwrap().split(" (docs/databases.md").next().unwrap();
    succeeds(&run(told, folder.path(), &[], programs));
    let urls = [("DATABASE_URL", database.as_str()), ("RESTORED_URL", &restored_url)];
    let [dump, restore] = commands("### PostgreSQL")[..] else { panic!("two blocks of commands") };
    succeeds(&run(dump, folder.path(), &urls, programs));
    for name in ["told.dump", "shop-monday.dump"] {
        assert!(folder.path().join(name).metadata().unwrap().len() > 10_000, "{name}");
    }
    asha.buy(&server.url, "after-the-dump").await;
    succeeds(&run(restore, folder.path(), &urls, programs));
    let settings = [&SETTINGS[..], &[("DATABASE_URL", restored_url.as_str())]].concat();
    let restored = Server::start(folder.path(), &settings);
    assert_eq!(asha.history(&restored.url).await, orders);
    let next = asha.buy(&restored.url, "in-the-restored-shop").await;
    let known: Vec<_> = orders.iter().map(|order| &order["order_id"]).collect();
    assert!(!known.contains(&&next["order_id"]), "{next}");
}
