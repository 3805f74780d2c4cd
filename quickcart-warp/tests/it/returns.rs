//! What of an order is not to be had, and what comes back of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stock::{Answer, Shop, Shopper, answer, is_problem};

const MILK: i64 = 1;
const BREAD: i64 = 2;

impl Shop {
    async fn picks_short(&self, order: &Value, body: Value) -> Answer {
        let path = format!("orders/{}/short_pick", order["order_id"]);
        answer(self.admin(Method::POST, &path).json(&body)).await
    }

    async fn moves(&self, item: &Value, step: &str) -> Answer {
        answer(self.admin(Method::POST, &format!("returns/{}/{step}", item["return_id"]))).await
    }

    async fn delivers(&self, order: &Value) {
        for event in ["ship", "deliver"] {
            let (status, order) = self.advance(order, event).await;
            assert_eq!(status, 200, "{order}");
        }
    }
}

impl Shopper<'_> {
    async fn gives_back(&self, order: &Value, body: Value) -> Answer {
        let path = format!("/v1/orders/{}/returns", order["order_id"]);
        answer(self.request(Method::POST, &path).json(&body)).await
    }

    async fn returns(&self, order: &Value) -> Answer {
        answer(self.request(Method::GET, &format!("/v1/orders/{}/returns", order["order_id"]))).await
    }
}

#[tokio::test]
async fn what_is_not_to_be_had_is_not_paid() {
    let shop = Shop::start();
    let asha = shop.shopper(1).await;
    shop.count(MILK, json!({"on_hand": 5})).await;
    asha.takes(&[(MILK, 3), (BREAD, 1)]).await;
    let placed = asha.orders("first", "").await.1;
    let one = json!({"product_id": MILK, "quantity": 1});
    is_problem(&shop.picks_short(&placed, one.clone()).await, 409, "illegal_transition");
    shop.advance(&placed, "start_processing").await;
    is_problem(&shop.advance(&placed, "receive_return").await, 400, "products_not_named");
    is_problem(&shop.picks_short(&placed, json!({})).await, 400, "fields_invalid");
    is_problem(
        &shop.picks_short(&placed, json!({"product_id": MILK, "quantity": 4})).await,
        409,
        "not_so_many_left",
    );

    let (status, order) = shop.picks_short(&placed, one).await;
    assert_eq!(status, 200, "{order}");
    assert_eq!((&order["status"], &order["quantity"]), (&json!("processing"), &json!(3)));
    let milk = &order["lines"][0];
    assert_eq!((&milk["quantity"], &milk["short_quantity"]), (&json!(3), &json!(1)));
    let asked = |value: &Value| value["discounted_price_minor"].as_i64().unwrap();
    assert_eq!(asked(&order), asked(&placed) - asked(milk));
    assert_eq!(order["payment_minor"], order["discounted_price_minor"]);
    assert_eq!(shop.stock(MILK).await, (2, 0), "it is not there either");
    let item = &asha.history().await[0];
    assert_eq!((&item["total_products"], &item["items"][0]["quantity"]), (&json!(3), &json!(2)));

    let all = json!({"product_id": MILK, "quantity": 2});
    assert_eq!(shop.picks_short(&placed, all).await.0, 200);
    assert_eq!(asha.history().await[0]["items"].as_array().unwrap().len(), 1, "there is no milk in it");
    let last = json!({"product_id": BREAD, "quantity": 1});
    is_problem(&shop.picks_short(&placed, last).await, 409, "nothing_left");
    assert_eq!(asha.orders("first", "").await.1, placed, "as it was placed");
}

