//! The servers as tests use them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod cluster;
mod owner;
mod postgres;
mod sentinel;
mod server;
mod smtp;
