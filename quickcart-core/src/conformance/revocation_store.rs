//! What every [`RevocationStore`] does.

use crate::account::{Revocation, RevocationStore, Revoked};
use crate::clock::Timestamp;

/// Checks a store without revocations.
///
/// # Panics
/// When the store breaks its contract.
pub async fn revocation_store(store: &dyn RevocationStore) {
    let at = |second| Timestamp::from_second(second).expect("a timestamp");
    let revocation = |revoked, until| Revocation { audience: "smart-cart".into(), revoked, until: at(until) };
    let token = |id: &str, until| revocation(Revoked::Token(id.into()), until);
    let holder = |issued_until| {
        revocation(Revoked::Holder { subject: "7".into(), issued_until: at(issued_until) }, 500)
    };
    assert_eq!(store.revocations(0).await.expect("an answer"), (0, Vec::new()));

    let (first, second, everything, later) = (token("a", 100), token("b", 300), holder(50), holder(60));
    assert!(store.revoke(&first, at(10)).await.expect("an answer"));
    assert!(!store.revoke(&first, at(11)).await.expect("an answer"), "news only once");
    assert!(store.revoke(&second, at(12)).await.expect("an answer"));
    let (position, all) = store.revocations(0).await.expect("an answer");
    assert_eq!(all, [first, second.clone()]);
    assert_eq!(store.revocations(position).await.expect("an answer"), (position, Vec::new()));

    assert!(store.revoke(&everything, at(50)).await.expect("an answer"));
    assert!(store.revoke(&later, at(100)).await.expect("an answer"), "what a holder got since");
    let (newest, news) = store.revocations(position).await.expect("an answer");
    assert_eq!(news, [everything.clone(), later.clone()]);
    assert!(newest > position);
    let (_, all) = store.revocations(0).await.expect("an answer");
    assert_eq!(all, [second, everything, later], "what is over is forgotten");

    let last = token("c", 900);
    assert!(store.revoke(&last, at(800)).await.expect("an answer"));
    let (_, all) = store.revocations(newest).await.expect("an answer");
    assert_eq!(all, [last], "positions are never given twice, whatever is forgotten");
}
