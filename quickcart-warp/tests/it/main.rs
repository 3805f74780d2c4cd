//! The built program, over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bad_input;
mod cors;
mod embedding;
mod import;
mod limits;
mod logs;
mod phone_otp;
mod program;
mod settings;
mod visit;
