//! The smart-cart group, line by line of what its clients know.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::program::{Server, folder};

/// A client of a server, signed in or not.
struct Caller<'s> {
    server: &'s Server,
    client: Client,
    token: Option<String>,
}

impl Caller<'_> {
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self.client.request(method, self.server.url.clone() + path);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.send(Method::GET, path, None).await).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.send(Method::POST, path, Some(&body)).await).await
    }

    async fn post_nothing(&self, path: &str) -> (u16, Value) {
        answer(self.send(Method::POST, path, None).await).await
    }

    /// The new ad-hoc cart.
    async fn ad_hoc(&self) -> i64 {
        let (status, cart) = self.post_nothing("/cart/connect").await;
        assert_eq!((status, &cart["message"]), (201, &json!("New cart connected successfully.")));
        cart["cart_id"].as_i64().unwrap()
    }

    async fn connect(&self, cart_id: i64) {
        let (status, cart) = self.post("/cart/connect", json!({ "cart_id": cart_id })).await;
        assert_eq!((status, &cart["message"]), (200, &json!("Cart connected successfully.")));
    }
}

/// The answer to a path that no client tidies up before.
fn as_it_is(server: &Server, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text:?} is no JSON")))
}

fn detail(status: u16, text: &str) -> (u16, Value) {
    (status, json!({ "detail": text }))
}

fn message(text: &str) -> (u16, Value) {
    (200, json!({ "message": text }))
}

fn anybody(server: &Server) -> Caller<'_> {
    Caller { server, client: Client::builder().cookie_store(true).build().unwrap(), token: None }
}

async fn signed_in<'s>(server: &'s Server, number: &str) -> Caller<'s> {
    let mut caller = anybody(server);
    let (status, _) = caller.post("/auth/verify_mobile", json!({ "mobile_number": number })).await;
    assert_eq!(status, 200);
    let guess = json!({"mobile_number": number, "otp": server.code()});
    let (_, answer) = caller.post("/auth/verify_otp", guess).await;
    caller.token = Some(answer["token"].as_str().unwrap().to_owned());
    caller
}

#[tokio::test]
async fn labels_and_sections_are_for_everybody() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let (status, labels) = anybody(&server).get("/misc/foodtypes-categories").await;
    assert_eq!((status, labels.as_object().unwrap().len()), (200, 2));
    assert_eq!(labels["foodtypes"][0], json!({"foodtype_id": 4, "foodtype_name": "Egg"}), "by name");
    assert!(
        labels["categories"]
            .as_array()
            .unwrap()
            .contains(&json!({"category_id": 1, "category_name": "Dairy"}))
    );
    let (status, sections) = anybody(&server).get("/misc/store-sections").await;
    let dairy = json!({
        "section_id": 1, "section_name": "Dairy", "x1": 1.0, "y1": 0.25, "x2": 15.5, "y2": 1.0, "floor_level": 0,
    });
    assert!(status == 200 && sections.as_array().unwrap().contains(&dairy));
    assert!(sections.as_array().unwrap().is_sorted_by_key(|section| section["section_name"].as_str()));
}

