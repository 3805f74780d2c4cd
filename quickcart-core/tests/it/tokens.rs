//! Tokens that end before their time, on one server and on several.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quickcart_core::account::{
    InvalidToken, MemberClaims, RevocationStore, Revocations, Sessions, ShopperClaims, TokenIssuer,
};
use quickcart_core::clock::{Clock, ManualClock, Timestamp};
use quickcart_core::error::DomainError;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;
use quickcart_core::shop::Shop;
use quickcart_core::store::SqliteStore;

const CLAIMS: ShopperClaims = ShopperClaims { user_id: 1 };

struct Server {
    store: Arc<SqliteStore>,
    revocations: Revocations,
    tokens: TokenIssuer<ShopperClaims>,
}

/// One of several servers of a file.
async fn server(file: &Path, clock: &Arc<ManualClock>) -> Server {
    let store = Arc::new(SqliteStore::open(file).unwrap());
    let revocations = Revocations::load(store.clone(), clock.now()).await.unwrap();
    let tokens =
        TokenIssuer::new(SecretKey::new(b"key"), clock.clone()).with_revocations(revocations.clone());
    Server { store, revocations, tokens }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap()))
}

fn code(result: Result<impl Sized, impl DomainError>) -> &'static str {
    result.err().map_or("no error", |error| error.code())
}

#[tokio::test]
async fn a_revoked_token_is_revoked_on_every_server() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let file = folder.path().join("shop.db");
    let (here, there) = (server(&file, &clock).await, server(&file, &clock).await);
    let (token, other) = (here.tokens.issue(&CLAIMS), here.tokens.issue(&CLAIMS));
    assert!(here.tokens.revoke(&token).await.unwrap());
    assert_eq!(here.tokens.verify(&token), Err(InvalidToken::Revoked));
    assert!(there.tokens.verify(&token).is_ok(), "not told yet");
    there.revocations.reload(clock.now()).await.unwrap();
    assert_eq!(there.tokens.verify(&token), Err(InvalidToken::Revoked));
    assert!(there.tokens.verify(&other).is_ok());
    let later = server(&file, &clock).await;
    assert_eq!(later.tokens.verify(&token), Err(InvalidToken::Revoked), "a server that starts knows it");
}

#[tokio::test]
async fn all_tokens_of_somebody_end_and_later_ones_hold() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let here = server(&folder.path().join("shop.db"), &clock).await;
    let members = here.tokens.of_group::<MemberClaims>();
    let (old, foreign) = (here.tokens.issue(&CLAIMS), here.tokens.issue(&ShopperClaims { user_id: 11 }));
    let member = members.issue(&MemberClaims { user_id: 1, phone: String::new(), is_admin: false });
    clock.advance(Duration::from_millis(400));
    here.tokens.revoke_all(&CLAIMS).await.unwrap();
    assert_eq!(here.tokens.verify(&old), Err(InvalidToken::Revoked));
    assert!(here.tokens.verify(&foreign).is_ok(), "of somebody else");
    assert!(members.verify(&member).is_ok(), "of another group");
    clock.advance(Duration::from_secs(1));
    let new = here.tokens.issue(&CLAIMS);
    assert!(here.tokens.verify(&new).is_ok());
}

#[tokio::test]
async fn rows_die_with_the_tokens() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let here = server(&folder.path().join("shop.db"), &clock).await;
    here.tokens.revoke(&here.tokens.issue(&CLAIMS)).await.unwrap();
    here.tokens.revoke_all(&CLAIMS).await.unwrap();
    assert_eq!(here.store.revocations(0).await.unwrap().1.len(), 2);
    clock.advance(Duration::from_secs(3_600));
    here.tokens.revoke(&here.tokens.issue(&CLAIMS)).await.unwrap();
    assert_eq!(here.store.revocations(0).await.unwrap().1.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn servers_agree_within_the_time_they_follow_in() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let file = folder.path().join("shop.db");
    let (here, there) = (server(&file, &clock).await, server(&file, &clock).await);
    let follower = tokio::spawn(there.revocations.follow(Duration::from_secs(2), clock.clone()));
    let token = here.tokens.issue(&CLAIMS);
    here.tokens.revoke(&token).await.unwrap();
    while there.tokens.verify(&token).is_ok() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(there);
    follower.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_refreshes_of_one_token_one_succeeds() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let file = folder.path().join("shop.db");
    let (here, there) = (server(&file, &clock).await, server(&file, &clock).await);
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let shop = |server: &Server| Shop::new(server.store.clone(), clock.clone());
    let claims = ShopperClaims { user_id: shop(&here).sign_in(&phone).await.unwrap().user_id };
    let sessions =
        [&here, &there].map(|server| Arc::new(Sessions::default().with(server.tokens.clone(), shop(server))));
    let token = here.tokens.issue(&claims);
    let tasks: Vec<_> = (0..16)
        .map(|index| {
            let (sessions, token) = (Arc::clone(&sessions[index % 2]), token.clone());
            tokio::spawn(async move { sessions.refresh(&token).await })
        })
        .collect();
    let mut fresh = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(token) => fresh.push(token),
            Err(error) => assert_eq!(error.code(), "token_revoked"),
        }
    }
    assert_eq!(fresh.len(), 1);
    assert_eq!(here.tokens.verify(&fresh[0]).unwrap().claims, claims);
}

#[tokio::test]
async fn only_holders_that_exist_get_a_new_token() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let here = server(&folder.path().join("shop.db"), &clock).await;
    let shop = Shop::new(here.store.clone(), clock.clone());
    let sessions = Sessions::default().with(here.tokens.clone(), shop);
    let nobody = here.tokens.issue(&CLAIMS);
    assert_eq!(code(sessions.refresh(&nobody).await), "account_closed");
    let member =
        here.tokens.of_group().issue(&MemberClaims { user_id: 1, phone: String::new(), is_admin: true });
    for token in [member.as_str(), "", "a.b.c"] {
        assert_eq!(code(sessions.refresh(token).await), "token_invalid", "of no group here");
        assert_eq!(code(sessions.revoke(token).await), "token_invalid");
        assert_eq!(code(sessions.revoke_all(token).await), "token_invalid");
    }
    sessions.revoke_all(&nobody).await.unwrap();
    assert_eq!(code(sessions.revoke(&nobody).await), "token_revoked");
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(code(sessions.refresh(&nobody).await), "token_expired");
}
