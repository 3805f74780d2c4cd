//! Bodies of the routes that are for tokens of any group.

use serde::Serialize;
use utoipa::ToSchema;

/// A new token in the place of the one that was shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refreshed {
    /// Of the same group as the old one, which has ended.
    pub(crate) token: String,
}
