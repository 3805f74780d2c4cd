//! The guard before routes of somebody else's warp server.

use std::sync::Arc;

use clap::Parser;
use quickcart_core::account::{MemberClaims, ShopperClaims, TokenIssuer};
use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_warp::settings::Settings;
use quickcart_warp::{guard, guard_admin, refusal, start};
use serde_json::{Value, json};
use warp::Filter;

use crate::program::folder;

#[derive(Parser)]
struct Host {
    #[command(flatten)]
    settings: Settings,
}

#[tokio::test]
async fn only_who_shows_a_token_of_the_group_gets_to_the_host_s_routes() {
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("shop.db").display());
    let host = Host::parse_from(["host", "--database-url", &database]);
    let config = host.settings.check().unwrap();
    let app = start::start(&config).await.unwrap().app;
    let shoppers = warp::path!("points")
        .and(guard::<ShopperClaims>(&app))
        .map(|shopper: ShopperClaims| format!("shopper {}", shopper.user_id));
    let members = warp::path!("wishlist")
        .and(guard::<MemberClaims>(&app))
        .map(|member: MemberClaims| format!("member {}", member.user_id));
    let admins = warp::path!("statistics")
        .and(guard_admin(&app))
        .map(|member: MemberClaims| format!("administrator {}", member.user_id));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    crate::program::choose_cryptography();
    let routes = shoppers.or(members).unify().or(admins).unify().recover(refusal);
    tokio::spawn(warp::serve(routes).incoming(listener).run());
    let get = async |path: &str, authorization: Option<&str>| {
        let request = reqwest::Client::new().get(format!("http://{address}{path}"));
        let request =
            authorization.into_iter().fold(request, |request, text| request.header("authorization", text));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let json = |(status, text): (u16, String)| (status, serde_json::from_str::<Value>(&text).unwrap());

    let claims = MemberClaims { user_id: 7, phone: "9876543210".to_owned(), is_admin: false };
    let admin = MemberClaims { user_id: 8, is_admin: true, ..claims.clone() };
    let members = app.tokens.of_group::<MemberClaims>();
    let (member, admin) = (members.issue(&claims), members.issue(&admin));
    let shopper = app.tokens.issue(&ShopperClaims { user_id: 9 });
    for (path, token, text) in [
        ("/points", &shopper, "shopper 9"),
        ("/wishlist", &member, "member 7"),
        ("/wishlist", &admin, "member 8"),
        ("/statistics", &admin, "administrator 8"),
    ] {
        for authorization in [token.clone(), format!("Bearer {token}")] {
            assert_eq!(get(path, Some(&authorization)).await, (200, text.to_owned()));
        }
    }

    let phone_otp = |status: u16, message: &str| (status, json!({"success": false, "message": message}));
    let long_ago = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let expired = TokenIssuer::new(config.jwt_key.clone(), long_ago).issue(&claims);
    let missing = phone_otp(401, "Authentication token is missing");
    for path in ["/wishlist", "/statistics"] {
        assert_eq!(json(get(path, None).await), missing);
        assert_eq!(json(get(path, Some("")).await), missing);
        assert_eq!(json(get(path, Some(&expired)).await), phone_otp(401, "Token has expired"));
        for wrong in ["nonsense", "Bearer a.b.c", &shopper] {
            assert_eq!(json(get(path, Some(wrong)).await), phone_otp(401, "Invalid token"));
        }
    }
    assert_eq!(json(get("/statistics", Some(&member)).await), phone_otp(403, "Admin access required"));
    let detail = |text: &str| (401, json!({ "detail": text }));
    assert_eq!(json(get("/points", None).await), detail("Authorization header is missing or invalid"));
    let invalid = detail("Token is invalid, expired, or user_id missing");
    assert_eq!(json(get("/points", Some(&member)).await), invalid);
    app.sessions.revoke(&shopper).await.unwrap();
    assert_eq!(json(get("/points", Some(&shopper)).await), invalid, "revoked");
    assert_eq!(get("/nowhere", Some(&member)).await.0, 404);
}
