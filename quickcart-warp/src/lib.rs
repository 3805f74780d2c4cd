//! The HTTP face of QuickCart: the routes of four old backends as warp filters, and a server for them.
//!
//! [`routes`] is a filter that rejects what is not its own, so it joins a warp server of yours with `or`; [`server`] is a
//! hyper accept loop with time limits, which the program `quickcart-warp` runs. [`guard`] lets only those to routes of
//! yours who show a token.

pub mod app;
pub mod config;
pub mod server;
pub mod settings;
pub mod start;

mod client_address;
mod code_settings;
mod cors;
mod doc_pages;
mod dto;
mod error;
mod event_settings;
mod filters;
mod guard;
mod in_time;
mod logging;
mod message_settings;
mod metrics;
mod openapi;
mod otlp;
mod rate_limit;
mod route_table;
mod routes;
mod security_headers;
mod sent_texts;
mod service;
mod to_its_end;

pub use app::App;
pub use code_settings::CodeConfig;
pub use guard::{guard, guard_admin, refusal};
pub use logging::init as init_logging;
pub use message_settings::{MessageConfig, Messages, TextConfig};
pub use metrics::{Metrics, MetricsError};
pub use otlp::OtlpEndpoint;
pub use routes::{answers, routes};
pub use sent_texts::{Group, SentText, sent_texts};
