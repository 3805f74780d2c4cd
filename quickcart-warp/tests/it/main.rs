//! The built program, over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod admin;
mod backup;
mod bad_input;
mod book_orders;
mod code_limits;
mod code_store;
mod cors;
mod docs;
mod embedding;
mod fake_http;
mod fake_providers;
mod fire;
mod guard;
mod import;
mod limits;
mod logs;
mod old_readmes;
mod operations;
mod phone_otp;
mod phone_otp_auth;
mod phone_otp_profile;
mod phone_otp_races;
mod program;
mod providers;
mod receipts;
mod registration;
mod render;
mod replay;
mod security_headers;
mod settings;
mod shopper;
mod smart_cart;
mod stock;
mod tokens;
mod visit;
