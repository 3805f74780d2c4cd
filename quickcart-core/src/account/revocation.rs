//! Tokens that end before their time: which they are, kept in a store and looked up without it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;

use super::token::{Claims, Token};
use crate::clock::Timestamp;
use crate::error::StoreError;

/// Something that ends tokens before their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whom the tokens are for.
    pub audience: Cow<'static, str>,
    /// Which of them.
    pub revoked: Revoked,
    /// When none of them would hold any more anyway, and this may be forgotten.
    pub until: Timestamp,
}

/// Which tokens of an audience end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The one with this id.
    Token(Box<str>),
    /// Everything that one holder has.
    Holder {
        /// What [`Claims::subject`] answers.
        subject: Box<str>,
        /// Ends what was issued up to this second, the second itself included.
        issued_until: Timestamp,
    },
}

/// Keeps revocations. Each method is one atomic step.
#[async_trait]
pub trait RevocationStore: Send + Sync + 'static {
    /// Keeps one, and forgets those that are over at `now`. Answers whether it is news: that one token was revoked is
    /// news only once.
    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<bool, StoreError>;

    /// What was kept after the position `after`, which is 0 or what an earlier call answered; and the position now.
    async fn revocations(&self, after: i64) -> Result<(i64, Vec<Revocation>), StoreError>;
}

/// Which tokens are revoked. Clones share what they know.
///
/// It is all in memory, so that a request costs no statement of a database. What is revoked here is written to the store
/// before it counts as done; what other servers revoked is known once [`reload`](Self::reload) has run.
#[derive(Clone, Default)]
pub struct Revocations(Arc<Inner>);

#[derive(Default)]
struct Inner {
    store: Option<Arc<dyn RevocationStore>>,
    view: RwLock<View>,
}

#[derive(Default)]
struct View {
    /// Ids are unique over all audiences, and until when each matters.
    tokens: HashMap<Box<str>, Timestamp>,
    /// By audience and subject.
    holders: HashMap<Cow<'static, str>, HashMap<Box<str>, Holder>>,
    /// How far the store has been read.
    position: i64,
    /// How many tokens there may be before the ones that are over are looked for.
    tokens_before_sweep: usize,
}

#[derive(Clone, Copy)]
struct Holder {
    issued_until: Timestamp,
    until: Timestamp,
}

/// Below this many, nobody looks for what is over.
const SWEEP_LEAST: usize = 1_024;

impl Revocations {
    /// What the store knows, read now. [`Default`] is one without a store, for a single process.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: Arc<dyn RevocationStore>, now: Timestamp) -> Result<Self, StoreError> {
        let revocations = Self(Arc::new(Inner { store: Some(store), view: RwLock::default() }));
        revocations.reload(now).await?;
        Ok(revocations)
    }

    /// Learns what others have revoked since the last time.
    ///
    /// # Errors
    /// [`StoreError`]; what was known stays known.
    pub async fn reload(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(store) = &self.0.store else { return Ok(()) };
        let after = self.0.view.read().unwrap_or_else(PoisonError::into_inner).position;
        let (position, news) = store.revocations(after).await?;
        let mut view = self.0.view.write().unwrap_or_else(PoisonError::into_inner);
        // Added to what is known, which may be newer than what was read.
        for revocation in news {
            view.add(revocation, now);
        }
        view.position = view.position.max(position);
        Ok(())
    }

    /// Reloads again and again, until the last handle is gone: so several servers agree within `every`.
    pub fn follow(
        &self,
        every: Duration,
        clock: Arc<dyn crate::clock::Clock>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let inner = Arc::downgrade(&self.0);
        async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(inner) = inner.upgrade() else { return };
                if let Err(error) = Self(inner).reload(clock.now()).await {
                    tracing::warn!("revoked tokens could not be read: {error}");
                }
            }
        }
    }

    /// Ends tokens. Answers whether it is news, which of several who revoke the same token only one is told.
    ///
    /// # Errors
    /// [`StoreError`]; then it is not known whether they ended.
    pub async fn revoke(&self, revocation: Revocation, now: Timestamp) -> Result<bool, StoreError> {
        let is_news = match &self.0.store {
            Some(store) => Some(store.revoke(&revocation, now).await?),
            None => None,
        };
        let mut view = self.0.view.write().unwrap_or_else(PoisonError::into_inner);
        let is_new_here = view.add(revocation, now);
        Ok(is_news.unwrap_or(is_new_here))
    }

    /// Whether this token was revoked.
    pub(super) fn covers<C: Claims>(&self, token: &Token<C>) -> bool {
        let view = self.0.view.read().unwrap_or_else(PoisonError::into_inner);
        let holder = || view.holders.get(C::AUDIENCE)?.get(&*token.claims.subject());
        view.tokens.contains_key(&token.id)
            || holder().is_some_and(|holder| token.issued_at <= holder.issued_until)
    }
}

impl View {
    /// Answers whether it was unknown.
    fn add(&mut self, revocation: Revocation, now: Timestamp) -> bool {
        let Revocation { audience, revoked, until } = revocation;
        let is_new = match revoked {
            Revoked::Token(id) => self.tokens.insert(id, until).is_none(),
            Revoked::Holder { subject, issued_until } => {
                let added = Holder { issued_until, until };
                let holder = self.holders.entry(audience).or_default().entry(subject).or_insert(added);
                holder.issued_until = holder.issued_until.max(issued_until);
                holder.until = holder.until.max(until);
                true
            }
        };
        // Seldom, so that what is over costs the same however much there is.
        if self.tokens.len() > self.tokens_before_sweep.max(SWEEP_LEAST) {
            self.sweep(now);
        }
        is_new
    }

    fn sweep(&mut self, now: Timestamp) {
        self.tokens.retain(|_, until| *until > now);
        self.holders.values_mut().for_each(|holders| holders.retain(|_, holder| holder.until > now));
        self.tokens_before_sweep = self.tokens.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_over_does_not_pile_up() {
        let mut view = View::default();
        for second in 0..100_000 {
            let revoked = Revoked::Token(second.to_string().into());
            let revocation = Revocation { audience: "x".into(), revoked, until: at(second + 60) };
            assert!(view.add(revocation, at(second)));
        }
        assert!(view.tokens.len() <= SWEEP_LEAST + 1, "{}", view.tokens.len());
        assert!((99_941..100_000).all(|second: i64| view.tokens.contains_key(&*second.to_string())));
    }
}
