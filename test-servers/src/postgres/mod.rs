//! PostgreSQL: one server, with as many databases as tests ask for.

mod account;
mod programs;
mod server;

pub use server::PostgresServer;
