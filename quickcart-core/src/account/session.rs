//! What the bearer of a token may do with the token itself, whatever group it is of.

use std::time::Duration;

use async_trait::async_trait;

use super::token::{Claims, InvalidToken, Token, TokenIssuer};
use crate::error::{DomainError, ErrorKind, StoreError};

/// Who knows whether the holder of a token is still there.
#[async_trait]
pub trait Holders: Send + Sync + 'static {
    /// What the tokens say.
    type Claims: Claims + Send + Sync;

    /// What a new token of this holder says; `None` when the holder is gone, or shut out.
    async fn current(&self, claims: &Self::Claims) -> Result<Option<Self::Claims>, StoreError>;
}

/// The tokens of all groups. Each group is a line: its issuer, and who knows its holders.
#[derive(Default)]
pub struct Sessions {
    groups: Vec<Box<dyn AnyGroup>>,
}

impl Sessions {
    /// The same, with one more group.
    #[must_use]
    pub fn with<H: Holders>(mut self, tokens: TokenIssuer<H::Claims>, holders: H) -> Self {
        self.groups.push(Box::new(Group { tokens, holders }));
        self
    }

    /// A new token in the place of this one, which ends. It says what is true today. Of several who ask at once, one
    /// gets a token.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn refresh(&self, token: &str) -> Result<String, SessionError> {
        self.group_of(token)?.refresh(token).await
    }

    /// Ends this token.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn revoke(&self, token: &str) -> Result<(), SessionError> {
        self.group_of(token)?.revoke(token).await
    }

    /// Ends every token that the holder of this one has.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn revoke_all(&self, token: &str) -> Result<(), SessionError> {
        self.group_of(token)?.revoke_all(token).await
    }

    /// The one group that does not call the token foreign.
    fn group_of(&self, token: &str) -> Result<&dyn AnyGroup, SessionError> {
        let mut groups = self.groups.iter().map(AsRef::as_ref);
        let known = groups.find(|group| group.verify(token) != Err(InvalidToken::Foreign));
        Ok(known.ok_or(InvalidToken::Foreign)?)
    }
}

struct Group<H: Holders> {
    tokens: TokenIssuer<H::Claims>,
    holders: H,
}

#[async_trait]
trait AnyGroup: Send + Sync {
    fn verify(&self, token: &str) -> Result<(), InvalidToken>;
    async fn refresh(&self, token: &str) -> Result<String, SessionError>;
    async fn revoke(&self, token: &str) -> Result<(), SessionError>;
    async fn revoke_all(&self, token: &str) -> Result<(), SessionError>;
}

#[async_trait]
impl<H: Holders> AnyGroup for Group<H> {
    fn verify(&self, token: &str) -> Result<(), InvalidToken> {
        self.tokens.verify(token).map(|_| ())
    }

    async fn refresh(&self, token: &str) -> Result<String, SessionError> {
        let Token { ref claims, .. } = self.tokens.verify(token)?;
        let current = self.holders.current(claims).await?.ok_or(SessionError::HolderGone)?;
        // First the old one ends, and only for whom that is news there is a new one.
        if !self.tokens.revoke(token).await? {
            return Err(InvalidToken::Revoked.into());
        }
        Ok(self.tokens.issue(&current))
    }

    async fn revoke(&self, token: &str) -> Result<(), SessionError> {
        self.tokens.revoke(token).await.map(|_| ())
    }

    async fn revoke_all(&self, token: &str) -> Result<(), SessionError> {
        let Token { claims, .. } = self.tokens.verify(token)?;
        Ok(self.tokens.revoke_all(&claims).await?)
    }
}

/// Why nothing was done with a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// It proves nothing.
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    /// Whoever has it does not exist any more, or was shut out.
    #[error("the account of this token is closed")]
    HolderGone,
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for SessionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(error) => error.kind(),
            Self::HolderGone => ErrorKind::Forbidden,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.code(),
            Self::HolderGone => "account_closed",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