#[tokio::test]
async fn pictures_come_from_their_folder_only() {
    let folder = folder();
    let images = folder.path().join("images");
    fs::create_dir_all(images.join("dairy")).unwrap();
    fs::write(images.join("dairy/Ghee 1 L.png"), "ghee").unwrap();
    fs::write(images.join("drawing.svg"), "<svg/>").unwrap();
    fs::write(images.join(".env.png"), "secret").unwrap();
    fs::write(folder.path().join("secret.png"), "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("secret.png"), images.join("link.png")).unwrap();
    let server = Server::start(folder.path(), &[("QUICKCART_IMAGES", "images")]);
    let caller = anybody(&server);
    let shown = caller.send(Method::GET, "/misc/images/dairy/Ghee%201%20L.png", None).await;
    assert_eq!(
        (shown.status().as_u16(), &shown.headers()["content-type"]),
        (200, &"image/png".parse().unwrap())
    );
    assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
    let headers = shown.headers().clone();
    assert_eq!(shown.text().await.unwrap(), "ghee");
    let known = ["etag", "last-modified"].map(|name| headers[name].to_str().unwrap().to_owned());
    for (header, value, status) in [
        ("If-None-Match", known[0].clone(), 304),
        ("If-None-Match", format!("\"x\", W/{}", known[0]), 304),
        ("If-None-Match", "*".to_owned(), 304),
        ("If-None-Match", "\"x\"".to_owned(), 200),
        ("If-Modified-Since", known[1].clone(), 304),
        ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT".to_owned(), 200),
    ] {
        let request = caller.client.get(format!("{}/misc/images/dairy%2FGhee%201%20L.png", server.url));
        let response = request.header(header, &value).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{header}: {value}");
        assert_eq!(response.headers()["etag"], known[0].as_str());
        assert_eq!(response.bytes().await.unwrap().is_empty(), status == 304);
    }
    let drawing = caller.send(Method::GET, "/misc/images/drawing.svg", None).await;
    assert!(drawing.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    for path in [
        "none.png",
        "",
        "dairy",
        ".env.png",
        "link.png",
        "../secret.png",
        "dairy/../../secret.png",
        "%2e%2e/secret.png",
        "..%2fsecret.png",
        "%2E%2E%2Fsecret.png",
        "dairy/..%2f..%2fsecret.png",
        "..%5csecret.png",
        "%252e%252e/secret.png",
        "/etc/hostname.png",
        "drawing.svg%00.png",
        "drawing.svg%00",
        "%ff.png",
        "dairy//Ghee%201%20L.png",
    ] {
        let answer = as_it_is(&server, &format!("/misc/images/{path}"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.ends_with("\r\n\r\n{\"detail\":\"Image not found.\"}"), "{path}: {answer}");
    }
    assert_eq!(caller.post_nothing("/misc/images/drawing.svg").await, detail(405, "Method Not Allowed"));
}

#[tokio::test]
async fn without_a_folder_there_are_no_pictures() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(anybody(&server).get("/misc/images/none.jpg").await, detail(404, "Image not found."));
}

#[tokio::test]
async fn what_is_not_public_needs_a_token() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let mut caller = anybody(&server);
    let paths = [
        (Method::GET, "/user/recipes"),
        (Method::GET, "/user/recipes/1"),
        (Method::POST, "/user/checklist/remove"),
        (Method::POST, "/cart/connect"),
        (Method::GET, "/cart/1/location"),
        (Method::GET, "/cart/product_locations?product_ids=1"),
        (Method::POST, "/cart/item/add"),
        (Method::POST, "/cart/item/remove"),
    ];
    for (method, path) in &paths {
        let response = caller.send(method.clone(), path, None).await;
        assert_eq!(
            answer(response).await,
            detail(401, "Authorization header is missing or invalid"),
            "{path}"
        );
    }
    caller.token = Some("a.b.c".to_owned());
    for (method, path) in paths {
        let response = caller.send(method, path, None).await;
        let text = "Token is invalid, expired, or user_id missing";
        assert_eq!(answer(response).await, detail(401, text), "{path}");
    }
}

#[tokio::test]
async fn recipes_go_with_the_list_and_the_cart() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    assert_eq!(asha.get("/user/recipes").await, (200, json!({"recipes": []})));
    asha.post("/user/checklist/add", json!({"product_id": 40, "quantity": 1})).await;
    let (_, rice) = asha.get("/products/40").await;
    let (_, found) = asha.get("/user/recipes?source=CheckList").await;
    let kheer = &found["recipes"][0];
    assert_eq!((&kheer["recipe_name"], &kheer["product_id"]), (&json!("Rice Kheer"), &json!(40)));
    assert_eq!(
        (kheer["product"]["barcode"].clone(), kheer.as_object().unwrap().len()),
        (rice["barcode"].clone(), 4)
    );
    assert_eq!(found["recipes"].as_array().unwrap().len(), 2, "{found}");
    assert_eq!(asha.get("/user/recipes?source=cart").await, detail(404, "User has no active cart."));
    let wrong = "Invalid source parameter. Must be \"cart\" or \"checklist\".";
    assert_eq!(asha.get("/user/recipes?source=fridge").await, detail(400, wrong));
    asha.ad_hoc().await;
    assert_eq!(asha.get("/user/recipes?source=CART").await, (200, json!({"recipes": []})));
    asha.post("/cart/item/add", json!({"product_id": 40})).await;
    assert_eq!(asha.get("/user/recipes?source=cart").await, (200, found));

    let (status, recipe) = asha.get("/user/recipes/1").await;
    assert_eq!((status, recipe.as_object().unwrap().len()), (200, 5));
    assert_eq!((&recipe["recipe_id"], &recipe["recipe_name"]), (&json!(1), &json!("Rice Kheer")));
    assert_eq!(
        (&recipe["product_id"], &recipe["product"]),
        (&json!(3), &recipe["products"][0]),
        "of older clients"
    );
    assert_eq!(recipe["products"].as_array().unwrap().len(), 6);
    assert_eq!(asha.get("/user/recipes/99").await, detail(404, "Recipe with id 99 not found."));
    assert_eq!(asha.get("/user/recipes/x").await, detail(404, "Not Found"));
    assert_eq!(asha.get("/user/recipes/99999999999999999999").await, detail(404, "Not Found"));
}

