//! A whole store as files that people write: products and places as CSV, the map as JSON.
//!
//! All of it is checked before anything is stored, and what is refused is named with file, line and column.

mod error;
mod files;
mod map;
mod table;

pub use error::ImportError;
pub use files::StoreFiles;
pub use map::parse_map;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde::Deserialize;

use super::{Barcode, Label, Product, ProductId, RecipeId, Section, SectionId, ShelfPlace};
use crate::money::{Currency, Money};
use crate::pathfinding::{Dock, FloorPlan, Point, StoreMap};
use crate::tax::TaxMode;
pub(crate) use map::Located;
use table::{Row, rows};

/// Told now and then how many of how many records are stored.
pub type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

/// Ids are positive and fit into the 32 bits of a device.
pub(crate) const ID: RangeInclusive<i64> = 1..=u32::MAX as i64;
/// The dearest piece, in minor units: a thousand times this still fits an order's sum.
pub const PRICE_MAX: i64 = 1_000_000_000_000;
/// The heaviest piece in grams: one tonne.
pub const WEIGHT_G_MAX: i64 = 1_000_000;
/// The longest name, in characters.
pub(crate) const NAME: RangeInclusive<usize> = 1..=200;

/// A product with what only the back office needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRecord {
    /// The product.
    pub product: Product,
    /// Its code in the Harmonized System of Nomenclature, for tax.
    pub hsn: Option<String>,
    /// Its goods and services tax, in hundredths of a per cent.
    pub gst_basis_points: u16,
    /// Its food types.
    pub foodtype_ids: Vec<i64>,
    /// Its allergens.
    pub allergy_ids: Vec<i64>,
}

/// A trolley and its dock.
#[derive(Clone, Debug, PartialEq)]
pub struct Trolley {
    /// Its number.
    pub cart_id: i64,
    /// Where it waits.
    pub dock: Point,
}

impl Trolley {
    /// The largest number of a trolley; larger ones are for carts that shoppers make themselves.
    pub const ID_MAX: i64 = 1_000_000_000;
}

/// A recipe, by the ids of its products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeRecord {
    /// Its number.
    pub recipe_id: RecipeId,
    /// What it is called.
    pub name: String,
    /// What it takes: at least one product, none of them twice.
    pub product_ids: Vec<ProductId>,
}

/// A whole store, checked.
#[derive(Clone, Debug)]
pub struct StoreData {
    /// What the shop is called.
    pub name: String,
    /// Whether its prices hold the tax.
    pub tax_mode: TaxMode,
    /// The categories of products.
    pub categories: Vec<Label>,
    /// The food types.
    pub foodtypes: Vec<Label>,
    /// The allergens.
    pub allergies: Vec<Label>,
    /// The sections.
    pub sections: Vec<Section>,
    /// The products.
    pub products: Vec<ProductRecord>,
    /// Where they stand.
    pub shelf_places: Vec<ShelfPlace>,
    /// The recipes.
    pub recipes: Vec<RecipeRecord>,
    /// The trolleys.
    pub trolleys: Vec<Trolley>,
    /// The map.
    pub floor_plan: FloorPlan,
    /// The map as it was written, which [`parse_map`] reads.
    pub map_json: String,
    /// What was taken, but looks wrong.
    pub warnings: Vec<ImportError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreFile {
    name: String,
    currency: String,
    /// India's prices hold their tax.
    #[serde(default = "included")]
    prices_include_tax: bool,
    #[serde(default, rename = "about")]
    _about: String,
}

impl StoreData {
    /// Reads and checks all files of a store.
    ///
    /// # Errors
    /// [`ImportError`], for the first thing that is wrong.
    pub fn parse(files: &StoreFiles) -> Result<Self, ImportError> {
        let (name, currency, tax_mode) = store(files)?;
        let map_json = files.text("map.json")?;
        let map = parse_map(map_json)?;
        let floor_plan = map.floor_plan().clone();
        let mut warnings = Vec::new();
        let categories = labels(files, "categories.csv", ["category_id", "category_name"])?;
        let foodtypes = labels(files, "foodtypes.csv", ["foodtype_id", "foodtype_name"])?;
        let allergies = labels(files, "allergies.csv", ["allergy_id", "allergy_name"])?;
        let sections = sections(files, &floor_plan)?;
        let labels = KnownLabels {
            categories: ids(&categories),
            foodtypes: ids(&foodtypes),
            allergies: ids(&allergies),
        };
        let products = products(files, currency, &labels, &mut warnings)?;
        let shelf_places = shelf_places(files, &products, &sections, &map)?;
        let recipes = recipes(files, &products)?;
        let trolleys = trolleys(files, &floor_plan.docks)?;
        let map_json = map_json.to_owned();
        Ok(Self {
            name,
            tax_mode,
            categories,
            foodtypes,
            allergies,
            sections,
            products,
            shelf_places,
            recipes,
            trolleys,
            floor_plan,
            map_json,
            warnings,
        })
    }

