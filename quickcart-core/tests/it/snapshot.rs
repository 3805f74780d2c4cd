//! The state of a server as one file: read, refused with its place, and taken whole or not at all.

use std::sync::Arc;

use quickcart_core::catalog::import::{Progress, demo_store};
use quickcart_core::clock::SystemClock;
use quickcart_core::money::{Currency, Money};
use quickcart_core::pathfinding::Point;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::shop::Shop;
use quickcart_core::snapshot::{Snapshot, SnapshotError};
use serde_json::{Value, json};

use crate::databases::{Database, on_every_database};

/// A small store, as its file.
const TEXT: &str = r#"{
  "about": "for tests",
  "phone_otp": {"users": [], "challenges": []},
  "smart_cart": {
    "users": [],
    "foodtypes": [{"foodtype_id": 1, "foodtype_name": "Vegetarian"}],
    "categories": [{"category_id": 1, "category_name": "Dairy"}],
    "allergies": [{"allergy_id": 7, "allergy_name": "Lactose"}],
    "products": [
      {"product_id": 1, "product_name": "Milk", "price": "60.00", "discounted_price": "55.5", "barcode": "8901001",
       "weight_grams": 1030, "weight_wire": 1.03, "expiry": "2026-12-31", "expiry_wire": "Thu, 31 Dec 2026 00:00:00 GMT",
       "category_id": 1, "offer_name": "Dairy Days", "foodtype_ids": [1], "allergy_ids": [7]},
      {"product_id": 4, "product_name": "Mystery", "price": "10", "discounted_price": null, "barcode": "8901004",
       "weight_grams": null, "weight_wire": null, "expiry": null, "expiry_wire": null,
       "category_id": null, "offer_name": null, "foodtype_ids": [], "allergy_ids": []}
    ],
    "sections": [
      {"section_id": 1, "section_name": "Aisle A", "x1": "0.00", "y1": "0.00", "x2": "4.00", "y2": "1.00", "floor_level": 0},
      {"section_id": 2, "section_name": "Aisle B", "x1": "0.00", "y1": "0.00", "x2": "1.00", "y2": "6.00", "floor_level": 0}
    ],
    "product_locations": [
      {"product_id": 1, "section_id": 1, "aisle_num": 1, "shelf_num": 2, "x": "3.00", "y": "0.80"}
    ],
    "recipes": [{"recipe_id": 1, "recipe_name": "Kheer", "product_ids": [1, 4]}],
    "carts": [
      {"cart_id": 1, "kind": "trolley", "user_id": null, "weight_grams": 0, "weight_wire": 0.0},
      {"cart_id": 2, "kind": "trolley", "user_id": null, "weight_grams": 0, "weight_wire": 0.0}
    ],
    "next_cart_id": 3,
    "cart_locations": [{"cart_id": 1, "x": "0.50", "y": "0.50", "section_id": 1}],
    "checklists": [],
    "orders": []
  },
  "registration": {
    "customers": [],
    "roles": [{"maChucVu": "CV001", "tenChucVu": "Admin"}],
    "employees": [
      {"maNV": "NV001", "hoTen": "Staff", "email": "staff@example.com", "SDT": "1", "maChucVu": "CV001",
       "test_password": "secret12"}
    ]
  },
  "book_order": {"orders": [], "sessions": []}
}"#;

fn parse(text: &str) -> Snapshot {
    Snapshot::parse("state.json", text).unwrap()
}

/// What is said of the file after one change in it, behind its place.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    assert!(TEXT.contains(from), "the file has no {from}");
    let text = TEXT.replacen(from, to, 1);
    let error = Snapshot::parse("state.json", &text).expect_err(to);
    let changed = TEXT[..TEXT.find(from).unwrap()].lines().count();
    let line = error.line().unwrap();
    assert!((changed..=changed + 3).contains(&line), "{to} in line {changed}: {error}");
    let message = error.to_string();
    let place = format!("state.json, line {line}, column {}: ", error.column().unwrap());
    message.strip_prefix(&place).unwrap_or_else(|| panic!("{message}")).to_owned()
}

fn no_progress() -> Progress {
    Box::new(|_, _| ())
}

async fn shop(database: &Database) -> Shop {
    Shop::new(database.open().await, Arc::new(SystemClock))
}

on_every_database! {
    an_empty_database_takes_all_of_it_and_another_one_nothing
    a_demo_store_is_not_overwritten
    of_two_files_at_once_one_is_taken
}