#[tokio::test]
async fn the_texts_say_which_kind_of_cart_it_is() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    for path in ["/cart/item/add", "/cart/item/remove"] {
        let none = detail(404, "No active cart found for user.");
        assert_eq!(asha.post(path, json!({"product_id": 1})).await, none, "{path}");
    }
    let cart_id = asha.ad_hoc().await;
    let (_, cart) = asha.post("/cart/connect", json!({ "cart_id": cart_id })).await;
    assert_eq!(cart["message"], "You are already connected to this cart.");
    assert_eq!(
        asha.post("/cart/item/add", json!({"product_id": 1})).await,
        message("Product 1 added to cart.")
    );
    let removed = format!("Product 1 quantity updated/removed from cart {cart_id}.");
    assert_eq!(asha.post("/cart/item/remove", json!({"product_id": 1})).await, message(&removed));
    let gone = format!("Cart {cart_id} disconnected and cleared successfully.");
    assert_eq!(asha.post_nothing("/cart/disconnect").await, message(&gone));
    let unknown = detail(404, &format!("Cart with ID {cart_id} does not exist."));
    assert_eq!(asha.post("/cart/connect", json!({ "cart_id": cart_id })).await, unknown, "it was deleted");

    asha.connect(1).await;
    let (status, kept) = asha.post_nothing("/cart/connect").await;
    assert_eq!(
        (status, &kept["cart_id"], &kept["message"]),
        (200, &json!(1), &json!("Already connected to cart."))
    );
    asha.post("/cart/item/add", json!({"product_id": 2})).await;
    let (_, cart) = asha.get("/cart/view").await;
    assert_eq!((cart.as_object().unwrap().len(), &cart["items"][0]["quantity"]), (3, &json!(1)));
    let removed = message("Product 2 removed from cart.");
    assert_eq!(asha.post("/cart/item/remove", json!({"product_id": 2})).await, removed);
    let missing = detail(404, "Product 2 not found in cart.");
    assert_eq!(asha.post("/cart/item/remove", json!({"product_id": 2})).await, missing);
    assert_eq!(asha.post_nothing("/cart/disconnect").await, message("Cart 1 disconnected successfully."));
}

