//! Members sign in by phone, without any server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use quickcart_core::account::{
    InvalidToken, MemberClaims, MemberError, MemberStatus, MemberStore, Members, NewMember, Passwords,
    Sessions, TokenIssuer,
};
use quickcart_core::clock::{Clock, ManualClock, Timestamp};
use quickcart_core::error::DomainError;
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{KeyRing, Otp, Policy};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;
use quickcart_core::store::SqliteStore;
use tempfile::TempDir;

struct World {
    members: Members,
    tokens: TokenIssuer<MemberClaims>,
    store: Arc<SqliteStore>,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap()));
    let store = Arc::new(SqliteStore::open(&folder.path().join("shop.db")).unwrap());
    let tokens = TokenIssuer::new(SecretKey::new(b"tokens"), clock.clone());
    let codes = Arc::new(MemoryOtpStore::with_capacity(100));
    let otp = Otp::new(codes, KeyRing::new(&SecretKey::new(b"codes")), Policy::default(), clock.clone());
    let members = Members::new(store.clone(), otp, tokens.clone(), &SecretKey::new(b"secret"), clock.clone());
    World { members, tokens, store, clock, _folder: folder }
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::IN).unwrap()
}

fn asha() -> NewMember {
    let email = Some("asha@example.com".parse().unwrap());
    NewMember { name: "Asha Rao".parse().unwrap(), phone: phone("9876543210"), email }
}

fn address(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

#[tokio::test]
async fn a_phone_that_was_proved_gets_a_name_and_is_known_from_then_on() {
    let World { members, tokens, clock, _folder, .. } = world();
    assert!(members.sign_in(&asha().phone, address(1)).await.unwrap().is_none());
    clock.advance(Duration::from_secs(599));
    let made = members.complete_profile(&asha(), address(1)).await.unwrap();
    let claims =
        MemberClaims { user_id: made.member.user_id, phone: "9876543210".to_owned(), is_admin: false };
    assert_eq!(tokens.verify(&made.token).unwrap().claims, claims);
    let known = members.sign_in(&asha().phone, address(2)).await.unwrap().unwrap();
    assert_eq!((known.member.user_id, known.member.login_count), (made.member.user_id, 1));
    assert_eq!(tokens.verify(&known.token).unwrap().claims, claims);
}

#[tokio::test]
async fn only_who_proved_the_phone_lately_gives_it_a_name() {
    let World { members, clock, _folder, .. } = world();
    let refused = async |member: &NewMember, address| {
        let error = members.complete_profile(member, address).await.err().unwrap();
        assert!(matches!(error, MemberError::NotVerified), "{error:?}");
    };
    refused(&asha(), address(1)).await;
    members.sign_in(&asha().phone, address(1)).await.unwrap();
    refused(&asha(), address(2)).await;
    refused(&asha(), None).await;
    refused(&NewMember { phone: phone("9876543211"), ..asha() }, address(1)).await;
    clock.advance(Duration::from_secs(600));
    refused(&asha(), address(1)).await;
    members.sign_in(&asha().phone, address(1)).await.unwrap();
    let mapped = Some("::ffff:192.0.2.1".parse().unwrap());
    refused(&asha(), Some("2001:db8::1".parse().unwrap())).await;
    members.complete_profile(&asha(), mapped).await.unwrap();
    refused(&asha(), address(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_complete_one_profile_one_does() {
    let World { members, _folder, .. } = world();
    members.sign_in(&asha().phone, None).await.unwrap();
    let complete = || {
        let members = members.clone();
        tokio::spawn(async move { members.complete_profile(&asha(), None).await.is_ok() })
    };
    let tasks: Vec<_> = (0..16).map(|_| complete()).collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap());
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn who_is_shut_out_stays_out_with_all_tokens() {
    let World { members, tokens, clock, _folder, .. } = world();
    members.sign_in(&asha().phone, None).await.unwrap();
    let made = members.complete_profile(&asha(), None).await.unwrap();
    let sessions = Sessions::default().with(tokens.clone(), members.clone());
    for status in [MemberStatus::Suspended, MemberStatus::Inactive] {
        members.set_status(made.member.user_id, status).await.unwrap();
        assert_eq!(tokens.verify(&made.token), Err(InvalidToken::Revoked));
        let error = members.sign_in(&asha().phone, None).await.err().unwrap();
        assert_eq!((error.kind().http_status(), error.code()), (403, "member_shut_out"));
    }
    // A token that another server issued in the meantime.
    clock.advance(Duration::from_secs(1));
    let stray =
        tokens.issue(&MemberClaims { user_id: made.member.user_id, phone: String::new(), is_admin: true });
    let error = sessions.refresh(&stray).await.unwrap_err();
    assert_eq!((error.kind().http_status(), error.code()), (403, "account_closed"));
    members.set_status(made.member.user_id, MemberStatus::Active).await.unwrap();
    let fresh = sessions.refresh(&stray).await.unwrap();
    let claims = tokens.verify(&fresh).unwrap().claims;
    assert_eq!((claims.phone.as_str(), claims.is_admin), ("9876543210", false), "what is true today");
    members.sign_in(&asha().phone, None).await.unwrap().unwrap();
}

#[tokio::test]
async fn administrators_sign_in_with_a_password_once_somebody_named_them() {
    let World { members, tokens, store, clock, _folder } = world();
    let sign_in = async |username: &str, password: &str| {
        members.sign_in_administrator(username, password, address(1)).await
    };
    let wrong = async |username: &str, password: &str| {
        let error = sign_in(username, password).await.err().unwrap();
        assert!(matches!(error, MemberError::WrongCredentials), "{username}: {error:?}");
    };
    for (username, password) in [("admin", "admin123"), ("admin", "admin"), ("", "")] {
        wrong(username, password).await;
    }
    let put = async |password: &str| {
        let hash = Passwords::default().hash(password).await.unwrap();
        store.put_administrator(&asha(), "asha", &hash, clock.now()).await.unwrap();
    };
    put("correct horse").await;
    wrong("asha", "wrong horse").await;
    wrong("Asha", "correct horse").await;
    let known = sign_in("asha", "correct horse").await.unwrap();
    let claims = tokens.verify(&known.token).unwrap().claims;
    assert!(claims.is_admin && known.member.login_count == 1, "{claims:?}");
    let by_phone = members.sign_in(&asha().phone, None).await.unwrap().unwrap();
    assert!(tokens.verify(&by_phone.token).unwrap().claims.is_admin);
    put("another horse").await;
    wrong("asha", "correct horse").await;
    members.set_status(known.member.user_id, MemberStatus::Suspended).await.unwrap();
    let error = sign_in("asha", "another horse").await.err().unwrap();
    assert!(matches!(error, MemberError::ShutOut { .. }), "{error:?}");
    clock.advance(Duration::from_secs(3_600));
    for _ in 0..20 {
        wrong("asha", "guess after guess").await;
    }
    let error = sign_in("asha", "another horse").await.err().unwrap();
    assert_eq!(error.kind().http_status(), 429, "even the right one");
}

#[tokio::test]
async fn nothing_names_a_person_in_logs() {
    let World { members, _folder, .. } = world();
    members.sign_in(&asha().phone, None).await.unwrap();
    let made = members.complete_profile(&asha(), None).await.unwrap();
    let shown = format!("{:?} {:?}", asha(), made.member);
    for secret in ["9876543210", "Asha", "asha@"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