#[test]
fn every_value_is_read_exactly() {
    let snapshot = parse(TEXT);
    let store = &snapshot.store;
    let [milk, mystery] = &store.products[..] else { panic!("two products") };
    assert_eq!(milk.product.price, Money::new(6_000, Currency::INR));
    assert_eq!(milk.product.discounted_price, Some(Money::new(5_550, Currency::INR)));
    assert_eq!(
        (milk.product.weight_g, &milk.foodtype_ids[..], &milk.allergy_ids[..]),
        (Some(1_030), &[1][..], &[7][..])
    );
    assert_eq!(milk.product.expiry.map(|date| date.to_string()).as_deref(), Some("2026-12-31"));
    assert_eq!(mystery.product.price, Money::new(1_000, Currency::INR));
    assert_eq!(
        (mystery.product.weight_g, mystery.product.expiry, mystery.product.category_id),
        (None, None, None)
    );
    assert_eq!(store.recipes[0].product_ids, [1, 4]);
    assert_eq!(store.shelf_places[0].point, Point::new(0, 3.0, 0.8));
    assert_eq!(store.trolleys.iter().map(|trolley| trolley.cart_id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(snapshot.locations, [(1, Point::new(0, 0.5, 0.5))]);
    assert_eq!(store.warnings, []);
    let employee = &snapshot.employees[0];
    assert_eq!(
        (snapshot.roles[0].role_id.as_str(), employee.employee.role.name.as_str()),
        ("CV001", "Admin")
    );
    assert_eq!(
        (employee.employee.employee_id.as_str(), employee.employee.email.as_str()),
        ("NV001", "staff@example.com")
    );
    let shown = format!("{snapshot:?}");
    assert!(!shown.contains("secret12") && !shown.contains("staff@"), "{shown}");
}

#[test]
fn money_that_is_not_exact_is_refused() {
    let reason = "an amount above zero is due here, as a text with at most 2 decimals";
    for price in
        ["60.001", "0.00", "-1.00", "6e1", "60,00", " 60", "", "60.", ".5", "+1", "99999999999999", "NaN"]
    {
        assert_eq!(refused("\"60.00\"", &format!("\"{price}\"")), reason, "{price}");
    }
    assert!(
        refused("\"60.00\"", "60.00").starts_with("invalid type: floating point"),
        "a float is not exact"
    );
    assert_eq!(refused("\"55.5\"", "\"60.00\""), "a discounted price is below the price");
}

#[test]
fn values_that_make_no_sense_are_refused_with_their_place() {
    for (from, to, reason) in [
        ("\"product_id\": 4", "\"product_id\": 1", "this is there twice"),
        ("\"product_id\": 4", "\"product_id\": 0", "a whole number from 1 to 4294967295"),
        ("\"product_id\": 4", "\"product_id\": 4.5", "invalid type: floating point `4.5`"),
        ("\"product_id\": 4", "\"product_id\": \"4\"", "invalid type: string \"4\""),
        ("\"product_id\": 4", "\"product_id\": 99999999999999999999", "invalid"),
        ("8901004", "8901001", "this is there twice"),
        ("8901004", "89 01", "a barcode has 1 to 48"),
        ("\"Milk\"", "\"\"", "a text of 1 to 200 characters"),
        ("\"Milk\"", "\"Mi\\u0000lk\"", "a text of 1 to 200 characters"),
        ("\"weight_grams\": 1030", "\"weight_grams\": 0", "a whole number from 1 to 1000000"),
        ("\"weight_wire\": 1.03", "\"weight_wire\": 1.031", "these kilograms are not the grams"),
        ("\"weight_wire\": 1.03", "\"weight_wire\": null", "these kilograms are not the grams"),
        ("\"weight_wire\": null", "\"weight_wire\": 0", "these kilograms are not the grams"),
        ("\"weight_wire\": 1.03", "\"weight_wire\": \"1.03\"", "invalid type: string"),
        ("2026-12-31", "2026-02-30", "a date is written as"),
        ("2026-12-31", "2026-12-30", "this is not the day of expiry"),
        ("Thu, 31", "Fri, 31", "this is not the day of expiry"),
        ("\"category_id\": 1, \"offer", "\"category_id\": 2, \"offer", "there is no category 2"),
        ("\"foodtype_ids\": [1]", "\"foodtype_ids\": [2]", "there is no food type 2"),
        ("\"foodtype_ids\": [1]", "\"foodtype_ids\": [1, 1]", "this is there twice"),
        ("\"allergy_ids\": [7]", "\"allergy_ids\": 7", "invalid type: integer `7`"),
        ("\"section_id\": 2, \"section", "\"section_id\": 1, \"section", "this is there twice"),
        ("\"x2\": \"4.00\"", "\"x2\": \"0.00\"", "a section reaches from"),
        ("\"x2\": \"4.00\"", "\"x2\": \"-4.00\"", "metres from 0 to 10000"),
        ("\"x2\": \"4.00\"", "\"x2\": 4.00", "invalid type: floating point"),
        ("\"x\": \"3.00\"", "\"x\": \"4.01\"", "the place is outside its section"),
        (
            "\"product_id\": 1, \"section_id\": 1",
            "\"product_id\": 1, \"section_id\": 3",
            "there is no section 3",
        ),
        (
            "\"product_id\": 1, \"section_id\": 1",
            "\"product_id\": 2, \"section_id\": 1",
            "there is no product 2",
        ),
        ("\"product_ids\": [1, 4]", "\"product_ids\": []", "a recipe takes at least one product"),
        ("\"product_ids\": [1, 4]", "\"product_ids\": [1, 5]", "there is no product 5"),
        ("\"cart_id\": 2", "\"cart_id\": 1", "this is there twice"),
        ("\"cart_id\": 2", "\"cart_id\": 1000000001", "a whole number from 1 to 1000000000"),
        ("\"kind\": \"trolley\"", "\"kind\": \"ad_hoc\"", "only carts of the kind trolley"),
        ("\"user_id\": null", "\"user_id\": 1", "a trolley is taken from a file only while it is free"),
        ("\"weight_grams\": 0", "\"weight_grams\": 5", "a free trolley is empty"),
        ("\"next_cart_id\": 3", "\"next_cart_id\": 2", "there is a cart of this or a higher number"),
        ("{\"cart_id\": 1, \"x\"", "{\"cart_id\": 3, \"x\"", "there is no cart 3"),
        ("\"section_id\": 1}]", "\"section_id\": 9}]", "there is no section 9"),
        (
            "\"x\": \"0.50\", \"y\": \"0.50\", \"section_id\": 1",
            "\"x\": \"50\", \"y\": \"1\", \"section_id\": null",
            "(50.00",
        ),
        ("\"maChucVu\": \"CV001\",\n", "\"maChucVu\": \"CV002\",\n", "there is no role CV002"),
        ("staff@example.com", "staff", "not an e-mail address"),
        ("\"secret12\"", "12", "invalid type: integer `12`"),
        ("\"secret12\"", "\"short\"", "a password"),
    ] {
        let message = refused(from, to);
        assert!(message.starts_with(reason), "{to}: {message}");
    }
}

#[test]
fn nothing_is_left_out_without_a_word() {
    for (list, what) in [
        ("\"phone_otp\": {\"users\": []", "users"),
        ("\"challenges\": []", "codes"),
        ("\"checklists\": []", "checklists"),
        ("\"customers\": []", "customers"),
        ("\"sessions\": []", "sessions"),
    ] {
        let message = refused(list, &list.replace("[]", "[{\"id\": 1}]"));
        assert_eq!(message, format!("{what} are not taken from a file; this list must be empty"));
    }
    for (from, to) in [
        ("\"about\"", "\"abuot\""),
        ("\"orders\": []", "\"order\": []"),
        ("\"price\": \"60.00\"", "\"price\": \"60.00\", \"colour\": \"white\""),
        ("\"tenChucVu\": \"Admin\"", "\"tenChucVu\": \"Admin\", \"x\": 1"),
    ] {
        assert!(refused(from, to).starts_with("unknown field"), "{to}");
    }
    assert!(refused("\"barcode\": \"8901004\",", "").starts_with("missing field `barcode`"));
    assert!(
        refused("\"barcode\": \"8901004\",", "\"barcode\": \"1\", \"barcode\": \"2\",")
            .starts_with("duplicate field")
    );
    for text in
        ["", "[]", "null", "{", "{\"smart_cart\": null}", "{\"smart_cart\": []}", "{} {}", "\u{feff}{}"]
    {
        assert!(Snapshot::parse("state.json", text).is_err(), "{text}");
    }
}

#[test]
fn a_file_may_hold_less() {
    for text in ["{}", "{\"smart_cart\": {}}", "{\"registration\": {}}"] {
        let snapshot = parse(text);
        assert_eq!((snapshot.store.products.len(), snapshot.store.floor_plan.floors.len()), (0, 1));
    }
}

#[test]
fn a_section_that_no_aisle_leads_to_is_warned_of() {
    let text = TEXT.replace(
        r#""x1": "0.00", "y1": "0.00", "x2": "1.00", "y2": "6.00""#,
        r#""x1": "6", "y1": "3", "x2": "7", "y2": "6""#,
    );
    let warnings = parse(&text).store.warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].to_string().starts_with("state.json, line 19, column 7: its aisle meets no"),
        "{}",
        warnings[0]
    );
}