#[tokio::test]
async fn only_a_connection_without_any_body_makes_a_cart() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    let missing = json!({"detail": [{"type": "missing", "loc": ["cart_id"], "msg": "Field required"}]});
    assert_eq!(asha.post("/cart/connect", json!({})).await, (400, missing));
    for (body, content_type, expected) in [
        ("{bad", "application/json", 400),
        ("null", "application/json", 400),
        ("[]", "application/json", 400),
        (" ", "application/json", 400),
        ("{\"cart_id\":\"x\"}", "application/json", 400),
        ("cart_id=1", "application/x-www-form-urlencoded", 415),
        ("", "application/json", 201),
        ("", "text/plain", 200),
    ] {
        let request =
            asha.client.post(format!("{}/cart/connect", server.url)).header("Content-Type", content_type);
        let response = request.bearer_auth(asha.token.as_ref().unwrap()).body(body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{body:?} {content_type}");
    }
}

#[tokio::test]
async fn bad_input_of_carts_and_lists_is_refused() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    asha.connect(1).await;
    for path in ["/cart/item/add", "/cart/item/remove"] {
        for (body, kind) in [
            (json!({}), "missing"),
            (json!({"product_id": "x"}), "int_parsing"),
            (json!({"product_id": null}), "int_type"),
            (json!({"product_id": 1.5}), "int_from_float"),
        ] {
            let (status, answer) = asha.post(path, body.clone()).await;
            let fault = &answer["detail"][0];
            assert_eq!(
                (status, &fault["type"], &fault["loc"]),
                (400, &json!(kind), &json!(["product_id"])),
                "{body}"
            );
        }
        let unknown = asha.post(path, json!({"product_id": i64::MAX})).await;
        assert_eq!(unknown.0, 404, "{unknown:?}");
    }
    let malformed = detail(400, "Invalid request body, product_id missing or malformed");
    assert_eq!(asha.post("/user/checklist/remove", json!({})).await, malformed);
    assert_eq!(asha.post("/user/checklist/remove", json!([1])).await, malformed);
    for id in [json!("1"), json!(1.0), json!(true), json!(null), json!([1]), json!(1e30)] {
        let wrong = detail(400, "product_id must be an integer");
        assert_eq!(asha.post("/user/checklist/remove", json!({ "product_id": id })).await, wrong, "{id}");
    }
    for (query, text) in [
        ("", "product_ids parameter is required (comma-separated)."),
        ("?product_ids=", "product_ids parameter is required (comma-separated)."),
        ("?product_ids=1,x", "Invalid product_ids format. Must be comma-separated integers."),
        ("?product_ids=1,,2", "Invalid product_ids format. Must be comma-separated integers."),
    ] {
        assert_eq!(asha.get(&format!("/cart/product_locations{query}")).await, detail(400, text), "{query}");
    }
    assert_eq!(asha.get("/cart/x/location").await, detail(404, "Not Found"));
}