    /// How many records there are to store.
    #[must_use]
    pub fn record_count(&self) -> usize {
        let labels = self.categories.len() + self.foodtypes.len() + self.allergies.len();
        let products = self.products.len() + self.shelf_places.len() + self.recipes.len();
        labels + self.sections.len() + products + self.trolleys.len()
    }
}

/// The store that this crate brings along, for a first run: invented, with codes that meet no real product.
///
/// # Errors
/// None, as long as the files are whole; a test reads them.
pub fn demo_store() -> Result<StoreData, ImportError> {
    StoreData::parse(&StoreFiles::demo())
}

fn included() -> bool {
    true
}

fn store(files: &StoreFiles) -> Result<(String, Currency, TaxMode), ImportError> {
    let text = files.text("store.json")?;
    let located = Located::new("store.json", text);
    let StoreFile { name, currency, prices_include_tax, .. } = located.parse(text)?;
    let currency = currency.parse().map_err(|error| located.fault(text, error))?;
    let tax_mode = if prices_include_tax { TaxMode::Included } else { TaxMode::Excluded };
    Ok((name, currency, tax_mode))
}

struct KnownLabels {
    categories: HashSet<i64>,
    foodtypes: HashSet<i64>,
    allergies: HashSet<i64>,
}

fn ids(labels: &[Label]) -> HashSet<i64> {
    labels.iter().map(|label| label.id).collect()
}

fn labels(
    files: &StoreFiles,
    file: &'static str,
    columns: [&'static str; 2],
) -> Result<Vec<Label>, ImportError> {
    let (mut seen_ids, mut seen_names) = (HashSet::new(), HashSet::new());
    let label = |row: &Row<'_>| {
        let id = once(row, columns[0], row.integer(columns[0], ID)?, &mut seen_ids)?;
        let name = once(row, columns[1], row.text(columns[1], NAME)?.to_owned(), &mut seen_names)?;
        Ok(Label { id, name })
    };
    rows(file, files.text(file)?, &columns)?.iter().map(label).collect()
}

fn sections(files: &StoreFiles, plan: &FloorPlan) -> Result<Vec<Section>, ImportError> {
    const COLUMNS: [&str; 7] = ["section_id", "section_name", "floor_level", "x1_m", "y1_m", "x2_m", "y2_m"];
    let mut seen = HashSet::new();
    let section = |row: &Row<'_>| {
        let level = level(row, plan)?;
        let section = Section {
            section_id: once(row, "section_id", row.integer("section_id", ID)?, &mut seen)?,
            name: row.text("section_name", NAME)?.to_owned(),
            level,
            x1_m: row.metres("x1_m")?,
            y1_m: row.metres("y1_m")?,
            x2_m: row.metres("x2_m")?,
            y2_m: row.metres("y2_m")?,
        };
        if section.x1_m >= section.x2_m || section.y1_m >= section.y2_m {
            return Err(row.fault("x2_m", "a section reaches from x1_m, y1_m to a larger x2_m, y2_m"));
        }
        Ok(section)
    };
    rows("sections.csv", files.text("sections.csv")?, &COLUMNS)?.iter().map(section).collect()
}

