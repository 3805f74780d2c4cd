//! The store of the smart-cart group: what is sold, where it stands, and the trolleys.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::aisles::map_of;
use super::values::{Values, given, is_null};
use crate::cart::CartId;
use crate::catalog::import::{
    ID, ImportError, NAME, ProductRecord, RecipeRecord, StoreData, Trolley, WEIGHT_G_MAX, parse_map,
};
use crate::catalog::{Barcode, Label, Product, Section, ShelfPlace};
use crate::form::scaled;
use crate::money::Currency;
use crate::pathfinding::Point;
use crate::tax::TaxMode;

/// What a store without a name is called.
const STORE_NAME: &str = "QuickCart";
/// The wire knows no currency; its clients are Indian.
const CURRENCY: Currency = Currency::INR;

/// What the file says of the group.
pub(super) struct Contents {
    pub(super) store: StoreData,
    pub(super) locations: Vec<(CartId, Point)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreJson<'a> {
    #[serde(borrow, default)]
    users: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    foodtypes: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    categories: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    allergies: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    products: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    sections: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    product_locations: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    recipes: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    carts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    next_cart_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cart_locations: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    checklists: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    orders: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoodtypeJson<'a> {
    #[serde(borrow)]
    foodtype_id: &'a RawValue,
    #[serde(borrow)]
    foodtype_name: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryJson<'a> {
    #[serde(borrow)]
    category_id: &'a RawValue,
    #[serde(borrow)]
    category_name: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllergyJson<'a> {
    #[serde(borrow)]
    allergy_id: &'a RawValue,
    #[serde(borrow)]
    allergy_name: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductJson<'a> {
    #[serde(borrow)]
    product_id: &'a RawValue,
    #[serde(borrow)]
    product_name: &'a RawValue,
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    discounted_price: &'a RawValue,
    #[serde(borrow)]
    barcode: &'a RawValue,
    #[serde(borrow)]
    weight_grams: &'a RawValue,
    #[serde(borrow, default, deserialize_with = "given")]
    weight_wire: Option<&'a RawValue>,
    #[serde(borrow)]
    expiry: &'a RawValue,
    #[serde(borrow, default, deserialize_with = "given")]
    expiry_wire: Option<&'a RawValue>,
    #[serde(borrow)]
    category_id: &'a RawValue,
    #[serde(borrow)]
    offer_name: &'a RawValue,
    #[serde(borrow)]
    foodtype_ids: &'a RawValue,
    #[serde(borrow)]
    allergy_ids: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionJson<'a> {
    #[serde(borrow)]
    section_id: &'a RawValue,
    #[serde(borrow)]
    section_name: &'a RawValue,
    #[serde(borrow)]
    x1: &'a RawValue,
    #[serde(borrow)]
    y1: &'a RawValue,
    #[serde(borrow)]
    x2: &'a RawValue,
    #[serde(borrow)]
    y2: &'a RawValue,
    #[serde(borrow)]
    floor_level: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductPlaceJson<'a> {
    #[serde(borrow)]
    product_id: &'a RawValue,
    #[serde(borrow)]
    section_id: &'a RawValue,
    #[serde(borrow)]
    aisle_num: &'a RawValue,
    #[serde(borrow)]
    shelf_num: &'a RawValue,
    #[serde(borrow)]
    x: &'a RawValue,
    #[serde(borrow)]
    y: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeJson<'a> {
    #[serde(borrow)]
    recipe_id: &'a RawValue,
    #[serde(borrow)]
    recipe_name: &'a RawValue,
    #[serde(borrow)]
    product_ids: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CartJson<'a> {
    #[serde(borrow)]
    cart_id: &'a RawValue,
    #[serde(borrow)]
    kind: &'a RawValue,
    #[serde(borrow)]
    user_id: &'a RawValue,
    #[serde(borrow)]
    weight_grams: &'a RawValue,
    #[serde(borrow, default, deserialize_with = "given")]
    weight_wire: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CartPlaceJson<'a> {
    #[serde(borrow)]
    cart_id: &'a RawValue,
    #[serde(borrow)]
    x: &'a RawValue,
    #[serde(borrow)]
    y: &'a RawValue,
    #[serde(borrow)]
    section_id: &'a RawValue,
}

type Sections = HashMap<i64, Section>;