#[tokio::test]
async fn carts_and_products_have_places() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    let not_yours = |id| detail(403, &format!("Cart {id} not found or does not belong to user."));
    assert_eq!(asha.get("/cart/1/location").await, not_yours(1));
    asha.connect(1).await;
    let (status, place) = asha.get("/cart/1/location").await;
    assert_eq!(
        (status, &place["cart_id"], &place["updated_at"]),
        (200, &json!(1), &json!(null)),
        "at its dock"
    );
    assert!(place["x_coord"].is_f64() && place["y_coord"].is_f64() && place.as_object().unwrap().len() == 5);
    assert_eq!(asha.get("/cart/2/location").await, not_yours(2));
    assert_eq!(asha.get("/cart/77/location").await, not_yours(77));
    asha.post_nothing("/cart/disconnect").await;
    let cart_id = asha.ad_hoc().await;
    let unknown = detail(404, &format!("Location not found for cart {cart_id}."));
    assert_eq!(asha.get(&format!("/cart/{cart_id}/location")).await, unknown);
    let expected = json!({"error": "No active cart location found for user.", "detail": "No active cart location found for user."});
    let walk = asha.post("/cart/shortest_path", json!({"destinations": [{"product_id": 1}]})).await;
    assert_eq!(walk, (404, expected));

    let (_, places) = asha.get("/cart/product_locations?product_ids=2,%201,99999,2").await;
    let ids: Vec<_> =
        places.as_array().unwrap().iter().map(|place| place["product_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [2, 1]);
    let milk = json!({
        "product_id": 1, "section_id": 1, "aisle_num": 10, "shelf_num": 5, "x_coord": 1.375, "y_coord": 0.9,
        "section": {
            "section_id": 1, "section_name": "Dairy", "x1": 1.0, "y1": 0.25, "x2": 15.5, "y2": 1.0, "floor_level": 0,
        },
    });
    assert_eq!(places[1], milk);
}

#[tokio::test]
async fn older_paths_start_where_they_are_told() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    let path = |body| asha.post("/cart/shortest_path", body);
    let (status, walk) =
        path(json!({"start_x": 2, "start_y": 2, "destinations": [{"x": 14.0, "y": 2}, {"x": 1e9, "y": 1}]}))
            .await;
    let points = walk["path"].as_array().unwrap();
    assert!(status == 200 && points.len() >= 2, "{walk}");
    assert_eq!((points[0]["section_id"].is_null(), points[0]["instruction"].is_string()), (true, true));
    assert_eq!(
        path(json!({"start_x": 2, "start_y": 2, "destinations": []})).await,
        (200, json!({"path": []}))
    );
    let (status, missing) = path(json!({"start_x": 1, "destinations": []})).await;
    assert_eq!((status, &missing["detail"][0]["loc"]), (400, &json!(["start_y"])));
    let text = "Could not determine a valid starting position on the route.";
    let off = path(json!({"start_x": -1e9, "start_y": 0, "destinations": []})).await;
    assert_eq!(off, (400, json!({"error": text, "detail": text})), "the client's own mistake");
    let (status, none) = path(json!({"destinations": []})).await;
    assert_eq!((status, &none["error"]), (400, &json!("No destinations provided.")));
}

/// Defect 1.
#[tokio::test]
async fn each_sign_in_has_a_code_of_its_own_that_is_sent_and_not_in_the_cookie() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let ask = async |number: &str| {
        let caller = anybody(&server);
        let body = json!({ "mobile_number": number });
        let sent = caller.send(Method::POST, "/auth/verify_mobile", Some(&body)).await;
        let cookie = sent.headers()["set-cookie"].to_str().unwrap().to_owned();
        (caller, cookie, server.code())
    };
    let guess = |number: &str, code: &str| json!({"mobile_number": number, "otp": code});
    let refused = detail(400, "Invalid OTP or OTP expired.");
    let (asha, cookie, code) = ask("9876543210").await;
    assert!(cookie.contains("HttpOnly") && !cookie.contains(&code), "{cookie}");
    let (bina, _, another) = ask("9876543211").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(asha.post("/auth/verify_otp", guess("9876543210", wrong)).await, refused);
    }
    assert_eq!(asha.post("/auth/verify_otp", guess("9876543210", &code)).await, refused, "five wrong codes");
    let (status, answer) = bina.post("/auth/verify_otp", guess("9876543211", &another)).await;
    assert_eq!((status, &answer["user_id"]), (200, &json!(1)), "who only asked for a code is no user yet");
    assert_eq!(bina.post("/auth/verify_otp", guess("9876543211", &another)).await, refused, "a second time");
}

/// Defect 2.
#[tokio::test]
async fn devices_show_their_key_for_every_kind_of_cart() {
    let folder = folder();
    let settings = [("QUICKCART_LEGACY_DEVICES", "0"), ("QUICKCART_DEVICE_KEY", "trolley")];
    let server = Server::start(folder.path(), &settings);
    let asha = signed_in(&server, "9876543210").await;
    let cart_id = asha.ad_hoc().await;
    let added = json!({"cart_id": cart_id, "product_id": 1, "weight": 1});
    let weighed = json!({"cart_id": cart_id, "barcode": "9524101000178", "weight": 2.1});
    for (path, body) in [("/cart/esp32/add_item", added), ("/cart/esp32/update_item", weighed)] {
        for (key, status) in [(None, 401), (Some("wrong"), 401), (Some("trolley"), 200)] {
            let request = asha.client.post(server.url.clone() + path).json(&body);
            let request = if let Some(key) = key { request.header("X-Device-Key", key) } else { request };
            assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{path} {key:?}");
        }
    }
    assert_eq!(asha.get("/cart/view").await.1["items"][0]["quantity"], json!(2));
}

