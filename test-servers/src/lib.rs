//! Starts the servers that tests talk to: each on a free loopback port, with a folder of its own, gone when
//! it is dropped.
//!
//! ```
//! use test_servers::RedisServer;
//!
//! let redis = RedisServer::with(&[("maxmemory", "10mb")]);
//! redis.command(&["SET", "greeting", "hello"])?;
//! assert_eq!(redis.command(&["GET", "greeting"])?, "hello");
//! assert!(redis.url().starts_with("redis://127.0.0.1:"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A server ends with the value that stands for it, so also when a test panics, and with the process that
//! started it, however that ends. The mail server has no process or folder: it is a few threads of the test's own. Whatever goes wrong here panics, as a test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod port;
mod postgres;
mod prism;
mod process;
mod redis;
mod smtp;
mod wait;

pub use postgres::PostgresServer;
pub use prism::Prism;
pub use redis::{RedisCluster, RedisSentinel, RedisServer};
pub use smtp::{Fault, Line, Mail, SmtpServer, Step};
pub use wait::wait_until;
