//! Bodies of the administrator's routes. Money is in minor units (paise, poisha) next to its currency, weights in grams, times as
//! RFC 3339; names are those of the files that an import reads.

use jiff::civil::Date;
use quickcart_core::account::{PersonName, Profile};
use quickcart_core::admin::{AuditEntry, ProductEntry, ProductSheet, UserEntry};
use quickcart_core::catalog::import::{PRICE_MAX, ProductRecord, WEIGHT_G_MAX};
use quickcart_core::catalog::{Barcode, Product, ShelfPlace};
use quickcart_core::email::EmailAddress;
use quickcart_core::form::{Fault, Form};
use quickcart_core::money::{Currency, Money};
use quickcart_core::pathfinding::Point;
use quickcart_core::phone::{PhoneNumber, Region};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, malformed};

/// Ids are positive, and devices count them with 32 bits.
const ID_MAX: i64 = u32::MAX as i64;
/// The longest name of a product or an offer, in characters.
const NAME_LENGTH_MAX: usize = 200;
/// The most labels of one kind that a product has.
const LABELS_MAX: usize = 100;
/// The highest number of an aisle or a board.
const SHELF_NUM_MAX: i64 = 10_000;

/// A product, all of it: what is left out is null or empty.
#[derive(ToSchema)]
pub(crate) struct ProductBody {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200, example = "Toned Milk 1 L")]
    product_name: String,
    /// What the scanner reads.
    #[schema(min_length = 1, max_length = 48, pattern = "^[!-~]+$", example = "9524101000178", value_type = String)]
    barcode: Barcode,
    /// The currency of both prices: the shop's.
    #[schema(pattern = "^[A-Z]{3}$", example = "INR", value_type = String)]
    currency: Currency,
    /// The price of one piece in minor units of the currency: 5800 paise are 58 rupees.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 5800)]
    price_minor: i64,
    /// The price asked for now, below the price.
    #[schema(minimum = 1)]
    discounted_price_minor: Option<i64>,
    /// The offer it takes part in.
    #[schema(min_length = 1, max_length = 200)]
    offer_name: Option<String>,
    /// The weight of one piece in grams.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1050)]
    weight_g: Option<u32>,
    /// The day it is good until.
    #[schema(format = Date, example = "2027-01-19", value_type = Option<String>)]
    expiry: Option<Date>,
    /// The category it belongs to.
    category_id: Option<i64>,
    /// Its code in the Harmonized System of Nomenclature.
    #[schema(min_length = 2, max_length = 8, example = "0401")]
    hsn: Option<String>,
    /// Its goods and services tax, in hundredths of a per cent.
    #[schema(minimum = 0, maximum = 10_000, example = 500)]
    gst_basis_points: u16,
    /// Its food types.
    #[schema(required = false, max_items = 100)]
    foodtype_ids: Vec<i64>,
    /// Its allergens.
    #[schema(required = false, max_items = 100)]
    allergy_ids: Vec<i64>,
    /// Where it stands.
    shelf_place: Option<Place>,
}

/// Where a product stands, within its section, in metres.
#[derive(Serialize, ToSchema)]
pub(crate) struct Place {
    section_id: i64,
    /// The number of the aisle in front of it.
    #[schema(minimum = 0, maximum = 10_000)]
    aisle_num: u32,
    /// The board, counted from the floor.
    #[schema(minimum = 0, maximum = 10_000)]
    shelf_num: u32,
    /// The floor; 0 is the ground floor.
    level: i32,
    x_m: f64,
    y_m: f64,
}

impl ProductBody {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        Self::fields(&mut form).ok_or_else(|| ApiError::fields(form.into_faults()))
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let product_name = form.plain_text("product_name", 1..=NAME_LENGTH_MAX);
        let barcode = form.parsed::<Barcode>("barcode", Fault::NotBarcode);
        let currency = form.parsed::<Currency>("currency", Fault::NotCurrency);
        let price_minor = form.integer("price_minor", 1..=PRICE_MAX);
        let discounted_price_minor = form.optional_integer("discounted_price_minor", 1..=PRICE_MAX);
        let offer_name = form.optional_plain_text("offer_name", 1..=NAME_LENGTH_MAX);
        let weight_g = form.optional_integer("weight_g", 1..=WEIGHT_G_MAX);
        let expiry = form.optional_parsed::<Date>("expiry", Fault::NotDate);
        let category_id = form.optional_integer("category_id", 1..=ID_MAX);
        let hsn = form.optional_plain_text("hsn", 2..=8);
        let gst_basis_points = form.integer("gst_basis_points", 0..=10_000);
        let foodtype_ids = form.integers("foodtype_ids", LABELS_MAX, 1..=ID_MAX);
        let allergy_ids = form.integers("allergy_ids", LABELS_MAX, 1..=ID_MAX);
        let shelf_place = form.optional_object("shelf_place", Place::read);
        Some(Self {
            product_name: product_name?,
            barcode: barcode?,
            currency: currency?,
            price_minor: price_minor?,
            discounted_price_minor: discounted_price_minor?,
            offer_name: offer_name?,
            weight_g: weight_g?.and_then(|weight| u32::try_from(weight).ok()),
            expiry: expiry?,
            category_id: category_id?,
            hsn: hsn?,
            gst_basis_points: u16::try_from(gst_basis_points?).ok()?,
            foodtype_ids: foodtype_ids?,
            allergy_ids: allergy_ids?,
            shelf_place: shelf_place?,
        })
    }
}