/// Defect 3.
#[tokio::test]
async fn unknown_products_and_carts_are_not_found_and_errors_show_no_internals() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    asha.connect(1).await;
    for (path, body) in [
        ("/user/checklist/add", json!({"product_id": 999_999, "quantity": 1})),
        ("/cart/item/add", json!({"product_id": 999_999})),
        ("/cart/esp32/add_item", json!({"cart_id": 1, "product_id": 999_999, "weight": 1})),
        ("/cart/esp32/add_item", json!({"cart_id": 777, "product_id": 1, "weight": 1})),
        ("/cart/esp32/update_item", json!({"cart_id": 777, "barcode": "9524101000178", "weight": 1})),
        ("/cart/esp32/update_item", json!({"cart_id": 1, "barcode": "nope", "weight": 1})),
    ] {
        let (status, answer) = asha.post(path, body.clone()).await;
        let text = answer["detail"].as_str().unwrap().to_lowercase();
        assert_eq!(status, 404, "{path} {body}");
        assert!(!text.contains("sql") && !text.contains("constraint") && !text.contains("key"), "{text}");
    }
    let profile = json!({"user_name": "Asha", "user_foodtype_id": 999});
    let (status, answer) = asha.post("/auth/complete_profile", profile).await;
    assert!(status == 400 && !answer["detail"].as_str().unwrap().contains("mail"), "{answer}");
}

/// Defect 4.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_parallel_requests_exactly_one_wins() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let (asha, bina) = (signed_in(&server, "9876543210").await, signed_in(&server, "9876543211").await);
    let sixteen = |caller: &Caller<'_>, path: &str, body: Option<Value>| {
        let send = || {
            let request = caller
                .client
                .post(format!("{}{path}", server.url))
                .bearer_auth(caller.token.as_ref().unwrap());
            let request = if let Some(body) = &body { request.json(body) } else { request };
            tokio::spawn(async move { answer(request.send().await.unwrap()).await })
        };
        (0..16).map(|_| send()).collect::<Vec<_>>()
    };
    let mut answers = Vec::new();
    for task in sixteen(&asha, "/cart/connect", None) {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "one cart is made");
    assert!(
        answers.iter().all(|(_, cart)| cart["cart_id"] == answers[0].1["cart_id"]),
        "and everybody gets it"
    );
    asha.post("/cart/item/add", json!({"product_id": 1})).await;
    let mut orders = 0;
    for task in sixteen(&asha, "/orders/checkout", None) {
        orders += usize::from(task.await.unwrap().0 == 201);
    }
    assert_eq!((orders, asha.get("/orders/history").await.1.as_array().unwrap().len()), (1, 1));
    let trolley = Some(json!({"cart_id": 1}));
    let (ours, theirs) =
        (sixteen(&asha, "/cart/connect", trolley.clone()), sixteen(&bina, "/cart/connect", trolley));
    let mut winners = [0, 0];
    for (index, tasks) in [ours, theirs].into_iter().enumerate() {
        for task in tasks {
            let (status, _) = task.await.unwrap();
            assert!(matches!(status, 200 | 409), "{status}");
            winners[index] += usize::from(status == 200);
        }
    }
    assert!(winners == [16, 0] || winners == [0, 16], "two shoppers, one trolley: {winners:?}");
}