pub(super) fn read(values: &Values<'_>, text: &str) -> Result<Contents, ImportError> {
    let json: StoreJson<'_> = values.object(text)?;
    values.none_of(&json.users, "users")?;
    values.none_of(&json.checklists, "checklists")?;
    values.none_of(&json.orders, "orders")?;
    let foodtypes: Vec<FoodtypeJson<'_>> = values.objects(&json.foodtypes)?;
    let foodtypes = labels(values, foodtypes.iter().map(|label| (label.foodtype_id, label.foodtype_name)))?;
    let categories: Vec<CategoryJson<'_>> = values.objects(&json.categories)?;
    let categories = labels(values, categories.iter().map(|label| (label.category_id, label.category_name)))?;
    let allergies: Vec<AllergyJson<'_>> = values.objects(&json.allergies)?;
    let allergies = labels(values, allergies.iter().map(|label| (label.allergy_id, label.allergy_name)))?;

    let mut warnings = Vec::new();
    let known =
        KnownLabels { foodtypes: ids(&foodtypes), categories: ids(&categories), allergies: ids(&allergies) };
    let products = products(values, &values.objects(&json.products)?, &known, &mut warnings)?;
    let product_ids: HashSet<i64> = products.iter().map(|record| record.product.product_id).collect();
    let sections = sections(values, &json.sections)?;
    let by_id: Sections = sections.iter().map(|section| (section.section_id, section.clone())).collect();
    let shelf_places = shelf_places(values, &values.objects(&json.product_locations)?, &product_ids, &by_id)?;
    let recipes = recipes(values, &values.objects(&json.recipes)?, &product_ids)?;
    let cart_ids = trolleys(values, &values.objects(&json.carts)?, json.next_cart_id)?;
    let locations = locations(values, &values.objects(&json.cart_locations)?, &cart_ids, &by_id)?;

    let (map_json, dock) = map_of(&sections);
    let map = parse_map(&map_json)
        .map_err(|error| values.0.fault(text, format!("no map can be made of the sections: {error}")))?;
    for (section, raw) in sections.iter().zip(&json.sections) {
        let middle = Point::new(
            section.level,
            f64::midpoint(section.x1_m, section.x2_m),
            f64::midpoint(section.y1_m, section.y2_m),
        );
        if map.distance(dock, middle).is_err() {
            let reason = "its aisle meets no other one that leads to the first section: walks leave it out";
            warnings.push(values.0.fault(raw.get(), reason));
        }
    }
    for ((_, point), raw) in locations.iter().zip(&json.cart_locations) {
        map.nearest_free(*point).map_err(|error| values.0.fault(raw.get(), error))?;
    }
    let store = StoreData {
        name: STORE_NAME.to_owned(),
        tax_mode: TaxMode::Included,
        categories,
        foodtypes,
        allergies,
        sections,
        products,
        shelf_places,
        recipes,
        trolleys: cart_ids.into_iter().map(|cart_id| Trolley { cart_id, dock }).collect(),
        floor_plan: map.floor_plan().clone(),
        map_json,
        warnings,
    };
    Ok(Contents { store, locations })
}

struct KnownLabels {
    foodtypes: HashSet<i64>,
    categories: HashSet<i64>,
    allergies: HashSet<i64>,
}

fn ids(labels: &[Label]) -> HashSet<i64> {
    labels.iter().map(|label| label.id).collect()
}

fn labels<'a>(
    values: &Values<'_>,
    labels: impl Iterator<Item = (&'a RawValue, &'a RawValue)>,
) -> Result<Vec<Label>, ImportError> {
    let (mut seen_ids, mut seen_names) = (HashSet::new(), HashSet::new());
    let label = |(id, name): (&RawValue, &RawValue)| {
        let id = values.new_id(id, &mut seen_ids)?;
        Ok(Label { id, name: values.once(name, values.text(name, NAME)?, &mut seen_names)? })
    };
    labels.map(label).collect()
}