impl ProductBody {
    /// The same, for the product with this id.
    pub(crate) fn into_sheet(self, product_id: i64) -> ProductSheet {
        let money = |minor| Money::new(minor, self.currency);
        let place = self.shelf_place.map(|place| ShelfPlace {
            product_id,
            section_id: place.section_id,
            aisle_num: place.aisle_num,
            shelf_num: place.shelf_num,
            point: Point::new(place.level, place.x_m, place.y_m),
        });
        let product = Product {
            product_id,
            name: self.product_name,
            price: money(self.price_minor),
            discounted_price: self.discounted_price_minor.map(money),
            barcode: self.barcode,
            weight_g: self.weight_g,
            expiry: self.expiry,
            category_id: self.category_id,
            offer_name: self.offer_name,
        };
        let record = ProductRecord {
            product,
            hsn: self.hsn,
            gst_basis_points: self.gst_basis_points,
            foodtype_ids: self.foodtype_ids,
            allergy_ids: self.allergy_ids,
        };
        ProductSheet { record, place }
    }
}

impl Place {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let section_id = form.integer("section_id", 1..=ID_MAX);
        let aisle_num = form.integer("aisle_num", 0..=SHELF_NUM_MAX);
        let shelf_num = form.integer("shelf_num", 0..=SHELF_NUM_MAX);
        let level = form.integer("level", i32::MIN.into()..=i32::MAX.into());
        let (x_m, y_m) = (form.number("x_m"), form.number("y_m"));
        Some(Self {
            section_id: section_id?,
            aisle_num: u32::try_from(aisle_num?).ok()?,
            shelf_num: u32::try_from(shelf_num?).ok()?,
            level: i32::try_from(level?).ok()?,
            x_m: x_m?,
            y_m: y_m?,
        })
    }
}

/// A product as administrators see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminProduct {
    product_id: i64,
    product_name: String,
    barcode: String,
    currency: String,
    /// In minor units of the currency.
    price_minor: i64,
    /// In minor units of the currency.
    discounted_price_minor: Option<i64>,
    offer_name: Option<String>,
    weight_g: Option<u32>,
    #[schema(format = Date)]
    expiry: Option<String>,
    category_id: Option<i64>,
    hsn: Option<String>,
    gst_basis_points: u16,
    foodtype_ids: Vec<i64>,
    allergy_ids: Vec<i64>,
    shelf_place: Option<Place>,
    /// Grows with every change; the `ETag` holds it, too.
    version: i64,
    /// Since when it is not for sale any more.
    #[schema(format = DateTime)]
    retired_at: Option<String>,
    /// What was taken, but looks wrong.
    warnings: Vec<Warning>,
}

/// Something that was taken, but looks wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct Warning {
    /// Where, as a JSON pointer.
    #[schema(example = "#/barcode")]
    pointer: &'static str,
    /// What, for programs.
    #[schema(example = "wrong_check_digit")]
    code: &'static str,
    /// What, for people.
    detail: &'static str,
}

impl From<ProductEntry> for AdminProduct {
    fn from(entry: ProductEntry) -> Self {
        let ProductEntry { sheet: ProductSheet { record, place }, version, retired_at } = entry;
        let product = record.product;
        let wrong_check_digit = Warning {
            pointer: "#/barcode",
            code: "wrong_check_digit",
            detail: "the last digit is not the check digit of a GTIN",
        };
        Self {
            warnings: product
                .barcode
                .has_wrong_check_digit()
                .then_some(wrong_check_digit)
                .into_iter()
                .collect(),
            product_id: product.product_id,
            product_name: product.name,
            barcode: product.barcode.to_string(),
            currency: product.price.currency().to_string(),
            price_minor: product.price.minor(),
            discounted_price_minor: product.discounted_price.map(Money::minor),
            offer_name: product.offer_name,
            weight_g: product.weight_g,
            expiry: product.expiry.map(|date| date.to_string()),
            category_id: product.category_id,
            hsn: record.hsn,
            gst_basis_points: record.gst_basis_points,
            foodtype_ids: record.foodtype_ids,
            allergy_ids: record.allergy_ids,
            shelf_place: place.map(|place| Place {
                section_id: place.section_id,
                aisle_num: place.aisle_num,
                shelf_num: place.shelf_num,
                level: place.point.level,
                x_m: place.point.x_m,
                y_m: place.point.y_m,
            }),
            version,
            retired_at: retired_at.map(|at| at.to_string()),
        }
    }
}

