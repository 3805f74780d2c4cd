//! The core as its users see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod admin;
mod book_orders;
mod carriers;
mod carts;
mod databases;
mod failover;
mod graphs;
mod log;
mod map_index;
mod members;
mod otp;
mod otp_codes;
mod otp_failover;
mod otp_faults;
mod otp_model;
mod otp_redis;
mod otp_secrets;
mod outbox;
mod phones;
mod postgres;
mod providers;
mod providers_contract;
mod providers_fake;
mod providers_faults;
mod providers_gateway;
mod races;
mod registration;
mod smtp;
mod snapshot;
mod stores;
mod terrain;
mod tidy;
mod tokens;
mod visit;
mod walks;