fn products(
    values: &Values<'_>,
    products: &[ProductJson<'_>],
    known: &KnownLabels,
    warnings: &mut Vec<ImportError>,
) -> Result<Vec<ProductRecord>, ImportError> {
    let (mut seen_ids, mut seen_barcodes) = (HashSet::new(), HashSet::new());
    let record = |json: &ProductJson<'_>| {
        let price = values.money(json.price, CURRENCY)?;
        let discounted_price = values.optional(json.discounted_price, |raw| values.money(raw, CURRENCY))?;
        if discounted_price.is_some_and(|discounted| discounted.minor() >= price.minor()) {
            return Err(values.0.fault(json.discounted_price.get(), "a discounted price is below the price"));
        }
        let barcode = values.text(json.barcode, 1..=Barcode::LENGTH_MAX)?.parse::<Barcode>();
        let barcode = barcode.map_err(|error| values.0.fault(json.barcode.get(), error))?;
        if barcode.has_wrong_check_digit() {
            let reason = "the last digit is not the check digit of a GTIN";
            warnings.push(values.0.fault(json.barcode.get(), reason));
        }
        let weight_g = values.optional(json.weight_grams, |raw| values.integer(raw, 1..=WEIGHT_G_MAX))?;
        check_kilograms(values, json.weight_wire, weight_g)?;
        let product = Product {
            product_id: values.new_id(json.product_id, &mut seen_ids)?,
            name: values.text(json.product_name, NAME)?,
            price,
            discounted_price,
            barcode: values.once(json.barcode, barcode, &mut seen_barcodes)?,
            weight_g: weight_g.and_then(|weight| u32::try_from(weight).ok()),
            expiry: expiry(values, json)?,
            category_id: values
                .optional(json.category_id, |raw| values.known_id(raw, &known.categories, "category"))?,
            offer_name: values.optional(json.offer_name, |raw| values.text(raw, NAME))?,
        };
        Ok(ProductRecord {
            product,
            hsn: None,
            gst_basis_points: 0,
            foodtype_ids: values.known_ids(json.foodtype_ids, &known.foodtypes, "food type")?,
            allergy_ids: values.known_ids(json.allergy_ids, &known.allergies, "allergy")?,
        })
    };
    products.iter().map(record).collect()
}

/// A weight that is given twice is the same both times.
fn check_kilograms(
    values: &Values<'_>,
    wire: Option<&RawValue>,
    grams: Option<i64>,
) -> Result<(), ImportError> {
    let Some(raw) = wire else { return Ok(()) };
    let _: Option<f64> = values.0.parse(raw.get())?;
    let is_same = match grams {
        None => is_null(raw),
        Some(grams) => scaled(raw.get(), 6) == grams.checked_mul(1_000),
    };
    if is_same {
        Ok(())
    } else {
        Err(values.0.fault(raw.get(), "these kilograms are not the grams of weight_grams"))
    }
}

fn expiry(values: &Values<'_>, json: &ProductJson<'_>) -> Result<Option<Date>, ImportError> {
    let date = values.optional(json.expiry, |raw| {
        let fault = || values.0.fault(raw.get(), "a date is written as \"2027-03-31\"");
        values.text(raw, 10..=10)?.parse::<Date>().map_err(|_| fault())
    })?;
    let Some(raw) = json.expiry_wire else { return Ok(date) };
    let wire = values.optional(raw, |raw| values.text(raw, NAME))?;
    let expected = date.map(|date| date.strftime("%a, %d %b %Y 00:00:00 GMT").to_string());
    if wire == expected { Ok(date) } else { Err(values.0.fault(raw.get(), "this is not the day of expiry")) }
}

fn sections(values: &Values<'_>, sections: &[&RawValue]) -> Result<Vec<Section>, ImportError> {
    let mut seen = HashSet::new();
    let section = |raw: &&RawValue| {
        let json: SectionJson<'_> = values.object(raw.get())?;
        let section = Section {
            section_id: values.new_id(json.section_id, &mut seen)?,
            name: values.text(json.section_name, NAME)?,
            level: i32::try_from(values.integer(json.floor_level, -100..=1_000)?).unwrap_or(i32::MAX),
            x1_m: values.metres(json.x1)?,
            y1_m: values.metres(json.y1)?,
            x2_m: values.metres(json.x2)?,
            y2_m: values.metres(json.y2)?,
        };
        if section.x1_m >= section.x2_m || section.y1_m >= section.y2_m {
            return Err(values.0.fault(raw.get(), "a section reaches from x1, y1 to a larger x2, y2"));
        }
        Ok(section)
    };
    sections.iter().map(section).collect()
}

/// A place in a section.
fn place(values: &Values<'_>, section: &Section, x: &RawValue, y: &RawValue) -> Result<Point, ImportError> {
    let point = Point::new(section.level, values.metres(x)?, values.metres(y)?);
    if section.contains(point) {
        Ok(point)
    } else {
        Err(values.0.fault(x.get(), "the place is outside its section"))
    }
}