fn products(
    files: &StoreFiles,
    currency: Currency,
    known: &KnownLabels,
    warnings: &mut Vec<ImportError>,
) -> Result<Vec<ProductRecord>, ImportError> {
    const COLUMNS: [&str; 13] = [
        "product_id",
        "barcode",
        "product_name",
        "category_id",
        "price_minor",
        "discounted_price_minor",
        "offer_name",
        "weight_g",
        "expiry",
        "hsn",
        "gst_basis_points",
        "foodtype_ids",
        "allergy_ids",
    ];
    let (mut seen_ids, mut seen_barcodes) = (HashSet::new(), HashSet::new());
    let record = |row: &Row<'_>| {
        let product = product(row, currency, known)?;
        once(row, "product_id", product.product_id, &mut seen_ids)?;
        once(row, "barcode", product.barcode.clone(), &mut seen_barcodes)?;
        if product.barcode.has_wrong_check_digit() {
            warnings.push(row.fault("barcode", "the last digit is not the check digit of a GTIN"));
        }
        let known_ids = |column, known: &HashSet<i64>| {
            let ids = row.integers(column, ID)?;
            let unknown = ids.iter().any(|id| !known.contains(id));
            if unknown { Err(row.fault(column, "an id is not in its file")) } else { Ok(ids) }
        };
        Ok(ProductRecord {
            product,
            hsn: row.optional_text("hsn", 2..=8)?.map(str::to_owned),
            gst_basis_points: u16::try_from(row.integer("gst_basis_points", 0..=10_000)?).unwrap_or(u16::MAX),
            foodtype_ids: known_ids("foodtype_ids", &known.foodtypes)?,
            allergy_ids: known_ids("allergy_ids", &known.allergies)?,
        })
    };
    rows("products.csv", files.text("products.csv")?, &COLUMNS)?.iter().map(record).collect()
}

fn product(row: &Row<'_>, currency: Currency, known: &KnownLabels) -> Result<Product, ImportError> {
    let price = row.integer("price_minor", 1..=PRICE_MAX)?;
    let discounted = row.optional_integer("discounted_price_minor", 1..=PRICE_MAX)?;
    if discounted.is_some_and(|discounted| discounted >= price) {
        return Err(row.fault("discounted_price_minor", "a discounted price is below the price"));
    }
    let category_id = row.optional_integer("category_id", ID)?;
    if category_id.is_some_and(|id| !known.categories.contains(&id)) {
        return Err(row.fault("category_id", "the category is not in categories.csv"));
    }
    let weight_g = row.optional_integer("weight_g", 1..=WEIGHT_G_MAX)?;
    let barcode = row.text("barcode", 1..=Barcode::LENGTH_MAX)?;
    let expiry = row.optional_text("expiry", 10..=10)?;
    let date =
        |text: &str| text.parse::<Date>().map_err(|_| row.fault("expiry", "a date is written as 2027-03-31"));
    Ok(Product {
        product_id: row.integer("product_id", ID)?,
        name: row.text("product_name", NAME)?.to_owned(),
        price: Money::new(price, currency),
        discounted_price: discounted.map(|minor| Money::new(minor, currency)),
        barcode: barcode.parse().map_err(|error| row.fault("barcode", error))?,
        weight_g: weight_g.and_then(|weight| u32::try_from(weight).ok()),
        expiry: expiry.map(date).transpose()?,
        category_id,
        offer_name: row.optional_text("offer_name", NAME)?.map(str::to_owned),
    })
}

fn shelf_places(
    files: &StoreFiles,
    products: &[ProductRecord],
    sections: &[Section],
    map: &StoreMap,
) -> Result<Vec<ShelfPlace>, ImportError> {
    const COLUMNS: [&str; 7] =
        ["product_id", "section_id", "aisle_num", "shelf_num", "floor_level", "x_m", "y_m"];
    let known: HashSet<ProductId> = products.iter().map(|record| record.product.product_id).collect();
    let by_id: HashMap<SectionId, &Section> =
        sections.iter().map(|section| (section.section_id, section)).collect();
    let mut seen = HashSet::new();
    let place = |row: &Row<'_>| {
        let product_id = once(row, "product_id", row.integer("product_id", ID)?, &mut seen)?;
        if !known.contains(&product_id) {
            return Err(row.fault("product_id", "the product is not in products.csv"));
        }
        let section_id = row.integer("section_id", ID)?;
        let section = by_id
            .get(&section_id)
            .ok_or_else(|| row.fault("section_id", "the section is not in sections.csv"))?;
        let point = Point::new(level(row, map.floor_plan())?, row.metres("x_m")?, row.metres("y_m")?);
        if !section.contains(point) {
            return Err(row.fault("x_m", "the place is outside its section"));
        }
        map.nearest_free(point).map_err(|error| row.fault("x_m", error))?;
        let small = |column| Ok(u32::try_from(row.integer(column, 0..=10_000)?).unwrap_or(u32::MAX));
        Ok(ShelfPlace {
            product_id,
            section_id,
            aisle_num: small("aisle_num")?,
            shelf_num: small("shelf_num")?,
            point,
        })
    };
    rows("shelf_places.csv", files.text("shelf_places.csv")?, &COLUMNS)?.iter().map(place).collect()
}

