//! A shop: a database, and servers that stay at their addresses when they are killed.

use std::sync::{Arc, Mutex};

use quickcart_core::account::{ShopperClaims, TokenIssuer};
use quickcart_core::clock::SystemClock;
use quickcart_core::secret::SecretKey;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::buyer::{Buyer, answer};
use super::database::Database;
use crate::program::{Server, folder};

const JWT_KEY: &str = "the jwt key of this test with 32 bytes";
const SECRET: &str = "the secret key of this test, 32 bytes";
const ADMIN_KEY: &str = "the admin key of this test";

/// Products of the demo store.
pub(super) const MILK: i64 = 1;
pub(super) const BREAD: i64 = 2;
pub(super) const CREAM: i64 = 3;

pub(super) struct Shop {
    pub(super) servers: Vec<Mutex<Server>>,
    pub(super) urls: Vec<String>,
    pub(super) client: Client,
    settings: Vec<(&'static str, String)>,
    folder: TempDir,
    /// After the servers, so that they end before.
    pub(super) database: Database,
}

impl Shop {
    /// So many servers that keep one shop in this database.
    pub(super) fn start(database: Database, servers: usize, more: &[(&'static str, String)]) -> Arc<Self> {
        let mut settings = vec![
            ("DATABASE_URL", database.url()),
            ("JWT_SECRET_KEY", JWT_KEY.to_owned()),
            ("SECRET_KEY", SECRET.to_owned()),
            ("QUICKCART_ADMIN_KEY", ADMIN_KEY.to_owned()),
            ("QUICKCART_LOG", "warn".to_owned()),
        ];
        settings.extend_from_slice(more);
        let (folder, listen) = (folder(), "127.0.0.1:0");
        let servers: Vec<_> = (0..servers).map(|_| run(&folder, &settings, listen)).collect();
        let urls = servers.iter().map(|server| server.url.clone()).collect();
        let servers = servers.into_iter().map(Mutex::new).collect();
        Arc::new(Self { servers, urls, client: Client::new(), settings, folder, database })
    }

    /// Ends the first server with SIGKILL; what it answers starts it again, at the same address.
    pub(super) fn kill_server(&self) -> impl FnOnce() + '_ {
        let mut server = self.servers[0].lock().unwrap();
        server.kill();
        let listen = self.urls[0].strip_prefix("http://").unwrap();
        move || *server = run(&self.folder, &self.settings, listen)
    }

    pub(super) fn request(&self, server: usize, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.urls[server]))
    }

    pub(super) async fn count(&self, product_id: i64, pieces: usize) {
        let request = self.request(0, Method::PUT, &format!("/v1/admin/products/{product_id}/stock"));
        let request = request.header("X-Admin-Key", ADMIN_KEY).json(&json!({ "on_hand": pieces }));
        let (status, level) = answer(request).await.unwrap();
        assert_eq!((status, &level["available"]), (200, &Value::from(pieces)), "{level}");
    }

    /// So many people who have signed in.
    pub(super) fn buyers(self: &Arc<Self>, count: usize) -> Vec<Buyer> {
        let phones: Vec<_> = (0..count).map(|index| format!("('+9198765{index:05}', 0)")).collect();
        self.database
            .execute(&format!("INSERT INTO \"user\" (phone, created_at_ms) VALUES {}", phones.join(", ")));
        let tokens = TokenIssuer::new(SecretKey::new(JWT_KEY.as_bytes()), Arc::new(SystemClock));
        let buyer = |line: String| {
            let user_id = line.parse().unwrap();
            Buyer { shop: Arc::clone(self), user_id, token: tokens.issue(&ShopperClaims { user_id }) }
        };
        self.database.query("SELECT user_id FROM \"user\" ORDER BY phone").into_iter().map(buyer).collect()
    }
}

fn run(folder: &TempDir, settings: &[(&'static str, String)], listen: &str) -> Server {
    let mut settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.push(("QUICKCART_LISTEN", listen));
    Server::start(folder.path(), &settings)
}