/// The profile of a shopper, all of it: what is left out is null.
#[derive(ToSchema)]
pub(crate) struct UserBody {
    /// What they are called.
    #[schema(min_length = 1, max_length = 100, example = "Asha", value_type = String)]
    user_name: PersonName,
    /// Unique within the shop.
    #[schema(format = Email, value_type = Option<String>)]
    email: Option<EmailAddress>,
    /// What they eat.
    foodtype_id: Option<i64>,
    /// What they must not eat.
    allergy_id: Option<i64>,
}

impl UserBody {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        Self::fields(&mut form).ok_or_else(|| ApiError::fields(form.into_faults()))
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let user_name = form.parsed::<PersonName>("user_name", Fault::NotName);
        let email = form.optional_parsed::<EmailAddress>("email", Fault::NotEmail);
        let foodtype_id = form.optional_integer("foodtype_id", 1..=ID_MAX);
        let allergy_id = form.optional_integer("allergy_id", 1..=ID_MAX);
        Some(Self {
            user_name: user_name?,
            email: email?,
            foodtype_id: foodtype_id?,
            allergy_id: allergy_id?,
        })
    }

    pub(crate) fn into_profile(self) -> Profile {
        let Self { user_name, email, foodtype_id, allergy_id } = self;
        Profile { name: user_name, email, foodtype_id, allergy_id }
    }
}

/// A shopper who has not signed in yet: what is left out is null.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
pub(crate) struct NewUser {
    /// An Indian one when it is without country code; unique within the shop.
    #[schema(min_length = 1, max_length = 32, example = "+919876543219")]
    phone: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 100, example = "Asha")]
    user_name: String,
    /// Unique within the shop.
    #[schema(format = Email)]
    email: Option<String>,
    /// What they eat.
    foodtype_id: Option<i64>,
    /// What they must not eat.
    allergy_id: Option<i64>,
}

impl NewUser {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<(PhoneNumber, Profile), ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let phone = form.text("phone", 1..=32);
        let whole = phone.zip(UserBody::fields(&mut form));
        let (phone, user) = whole.ok_or_else(|| ApiError::fields(form.into_faults()))?;
        Ok((PhoneNumber::parse(&phone, Region::IN)?, user.into_profile()))
    }
}

/// A shopper as administrators see them.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminUser {
    user_id: i64,
    /// In the notation of E.164.
    #[schema(example = "+919876543210")]
    phone: String,
    /// Null until they told it.
    user_name: Option<String>,
    email: Option<String>,
    foodtype_id: Option<i64>,
    allergy_id: Option<i64>,
    /// Grows with every change; the `ETag` holds it, too.
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    /// Since when they cannot sign in any more.
    #[schema(format = DateTime)]
    retired_at: Option<String>,
}

impl From<UserEntry> for AdminUser {
    fn from(entry: UserEntry) -> Self {
        let profile = entry.user.profile.as_ref();
        Self {
            user_id: entry.user.user_id,
            phone: entry.user.phone.e164().to_owned(),
            user_name: profile.map(|profile| profile.name.as_str().to_owned()),
            email: profile.and_then(|profile| profile.email.as_ref()).map(|email| email.as_str().to_owned()),
            foodtype_id: profile.and_then(|profile| profile.foodtype_id),
            allergy_id: profile.and_then(|profile| profile.allergy_id),
            version: entry.version,
            created_at: entry.created_at.to_string(),
            retired_at: entry.retired_at.map(|at| at.to_string()),
        }
    }
}

/// A change that an administrator made, or what happened to a cart.
#[derive(Serialize, ToSchema)]
pub(crate) struct Audited {
    audit_id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    #[schema(example = "admin")]
    who: String,
    /// `create`, `change` or `retire`; of carts `block`, `rescan` or `approve`.
    action: &'static str,
    /// `product`, `user` or `cart`.
    entity: &'static str,
    entity_id: i64,
    /// What it was; null when it is new. Of a shopper it says what there was, and not what it said.
    #[schema(value_type = Option<Object>)]
    before: Option<serde_json::Value>,
    /// What it is since.
    #[schema(value_type = Object)]
    after: serde_json::Value,
}

impl From<AuditEntry> for Audited {
    fn from(entry: AuditEntry) -> Self {
        Self {
            audit_id: entry.audit_id,
            at: entry.at.to_string(),
            who: entry.who,
            action: entry.action.as_str(),
            entity: entry.entity.as_str(),
            entity_id: entry.entity_id,
            before: entry.before,
            after: entry.after,
        }
    }
}

/// Where the chain of the audit ends.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEnd {
    /// The number of the last link, and its digest.
    #[schema(
        pattern = "^[0-9]+:[0-9a-f]{64}$",
        example = "1:5257392d422084779067986f374e1ac88a1fbd11e514f970837a553428b94274"
    )]
    pub(crate) head: String,
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    items: Vec<T>,
    /// Where the list goes on; null at its end.
    #[schema(example = "/v1/admin/products?offset=500&limit=500")]
    next: Option<String>,
}

impl<T> Listed<T> {
    pub(crate) fn new(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }
}
