//! What every [`MemberStore`] does.

use std::time::Duration;

use crate::account::{Member, MemberError, MemberRole, MemberStatus, MemberStore, NewMember, PasswordHash};
use crate::clock::Timestamp;
use crate::phone::{PhoneNumber, Region};
use crate::secret::Tag;

/// A member that every store does without.
const UNKNOWN: i64 = 4_000_000_000;

/// Checks a store without members.
///
/// # Panics
/// When the store breaks its contract.
pub async fn member_store(store: &dyn MemberStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    let asha = new_member("9876543210", Some("asha@example.com"));
    a_proof_makes_one_member(store, &asha, now).await;
    counts_sign_ins(store, &asha, now).await;
    phones_and_addresses_are_unique(store, &asha, now).await;
    who_is_shut_out_is_not_counted(store, &asha, now).await;
    administrators_have_names_of_their_own(store, &asha, now).await;
}

fn new_member(phone: &str, email: Option<&str>) -> NewMember {
    NewMember {
        name: "Asha Rao".parse().expect("a name"),
        phone: PhoneNumber::parse(phone, Region::IN).expect("a phone number"),
        email: email.map(|text| text.parse().expect("an address")),
    }
}

fn later(now: Timestamp, minutes: u64) -> Timestamp {
    now + Duration::from_secs(60 * minutes)
}

async fn proved(store: &dyn MemberStore, member: &NewMember, proof: &Tag, now: Timestamp) -> Option<Member> {
    store.sign_in(&member.phone, proof, later(now, 10), now).await.expect("an answer")
}

async fn a_proof_makes_one_member(store: &dyn MemberStore, asha: &NewMember, now: Timestamp) {
    let proof = [1; 32];
    let refused = |result| assert!(matches!(result, Err(MemberError::NotVerified)), "{result:?}");
    refused(store.create(asha, &proof, now).await);
    assert_eq!(proved(store, asha, &proof, now).await, None);
    refused(store.create(asha, &[2; 32], now).await);
    refused(store.create(asha, &proof, later(now, 10)).await);
    assert_eq!(proved(store, asha, &proof, later(now, 5)).await, None, "proved again, it lasts longer");
    let at = later(now, 10);
    let member = store.create(asha, &proof, at).await.expect("a member");
    let expected = Member {
        user_id: member.user_id,
        name: asha.name.clone(),
        phone: asha.phone.clone(),
        email: asha.email.clone(),
        role: MemberRole::Customer,
        status: MemberStatus::Active,
        login_count: 0,
        last_login: None,
        created_at: at,
        updated_at: at,
    };
    assert_eq!(member, expected);
    refused(store.create(asha, &proof, at).await);
    assert_eq!(store.member(member.user_id).await.expect("an answer"), Some(expected));
    assert_eq!(store.member(UNKNOWN).await.expect("an answer"), None);
}

async fn counts_sign_ins(store: &dyn MemberStore, asha: &NewMember, now: Timestamp) {
    for count in 1..=2 {
        let at = later(now, 20 + u64::from(count));
        let member = proved(store, asha, &[3; 32], at).await.expect("a member");
        assert_eq!((member.login_count, member.last_login), (count, Some(at)));
        assert_eq!(member.updated_at, later(now, 10), "a sign-in changes nothing else");
    }
    let result = store.create(asha, &[3; 32], later(now, 22)).await;
    assert!(matches!(result, Err(MemberError::NotVerified)), "a member's phone leaves no proof: {result:?}");
}

async fn phones_and_addresses_are_unique(store: &dyn MemberStore, asha: &NewMember, now: Timestamp) {
    let twin = new_member("9876543211", Some("asha@example.com"));
    assert_eq!(proved(store, &twin, &[4; 32], now).await, None);
    let result = store.create(&twin, &[4; 32], now).await;
    assert!(matches!(result, Err(MemberError::EmailTaken)), "{result:?}");
    let same_phone = NewMember { phone: asha.phone.clone(), ..new_member("9876543211", None) };
    let result = store.create(&same_phone, &[4; 32], now).await;
    assert!(matches!(result, Err(MemberError::PhoneTaken)), "{result:?}");
    let without = NewMember { email: None, ..twin };
    let member = store.create(&without, &[4; 32], now).await.expect("the proof was not used up");
    assert_eq!(member.email, None);
    let other = new_member("9876543212", None);
    assert_eq!(proved(store, &other, &[5; 32], now).await, None);
    store.create(&other, &[5; 32], now).await.expect("any number of members have no address");
}

async fn who_is_shut_out_is_not_counted(store: &dyn MemberStore, asha: &NewMember, now: Timestamp) {
    let before = proved(store, asha, &[6; 32], now).await.expect("a member");
    let at = later(now, 30);
    let result = store.set_status(UNKNOWN, MemberStatus::Inactive, at).await;
    assert!(matches!(result, Err(MemberError::NotFound { user_id: UNKNOWN })), "{result:?}");
    for status in [MemberStatus::Inactive, MemberStatus::Suspended] {
        let member = store.set_status(before.user_id, status, at).await.expect("a member");
        assert_eq!((member.status, member.updated_at), (status, at));
        assert_eq!(proved(store, asha, &[6; 32], at).await, Some(member));
    }
    store.set_status(before.user_id, MemberStatus::Active, at).await.expect("a member");
    let member = proved(store, asha, &[6; 32], at).await.expect("a member");
    assert_eq!(member.login_count, before.login_count + 1);
}

async fn administrators_have_names_of_their_own(store: &dyn MemberStore, asha: &NewMember, now: Timestamp) {
    // What the store is given it keeps; that this is a hash of nobody's password does not matter to it.
    let hash = |end: &str| -> PasswordHash {
        let text = format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA${}{end}", "A".repeat(42));
        text.parse().expect("a hash")
    };
    assert!(store.administrator("asha").await.expect("an answer").is_none());
    let member = store.put_administrator(asha, "asha", &hash("A"), now).await.expect("an administrator");
    assert_eq!((member.role, &member.name), (MemberRole::Admin, &asha.name), "the member of this phone");
    store.put_administrator(asha, "asha", &hash("E"), now).await.expect("another password");
    let (user_id, kept) = store.administrator("asha").await.expect("an answer").expect("an administrator");
    assert_eq!((user_id, kept), (member.user_id, hash("E")));
    let other = new_member("9876543219", None);
    let result = store.put_administrator(&other, "asha", &hash("A"), now).await;
    assert!(matches!(result, Err(MemberError::UsernameTaken)), "{result:?}");
    let other = store.put_administrator(&other, "other", &hash("A"), now).await.expect("somebody new");
    let signed_in = store.signed_in(other.user_id, now).await.expect("an answer").expect("a member");
    assert_eq!((signed_in.login_count, signed_in.last_login), (1, Some(now)));
    assert!(store.signed_in(UNKNOWN, now).await.expect("an answer").is_none());
}