/// Defect 5.
#[tokio::test]
async fn a_trolley_survives_its_checkout_and_is_handed_on_empty_with_a_weight_that_is_true() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let (asha, bina) = (signed_in(&server, "9876543210").await, signed_in(&server, "9876543211").await);
    asha.connect(1).await;
    assert_eq!(asha.get("/cart/view").await.1["total_weight"], json!(0.0));
    let (_, milk) = asha.get("/products/1").await;
    let weight = milk["weight"].as_f64().unwrap();
    let report = json!({"cart_id": 1, "barcode": milk["barcode"], "weight": weight * 2.0});
    for _ in 0..2 {
        let (_, answer) = asha.post("/cart/esp32/update_item", report.clone()).await;
        assert!(answer["message"].as_str().unwrap().ends_with("with quantity 2."), "{answer}");
    }
    assert_eq!(asha.get("/cart/view").await.1["total_weight"], json!(weight * 2.0));
    asha.post("/cart/esp32/add_item", json!({"cart_id": 1, "product_id": 1, "weight": 9.5})).await;
    assert_eq!(asha.get("/cart/view").await.1["total_weight"], json!(9.5), "as the scale said last");
    for left in [2, 1, 0] {
        asha.post("/cart/item/remove", json!({"product_id": 1})).await;
        assert_eq!(
            asha.get("/cart/view").await.1["total_weight"],
            json!(weight * f64::from(left)),
            "not stale"
        );
    }
    asha.post("/cart/item/add", json!({"product_id": 1})).await;
    assert_eq!(asha.post_nothing("/orders/checkout").await.0, 201);
    bina.connect(1).await;
    bina.post("/cart/esp32/add_item", json!({"cart_id": 1, "product_id": 1, "weight": 1.05})).await;
    bina.post_nothing("/cart/disconnect").await;
    asha.connect(1).await;
    assert_eq!(asha.get("/cart/view").await.1, json!({"cart_id": 1, "items": [], "total_weight": 0.0}));
}

/// Defect 6.
#[tokio::test]
async fn what_is_taken_off_a_list_is_reported_as_such_and_histories_are_answered() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let asha = signed_in(&server, "9876543210").await;
    asha.post("/user/checklist/add", json!({"product_id": 1, "quantity": 2})).await;
    let remove = || asha.post("/user/checklist/remove", json!({"product_id": 1}));
    assert_eq!(remove().await, message("Product 1 removed from checklist."));
    assert_eq!(remove().await, detail(404, "Product 1 not found in checklist or could not be removed."));
    assert_eq!(asha.get("/user/checklist").await, (200, json!({"items": []})));
    assert_eq!(asha.get("/orders/history").await, (200, json!([])));
    let mut orders = Vec::new();
    for _ in 0..2 {
        let cart_id = asha.ad_hoc().await;
        asha.post("/cart/esp32/add_item", json!({"cart_id": cart_id, "product_id": 1, "weight": 1})).await;
        let (status, order) = asha.post_nothing("/orders/checkout").await;
        assert_eq!(
            (status, asha.post_nothing("/orders/checkout").await),
            (201, detail(404, "No active cart to checkout."))
        );
        orders.insert(0, order["order_id"].clone());
    }
    let (_, history) = asha.get("/orders/history").await;
    let listed: Vec<_> = history.as_array().unwrap().iter().map(|order| order["order_id"].clone()).collect();
    assert_eq!(listed, orders, "newest first, though the carts are gone");
    for text in ["_", "%25"] {
        let (_, found) = asha.get(&format!("/products/search?query={text}")).await;
        assert_eq!(found, json!({"results": []}), "{text} is no wildcard");
    }
}

