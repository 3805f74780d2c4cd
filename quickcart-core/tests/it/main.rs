//! The core as its users see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod otp;
mod phones;
mod stores;
mod tidy;
mod visit;
mod walks;