async fn an_empty_database_takes_all_of_it_and_another_one_nothing(database: Database) {
    let shop = shop(&database).await;
    let (sender, received) = std::sync::mpsc::channel();
    let progress = move |done, total| sender.send((done, total)).unwrap();
    shop.restore(parse(TEXT), Box::new(progress)).await.unwrap();
    let count = parse(TEXT).store.record_count();
    assert_eq!(received.iter().last(), Some((count, count)));
    assert_eq!(shop.product(1).await.unwrap().unwrap().allergies[0].name, "Lactose");

    let user = shop.sign_in(&PhoneNumber::parse("9876543210", Region::IN).unwrap()).await.unwrap();
    shop.connect(user.user_id, 1).await.unwrap();
    let location = shop.location(user.user_id).await.unwrap();
    assert_eq!((location.point, location.section_id), (Point::new(0, 0.5, 0.5), Some(1)));
    assert!(location.located_at.is_some());
    let walk = shop.walk(user.user_id, &[1]).await.unwrap();
    assert_eq!(walk.start, Point::new(0, 0.5, 0.5), "where the trolley stands is on the aisle");
    assert_eq!(walk.legs[0].stop.point, Point::new(0, 3.0, 0.8), "the product's own place");
    assert_eq!(walk.legs[0].last_instruction(), "You have arrived at section 1");
    assert!((2.4..2.7).contains(&walk.length_m), "along the aisle: {}", walk.length_m);
    shop.disconnect(user.user_id).await.unwrap();
    shop.connect(user.user_id, 2).await.unwrap();
    assert_eq!(shop.location(user.user_id).await.unwrap().located_at, None, "at its dock");
    assert_eq!(shop.walk(user.user_id, &[1]).await.unwrap().legs.len(), 1);

    let again = shop.restore(parse(&TEXT.replace("Milk", "Cream")), no_progress()).await;
    let Err(SnapshotError::NotEmpty { table }) = again else { panic!("{again:?}") };
    assert_eq!(table, "allergy");
    assert_eq!(shop.product(1).await.unwrap().unwrap().product.name, "Milk");
}

