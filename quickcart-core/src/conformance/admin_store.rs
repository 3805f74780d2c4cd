//! What every [`AdminStore`](crate::admin::AdminStore) does.

use serde_json::Value;

use crate::account::{AccountError, Profile, UserId};
use crate::admin::{
    Action, AdminError, AuditEntry, AuditFilter, Entity, ProductEntry, ProductSheet, link_audit, verify_audit,
};
use crate::cart::{CartError, Quantity};
use crate::catalog::Page;
use crate::catalog::import::demo_store;
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::money::{Currency, Money};
use crate::order::{OrderError, PaymentMethod};
use crate::phone::{PhoneNumber, Region};
use crate::store::ShopStore;

const ALL: Page = Page { offset: 0, limit: Page::LIMIT_MAX };
/// Neither a product nor a shopper has this id.
const UNKNOWN: i64 = 4_000_000_000;

/// Checks a fresh store; it holds the demo store afterwards, with some changes.
///
/// # Panics
/// When the store breaks its contract.
pub async fn admin_store(store: &dyn ShopStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    store
        .import(demo_store().expect("the demo store is whole"), Box::new(|_, _| ()))
        .await
        .expect("an import");
    lists_products(store).await;
    let created = creates_a_product(store, now).await;
    changes_it(store, &created, now).await;
    refuses_what_does_not_fit(store, &created, now).await;
    retires_it(store, &created, now).await;
    changes_and_retires_a_shopper(store, now).await;
    writes_the_audit(store, created.sheet.record.product.product_id).await;
    links_the_audit(store, now).await;
}

async fn product(store: &dyn ShopStore, product_id: i64) -> ProductEntry {
    store.product_entry(product_id).await.expect("an answer").expect("a product")
}

async fn audit_length(store: &dyn ShopStore) -> usize {
    store.audit(AuditFilter::default(), ALL).await.expect("an answer").len()
}

async fn lists_products(store: &dyn ShopStore) {
    let data = demo_store().expect("the demo store is whole");
    let entries = store.product_entries(ALL).await.expect("products");
    for (entry, record) in entries.iter().zip(&data.products) {
        assert_eq!(entry.sheet.record, *record);
        assert_eq!(entry.sheet.place.as_ref().map(|place| place.product_id), Some(record.product.product_id));
        assert_eq!(entry.retired_at, None);
    }
    let page = Page { offset: 300, limit: 5 };
    assert_eq!(store.product_entries(page).await.expect("products"), entries[300..305]);
    assert_eq!(store.product_entry(UNKNOWN).await.expect("an answer"), None);
}

/// Another product, like the first.
async fn sheet(store: &dyn ShopStore, name: &str, barcode: &str) -> ProductSheet {
    let mut sheet = product(store, 1).await.sheet;
    sheet.record.product.name = name.to_owned();
    sheet.record.product.barcode = barcode.parse().expect("a barcode");
    sheet
}

async fn creates_a_product(store: &dyn ShopStore, now: Timestamp) -> ProductEntry {
    let wanted = sheet(store, "Oat Drink Barista 1 L", "zq-77041").await;
    let created = store.create_product(wanted.clone(), "admin", now).await.expect("a product");
    let id = created.sheet.record.product.product_id;
    assert!(
        demo_store()
            .expect("the demo store is whole")
            .products
            .iter()
            .all(|known| known.product.product_id != id)
    );
    assert_eq!(created.sheet, wanted.with_id(id));
    assert_eq!((created.version, created.retired_at), (1, None));
    assert_eq!(product(store, id).await, created);
    for text in ["barista", "zq-77041", "oat barrista"] {
        let found = store.search(text, ALL).await.expect("an answer");
        assert_eq!(found, std::slice::from_ref(&created.sheet.record.product), "{text}");
    }
    assert_eq!(store.shelf_places(&[id]).await.expect("places").len(), 1);
    created
}

