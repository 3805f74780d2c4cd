//! What was done, by whom, and what it was like before: without names, telephone numbers and e-mail addresses.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::{ProductEntry, UserEntry};
use crate::account::Profile;
use crate::cart::{BlockedCart, CartState};
use crate::clock::Timestamp;
use crate::money::Money;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its number.
    pub audit_id: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub who: String,
    /// What was done.
    pub action: Action,
    /// To what kind of thing.
    pub entity: Entity,
    /// To which one.
    pub entity_id: i64,
    /// What it was before; `None` when it is new.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Value,
}

/// Which changes to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those of one kind of thing.
    pub entity: Option<Entity>,
    /// Those of the thing with this id.
    pub entity_id: Option<i64>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was taken in.
    Create,
    /// It was written over.
    Change,
    /// It was taken out of use.
    Retire,
    /// A cart's scale showed what its lines do not weigh.
    Block,
    /// Its shopper put the lines right.
    Rescan,
    /// The staff opened it.
    Approve,
}

impl Action {
    const ALL: [Self; 6] =
        [Self::Create, Self::Change, Self::Retire, Self::Block, Self::Rescan, Self::Approve];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Retire => "retire",
            Self::Block => "block",
            Self::Rescan => "rescan",
            Self::Approve => "approve",
        }
    }
}

/// What kind of thing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A product.
    Product,
    /// A shopper.
    User,
    /// A cart.
    Cart,
}

impl Entity {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::User => "user",
            Self::Cart => "cart",
        }
    }
}

/// The word is none that the audit knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit knows no such word")]
pub struct UnknownWord;

impl FromStr for Action {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or(UnknownWord)
    }
}

impl FromStr for Entity {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Product, Self::User, Self::Cart]
            .into_iter()
            .find(|entity| entity.as_str() == text)
            .ok_or(UnknownWord)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A product, for the audit.
#[must_use]
pub fn product_facts(entry: &ProductEntry) -> Value {
    let (record, product) = (&entry.sheet.record, &entry.sheet.record.product);
    let place = entry.sheet.place.as_ref().map(|place| {
        json!({
            "section_id": place.section_id, "aisle_num": place.aisle_num, "shelf_num": place.shelf_num,
            "level": place.point.level, "x_m": place.point.x_m, "y_m": place.point.y_m,
        })
    });
    json!({
        "product_name": product.name,
        "barcode": product.barcode.as_str(),
        "currency": product.price.currency().code(),
        "price_minor": product.price.minor(),
        "discounted_price_minor": product.discounted_price.map(Money::minor),
        "offer_name": product.offer_name,
        "weight_g": product.weight_g,
        "expiry": product.expiry.map(|date| date.to_string()),
        "category_id": product.category_id,
        "hsn": record.hsn,
        "gst_basis_points": record.gst_basis_points,
        "foodtype_ids": record.foodtype_ids,
        "allergy_ids": record.allergy_ids,
        "shelf_place": place,
        "version": entry.version,
        "retired": entry.retired_at.is_some(),
    })
}

/// A shopper, for the audit: which parts of the profile there are, and which of them are not what they were. What somebody is called
/// or must not eat is nobody's business later.
#[must_use]
pub fn user_facts(entry: &UserEntry, before: Option<&UserEntry>) -> Value {
    let profile = entry.user.profile.as_ref();
    let has = |part: fn(&Profile) -> bool| profile.is_some_and(part);
    let mut facts = json!({
        "has_user_name": profile.is_some(),
        "has_email": has(|profile| profile.email.is_some()),
        "has_foodtype": has(|profile| profile.foodtype_id.is_some()),
        "has_allergy": has(|profile| profile.allergy_id.is_some()),
        "version": entry.version,
        "retired": entry.retired_at.is_some(),
    });
    if let Some(before) = before {
        facts["changed"] = json!(changed(before.user.profile.as_ref(), profile));
    }
    facts
}

/// A cart, for the audit: where it stands, who has it, and what its scale and its lines weigh.
#[must_use]
pub fn cart_facts(state: CartState, cart: &BlockedCart) -> Value {
    json!({
        "state": state.as_str(),
        "user_id": cart.user_id,
        "reported_weight_mg": cart.weighing.reported_mg,
        "expected_weight_mg": cart.weighing.expected_mg,
    })
}

/// The names of the parts that differ.
fn changed(before: Option<&Profile>, after: Option<&Profile>) -> Vec<&'static str> {
    let differs: [(&str, bool); 4] = [
        ("user_name", before.map(|profile| &profile.name) != after.map(|profile| &profile.name)),
        (
            "email",
            before.and_then(|profile| profile.email.as_ref())
                != after.and_then(|profile| profile.email.as_ref()),
        ),
        (
            "foodtype_id",
            before.and_then(|profile| profile.foodtype_id) != after.and_then(|profile| profile.foodtype_id),
        ),
        (
            "allergy_id",
            before.and_then(|profile| profile.allergy_id) != after.and_then(|profile| profile.allergy_id),
        ),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
