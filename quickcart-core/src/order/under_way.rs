//! Which keyed requests are under way in this process.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::IdempotencyKey;

/// Whose key it is, and what they call the request.
type Name<O> = (O, String);

/// Clones share it.
#[derive(Clone, Default)]
pub(crate) struct UnderWay<O>(Arc<Mutex<HashSet<Name<O>>>>);

impl<O: Clone + Eq + Hash> UnderWay<O> {
    /// `None` while a request with this key is under way.
    pub(crate) fn begin(&self, owner: O, key: &IdempotencyKey) -> Option<Turn<O>> {
        let name = (owner, key.name().to_owned());
        self.names().insert(name.clone()).then(|| Turn { name, under_way: self.clone() })
    }

    fn names(&self) -> MutexGuard<'_, HashSet<Name<O>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends when it is dropped.
pub(crate) struct Turn<O: Clone + Eq + Hash> {
    name: Name<O>,
    under_way: UnderWay<O>,
}

impl<O: Clone + Eq + Hash> Drop for Turn<O> {
    fn drop(&mut self) {
        self.under_way.names().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_free_again_when_its_request_has_ended() {
        let (under_way, key) = (UnderWay::default(), IdempotencyKey::new("key", b"").unwrap());
        let turn = under_way.begin(1, &key).unwrap();
        assert!(under_way.clone().begin(1, &key).is_none());
        assert!(under_way.begin(2, &key).is_some(), "the key of another shopper");
        drop(turn);
        assert!(under_way.begin(1, &key).is_some());
    }
}