/// None when there is no such file.
fn recipes(files: &StoreFiles, products: &[ProductRecord]) -> Result<Vec<RecipeRecord>, ImportError> {
    const COLUMNS: [&str; 3] = ["recipe_id", "recipe_name", "product_ids"];
    let Some(text) = files.optional_text("recipes.csv") else { return Ok(Vec::new()) };
    let known: HashSet<ProductId> = products.iter().map(|record| record.product.product_id).collect();
    let mut seen = HashSet::new();
    let recipe = |row: &Row<'_>| {
        let product_ids = row.integers("product_ids", ID)?;
        if product_ids.is_empty() {
            return Err(row.fault("product_ids", "a recipe takes at least one product"));
        }
        let mut in_recipe = HashSet::new();
        for product_id in &product_ids {
            if !known.contains(product_id) {
                return Err(row.fault("product_ids", "a product is not in products.csv"));
            }
            once(row, "product_ids", *product_id, &mut in_recipe)?;
        }
        Ok(RecipeRecord {
            recipe_id: once(row, "recipe_id", row.integer("recipe_id", ID)?, &mut seen)?,
            name: row.text("recipe_name", NAME)?.to_owned(),
            product_ids,
        })
    };
    rows("recipes.csv", text, &COLUMNS)?.iter().map(recipe).collect()
}

fn trolleys(files: &StoreFiles, docks: &[Dock]) -> Result<Vec<Trolley>, ImportError> {
    let mut seen = HashSet::new();
    let trolley = |row: &Row<'_>| {
        let id = row.text("dock", NAME)?;
        let dock = docks.iter().find(|dock| dock.id == id);
        let dock = dock.ok_or_else(|| row.fault("dock", "the dock is not in map.json"))?.point;
        let cart_id = once(row, "cart_id", row.integer("cart_id", 1..=Trolley::ID_MAX)?, &mut seen)?;
        Ok(Trolley { cart_id, dock })
    };
    rows("trolleys.csv", files.text("trolleys.csv")?, &["cart_id", "dock"])?.iter().map(trolley).collect()
}

fn level(row: &Row<'_>, plan: &FloorPlan) -> Result<i32, ImportError> {
    let level = i32::try_from(row.integer("floor_level", -100..=1_000)?).unwrap_or(i32::MAX);
    let known = plan.floor(level).is_some();
    known.then_some(level).ok_or_else(|| row.fault("floor_level", "map.json has no floor of this level"))
}