fn shelf_places(
    values: &Values<'_>,
    places: &[ProductPlaceJson<'_>],
    products: &HashSet<i64>,
    sections: &Sections,
) -> Result<Vec<ShelfPlace>, ImportError> {
    let mut seen = HashSet::new();
    let shelf_place = |json: &ProductPlaceJson<'_>| {
        let product_id = values.known_id(json.product_id, products, "product")?;
        let section = section_of(values, json.section_id, sections)?;
        let small = |raw: &RawValue| Ok(u32::try_from(values.integer(raw, 0..=10_000)?).unwrap_or(u32::MAX));
        Ok(ShelfPlace {
            product_id: values.once(json.product_id, product_id, &mut seen)?,
            section_id: section.section_id,
            aisle_num: small(json.aisle_num)?,
            shelf_num: small(json.shelf_num)?,
            point: place(values, section, json.x, json.y)?,
        })
    };
    places.iter().map(shelf_place).collect()
}

fn section_of<'s>(
    values: &Values<'_>,
    raw: &RawValue,
    sections: &'s Sections,
) -> Result<&'s Section, ImportError> {
    let id = values.integer(raw, ID)?;
    sections.get(&id).ok_or_else(|| values.0.fault(raw.get(), format!("there is no section {id}")))
}

fn recipes(
    values: &Values<'_>,
    recipes: &[RecipeJson<'_>],
    products: &HashSet<i64>,
) -> Result<Vec<RecipeRecord>, ImportError> {
    let mut seen = HashSet::new();
    let recipe = |json: &RecipeJson<'_>| {
        let product_ids = values.known_ids(json.product_ids, products, "product")?;
        if product_ids.is_empty() {
            return Err(values.0.fault(json.product_ids.get(), "a recipe takes at least one product"));
        }
        Ok(RecipeRecord {
            recipe_id: values.new_id(json.recipe_id, &mut seen)?,
            name: values.text(json.recipe_name, NAME)?,
            product_ids,
        })
    };
    recipes.iter().map(recipe).collect()
}

/// The ids of the trolleys, all of them free and empty.
fn trolleys(
    values: &Values<'_>,
    carts: &[CartJson<'_>],
    next_id: Option<&RawValue>,
) -> Result<Vec<CartId>, ImportError> {
    let mut seen = HashSet::new();
    let trolley = |json: &CartJson<'_>| {
        if values.text(json.kind, NAME)? != "trolley" {
            return Err(values
                .0
                .fault(json.kind.get(), "only carts of the kind trolley are there before a shopper is"));
        }
        if !is_null(json.user_id) {
            return Err(values
                .0
                .fault(json.user_id.get(), "a trolley is taken from a file only while it is free"));
        }
        let grams = values.integer(json.weight_grams, 0..=i64::MAX)?;
        if grams != 0 {
            return Err(values
                .0
                .fault(json.weight_grams.get(), "a free trolley is empty and weighs nothing"));
        }
        check_kilograms(values, json.weight_wire, Some(grams))?;
        values.once(json.cart_id, values.integer(json.cart_id, 1..=Trolley::ID_MAX)?, &mut seen)
    };
    let ids = carts.iter().map(trolley).collect::<Result<Vec<CartId>, _>>()?;
    if let Some(raw) = next_id {
        // Carts that shoppers make get numbers beyond those of all trolleys anyway.
        let next = values.integer(raw, ID)?;
        if ids.iter().any(|id| *id >= next) {
            return Err(values.0.fault(raw.get(), "there is a cart of this or a higher number already"));
        }
    }
    Ok(ids)
}

fn locations(
    values: &Values<'_>,
    places: &[CartPlaceJson<'_>],
    carts: &[CartId],
    sections: &Sections,
) -> Result<Vec<(CartId, Point)>, ImportError> {
    let carts: HashSet<i64> = carts.iter().copied().collect();
    let mut seen = HashSet::new();
    let location = |json: &CartPlaceJson<'_>| {
        let cart_id = values.known_id(json.cart_id, &carts, "cart")?;
        let point = match values.optional(json.section_id, |raw| section_of(values, raw, sections))? {
            Some(section) => place(values, section, json.x, json.y)?,
            None if sections.is_empty() || sections.values().any(|section| section.level == 0) => {
                Point::new(0, values.metres(json.x)?, values.metres(json.y)?)
            }
            None => {
                return Err(values.0.fault(
                    json.section_id.get(),
                    "without a section it is on level 0, where there is none",
                ));
            }
        };
        Ok((values.once(json.cart_id, cart_id, &mut seen)?, point))
    };
    places.iter().map(location).collect()
}
