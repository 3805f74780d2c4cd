//! Bodies of the smart-cart group. Numbers are JSON floats, weights kilograms, dates HTTP dates.

use std::borrow::Cow;

use quickcart_core::account::{PersonName, Profile, User};
use quickcart_core::cart::{CartLine, CartView, ChecklistItem, Quantity, RecipeSource};
use quickcart_core::catalog::{self, Label};
use quickcart_core::email::EmailAddress;
use quickcart_core::form::{Fault, Form};
use quickcart_core::order::{self, OrderLine};
use quickcart_core::pathfinding::{self, STOPS_MAX};
use quickcart_core::walk::{Leg, Walk};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, malformed};

/// Ids are positive, and devices count them with 32 bits.
const ID_MAX: i64 = u32::MAX as i64;

#[derive(Serialize, ToSchema)]
pub(crate) struct Product {
    product_id: i64,
    product_name: String,
    price: f64,
    discounted_price: Option<f64>,
    barcode: String,
    weight: Option<f64>,
    expiry: Option<String>,
    category_id: Option<i64>,
    offer_name: Option<String>,
}

impl From<catalog::Product> for Product {
    fn from(product: catalog::Product) -> Self {
        Self {
            product_id: product.product_id,
            product_name: product.name,
            price: product.price.major_f64(),
            discounted_price: product.discounted_price.map(|price| price.major_f64()),
            barcode: product.barcode.to_string(),
            weight: product.weight_g.map(|grams| f64::from(grams) / 1_000.0),
            expiry: product.expiry.map(|date| date.strftime("%a, %d %b %Y 00:00:00 GMT").to_string()),
            category_id: product.category_id,
            offer_name: product.offer_name,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProductDetails {
    #[serde(flatten)]
    product: Product,
    foodtypes: Vec<FoodType>,
    allergies: Vec<Allergy>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FoodType {
    foodtype_id: i64,
    foodtype_name: String,
}

impl From<Label> for FoodType {
    fn from(Label { id, name }: Label) -> Self {
        Self { foodtype_id: id, foodtype_name: name }
    }
}

#[derive(Serialize, ToSchema)]
struct Allergy {
    allergy_id: i64,
    allergy_name: String,
}

impl From<catalog::ProductDetails> for ProductDetails {
    fn from(details: catalog::ProductDetails) -> Self {
        let allergy = |Label { id, name }| Allergy { allergy_id: id, allergy_name: name };
        Self {
            product: details.product.into(),
            foodtypes: details.foodtypes.into_iter().map(FoodType::from).collect(),
            allergies: details.allergies.into_iter().map(allergy).collect(),
        }
    }
}

pub(crate) fn products(products: Vec<catalog::Product>) -> Vec<Product> {
    products.into_iter().map(Product::from).collect()
}

/// What a search found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    results: Vec<Product>,
}

impl From<Vec<catalog::Product>> for Found {
    fn from(found: Vec<catalog::Product>) -> Self {
        Self { results: products(found) }
    }
}

/// What is cheaper today.
#[derive(Serialize, ToSchema)]
pub(crate) struct Offers {
    offers: Vec<Product>,
}

impl From<Vec<catalog::Product>> for Offers {
    fn from(found: Vec<catalog::Product>) -> Self {
        Self { offers: products(found) }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UserProfile {
    user_id: i64,
    user_name: Option<String>,
    mobilenum: String,
    email: Option<String>,
    user_foodtype_id: Option<i64>,
    user_allergy_id: Option<i64>,
    is_profile_complete: bool,
}

impl From<User> for UserProfile {
    fn from(user: User) -> Self {
        let profile = user.profile.as_ref();
        let email = profile.and_then(|profile| profile.email.as_ref());
        Self {
            user_id: user.user_id,
            user_name: profile.map(|profile| profile.name.as_str().to_owned()),
            mobilenum: user.phone.national().to_owned(),
            email: email.map(|email| email.as_str().to_owned()),
            user_foodtype_id: profile.and_then(|profile| profile.foodtype_id),
            user_allergy_id: profile.and_then(|profile| profile.allergy_id),
            is_profile_complete: profile.is_some(),
        }
    }
}

/// The list a shopper came with.
#[derive(Serialize, ToSchema)]
pub(crate) struct Checklist {
    items: Vec<ChecklistEntry>,
}

impl From<Vec<ChecklistItem>> for Checklist {
    fn from(items: Vec<ChecklistItem>) -> Self {
        Self { items: items.into_iter().map(ChecklistEntry::from).collect() }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ChecklistEntry {
    checklist_id: i64,
    user_id: i64,
    product_id: i64,
    quantity: u32,
    product: Product,
}

impl From<ChecklistItem> for ChecklistEntry {
    fn from(item: ChecklistItem) -> Self {
        Self {
            checklist_id: item.checklist_id,
            user_id: item.user_id,
            product_id: item.product.product_id,
            quantity: item.quantity.get(),
            product: item.product.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Cart {
    cart_id: i64,
    items: Vec<CartItem>,
    total_weight: f64,
}

#[derive(Serialize, ToSchema)]
struct CartItem {
    cart_items_id: i64,
    cart_id: i64,
    product_id: i64,
    quantity: u32,
    product: Product,
}

impl From<CartView> for Cart {
    fn from(cart: CartView) -> Self {
        let total_weight = kilograms(cart.total_weight_mg());
        let item = |line: CartLine| CartItem {
            cart_items_id: line.cart_items_id,
            cart_id: line.cart_id,
            product_id: line.product.product_id,
            quantity: line.quantity.map_or(0, Quantity::get),
            product: line.product.into(),
        };
        Self { cart_id: cart.cart_id, items: cart.lines.into_iter().map(item).collect(), total_weight }
    }
}

/// Milligrams as kilograms, which is what the wire speaks.
#[expect(
    clippy::cast_precision_loss,
    reason = "a trolley weighs less than 2^53 milligrams, and this is only shown"
)]
pub(crate) fn kilograms(milligrams: u64) -> f64 {
    milligrams as f64 / 1_000_000.0
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Receipt {
    order_id: i64,
    user_id: i64,
    total_products: u32,
    total_price: f64,
    discounted_price: f64,
    message: &'static str,
}

impl From<order::Order> for Receipt {
    fn from(order: order::Order) -> Self {
        Self {
            order_id: order.order_id,
            user_id: order.user_id,
            total_products: order.totals.quantity,
            total_price: order.totals.price.major_f64(),
            discounted_price: order.totals.discounted_price.major_f64(),
            message: "Checkout successful. Order created.",
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Order {
    order_id: i64,
    user_id: i64,
    total_products: u32,
    total_price: f64,
    discounted_price: f64,
    items: Vec<OrderItem>,
}

#[derive(Serialize, ToSchema)]
struct OrderItem {
    product_id: i64,
    product_name: String,
    quantity: u32,
    price: f64,
    discounted_price: f64,
}

impl From<order::Order> for Order {
    /// What was not to be had is left out.
    fn from(order: order::Order) -> Self {
        let totals = order.totals_delivered();
        let item = |line: OrderLine| OrderItem {
            quantity: line.delivered(),
            product_id: line.product_id,
            product_name: line.product_name,
            price: line.price.major_f64(),
            discounted_price: line.discounted_price.major_f64(),
        };
        Self {
            order_id: order.order_id,
            user_id: order.user_id,
            total_products: totals.quantity,
            total_price: totals.price.major_f64(),
            discounted_price: totals.discounted_price.major_f64(),
            items: order.lines.into_iter().filter(|line| line.delivered() > 0).map(item).collect(),
        }
    }
}

/// Coordinates are metres; the floor is new, and old clients pass over it.
#[derive(Serialize, ToSchema)]
struct PathPoint {
    x: f64,
    y: f64,
    floor_level: i32,
}

impl From<pathfinding::Point> for PathPoint {
    fn from(point: pathfinding::Point) -> Self {
        Self { x: point.x_m, y: point.y_m, floor_level: point.level }
    }
}

/// The walk, in the form that fits the question.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum WalkAnswer {
    Directions(DirectionsAnswer),
    Segments(SegmentsAnswer),
}

/// The older answer to a shortest path: turning points with instructions.
#[derive(Serialize, ToSchema)]
pub(crate) struct DirectionsAnswer {
    path: Vec<Direction>,
}

#[derive(Serialize, ToSchema)]
struct Direction {
    #[serde(flatten)]
    point: PathPoint,
    section_id: Option<i64>,
    instruction: String,
}

impl From<Walk> for DirectionsAnswer {
    fn from(walk: Walk) -> Self {
        let directions = walk.legs.into_iter().flat_map(|leg| leg.directions);
        let direction = |(waypoint, section_id): (pathfinding::Waypoint, Option<i64>)| Direction {
            point: waypoint.point.into(),
            section_id,
            instruction: waypoint.instruction,
        };
        Self { path: directions.map(direction).collect() }
    }
}

/// The newer answer to a shortest path: one segment a product, point by point.
#[derive(Serialize, ToSchema)]
pub(crate) struct SegmentsAnswer {
    start: PathPoint,
    segments: Vec<Segment>,
}

#[derive(Serialize, ToSchema)]
struct Segment {
    product_id: Option<i64>,
    section_id: Option<i64>,
    destination: PathPoint,
    /// How many points the path has, as the old backend counted.
    path_length: usize,
    /// The length in metres.
    length_m: f64,
    path: Vec<PathPoint>,
    instructions: Vec<Direction>,
    last_instruction: String,
}

impl From<Walk> for SegmentsAnswer {
    fn from(walk: Walk) -> Self {
        Self { start: walk.start.into(), segments: walk.legs.into_iter().map(Segment::from).collect() }
    }
}

impl From<Leg> for Segment {
    fn from(leg: Leg) -> Self {
        let last_instruction = leg.last_instruction().to_owned();
        let direction = |(waypoint, section_id): (pathfinding::Waypoint, Option<i64>)| Direction {
            point: waypoint.point.into(),
            section_id,
            instruction: waypoint.instruction,
        };
        Self {
            product_id: leg.stop.product_id,
            section_id: leg.stop.section_id,
            destination: leg.stop.point.into(),
            path_length: leg.route.points.len(),
            length_m: leg.route.length_m,
            path: leg.route.points.into_iter().map(PathPoint::from).collect(),
            instructions: leg.directions.into_iter().map(direction).collect(),
            last_instruction,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Connected {
    pub(crate) cart_id: i64,
    pub(crate) user_id: i64,
    pub(crate) message: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    pub(crate) token: String,
    pub(crate) user_id: i64,
    pub(crate) is_profile_complete: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Message<'a> {
    pub(crate) message: &'a str,
}

fn parse(body: &[u8]) -> Result<Form<'_>, ApiError> {
    Form::parse(body).map_err(|error| malformed(&error))
}

/// Who gets a code.
#[derive(ToSchema)]
pub(crate) struct MobileNumber {
    #[schema(example = "9876543210", min_length = 10, max_length = 15)]
    pub(crate) mobile_number: String,
}

impl MobileNumber {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = parse(body)?;
        match form.text("mobile_number", 10..=15) {
            Some(number) => Ok(Self { mobile_number: number.into_owned() }),
            None => Err(ApiError::fields(form.into_faults())),
        }
    }
}

/// A number and its code.
#[derive(ToSchema)]
pub(crate) struct MobileNumberAndOtp {
    #[schema(example = "9876543210", min_length = 10, max_length = 15)]
    pub(crate) mobile_number: String,
    #[schema(example = "123456", min_length = 4, max_length = 10)]
    pub(crate) otp: String,
}

impl MobileNumberAndOtp {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = parse(body)?;
        let number = form.text("mobile_number", 10..=15);
        let otp = form.text("otp", 4..=10);
        match (number, otp) {
            (Some(number), Some(otp)) => {
                Ok(Self { mobile_number: number.into_owned(), otp: otp.into_owned() })
            }
            _ => Err(ApiError::fields(form.into_faults())),
        }
    }
}

/// Who a shopper is.
#[derive(ToSchema)]
pub(crate) struct NewProfile {
    #[schema(value_type = String, example = "Asha", min_length = 1, max_length = 100)]
    user_name: PersonName,
    #[schema(value_type = Option<String>, format = Email)]
    email: Option<EmailAddress>,
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    user_foodtype_id: Option<i64>,
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    user_allergy_id: Option<i64>,
}

impl NewProfile {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = parse(body)?;
        let name = form.parsed::<PersonName>("user_name", Fault::NotName);
        let email = form.optional_parsed::<EmailAddress>("email", Fault::NotEmail);
        let foodtype_id = form.optional_integer("user_foodtype_id", 1..=ID_MAX);
        let allergy_id = form.optional_integer("user_allergy_id", 1..=ID_MAX);
        let (Some(user_name), Some(email), Some(user_foodtype_id), Some(user_allergy_id)) =
            (name, email, foodtype_id, allergy_id)
        else {
            return Err(ApiError::fields(form.into_faults()));
        };
        Ok(Self { user_name, email, user_foodtype_id, user_allergy_id })
    }
}

impl From<NewProfile> for Profile {
    fn from(new: NewProfile) -> Self {
        let NewProfile { user_name, email, user_foodtype_id, user_allergy_id } = new;
        Self { name: user_name, email, foodtype_id: user_foodtype_id, allergy_id: user_allergy_id }
    }
}

/// What a shopper wants to buy.
#[derive(ToSchema)]
pub(crate) struct WantedProduct {
    #[schema(example = 1)]
    pub(crate) product_id: i64,
    #[schema(value_type = u32, example = 2, minimum = 1, maximum = 9999)]
    pub(crate) quantity: Quantity,
}

impl WantedProduct {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = parse(body)?;
        let product_id = form.integer("product_id", i64::MIN..=i64::MAX);
        let count = form.integer("quantity", 1..=i64::from(Quantity::MAX));
        let quantity = count.and_then(|count| u32::try_from(count).ok()).and_then(Quantity::new);
        match (product_id, quantity) {
            (Some(product_id), Some(quantity)) => Ok(Self { product_id, quantity }),
            _ => Err(ApiError::fields(form.into_faults())),
        }
    }
}

/// `{"product_id": 1}`.
#[derive(ToSchema)]
pub(crate) struct ProductChoice {
    pub(crate) product_id: i64,
}

impl ProductChoice {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = parse(body)?;
        let product_id = form.integer("product_id", i64::MIN..=i64::MAX);
        product_id.map(|product_id| Self { product_id }).ok_or_else(|| ApiError::fields(form.into_faults()))
    }

    /// In the words of the checklist, which takes no number in quotes.
    pub(crate) fn read_exactly(body: &[u8]) -> Result<Self, ApiError> {
        let missing = || ApiError::bad_request("Invalid request body, product_id missing or malformed");
        let mut form = Form::parse(body).map_err(|_| missing())?;
        if !form.has("product_id") {
            return Err(missing());
        }
        let product_id = form.exact_integer("product_id", i64::MIN..=i64::MAX);
        product_id
            .map(|product_id| Self { product_id })
            .ok_or_else(|| ApiError::bad_request("product_id must be an integer"))
    }
}

/// `?source=checklist` or `?source=cart`, in any case; the list without it.
pub(crate) fn recipe_source(query: &str) -> Result<RecipeSource, ApiError> {
    match query_value(query, "source").as_deref() {
        None => Ok(RecipeSource::Checklist),
        Some(text) if text.eq_ignore_ascii_case("checklist") => Ok(RecipeSource::Checklist),
        Some(text) if text.eq_ignore_ascii_case("cart") => Ok(RecipeSource::Cart),
        Some(_) => Err(ApiError::bad_request("Invalid source parameter. Must be \"cart\" or \"checklist\".")),
    }
}

/// Which trolley to take.
#[derive(ToSchema)]
pub(crate) struct CartId {
    #[schema(example = 1)]
    pub(crate) cart_id: i64,
}

impl CartId {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = parse(body)?;
        let cart_id = form.integer("cart_id", i64::MIN..=i64::MAX);
        cart_id.map(|cart_id| Self { cart_id }).ok_or_else(|| ApiError::fields(form.into_faults()))
    }
}

/// A product was put into a trolley. The core reads these bodies; this says what it reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description")]
pub(crate) struct AddItem {
    #[schema(example = 1, minimum = 0, maximum = 4_294_967_295_i64)]
    cart_id: i64,
    #[schema(example = 1, minimum = 0, maximum = 4_294_967_295_i64)]
    product_id: i64,
    /// What the trolley weighs now, in kilograms.
    #[schema(example = 1.5, minimum = 0)]
    weight: f64,
}

/// What of a product lies in a trolley was weighed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description")]
pub(crate) struct UpdateItem {
    #[schema(example = 1, minimum = 0, maximum = 4_294_967_295_i64)]
    cart_id: i64,
    #[schema(example = "8901030865278")]
    barcode: String,
    /// What all pieces of it weigh, in kilograms.
    #[schema(example = 1.5, minimum = 0)]
    weight: f64,
}

/// What a shortest path is asked for: with `start_x` and `start_y` from a point past other points, and without them from the
/// trolley past products.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description")]
pub(crate) struct ShortestPath {
    start_x: Option<f64>,
    start_y: Option<f64>,
    floor_level: Option<i32>,
    #[schema(max_items = 100)]
    destinations: Vec<Destination>,
}

/// A point in metres, or a product.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description")]
struct Destination {
    x: Option<f64>,
    y: Option<f64>,
    floor_level: Option<i32>,
    #[schema(example = 1)]
    product_id: Option<i64>,
}

/// What a shortest path is asked for.
pub(crate) enum PathRequest {
    /// The older form: from a point past other points.
    Points { start: pathfinding::Point, destinations: Vec<pathfinding::Point> },
    /// The newer form: from the trolley past products.
    Products(Vec<i64>),
}

/// `{"start_x": 0, "start_y": 0, "destinations": [{"x": 5, "y": 2}]}` or `{"destinations": [{"product_id": 1}]}`. The
/// older form takes place on the ground floor, unless `floor_level` says otherwise.
pub(crate) fn path_request(body: &[u8]) -> Result<PathRequest, ApiError> {
    let mut form = parse(body)?;
    if form.has("start_x") || form.has("start_y") {
        let (x, y) = (form.number("start_x"), form.number("start_y"));
        let level = level(&mut form);
        let destinations = form.list("destinations", STOPS_MAX, |stop| {
            let (x, y) = (stop.number("x"), stop.number("y"));
            Some(pathfinding::Point::new(level_of(level?, stop)?, x?, y?))
        });
        let (Some(x), Some(y), Some(level), Some(destinations)) = (x, y, level, destinations) else {
            return Err(ApiError::fields(form.into_faults()));
        };
        return Ok(PathRequest::Points { start: pathfinding::Point::new(level, x, y), destinations });
    }
    if !form.has("destinations") {
        return Ok(PathRequest::Products(Vec::new()));
    }
    let products =
        form.list("destinations", STOPS_MAX, |stop| stop.integer("product_id", i64::MIN..=i64::MAX));
    products.map(PathRequest::Products).ok_or_else(|| ApiError::fields(form.into_faults()))
}

fn level(form: &mut Form<'_>) -> Option<i32> {
    level_of(0, form)
}

fn level_of(otherwise: i32, form: &mut Form<'_>) -> Option<i32> {
    let level = form.optional_integer("floor_level", i32::MIN.into()..=i32::MAX.into())?;
    Some(level.and_then(|level| i32::try_from(level).ok()).unwrap_or(otherwise))
}

/// The value of a name in a query; empty values count as absent.
pub(crate) fn query_value<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}