#[tokio::test]
async fn a_network_makes_so_many_guest_carts() {
    let folder = folder();
    let settings = [("QUICKCART_LIMIT_GUEST_CARTS", "2/day"), ("QUICKCART_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Server::start(folder.path(), &settings);
    let make = |address: String| {
        let request = Client::new().post(server.url.clone() + "/v1/guest-carts");
        tokio::spawn(request.header("X-Forwarded-For", address).send())
    };
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for request in [1, 2, 3, 4, 5].map(|host| make(format!("2001:db8::{host}"))) {
        let response = request.await.unwrap().unwrap();
        if response.status() == 201 { made.push(response) } else { refused.push(response) }
    }
    assert_eq!((made.len(), refused.len()), (2, 3), "one /64 is one customer");
    for response in refused {
        let retry_after: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((43_000..=43_200).contains(&retry_after), "{retry_after}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem = json!({
            "type": "about:blank", "title": "Too Many Requests", "status": 429, "code": "guest_carts_limited",
            "detail": "too many new guest carts for one network; try again later",
        });
        assert_eq!(answer(response).await, (429, problem));
    }
    assert_eq!(
        make("2001:db8:0:1::1".to_owned()).await.unwrap().unwrap().status(),
        201,
        "another network has its own"
    );
}

#[tokio::test]
async fn a_guest_signs_in_and_keeps_the_cart() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let guest = anybody(&server);
    let (status, cart) = guest.post_nothing("/v1/guest-carts").await;
    assert_eq!(status, 201);
    let path = format!("/v1/guest-carts/{}", cart["token"].as_str().unwrap());
    let items = format!("{path}/items");
    guest.post(&items, json!({"product_id": 1, "quantity": 2})).await;
    let (status, cart) = guest.post(&items, json!({"product_id": 1, "quantity": 1})).await;
    let item = &cart["items"][0];
    assert_eq!((status, &item["product_id"], &item["quantity"]), (200, &json!(1), &json!(3)));
    assert_eq!(item["product"]["product_name"], "Toned Milk 1 L");

    let merge = format!("{path}/merge");
    let problem = |status: u16, title: &str, detail: &str| {
        (status, json!({"type": "about:blank", "title": title, "status": status, "detail": detail}))
    };
    let refused = guest.post_nothing(&merge).await;
    assert_eq!(refused, problem(401, "Unauthorized", "Authorization header is missing or invalid"));
    let (asha, bina) = (signed_in(&server, "9876543210").await, signed_in(&server, "9876543211").await);
    asha.connect(1).await;
    asha.post("/cart/item/add", json!({"product_id": 1})).await;
    for _ in 0..2 {
        assert_eq!(asha.post_nothing(&merge).await, (200, json!({"cart_id": 1})));
        assert_eq!(asha.get("/cart/view").await.1["items"][0]["quantity"], json!(4), "once");
    }
    let mut merged = problem(409, "Conflict", "this guest cart was merged into the cart of a user");
    merged.1["code"] = json!("guest_cart_merged");
    assert_eq!(bina.post_nothing(&merge).await, merged);
    assert_eq!(guest.post(&items, json!({"product_id": 1, "quantity": 1})).await, merged);

    let mut missing = problem(404, "Not Found", "this guest cart does not exist; make a new one");
    missing.1["code"] = json!("guest_cart_not_found");
    for token in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "%00", "..%2f"] {
        let response = guest
            .send(
                Method::POST,
                &format!("/v1/guest-carts/{token}/items"),
                Some(&json!({"product_id": 1, "quantity": 1})),
            )
            .await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(answer(response).await, missing, "{token}");
        assert_eq!(asha.post_nothing(&format!("/v1/guest-carts/{token}/merge")).await, missing, "{token}");
    }
    let (_, cart) = guest.post_nothing("/v1/guest-carts").await;
    let items = format!("/v1/guest-carts/{}/items", cart["token"].as_str().unwrap());
    let (status, wrong) = guest.post(&items, json!({"product_id": "x", "quantity": 0})).await;
    let places: Vec<_> =
        wrong["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].clone()).collect();
    assert_eq!((status, places), (400, vec![json!("#/product_id"), json!("#/quantity")]));
    assert_eq!(guest.post(&items, json!({"product_id": 999_999, "quantity": 1})).await.0, 404);
    assert_eq!(guest.get("/v1/guest-carts").await.0, 405);
}
