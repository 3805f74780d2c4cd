//! One shopper's whole visit, with a loss of power in the middle.

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::program::{Server, folder};

/// A token must outlive the process, so its key is set.
const SETTINGS: [(&str, &str); 2] =
    [("JWT_SECRET_KEY", "a key that is used by nobody but this test"), ("QUICKCART_DEVICE_KEY", "trolley")];

struct Shopper<'s> {
    server: &'s Server,
    client: Client,
    token: String,
}

impl Shopper<'_> {
    async fn get(&self, path: &str) -> Value {
        body(self.client.get(self.server.url.clone() + path).bearer_auth(&self.token).send().await.unwrap())
            .await
    }

    async fn post(&self, path: &str, json: &Value) -> Value {
        let request = self.client.post(self.server.url.clone() + path).bearer_auth(&self.token);
        body(request.json(json).send().await.unwrap()).await
    }

    async fn device(&self, path: &str, json: &Value) -> Value {
        let request = self.client.post(self.server.url.clone() + path).header("X-Device-Key", "trolley");
        body(request.json(json).send().await.unwrap()).await
    }
}

async fn body(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

async fn sign_in<'s>(server: &'s Server, number: &str) -> (Shopper<'s>, bool) {
    let client = Client::builder().cookie_store(true).build().unwrap();
    let mut shopper = Shopper { server, client, token: String::new() };
    let sent = shopper.post("/auth/verify_mobile", &json!({ "mobile_number": number })).await;
    assert_eq!(sent, json!({"message": format!("OTP sent to {number}")}));
    let code = server.code();
    let answer = shopper.post("/auth/verify_otp", &json!({"mobile_number": number, "otp": code})).await;
    shopper.token = answer["token"].as_str().unwrap().to_owned();
    (shopper, answer["is_profile_complete"].as_bool().unwrap())
}

#[tokio::test]
async fn from_the_code_to_the_order_and_over_a_loss_of_power() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &SETTINGS);
    let (shopper, is_complete) = sign_in(&server, "9876543210").await;
    assert!(!is_complete);
    let profile =
        shopper.post("/auth/complete_profile", &json!({"user_name": "Asha", "user_foodtype_id": 1})).await;
    let expected = json!({
        "user_id": profile["user_id"], "user_name": "Asha", "mobilenum": "9876543210", "email": null,
        "user_foodtype_id": 1, "user_allergy_id": null, "is_profile_complete": true,
    });
    assert_eq!(profile, expected);

    let milk = shopper.get("/products/search?query=toned%20MILK").await["results"][0].clone();
    let details = shopper.get("/products/1").await;
    assert_eq!(details["product_name"], milk["product_name"]);
    assert!(details["foodtypes"].is_array() && details["allergies"].is_array());
    let expiry = milk["expiry"].as_str().unwrap();
    assert!(expiry.ends_with(" 00:00:00 GMT"), "{expiry}");
    let offers = shopper.get("/products/offers").await["offers"].as_array().unwrap().clone();
    assert!(
        offers
            .iter()
            .all(|product| !product["offer_name"].is_null() || !product["discounted_price"].is_null())
    );

    for quantity in [2, 3] {
        let item = shopper.post("/user/checklist/add", &json!({"product_id": 1, "quantity": quantity})).await;
        assert_eq!(item["product"]["barcode"], milk["barcode"]);
    }
    shopper.post("/user/checklist/add", &json!({"product_id": 2, "quantity": 1})).await;
    let checklist = shopper.get("/user/checklist").await["items"].as_array().unwrap().clone();
    assert_eq!(checklist.len(), 2);
    assert_eq!(checklist[0]["quantity"], 5);

    let connected = shopper.post("/cart/connect", &json!({"cart_id": 3})).await;
    let user_id = &profile["user_id"];
    assert_eq!(
        connected,
        json!({"cart_id": 3, "user_id": user_id, "message": "Cart connected successfully."})
    );
    walks_past_the_list(&shopper, &checklist).await;

    let message = json!({"cart_id": 3, "product_id": 1, "weight": 1.5});
    let answer = shopper.device("/cart/esp32/add_item", &message).await;
    assert_eq!(answer["message"], "Product 1 added/updated in cart 3, weight updated to 1.5.");
    let rice = shopper.get("/products/2").await;
    let weight = rice["weight"].as_f64().unwrap() * 2.0;
    let message = json!({"cart_id": 3, "barcode": rice["barcode"], "weight": weight});
    for _ in 0..2 {
        shopper.device("/cart/esp32/update_item", &message).await;
    }
    let cart = shopper.get("/cart/view").await;
    let quantities: Vec<_> =
        cart["items"].as_array().unwrap().iter().map(|item| item["quantity"].clone()).collect();
    assert_eq!(quantities, [1, 2]);
    let catalogue_weight = milk["weight"].as_f64().unwrap() + weight;
    assert!((cart["total_weight"].as_f64().unwrap() - catalogue_weight).abs() < 1e-9);

    let order = shopper.post("/orders/checkout", &Value::Null).await;
    assert_eq!(order["total_products"], 3);
    let history = shopper.get("/orders/history").await;
    assert_eq!(history[0]["order_id"], order["order_id"]);
    assert_eq!(history[0]["items"][1]["quantity"], 2);

    let token = shopper.token.clone();
    server.kill();
    let server = Server::start(folder.path(), &SETTINGS);
    let shopper = Shopper { server: &server, client: Client::new(), token };
    assert_eq!(shopper.get("/orders/history").await, history, "the order has survived");
    let (shopper, is_complete) = sign_in(&server, "9876543210").await;
    assert!(is_complete, "and so has the profile");
    assert_eq!(shopper.get("/user/checklist").await["items"].as_array().unwrap().len(), 2);
    shopper.post("/cart/connect", &json!({"cart_id": 3})).await;
    assert_eq!(shopper.get("/cart/view").await, json!({"cart_id": 3, "items": [], "total_weight": 0.0}));
}