async fn changes_it(store: &dyn ShopStore, created: &ProductEntry, now: Timestamp) {
    let mut wanted = created.sheet.clone();
    wanted.record.product.name = "Rye Drink 1 L".to_owned();
    wanted.record.foodtype_ids = vec![2];
    wanted.record.allergy_ids = Vec::new();
    wanted.place = None;
    let id = wanted.record.product.product_id;
    let changed = store.change_product(wanted.clone(), Some(1), "admin", now).await.expect("a product");
    assert_eq!(changed, ProductEntry { sheet: wanted.clone(), version: 2, retired_at: None });
    assert_eq!(store.search("barista", ALL).await.expect("an answer"), [], "the old name is forgotten");
    assert_eq!(store.search("rye drink", ALL).await.expect("an answer").len(), 1);
    let details = store.product(id).await.expect("an answer").expect("a product");
    assert_eq!(details.foodtypes.iter().map(|label| label.id).collect::<Vec<_>>(), [2]);
    assert_eq!(details.allergies, []);
    assert_eq!(store.shelf_places(&[id]).await.expect("places"), []);
    let length = audit_length(store).await;
    let result = store.change_product(wanted.clone(), Some(1), "admin", now).await;
    assert!(matches!(result, Err(AdminError::OtherVersion { found: 2 })), "{result:?}");
    assert_eq!(audit_length(store).await, length, "what was refused is not in the audit");
    let again = store.change_product(wanted, None, "admin", now).await.expect("whatever the version");
    assert_eq!(again.version, 3);
}

async fn refuses_what_does_not_fit(store: &dyn ShopStore, created: &ProductEntry, now: Timestamp) {
    let before = product(store, created.sheet.record.product.product_id).await;
    let length = audit_length(store).await;
    let refused = async |change: fn(&mut ProductSheet), code: &str| {
        use crate::error::DomainError as _;
        let mut wanted = created.sheet.clone();
        change(&mut wanted);
        let error = store.change_product(wanted.clone(), None, "admin", now).await.expect_err(code);
        assert_eq!(error.code(), code, "{error}");
        wanted.record.product.barcode = "zq-77042".parse().expect("a barcode");
        if code != "barcode_taken" && code != "product_not_found" {
            let error = store.create_product(wanted, "admin", now).await.expect_err(code);
            assert_eq!(error.code(), code, "{error}");
        }
    };
    refused(|sheet| sheet.record.product.product_id = UNKNOWN, "product_not_found").await;
    let first = product(store, 1).await.sheet.record.product.barcode;
    assert_eq!(first.as_str(), "9524101000178", "as the demo store has it");
    refused(
        |sheet| sheet.record.product.barcode = "9524101000178".parse().expect("a barcode"),
        "barcode_taken",
    )
    .await;
    refused(
        |sheet| sheet.record.product.discounted_price = Some(sheet.record.product.price),
        "discount_not_lower",
    )
    .await;
    refused(|sheet| sheet.record.product.price = Money::new(100, Currency::BDT), "other_currency").await;
    refused(|sheet| sheet.record.product.category_id = Some(UNKNOWN), "category_not_found").await;
    refused(|sheet| sheet.record.foodtype_ids.push(UNKNOWN), "foodtype_not_found").await;
    refused(|sheet| sheet.record.allergy_ids.push(UNKNOWN), "allergy_not_found").await;
    refused(|sheet| sheet.place.iter_mut().for_each(|place| place.section_id = UNKNOWN), "section_not_found")
        .await;
    refused(|sheet| sheet.place.iter_mut().for_each(|place| place.point.x_m += 1_000.0), "outside_section")
        .await;
    assert_eq!(product(store, before.sheet.record.product.product_id).await, before, "nothing has changed");
    assert_eq!(audit_length(store).await, length);
}