async fn a_demo_store_is_not_overwritten(database: Database) {
    let shop = shop(&database).await;
    shop.import(demo_store().unwrap(), no_progress()).await.unwrap();
    assert!(matches!(shop.restore(parse("{}"), no_progress()).await, Err(SnapshotError::NotEmpty { .. })));
}

async fn of_two_files_at_once_one_is_taken(database: Database) {
    let shops = [shop(&database).await, shop(&database).await];
    let tasks = shops
        .into_iter()
        .map(|shop| tokio::spawn(async move { shop.restore(parse(TEXT), no_progress()).await.is_ok() }));
    let mut taken = 0;
    for task in tasks.collect::<Vec<_>>() {
        taken += usize::from(task.await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[test]
fn strange_files_are_refused_and_nothing_panics() {
    let whole: Value = serde_json::from_str(TEXT).unwrap();
    let strange =
        [json!(null), json!(-1), json!(1e300), json!("x".repeat(10_000)), json!([[[]]]), json!({"a": {}})];
    let mut paths = Vec::new();
    collect(&whole, String::new(), &mut paths);
    assert!(paths.len() > 100, "{}", paths.len());
    for path in paths.iter().filter(|path| !path.is_empty() && *path != "/about") {
        for value in &strange {
            let mut changed = whole.clone();
            *changed.pointer_mut(path).unwrap() = value.clone();
            let is_level = path.ends_with("/floor_level") && *value == -1;
            if changed != whole && !is_level {
                // Null is right in some places; anything else of these nowhere.
                let parsed = Snapshot::parse("state.json", &changed.to_string());
                assert!(parsed.is_err() || value.is_null(), "{path} as {value}");
            }
        }
    }
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| collect(field, format!("{path}/{name}"), paths));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| collect(item, format!("{path}/{index}"), paths));
        }
        _ => {}
    }
    paths.push(path);
}