/// Both eras of the shortest path.
async fn walks_past_the_list(shopper: &Shopper<'_>, checklist: &[Value]) {
    let destinations: Vec<Value> =
        checklist.iter().map(|item| json!({"product_id": item["product_id"]})).collect();
    let walk = shopper.post("/cart/shortest_path", &json!({ "destinations": destinations })).await;
    let segments = walk["segments"].as_array().unwrap();
    assert_eq!(segments.len(), checklist.len());
    let mut here = walk["start"].clone();
    for segment in segments {
        let path = segment["path"].as_array().unwrap();
        assert_eq!(path[0], here, "each segment begins where the one before it ended");
        here = path[path.len() - 1].clone();
        assert_eq!(segment["path_length"], path.len());
        let section_id = segment["section_id"].as_i64().unwrap();
        assert_eq!(segment["last_instruction"], format!("You have arrived at section {section_id}"));
        let far = |axis: &str| {
            (here[axis].as_f64().unwrap() - segment["destination"][axis].as_f64().unwrap()).abs()
        };
        assert!(far("x") < 1.0 && far("y") < 1.0, "in front of the product");
    }
    let start = &walk["start"];
    let older = json!({
        "start_x": start["x"], "start_y": start["y"],
        "destinations": [{"x": here["x"], "y": here["y"], "floor_level": here["floor_level"]}],
    });
    let path = shopper.post("/cart/shortest_path", &older).await["path"].as_array().unwrap().clone();
    let (first, last) = (&path[0], &path[path.len() - 1]);
    assert_eq!((&first["x"], &first["y"]), (&start["x"], &start["y"]));
    assert_eq!((&last["x"], &last["y"]), (&here["x"], &here["y"]));
    assert!(path.iter().all(|point| !point["instruction"].as_str().unwrap().is_empty()));
    assert!(last["instruction"].as_str().unwrap().starts_with("You have arrived"));
}

