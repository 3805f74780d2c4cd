//! `/api/auth/complete-profile`: who proved a phone becomes a member, and nobody else does.

use std::io::Write;
use std::process::Stdio;

use quickcart_core::account::{MemberStatus, MemberStore};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::store::SqliteStore;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::program::{Server, command, folder};

async fn post(server: &Server, path: &str, body: Value) -> Response {
    Client::new().post(server.url.clone() + path).json(&body).send().await.unwrap()
}

async fn answer(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn verify(server: &Server, phone: &str) -> (u16, Value) {
    let (_, sent) = answer(post(server, "/api/auth/send-otp", json!({ "phoneNumber": phone })).await).await;
    let body = json!({"phoneNumber": phone, "otp": sent["otp"]});
    answer(post(server, "/api/auth/verify-otp", body).await).await
}

async fn complete(server: &Server, body: Value) -> (u16, Value) {
    answer(post(server, "/api/auth/complete-profile", body).await).await
}

fn is_http_date(value: &Value) -> bool {
    jiff::fmt::rfc2822::parse(value.as_str().unwrap_or_default()).is_ok()
        && value.as_str().is_some_and(|text| text.len() == 29 && text.ends_with(" GMT"))
}

#[tokio::test]
async fn who_proved_a_phone_becomes_a_member_and_is_known_the_next_time() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(verify(&server, "9876543210").await.1["isNewUser"], json!(true));
    let body = json!({"phone": "9876543210", "name": "Asha Rao", "email": "Asha@Example.com", "dob": null});
    let (status, made) = complete(&server, body).await;
    let user = &made["user"];
    let expected = json!({
        "success": true, "message": "Profile created successfully", "token": made["token"],
        "user": {
            "id": user["id"], "name": "Asha Rao", "phone": "9876543210", "email": "asha@example.com",
            "role": "customer", "status": "active", "login_count": 0, "last_login": null,
            "created_at": user["created_at"], "updated_at": user["updated_at"],
        },
    });
    assert_eq!((status, &made), (200, &expected));
    assert!(made["token"].as_str().unwrap().split('.').count() == 3 && user["id"].is_i64());
    assert!(is_http_date(&user["created_at"]) && is_http_date(&user["updated_at"]), "{made}");

    let (status, known) = verify(&server, "+919876543210").await;
    let user = &known["user"];
    assert_eq!((status, &known["isNewUser"], known.get("phone")), (200, &json!(false), None));
    assert_eq!((&user["id"], &user["login_count"]), (&made["user"]["id"], &json!(1)));
    assert!(is_http_date(&user["last_login"]) && known["token"].is_string(), "{known}");
}

#[tokio::test]
async fn defect_8_only_a_verified_phone_gets_a_profile_and_a_token() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let profile = |phone: &str| json!({"phone": phone, "name": "Asha Rao"});
    let refusal = json!({"success": false, "message": "Please verify your phone number first"});
    let refused = (403, refusal);
    assert_eq!(complete(&server, profile("9876543210")).await, refused);
    post(&server, "/api/auth/send-otp", json!({"phoneNumber": "9876543210"})).await;
    assert_eq!(complete(&server, profile("9876543210")).await, refused, "a code that was only sent");
    let wrong = json!({"phoneNumber": "9876543210", "otp": "not it"});
    assert_eq!(post(&server, "/api/auth/verify-otp", wrong).await.status(), 400);
    assert_eq!(complete(&server, profile("9876543210")).await, refused, "a code that was only guessed");
    verify(&server, "9876543210").await;
    assert_eq!(complete(&server, profile("9876543211")).await, refused, "a phone beside it");
    assert_eq!(complete(&server, profile("9876543210")).await.0, 200);
    assert_eq!(complete(&server, profile("9876543210")).await, refused, "used up");

    let (_, sent) = answer(post(&server, "/api/send-otp", json!({"phoneNumber": "9876543212"})).await).await;
    let body = json!({"phoneNumber": "9876543212", "otp": sent["otp"]});
    assert_eq!(post(&server, "/api/verify-otp", body).await.status(), 200);
    assert_eq!(
        complete(&server, profile("9876543212")).await,
        refused,
        "the first version proves nothing here"
    );
}

#[tokio::test]
async fn defect_8_a_taken_address_is_a_conflict_and_another_one_may_be_tried() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for phone in ["9876543210", "9876543211"] {
        verify(&server, phone).await;
    }
    let profile = |phone: &str, email: &str| json!({"phone": phone, "name": "Asha", "email": email});
    assert_eq!(complete(&server, profile("9876543210", "asha@example.com")).await.0, 200);
    let conflict = json!({"success": false, "message": "Email already registered"});
    assert_eq!(complete(&server, profile("9876543211", "ASHA@example.com")).await, (409, conflict));
    let (status, made) = complete(&server, profile("9876543211", "")).await;
    assert_eq!((status, &made["user"]["email"]), (200, &Value::Null));
}