async fn retires_it(store: &dyn ShopStore, created: &ProductEntry, now: Timestamp) {
    let product_id = created.sheet.record.product.product_id;
    let phone = PhoneNumber::parse("9876543219", Region::IN).expect("a phone number");
    let shopper = store.sign_in(&phone, now).await.expect("a user").user_id;
    store.connect(shopper, 1, now).await.expect("a trolley");
    let added = CartEvent::ItemAdded { cart_id: 1, product_id, cart_weight_mg: 1 };
    store.apply(&added, None, now).await.expect("a line");
    let order = store.checkout(shopper, PaymentMethod::Cash, None, now).await.expect("an order");

    let result = store.retire_product(product_id, Some(1), "admin", now).await;
    assert!(matches!(result, Err(AdminError::OtherVersion { found: 3 })), "{result:?}");
    store.retire_product(product_id, Some(3), "admin", now).await.expect("retired");
    let length = audit_length(store).await;
    store.retire_product(product_id, Some(3), "admin", now).await.expect("a second time");
    assert_eq!(audit_length(store).await, length, "a second time changes nothing");
    let result = store.retire_product(UNKNOWN, None, "admin", now).await;
    assert!(matches!(result, Err(AdminError::ProductNotFound { product_id: UNKNOWN })), "{result:?}");
    let entry = product(store, product_id).await;
    assert_eq!((entry.retired_at, entry.version), (Some(now), 4));
    let result = store.change_product(entry.sheet, None, "admin", now).await;
    assert!(matches!(result, Err(AdminError::Retired { entity: Entity::Product, .. })), "{result:?}");

    for text in ["rye drink", "zq-77041", "ry", "rye dirnk"] {
        let found = store.search(text, ALL).await.expect("an answer");
        assert!(found.iter().all(|product| product.product_id != product_id), "{text}");
    }
    assert_eq!(store.product(product_id).await.expect("an answer"), None);
    assert!(store.offers(ALL).await.expect("offers").iter().all(|product| product.product_id != product_id));
    store.connect(shopper, 1, now).await.expect("a trolley");
    let result = store.apply(&added, None, now).await;
    assert!(matches!(result, Err(CartError::ProductNotFound { .. })), "{result:?}");
    let weighed = CartEvent::ItemWeighed { cart_id: 1, barcode: "zq-77041".to_owned(), weight_mg: 1 };
    let result = store.apply(&weighed, None, now).await;
    assert!(matches!(result, Err(CartError::BarcodeNotFound { .. })), "{result:?}");
    let result = store.add_to_checklist(shopper, product_id, Quantity::ONE).await;
    assert!(matches!(result, Err(CartError::ProductNotFound { .. })), "{result:?}");
    store.disconnect(shopper, now).await.expect("a trolley");
    assert_eq!(store.orders(shopper, ALL).await.expect("orders"), [order], "it stays in old orders");

    let heir = sheet(store, "Spelt Drink 1 L", "zq-77041").await;
    let heir = store
        .create_product(heir, "admin", now)
        .await
        .expect("a retired barcode is free")
        .sheet
        .record
        .product;
    assert_ne!(heir.product_id, product_id);
    assert_eq!(store.search("zq-77041", ALL).await.expect("an answer"), [heir]);
}

