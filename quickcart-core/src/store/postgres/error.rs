//! What PostgreSQL says, in the words of [`StoreError`].

use std::error::Error as StdError;

use sqlx::Error;
use sqlx::postgres::PgDatabaseError;

use crate::error::StoreError;

/// What the server refused, without the values that its details name.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL says {code}: {message}")]
struct Refused {
    code: String,
    message: String,
}

/// Sorts an error of PostgreSQL, or of the way there, into what may pass and what will not.
pub(super) fn store_error(error: Error) -> StoreError {
    if let Some(refused) = refusal(&error) {
        let code = refused.code();
        let refused = Refused { code: code.to_owned(), message: refused.message().to_owned() };
        return if may_pass(code) { StoreError::unavailable(refused) } else { StoreError::internal(refused) };
    }
    match error {
        Error::Io(_)
        // sqlx takes the end of a server that was just asked for TLS for a wrong answer.
        | Error::Protocol(_)
        | Error::Tls(_) => StoreError::unavailable(error),
        _ => StoreError::internal(error),
    }
}

/// Lets statements use `?` in functions that answer an error of a domain.
pub(super) trait OrStoreError<T> {
    fn or_store_error(self) -> Result<T, StoreError>;
}

impl<T> OrStoreError<T> for sqlx::Result<T> {
    fn or_store_error(self) -> Result<T, StoreError> {
        self.map_err(store_error)
    }
}

/// Whether a row was refused because another has the same value in these columns. PostgreSQL names such a rule after its table
/// and columns: `user_email_key`.
pub(super) fn is_taken(error: &Error, rule: &str) -> bool {
    refusal(error).is_some_and(|refused| refused.code() == "23505" && refused.constraint() == Some(rule))
}

/// Whether the connection is of no use any more, and the server knows nothing of what was asked for last.
pub(super) fn is_broken(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        matches!(cause.downcast_ref(), Some(Error::Io(_)))
            || cause.downcast_ref().is_some_and(|refused: &Refused| refused.code.starts_with("57P0"))
    })
}

/// Whether two transactions stood in each other's way, and this one was undone: the same again may succeed.
pub(super) fn is_collision(error: &(dyn StdError + 'static)) -> bool {
    let refused = causes(error).find_map(|cause| cause.downcast_ref::<Refused>());
    refused.is_some_and(|refused| matches!(refused.code.as_str(), "40001" | "40P01"))
}

fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn refusal(error: &Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// The classes are those of appendix A of the manual: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn may_pass(code: &str) -> bool {
    let class = &code[..code.len().min(2)];
    // No connection, undone by others, no resources, or system trouble.
    matches!(class, "08" | "40" | "53" | "58")
        // The server stops or starts, a statement, a lock or an idle transaction took too long, and a server that may only read,
        // as long as nobody promotes it.
        || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "57014" | "55P03" | "25P03" | "25006")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for code in ["08006", "40P01", "53300", "57P01", "57P03", "57014", "55P03", "58030"] {
            assert!(may_pass(code), "{code}");
        }
        for code in ["23505", "23503", "42601", "42P01", "22P02", "XX000", "57P04", ""] {
            assert!(!may_pass(code), "{code}");
        }
    }

    #[test]
    fn a_collision_is_known_inside_the_error_of_a_domain() {
        let refused = |code: &str| {
            let refused = Refused { code: code.to_owned(), message: String::new() };
            crate::account::AccountError::from(StoreError::unavailable(refused))
        };
        assert!(is_collision(&refused("40P01")));
        assert!(!is_collision(&refused("55P03")));
        assert!(is_broken(&refused("57P01")));
        assert!(!is_broken(&refused("40P01")));
        let lost = Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert!(is_broken(&crate::account::AccountError::from(store_error(lost))));
    }
}