#[tokio::test]
async fn defect_8_another_address_cannot_take_the_place_of_who_proved_the_phone() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_TRUSTED_PROXIES", "127.0.0.1")]);
    let from = async |address: &str, path: &str, body: &Value| {
        let request = Client::new().post(server.url.clone() + path).header("x-forwarded-for", address);
        answer(request.json(body).send().await.unwrap()).await
    };
    let phone = json!({"phoneNumber": "9876543210"});
    let (_, sent) = from("192.0.2.1", "/api/auth/send-otp", &phone).await;
    let code = json!({"phoneNumber": "9876543210", "otp": sent["otp"]});
    assert_eq!(from("192.0.2.1", "/api/auth/verify-otp", &code).await.0, 200);
    let profile = json!({"phone": "9876543210", "name": "Asha"});
    assert_eq!(from("192.0.2.2", "/api/auth/complete-profile", &profile).await.0, 403);
    assert_eq!(from("192.0.2.1", "/api/auth/complete-profile", &profile).await.0, 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_profile_is_said() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    verify(&server, "9876543210").await;
    let name = "a name has 2 to 100 letters, blanks, periods, apostrophes and hyphens";
    for (change, message) in [
        (json!({"name": null}), "Phone number and name are required"),
        (json!({"phone": ""}), "Phone number and name are required"),
        (json!({"name": "A"}), name),
        (json!({"name": "   "}), name),
        (json!({"name": "Asha1"}), name),
        (json!({"name": "<script>"}), name),
        (json!({"name": 7}), name),
        (json!({"name": ["Asha"]}), name),
        (json!({"name": "x".repeat(101)}), name),
        (json!({"name": "x".repeat(100_000)}), name),
        (json!({"phone": 9_876_543_210_u64}), "Invalid phone number format"),
        (json!({"phone": "98765"}), "Phone number must be 10 digits"),
        (json!({"email": "nonsense"}), "not an e-mail address; write it as name@example.com"),
        (json!({"email": {}}), "not an e-mail address; write it as name@example.com"),
    ] {
        let mut body = json!({"phone": "9876543210", "name": "Asha", "email": null, "dob": "2000-01-01"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let expected = (400, json!({"success": false, "message": message}));
        assert_eq!(complete(&server, body).await, expected, "{change}");
    }
    let name = "प्रिया O'Brien-Ánh";
    let body = json!({"phone": "09876543210", "name": name, "email": null, "dob": {"any": "thing"}});
    assert_eq!(complete(&server, body.clone()).await.0, 400, "ten digits, as the page sends them");
    let body = json!({"phone": "919876543210", "name": name, "email": null, "dob": {"any": "thing"}});
    let (status, made) = complete(&server, body).await;
    assert_eq!((status, &made["user"]["name"]), (200, &json!(name)));
}

#[tokio::test]
async fn who_is_shut_out_gets_403() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    verify(&server, "9876543210").await;
    let (_, made) = complete(&server, json!({"phone": "9876543210", "name": "Asha"})).await;
    let store = SqliteStore::open(&folder.path().join("data/quickcart.db")).unwrap();
    let user_id = made["user"]["id"].as_i64().unwrap();
    for status in [MemberStatus::Suspended, MemberStatus::Inactive] {
        store.set_status(user_id, status, SystemClock.now()).await.unwrap();
        let message = format!("this account is {}", status.as_str());
        let refused = verify(&server, "9876543210").await;
        assert_eq!(refused, (403, json!({"success": false, "message": message})));
    }
    store.set_status(user_id, MemberStatus::Active, SystemClock.now()).await.unwrap();
    let (status, known) = verify(&server, "9876543210").await;
    assert_eq!((status, &known["user"]["login_count"]), (200, &json!(1)), "refusals are not counted");
}

#[tokio::test]
async fn defect_8_no_administrator_has_a_password_that_everybody_knows() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let login = async |body: Value| answer(post(&server, "/api/auth/admin-login", body).await).await;
    let refused = (401, json!({"success": false, "message": "Invalid credentials"}));
    for (username, password) in [("admin", "admin123"), ("admin", "admin"), ("Admin", "password"), ("x", "y")]
    {
        assert_eq!(login(json!({"username": username, "password": password})).await, refused);
    }
    let missing = (400, json!({"success": false, "message": "Username and password are required"}));
    for body in
        [json!({}), json!({"username": "admin"}), json!({"username": "admin", "password": 7}), json!([])]
    {
        assert_eq!(login(body).await.0, 400);
    }
    assert_eq!(login(json!({"username": "admin", "password": ""})).await, missing);

    let mut naming = command(folder.path(), &[])
        .args(["administrator", "asha", "--phone", "9876543210", "--name", "Asha Rao"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    naming.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    assert!(naming.wait().unwrap().success());
    assert_eq!(login(json!({"username": "asha", "password": "wrong horse"})).await, refused);
    let (status, welcome) = login(json!({"username": "asha", "password": "correct horse"})).await;
    assert_eq!((status, &welcome["user"]["role"]), (200, &json!("admin")), "{welcome}");
    assert!(welcome["token"].is_string() && welcome["user"].get("password_hash").is_none());
}