async fn changes_and_retires_a_shopper(store: &dyn ShopStore, now: Timestamp) {
    let sign_in = async |number: &str| {
        let phone = PhoneNumber::parse(number, Region::IN).expect("a phone number");
        (store.sign_in(&phone, now).await.map(|user| user.user_id), phone)
    };
    let (asha, phone) = sign_in("9876543210").await;
    let asha: UserId = asha.expect("a user");
    let (bina, _) = sign_in("9876543211").await;
    let bina = bina.expect("a user");
    let found = store.user_entries(Some(&phone), ALL).await.expect("users");
    assert_eq!(found.iter().map(|entry| entry.user.user_id).collect::<Vec<_>>(), [asha]);
    assert_eq!((found[0].version, found[0].created_at, found[0].retired_at), (1, now, None));
    let everybody = store.user_entries(None, ALL).await.expect("users");
    assert!(everybody.len() >= 3 && everybody.is_sorted_by_key(|entry| entry.user.user_id));
    let second = store.user_entries(None, Page { offset: 1, limit: 1 }).await.expect("users");
    assert_eq!(second, everybody[1..2]);

    let email = || Some("asha@example.com".parse().expect("an address"));
    let profile =
        Profile { email: email(), allergy_id: Some(1), ..Profile::new("Asha".parse().expect("a name")) };
    let changed = store.change_user(asha, &profile, Some(1), "admin", now).await.expect("a user");
    assert_eq!((changed.user.profile.as_ref(), changed.version), (Some(&profile), 2));
    let result = store.change_user(asha, &profile, Some(1), "admin", now).await;
    assert!(matches!(result, Err(AdminError::OtherVersion { found: 2 })), "{result:?}");
    let result = store.change_user(bina, &profile, None, "admin", now).await;
    assert!(matches!(result, Err(AdminError::Account(AccountError::EmailTaken))), "{result:?}");
    let result = store.change_user(UNKNOWN, &profile, None, "admin", now).await;
    assert!(matches!(result, Err(AdminError::Account(AccountError::UserNotFound { .. }))), "{result:?}");
    store.complete_profile(asha, &profile).await.expect("their own change");

    store.connect(asha, 1, now).await.expect("a trolley");
    let result = store.retire_user(asha, Some(2), "admin", now).await;
    assert!(
        matches!(result, Err(AdminError::OtherVersion { found: 3 })),
        "a shopper's own change counts: {result:?}"
    );
    store.retire_user(asha, Some(3), "admin", now).await.expect("retired");
    store.retire_user(asha, Some(3), "admin", now).await.expect("a second time");
    let entry = store.user_entry(asha).await.expect("an answer").expect("a user");
    assert_eq!((entry.retired_at, entry.version), (Some(now), 4));
    let result = store.change_user(asha, &profile, None, "admin", now).await;
    assert!(matches!(result, Err(AdminError::Retired { entity: Entity::User, .. })), "{result:?}");

    let (result, _) = sign_in("9876543210").await;
    assert!(matches!(result, Err(AccountError::Retired)), "{result:?}");
    let result = store.create_user(&phone, &profile, "admin", now).await;
    assert!(matches!(result, Err(AdminError::PhoneTaken { user_id }) if user_id == asha), "{result:?}");
    let phone = PhoneNumber::parse("9876543217", Region::IN).expect("a phone number");
    let unknown = Profile { allergy_id: Some(UNKNOWN), email: None, ..profile.clone() };
    let result = store.create_user(&phone, &unknown, "admin", now).await;
    assert!(matches!(result, Err(AdminError::Account(AccountError::AllergyNotFound { .. }))), "{result:?}");
    let profile = Profile::new("Chitra".parse().expect("a name"));
    let created =
        store.create_user(&phone, &profile, "admin", now).await.expect("nothing is left of the failure");
    assert_eq!((created.user.profile.as_ref(), created.created_at), (Some(&profile), now));
    let (chitra, _) = sign_in("9876543217").await;
    assert_eq!(chitra.expect("the same one"), created.user.user_id);
    assert_eq!(store.user(asha).await.expect("an answer"), None);
    let result = store.complete_profile(asha, &profile).await;
    assert!(matches!(result, Err(AccountError::UserNotFound { .. })), "{result:?}");
    let unknown = |error: Option<CartError>| {
        assert!(matches!(error, Some(CartError::UserNotFound { .. })), "{error:?}");
    };
    unknown(store.view(asha, now).await.err());
    unknown(store.location(asha).await.err());
    unknown(store.disconnect(asha, now).await.err());
    unknown(store.checklist(asha, Page::default()).await.err());
    unknown(store.connect(asha, 1, now).await.err());
    unknown(store.add_to_checklist(asha, 1, Quantity::ONE).await.err());
    let result = store.checkout(asha, PaymentMethod::Cash, None, now).await;
    assert!(matches!(result, Err(OrderError::UserNotFound { .. })), "{result:?}");
    let result = store.orders(asha, ALL).await;
    assert!(matches!(result, Err(OrderError::UserNotFound { .. })), "{result:?}");
    store.connect(bina, 1, now).await.expect("their trolley was given back");
    store.disconnect(bina, now).await.expect("a trolley");
}

