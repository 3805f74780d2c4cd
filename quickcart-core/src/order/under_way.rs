//! Which keyed requests are under way in this process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::IdempotencyKey;
use crate::account::UserId;

/// Who asks, and what they call it.
type Name = (UserId, String);

/// Clones share it.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashSet<Name>>>);

impl UnderWay {
    /// `None` while a request with this key is under way.
    pub(crate) fn begin(&self, user_id: UserId, key: &IdempotencyKey) -> Option<Turn> {
        let name = (user_id, key.name().to_owned());
        self.names().insert(name.clone()).then(|| Turn { name, under_way: self.clone() })
    }

    fn names(&self) -> MutexGuard<'_, HashSet<Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends when it is dropped.
pub(crate) struct Turn {
    name: Name,
    under_way: UnderWay,
}

impl Drop for Turn {
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