#[tokio::test]
async fn what_was_delivered_comes_back() {
    let shop = Shop::start();
    let (asha, bina) = (shop.shopper(1).await, shop.shopper(2).await);
    shop.count(MILK, json!({"on_hand": 5})).await;
    asha.takes(&[(MILK, 2), (BREAD, 1)]).await;
    let order = asha.orders("first", "").await.1;
    let two = json!({"reason": "damaged", "lines": [{"product_id": MILK, "quantity": 1}, {"product_id": MILK, "quantity": 1}]});
    is_problem(&asha.gives_back(&order, two.clone()).await, 409, "illegal_transition");
    shop.advance(&order, "start_processing").await;
    shop.delivers(&order).await;

    is_problem(&bina.gives_back(&order, two.clone()).await, 404, "order_not_found");
    is_problem(&bina.returns(&order).await, 404, "order_not_found");
    for wrong in [
        json!({}),
        json!({"reason": "dull", "lines": [{"product_id": MILK, "quantity": 1}]}),
        json!({"reason": "other", "lines": []}),
        json!({"reason": "other", "lines": [{"product_id": MILK, "quantity": 0}]}),
    ] {
        is_problem(&asha.gives_back(&order, wrong).await, 400, "fields_invalid");
    }
    let too_many = json!({"reason": "other", "lines": [{"product_id": MILK, "quantity": 9_999}, {"product_id": MILK, "quantity": 9_999}]});
    is_problem(&asha.gives_back(&order, too_many).await, 400, "invalid_return");

    let (status, item) = asha.gives_back(&order, two.clone()).await;
    assert_eq!(status, 201, "{item}");
    assert_eq!((&item["state"], &item["reason"]), (&json!("requested"), &json!("damaged")));
    assert_eq!(item["lines"], json!([{"product_id": MILK, "quantity": 2}]), "added up");
    let asked = order["lines"][0]["discounted_price_minor"].as_i64().unwrap();
    assert_eq!(item["amount_minor"], json!(2 * asked));
    is_problem(&asha.gives_back(&order, two).await, 409, "not_so_many_left");
    assert_eq!(asha.returns(&order).await, (200, json!([item])));

    let (status, list) = answer(shop.admin(Method::GET, "returns?state=requested")).await;
    assert_eq!((status, &list["items"]), (200, &json!([item])));
    is_problem(&answer(shop.admin(Method::GET, "returns?state=lost")).await, 400, "parameter_invalid");
    is_problem(&shop.moves(&item, "refund").await, 409, "illegal_transition");
    assert_eq!(shop.moves(&item, "lose").await.0, 404);
    is_problem(&shop.moves(&json!({"return_id": 99}), "reject").await, 404, "return_not_found");
    assert_eq!(shop.moves(&item, "restock").await.1["state"], "received");
    assert_eq!(shop.stock(MILK).await, (5, 0));
    assert_eq!(shop.moves(&item, "refund").await.1["state"], "refunded");

    let bread = json!({"order_id": order["order_id"], "reason": "unwanted", "lines": [{"product_id": BREAD, "quantity": 1}]});
    let (status, second) = answer(shop.admin(Method::POST, "returns").json(&bread)).await;
    assert_eq!(status, 201, "{second}");
    assert_eq!(shop.moves(&second, "reject").await.1["state"], "rejected");
    assert_eq!(answer(shop.admin(Method::GET, "returns")).await.1["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn shoppers_may_be_too_late_and_staff_may_not() {
    let shop = Shop::start_with(&[("QUICKCART_RETURN_DAYS", "0")]);
    let asha = shop.shopper(1).await;
    asha.takes(&[(MILK, 1)]).await;
    let order = asha.orders("first", "").await.1;
    shop.advance(&order, "start_processing").await;
    shop.delivers(&order).await;
    let lines = json!([{"product_id": MILK, "quantity": 1}]);
    let refused = loop {
        // Within the same millisecond it is not too late.
        let (status, body) = asha.gives_back(&order, json!({"reason": "other", "lines": lines})).await;
        if status != 201 {
            break (status, body);
        }
        shop.moves(&body, "reject").await;
    };
    is_problem(&refused, 409, "return_too_late");
    let accepted = json!({"order_id": order["order_id"], "reason": "other", "lines": lines});
    assert_eq!(answer(shop.admin(Method::POST, "returns").json(&accepted)).await.0, 201);
}