#[tokio::test]
async fn a_trolley_belongs_to_one_shopper_and_devices_show_their_key() {
    let folder = folder();
    let settings = [SETTINGS.as_slice(), &[("QUICKCART_LEGACY_DEVICES", "0")]].concat();
    let server = Server::start(folder.path(), &settings);
    let (asha, _) = sign_in(&server, "9876543210").await;
    let (bina, _) = sign_in(&server, "9876543211").await;
    asha.post("/cart/connect", &json!({"cart_id": 1})).await;
    let refused = async |shopper: &Shopper<'_>, path: &str, json: Value| {
        let request = shopper.client.post(server.url.clone() + path).bearer_auth(&shopper.token).json(&json);
        let response = request.send().await.unwrap();
        let status = response.status();
        (status.as_u16(), response.json::<Value>().await.unwrap()["detail"].as_str().unwrap().to_owned())
    };
    let expected = (409, "Cart 1 is already in use by another user.".to_owned());
    assert_eq!(refused(&bina, "/cart/connect", json!({"cart_id": 1})).await, expected);
    let expected = (409, "You are already connected to cart 1. Please disconnect first.".to_owned());
    assert_eq!(refused(&asha, "/cart/connect", json!({"cart_id": 2})).await, expected);
    let expected = (404, "Cart with ID 77 does not exist.".to_owned());
    assert_eq!(refused(&bina, "/cart/connect", json!({"cart_id": 77})).await, expected);
    let expected = (404, "No active cart to checkout.".to_owned());
    assert_eq!(refused(&bina, "/orders/checkout", Value::Null).await, expected);
    let expected = (400, "Cart is empty. Nothing to checkout.".to_owned());
    assert_eq!(refused(&asha, "/orders/checkout", Value::Null).await, expected);

    let message = json!({"cart_id": 1, "product_id": 1, "weight": 1});
    let (status, _) = refused(&asha, "/cart/esp32/add_item", message.clone()).await;
    assert_eq!(status, 401, "without a key");
    let request =
        asha.client.post(server.url.clone() + "/cart/esp32/add_item").header("X-Device-Key", "wrong");
    assert_eq!(request.json(&message).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    asha.device("/cart/esp32/add_item", &message).await;
    let gone = asha.post("/cart/disconnect", &Value::Null).await;
    assert_eq!(gone["message"], "Cart 1 disconnected successfully.");
    bina.post("/cart/connect", &json!({"cart_id": 1})).await;
    assert_eq!(bina.get("/cart/view").await["items"], json!([]), "the next shopper finds it empty");
}

#[tokio::test]
async fn a_token_of_nobody_is_refused() {
    let first = folder();
    let mut server = Server::start(first.path(), &SETTINGS);
    let (shopper, _) = sign_in(&server, "9876543210").await;
    let token = shopper.token.clone();
    server.kill();
    let second = folder();
    let server = Server::start(second.path(), &SETTINGS);
    for (path, body) in [
        ("/user/checklist/add", json!({"product_id": 1, "quantity": 1})),
        ("/cart/connect", json!({"cart_id": 1})),
    ] {
        let request = Client::new().post(server.url.clone() + path).bearer_auth(&token).json(&body);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_code_needs_the_cookie_of_the_client_that_asked_for_it() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("FIXED_OTP", "424242")]);
    let post = async |cookie: &str, path: &str, json: Value| {
        let request = Client::new().post(server.url.clone() + path).header("Cookie", cookie).json(&json);
        request.send().await.unwrap()
    };
    let sent = post("", "/auth/verify_mobile", json!({"mobile_number": "9876543210"})).await;
    let cookie = sent.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let guess = json!({"mobile_number": "+91 98765 43210", "otp": "424242"});
    let other = "session=AAAAAAAAAAAAAAAAAAAAAA";
    for wrong in ["", other] {
        assert_eq!(post(wrong, "/auth/verify_otp", guess.clone()).await.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(post(cookie, "/auth/verify_otp", guess.clone()).await.status(), StatusCode::OK);
    assert_eq!(
        post(cookie, "/auth/verify_otp", guess).await.status(),
        StatusCode::BAD_REQUEST,
        "a second time"
    );
}
