//! Redis: one server, a master with replica and sentinel, or a cluster of two.

mod cluster;
mod config;
mod dump;
mod resp;
mod sentinel;
mod server;

pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;
pub use server::RedisServer;