async fn links_the_audit(store: &dyn ShopStore, now: Timestamp) {
    let verify = async |expected| verify_audit(store, expected, |_, _| ()).await.expect("it is whole");
    let before = verify(None).await;
    let length = i64::try_from(audit_length(store).await).expect("a length");
    assert_eq!((before.head.link_id, before.unlinked), (length, 0), "a link for each row");
    assert_eq!(before.times, Some((now, now)));
    store.retire_product(2, None, "admin", now).await.expect("retired");
    store.retire_product(2, None, "admin", now).await.expect("a second time");
    let after = verify(Some(before.head)).await;
    assert_eq!(after.head.link_id, length + 1);
    let (links, head) = store.audit_links(length - 1, 1).await.expect("links");
    assert_eq!((links[0].head, head), (before.head, after.head));
    let (links, _) = store.audit_links(length, 7).await.expect("links");
    assert_eq!(links.iter().map(|link| link.head).collect::<Vec<_>>(), [after.head]);
    assert_eq!(store.audit_links(0, 0).await.expect("no links"), (Vec::new(), after.head));
    store.link_audit(&[links[0].audit_id, UNKNOWN]).await.expect("nothing to link");
    assert_eq!(link_audit(store).await.expect("nothing to link"), 0);
    assert_eq!(verify(None).await, after);
}

async fn writes_the_audit(store: &dyn ShopStore, product_id: i64) {
    let list = async |filter| store.audit(filter, ALL).await.expect("the audit");
    let all = list(AuditFilter::default()).await;
    assert!(all.is_sorted_by_key(|entry| std::cmp::Reverse(entry.audit_id)), "newest first");
    let of =
        |entries: &[AuditEntry]| entries.iter().map(|entry| (entry.action, entry.entity)).collect::<Vec<_>>();
    let users = list(AuditFilter { entity: Some(Entity::User), entity_id: None }).await;
    let [create, retire, change] =
        [Action::Create, Action::Retire, Action::Change].map(|action| (action, Entity::User));
    assert_eq!(of(&users), [create, retire, change]);
    let filter = AuditFilter { entity: Some(Entity::Product), entity_id: Some(product_id) };
    let mine = list(filter).await;
    let actions: Vec<_> = mine.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::Retire, Action::Change, Action::Change, Action::Create]);
    assert_eq!(store.audit(filter, Page { offset: 1, limit: 2 }).await.expect("the audit"), mine[1..3]);
    assert_eq!(all.len(), users.len() + mine.len() + 1, "and the heir of the barcode");

    assert_eq!(mine[3].before, None);
    assert_eq!(mine[3].after["product_name"], "Oat Drink Barista 1 L");
    assert_eq!(mine[2].before.as_ref(), Some(&mine[3].after), "what it was is what it had become");
    assert_eq!(mine[2].after["product_name"], "Rye Drink 1 L");
    assert_eq!(mine[0].after["retired"], true);
    assert_eq!(users[2].after["changed"], serde_json::json!(["user_name", "email", "allergy_id"]));
    assert_eq!(users[2].before.as_ref().map(|before| &before["has_email"]), Some(&Value::Bool(false)));
    for entry in &all {
        assert_eq!(entry.who, "admin");
        let text = format!("{entry:?}");
        for personal in ["98765", "example.com", "Asha", "asha", "Chitra"] {
            assert!(!text.contains(personal), "{text} holds {personal}");
        }
    }
}