/// The value, unless an earlier row has it, too.
fn once<T: Clone + Eq + Hash>(
    row: &Row<'_>,
    column: &'static str,
    value: T,
    seen: &mut HashSet<T>,
) -> Result<T, ImportError> {
    if seen.insert(value.clone()) { Ok(value) } else { Err(row.fault(column, "this is there twice")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_store_is_whole() {
        let data = demo_store().unwrap();
        assert!(data.products.len() >= 280, "{}", data.products.len());
        assert_eq!(data.trolleys.len(), 10);
        assert_eq!(data.shelf_places.len(), data.products.len());
        assert!(data.recipes.iter().any(|recipe| recipe.product_ids.len() > 1));
        assert_eq!(data.warnings, []);
        assert!(data.products.iter().all(|record| record.product.barcode.as_str().starts_with("952")));
        assert_eq!(data.floor_plan.floors.len(), 2);
    }

    /// Each change of the demo store is refused with the place of the change.
    #[test]
    fn names_file_line_and_column_of_what_it_refuses() {
        let refused = |file: &'static str, from: &str, to: &str| {
            let mut files = StoreFiles::demo();
            let text = files.text(file).unwrap();
            assert!(text.contains(from), "{file} has no {from:?}");
            let text = text.replacen(from, to, 1);
            files.set(file, text);
            StoreData::parse(&files).expect_err("it must be refused").to_string()
        };
        let check = |message: String, expected: &str| assert!(message.starts_with(expected), "{message}");
        check(
            refused("products.csv", "product_id,barcode", "product,barcode"),
            "products.csv, line 1, column 1: product is not",
        );
        check(refused("products.csv", "\n1,", "\nx,"), "products.csv, line 2, column 1 (product_id)");
        check(
            refused("products.csv", "\n2,", "\n1,"),
            "products.csv, line 3, column 1 (product_id): this is there twice",
        );
        check(refused("trolleys.csv", "\n2,D2", "\n2,nowhere"), "trolleys.csv, line 3, column 2 (dock)");
        check(
            refused("trolleys.csv", "\n2,D2", "\n1000000001,D2"),
            "trolleys.csv, line 3, column 1 (cart_id): a whole number from 1 to 1000000000",
        );
        for (products, reason) in [
            ("", "a recipe takes at least one product"),
            ("2;4000000000", "a product is not in products.csv"),
            ("2;2", "this is there twice"),
            ("2;x", "ids separated by semicolons"),
        ] {
            let place = format!("recipes.csv, line 2, column 3 (product_ids): {reason}");
            check(refused("recipes.csv", "\n1,", &format!("\n99,Pulao,{products}\n1,")), &place);
        }
        check(refused("categories.csv", "\n1,", "\n1,extra,"), "categories.csv, line 2");
        check(refused("store.json", "INR", "rupees"), "store.json, line 1, column 1");
        check(refused("map.json", "\"floors\"", "\"storeys\""), "map.json, line ");
        let lines = StoreFiles::demo().text("map.json").unwrap().to_owned();
        let (line, _) = lines.lines().enumerate().find(|(_, line)| line.contains("\"D1\"")).unwrap();
        let message = refused("map.json", "\"D1\"", "\"D1\", \"colour\": \"red\"");
        check(message, &format!("map.json, line {}, column ", line + 1));
    }

    #[test]
    fn names_the_part_of_the_map_that_it_refuses() {
        let refused = |field: &str, part: &str| {
            let demo = StoreFiles::demo();
            let text = demo.text("map.json").unwrap();
            let (anchor, indent) =
                if field == "passages" { ("\"lifts\"", "  ") } else { ("\"aisles\"", "      ") };
            let at = text.find(anchor).unwrap();
            let line = text[..at].lines().count();
            let text = format!("{}\"{field}\": [\n{indent}{part}],\n{indent}{}", &text[..at], &text[at..]);
            let message = parse_map(&text).expect_err("it must be refused").to_string();
            let place = format!("map.json, line {}, column {}: ", line + 1, indent.len() + 1);
            message.strip_prefix(&place).unwrap_or_else(|| panic!("{place}{message}")).to_owned()
        };
        let area = r#""x1_m": 1.0, "y1_m": 1.0, "x2_m": 2.0, "y2_m": 2.0"#;
        let stairs = |from: &str, cost_m: f64| {
            let to = r#"{"level": 1, "x_m": 20.125, "y_m": 18.125}"#;
            format!(r#"{{"name": "B", "kind": "stairs", "from": {from}, "to": {to}, "cost_m": {cost_m}}}"#)
        };
        for (field, part, reason) in [
            (
                "zones",
                format!("{{\"cost_factor\": 0.5, {area}}}"),
                "zone 1 of level 0 is not usable: its cost",
            ),
            (
                "zones",
                format!("{{\"cost_factor\": 2, {}}}", area.replace("2.0", "1.05")),
                "zone 1 of level 0",
            ),
            (
                "zones",
                format!("{{\"cost_factor\": 2, {}}}", area.replace("2.0", "99")),
                "a rectangle reaches",
            ),
            (
                "one_ways",
                format!("{{\"heading\": \"east\", {}}}", area.replace("2.0", "1.05")),
                "one-way area 1",
            ),
            (
                "passages",
                stairs(r#"{"level": 0, "x_m": 20.125, "y_m": 18.125}"#, 0.0),
                "passage 1 (B) is not",
            ),
            (
                "passages",
                stairs(r#"{"level": 0, "x_m": 0.125, "y_m": 0.125}"#, 5.0),
                "B at (0.12, 0.12) on level 0",
            ),
            (
                "passages",
                stairs(r#"{"level": 7, "x_m": 0.125, "y_m": 0.125}"#, 5.0),
                "(0.12, 0.12) on level 7",
            ),
        ] {
            let message = refused(field, &part);
            assert!(message.starts_with(reason), "{message}");
        }
    }

    #[test]
    fn warns_of_a_wrong_check_digit() {
        let mut files = StoreFiles::demo();
        let products = files.text("products.csv").unwrap();
        let barcode = products.lines().nth(1).and_then(|line| line.split(',').nth(1)).unwrap();
        let last = barcode.chars().last().unwrap().to_digit(10).unwrap();
        let wrong = format!("{}{}", &barcode[..12], (last + 1) % 10);
        let products = products.replacen(barcode, &wrong, 1);
        files.set("products.csv", products);
        let warnings = StoreData::parse(&files).unwrap().warnings;
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].to_string().starts_with("products.csv, line 2, column 2 (barcode)"));
    }
}
