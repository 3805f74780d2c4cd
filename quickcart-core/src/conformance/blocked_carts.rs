//! What every store does with carts whose scale shows what their lines do not weigh.

use super::shop_store::{UNKNOWN, added};
use crate::account::UserId;
use crate::admin::{Action, AuditEntry, AuditFilter, Entity};
use crate::cart::{BlockedCart, CartError, CartId, CartState, Weighing};
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::order::{OrderError, PaymentMethod};
use crate::stock::StockError;
use crate::store::ShopStore;

const TROLLEY: CartId = 1;
const TOLERANCE_G: Option<u32> = Some(20);

/// Checks a store that holds the demo store, with two shoppers who have no carts.
pub(super) async fn blocked_carts(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    blocks_what_weighs_something_else(store, asha, now).await;
    opens_what_was_put_right(store, asha, now).await;
    opens_what_the_staff_has_looked_at(store, asha, bina, now).await;
}

async fn blocks_what_weighs_something_else(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    store.connect(asha, TROLLEY, now).await.expect("a trolley");
    let unit_mg = unit_mg(store).await;
    let put = async |weight_mg, tolerance_g| {
        store.apply(&added(TROLLEY, 1, weight_mg), tolerance_g, now).await.expect("a line");
        store.view(asha, now).await.expect("a trolley").state
    };
    assert_eq!(put(unit_mg + 20_000, TOLERANCE_G).await, CartState::Open, "as much as is tolerated");
    assert_eq!(put(0, None).await, CartState::Open, "nobody compares");
    assert_eq!(put(3 * unit_mg - 20_001, TOLERANCE_G).await, CartState::Blocked, "a milligram too few");
    assert_eq!(store.view(asha, now).await.expect("a trolley").lines[0].quantity.map(|q| q.get()), Some(3));
    let weighing = Weighing { reported_mg: 3 * unit_mg - 20_001, expected_mg: Some(3 * unit_mg) };
    let cart = BlockedCart { cart_id: TROLLEY, user_id: asha, weighing };
    assert_eq!(store.blocked_carts(Page::default()).await.expect("carts"), [cart]);
    assert_eq!(store.blocked_carts(Page { offset: 1, limit: 1 }).await.expect("carts"), []);

    let result = store.checkout(asha, PaymentMethod::Cash, None, now).await;
    assert!(matches!(result, Err(OrderError::Illegal(_))), "{result:?}");
    let result = store.hold_cart(asha, now, now).await;
    assert!(matches!(result, Err(StockError::Illegal(_))), "{result:?}");
    let result = store.disconnect(asha, now).await;
    assert!(matches!(result, Err(CartError::Illegal(_))), "{result:?}");
    store.release_hold(asha).await.expect("nothing is held");
    assert_eq!(put(4 * unit_mg, TOLERANCE_G).await, CartState::Blocked, "only somebody opens it");
    assert_eq!(put(4 * unit_mg, TOLERANCE_G).await, CartState::Blocked);
    let [blocked] = &audit(store).await[..] else { panic!("a row for each block") };
    assert_eq!((blocked.action, blocked.entity_id, &*blocked.who), (Action::Block, TROLLEY, "device"));
    assert_eq!(blocked.after["reported_weight_mg"], weighing.reported_mg);
    assert_eq!(blocked.after["expected_weight_mg"], 3 * unit_mg);
}

async fn opens_what_was_put_right(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    let unit_mg = i64::try_from(unit_mg(store).await).expect("a weight");
    let result = store.rescan(asha, TOLERANCE_G, now).await;
    let differs = |difference| matches!(result, Err(CartError::WeightDiffers { difference_mg }) if difference_mg == difference);
    assert!(differs(-unit_mg), "{result:?}");
    let line = store.remove_item(asha, 1, None, now).await.expect("the line that was not there");
    assert_eq!(line.quantity.map(|quantity| quantity.get()), Some(4));
    assert_eq!(store.view(asha, now).await.expect("a trolley").state, CartState::Blocked);
    store.rescan(asha, TOLERANCE_G, now).await.expect("it weighs what it showed last");
    assert_eq!(store.view(asha, now).await.expect("a trolley").state, CartState::Open);
    assert_eq!(store.blocked_carts(Page::default()).await.expect("carts"), []);
    let rows = audit(store).await;
    assert_eq!((rows.len(), rows[0].action, &*rows[0].who), (2, Action::Rescan, "customer"));
    let result = store.rescan(asha, TOLERANCE_G, now).await;
    assert!(matches!(result, Err(CartError::Illegal(_))), "{result:?}");
    store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
}

async fn opens_what_the_staff_has_looked_at(
    store: &dyn ShopStore,
    asha: UserId,
    bina: UserId,
    now: Timestamp,
) {
    let approve = async |cart_id| store.approve_cart(cart_id, "a bag of her own", "admin", now).await;
    let result = approve(UNKNOWN).await;
    assert!(matches!(result, Err(CartError::CartNotFound { cart_id: UNKNOWN })), "{result:?}");
    store.connect(asha, TROLLEY, now).await.expect("a trolley");
    let result = approve(TROLLEY).await;
    assert!(matches!(result, Err(CartError::Illegal(_))), "{result:?}");
    let mut sheet = store.product_entry(1).await.expect("an answer").expect("a product").sheet;
    sheet.record.product.barcode = "no-weight".parse().expect("a barcode");
    sheet.record.product.weight_g = None;
    let created = store.create_product(sheet, "admin", now).await.expect("a product");
    let weightless = created.sheet.record.product.product_id;
    store.apply(&added(TROLLEY, 1, 1), TOLERANCE_G, now).await.expect("a line");
    store.add_item(asha, weightless, None, now).await.expect("a line");
    let result = store.rescan(asha, TOLERANCE_G, now).await;
    assert!(matches!(result, Err(CartError::WeightUnknown)), "{result:?}");
    let [cart] = &store.blocked_carts(Page::default()).await.expect("carts")[..] else { panic!("one cart") };
    assert_eq!(cart.weighing, Weighing { reported_mg: 1, expected_mg: None });
    approve(TROLLEY).await.expect("the staff knows");
    let approved = audit(store).await.remove(0);
    assert_eq!((approved.action, &*approved.who), (Action::Approve, "admin"));
    assert_eq!(approved.after["reason"], "a bag of her own");
    let line = store.apply(&added(TROLLEY, 1, 1), TOLERANCE_G, now).await.expect("a line");
    let cart = store.view(asha, now).await.expect("a trolley");
    assert_eq!(cart.state, CartState::Open, "nobody knows what the lines weigh");
    assert_eq!(cart.version, line.version);
    store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");

    store.connect(bina, TROLLEY, now).await.expect("a trolley");
    store.apply(&added(TROLLEY, 1, 1), TOLERANCE_G, now).await.expect("a line");
    assert_eq!(store.view(bina, now).await.expect("a trolley").state, CartState::Blocked);
    store.rescan(bina, None, now).await.expect("weights are not compared any more");
    store.disconnect(bina, now).await.expect("a trolley");
}

async fn unit_mg(store: &dyn ShopStore) -> u64 {
    let details = store.product(1).await.expect("an answer").expect("a product");
    u64::from(details.product.weight_g.expect("a weight")) * 1_000
}

/// What is written of carts, newest first.
async fn audit(store: &dyn ShopStore) -> Vec<AuditEntry> {
    let filter = AuditFilter { entity: Some(Entity::Cart), entity_id: None };
    store.audit(filter, Page::default()).await.expect("rows")
}
