//! Bodies of the routes that stand beside the groups.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// How the server is, in the words of all old backends. It answers as long as the process lives.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) success: bool,
    #[schema(example = "healthy")]
    pub(crate) status: &'static str,
    pub(crate) message: &'static str,
    pub(crate) version: &'static str,
    pub(crate) services: Services<Connection>,
    /// The store of codes, wherever it is.
    pub(crate) redis: Connection,
    /// The database, whatever it is.
    pub(crate) mongodb: Connection,
    /// Local time.
    #[schema(example = "2026-11-21 09:03:10")]
    pub(crate) timestamp: String,
}

/// How the server is, in the words of the first phone-otp backend.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiHealth {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
    pub(crate) version: &'static str,
    pub(crate) services: Services<bool>,
    /// Local time.
    #[schema(example = "2026-11-21 09:03:10")]
    pub(crate) timestamp: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Services<D> {
    pub(crate) database: D,
    pub(crate) payments: bool,
    pub(crate) sms: Sms,
}

/// Which of the old backend's providers are asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sms {
    pub(crate) twilio: bool,
    pub(crate) fast2sms: bool,
}

/// Whether something that the server depends on answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Connection {
    Connected,
    Disconnected,
}

impl Connection {
    pub(crate) fn of(answers: bool) -> Self {
        if answers { Self::Connected } else { Self::Disconnected }
    }
}

/// Where to begin, in the words of all old backends.
#[derive(Serialize, ToSchema)]
pub(crate) struct Root {
    pub(crate) message: &'static str,
    pub(crate) version: &'static str,
    #[schema(example = "success")]
    pub(crate) status: &'static str,
    pub(crate) docs: &'static str,
    /// Paths by name, and what they are for by method and path.
    pub(crate) endpoints: BTreeMap<&'static str, &'static str>,
}

/// Everything that the server depends on answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    pub(crate) database: Connection,
    /// Absent when codes are kept in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redis: Option<Connection>,
}
