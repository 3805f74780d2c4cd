//! A shop that is kept in a file of SQLite.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use quickcart_core::account::{PersonName, Profile};
use quickcart_core::admin::AuditHead;
use quickcart_core::cart::{CartError, Connection, GuestToken, Quantity, RecipeSource};
use quickcart_core::catalog::Page;
use quickcart_core::catalog::import::{StoreData, StoreFiles, demo_store};
use quickcart_core::device as core_device;
use quickcart_core::email::EmailAddress;
use quickcart_core::error::DomainError;
use quickcart_core::order::{
    IdempotencyKey, OrderEvent, PaymentMethod, ReturnReason, ReturnRequest, ReturnState, ReturnStep,
};
use quickcart_core::pathfinding as core_path;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::shop as core;

use crate::device::CartEvent;
use crate::errors::{Failure, InvalidArgument};
use crate::fork;
use crate::open_store::{OpenStore, Rules};
use crate::store_map::StoreMap;
use crate::values::{
    BlockedCart, Cart, CartLine, ChecklistItem, GuestLine, Hold, Location, Order, Product, ProductDetails,
    Recipe, RecipeMatch, Return, StockLevel, StockMovement, User, Walk, show,
};

// Signatures that Python can read need a number.
const _: () = assert!(Page::LIMIT_MAX == 500);

/// A shop that is kept in a file of SQLite, which is made when it is not there.
///
/// With `weight_tolerance_g`, trolleys whose scale is off by more grams than that are blocked; without it, weights are not compared.
/// Shoppers may ask for a return within `return_days` after delivery.
///
/// Any number of threads may use it at once. Before `os.fork` its file is closed, and opened again by the next call, in
/// the parent and in the child.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct Shop(pub(crate) Arc<OpenStore>);

impl Shop {
    /// Does `work` and waits for it, while other threads of Python go on.
    fn call<T: Send, E: DomainError>(
        &self,
        py: Python<'_>,
        work: impl AsyncFnOnce(core::Shop) -> Result<T, E> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| self.0.run(work))
    }

    fn import(&self, data: StoreData) -> Result<(), Failure> {
        self.0.run(async move |shop| shop.import(data, Box::new(|_, _| ())).await)
    }

    fn import_demo(&self) -> Result<(), Failure> {
        let is_empty = self.0.run(async |shop| shop.is_empty().await)?;
        if is_empty { self.import(demo_store()?) } else { Ok(()) }
    }
}

#[pymethods]
impl Shop {
    #[new]
    #[pyo3(signature = (path, *, demo=false, weight_tolerance_g=None, return_days=7))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        demo: bool,
        weight_tolerance_g: Option<u32>,
        return_days: u32,
    ) -> PyResult<Self> {
        fork::watch(py)?;
        let return_window = Duration::from_secs(u64::from(return_days) * 24 * 3_600);
        let shop = py.detach(|| {
            let shop = Self(OpenStore::open(&path, Rules { weight_tolerance_g, return_window })?);
            if demo {
                shop.import_demo()?;
            }
            Ok::<_, Failure>(shop)
        })?;
        Ok(shop)
    }

    /// Takes a whole store into the shop, all of it or nothing. Answers what looks wrong but was taken.
    fn import_store(&self, py: Python<'_>, folder: PathBuf) -> Result<Vec<String>, Failure> {
        py.detach(|| {
            let data = StoreData::parse(&StoreFiles::read(&folder)?)?;
            let warnings = data.warnings.iter().map(ToString::to_string).collect();
            self.import(data)?;
            Ok(warnings)
        })
    }

    /// Whether no store has been imported yet.
    fn is_empty(&self, py: Python<'_>) -> Result<bool, Failure> {
        self.call(py, async |shop| shop.is_empty().await)
    }

    /// The shopper of a phone that has been verified, made now if there was none. `region` is the country of a number
    /// without country code.
    #[pyo3(signature = (phone, region="IN"))]
    fn sign_in(&self, py: Python<'_>, phone: &str, region: &str) -> Result<User, Failure> {
        let region: Region = region.parse().map_err(|_| {
            InvalidArgument::new("region_invalid", "a region is two capital letters, such as IN")
        })?;
        let phone = PhoneNumber::parse(phone, region)?;
        self.call(py, async move |shop| shop.sign_in(&phone).await).map(User::from)
    }

    /// The shopper with this id.
    fn user(&self, py: Python<'_>, user_id: i64) -> Result<User, Failure> {
        self.call(py, async move |shop| shop.user(user_id).await).map(User::from)
    }

    /// Writes the whole profile of a shopper over the old one.
    #[pyo3(signature = (user_id, name, email=None, foodtype_id=None, allergy_id=None))]
    fn complete_profile(
        &self,
        py: Python<'_>,
        user_id: i64,
        name: &str,
        email: Option<&str>,
        foodtype_id: Option<i64>,
        allergy_id: Option<i64>,
    ) -> Result<User, Failure> {
        let name: PersonName = name.parse()?;
        let email = email.map(str::parse::<EmailAddress>).transpose()?;
        let profile = Profile { email, foodtype_id, allergy_id, ..Profile::new(name) };
        self.call(py, async move |shop| shop.complete_profile(user_id, &profile).await).map(User::from)
    }

    /// Products whose name or barcode contains the text, by id, or else those whose names come near to it.
    #[pyo3(signature = (text, offset=0, limit=500))]
    fn search(&self, py: Python<'_>, text: String, offset: u32, limit: u32) -> Result<Vec<Product>, Failure> {
        let page = page(offset, limit)?;
        let products = self.call(py, async move |shop| shop.search(&text, page).await)?;
        Ok(products.into_iter().map(Product::from).collect())
    }

    /// Products on offer, by id.
    #[pyo3(signature = (offset=0, limit=500))]
    fn offers(&self, py: Python<'_>, offset: u32, limit: u32) -> Result<Vec<Product>, Failure> {
        let page = page(offset, limit)?;
        let products = self.call(py, async move |shop| shop.offers(page).await)?;
        Ok(products.into_iter().map(Product::from).collect())
    }

    /// One product with its labels; `None` when there is no such product.
    fn product(&self, py: Python<'_>, product_id: i64) -> PyResult<Option<ProductDetails>> {
        let details = self.call(py, async move |shop| shop.product(product_id).await)?;
        details.map(|details| ProductDetails::of(py, details)).transpose()
    }

    /// Adds pieces to the shopper's list.
    #[pyo3(signature = (user_id, product_id, quantity=1))]
    fn add_to_checklist(
        &self,
        py: Python<'_>,
        user_id: i64,
        product_id: i64,
        quantity: u32,
    ) -> Result<ChecklistItem, Failure> {
        let quantity = pieces(quantity)?;
        let item =
            self.call(py, async move |shop| shop.add_to_checklist(user_id, product_id, quantity).await)?;
        Ok(item.into())
    }

    /// The shopper's list, in the order it was written.
    #[pyo3(signature = (user_id, offset=0, limit=500))]
    fn checklist(
        &self,
        py: Python<'_>,
        user_id: i64,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<ChecklistItem>, Failure> {
        let page = page(offset, limit)?;
        let items = self.call(py, async move |shop| shop.checklist(user_id, page).await)?;
        Ok(items.into_iter().map(ChecklistItem::from).collect())
    }

    /// Takes a product off the shopper's list.
    fn remove_from_checklist(&self, py: Python<'_>, user_id: i64, product_id: i64) -> Result<(), Failure> {
        self.call(py, async move |shop| shop.remove_from_checklist(user_id, product_id).await)
    }

    /// One recipe with its products; `None` when there is no such recipe.
    fn recipe(&self, py: Python<'_>, recipe_id: i64) -> PyResult<Option<Recipe>> {
        let recipe = self.call(py, async move |shop| shop.recipe(recipe_id).await)?;
        recipe.map(|recipe| Recipe::of(py, recipe)).transpose()
    }

    /// Recipes that take what is on the shopper's list, or with `"cart"` in their trolley, once for each such product.
    #[pyo3(signature = (user_id, source="checklist", offset=0, limit=500))]
    fn recipes(
        &self,
        py: Python<'_>,
        user_id: i64,
        source: &str,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<RecipeMatch>, Failure> {
        let source = match source {
            "checklist" => RecipeSource::Checklist,
            "cart" => RecipeSource::Cart,
            _ => return Err(InvalidArgument::new("source_invalid", "a source is checklist or cart").into()),
        };
        let page = page(offset, limit)?;
        let matches = self.call(py, async move |shop| shop.recipes(user_id, source, page).await)?;
        Ok(matches.into_iter().map(RecipeMatch::from).collect())
    }

    /// Takes a trolley for a shopper: `"new"`, or `"kept"` when they had it already.
    fn connect(&self, py: Python<'_>, user_id: i64, cart_id: i64) -> Result<&'static str, Failure> {
        let connection = self.call(py, async move |shop| shop.connect(user_id, cart_id).await)?;
        Ok(match connection {
            Connection::New => "new",
            Connection::Kept => "kept",
        })
    }

    /// Gives the shopper's trolley back, without its contents; answers which one it was.
    fn disconnect(&self, py: Python<'_>, user_id: i64) -> Result<i64, Failure> {
        self.call(py, async move |shop| shop.disconnect(user_id).await)
    }

    /// The shopper's trolley.
    fn cart(&self, py: Python<'_>, user_id: i64) -> PyResult<Cart> {
        let cart = self.call(py, async move |shop| shop.cart(user_id).await)?;
        Cart::of(py, cart)
    }

    /// Puts one piece into the shopper's trolley; answers the line as it is now. With an expected version, a trolley that
    /// has changed since is left alone, which raises `ConflictError`.
    #[pyo3(signature = (user_id, product_id, expected_version=None))]
    fn add_to_cart(
        &self,
        py: Python<'_>,
        user_id: i64,
        product_id: i64,
        expected_version: Option<u64>,
    ) -> Result<CartLine, Failure> {
        let line =
            async move |shop: core::Shop| shop.add_to_cart(user_id, product_id, expected_version).await;
        self.call(py, line).map(CartLine::from)
    }

    /// Takes one piece out of the shopper's trolley, likewise.
    #[pyo3(signature = (user_id, product_id, expected_version=None))]
    fn remove_from_cart(
        &self,
        py: Python<'_>,
        user_id: i64,
        product_id: i64,
        expected_version: Option<u64>,
    ) -> Result<CartLine, Failure> {
        let line =
            async move |shop: core::Shop| shop.remove_from_cart(user_id, product_id, expected_version).await;
        self.call(py, line).map(CartLine::from)
    }

    /// Makes a cart for somebody who has not signed in; answers the token that opens it. How many a stranger may make is for
    /// the host to limit.
    fn guest_cart(&self, py: Python<'_>) -> Result<String, Failure> {
        let token = self.call(py, async |shop| shop.guest_cart().await)?;
        Ok(token.as_str().to_owned())
    }

    /// Puts pieces into a guest's cart; answers all of it, by product.
    #[pyo3(signature = (token, product_id, quantity=1))]
    fn add_to_guest_cart(
        &self,
        py: Python<'_>,
        token: &str,
        product_id: i64,
        quantity: u32,
    ) -> Result<Vec<GuestLine>, Failure> {
        let (token, quantity): (GuestToken, _) = (token.parse()?, pieces(quantity)?);
        let lines =
            self.call(py, async move |shop| shop.add_to_guest_cart(&token, product_id, quantity).await)?;
        Ok(lines.into_iter().map(GuestLine::from).collect())
    }

    /// Adds all that a guest has put together to the shopper's cart, once, and makes a cart for a shopper who has none;
    /// answers which one it is.
    fn merge_guest_cart(&self, py: Python<'_>, user_id: i64, token: &str) -> Result<i64, Failure> {
        let token: GuestToken = token.parse()?;
        self.call(py, async move |shop| shop.merge_guest_cart(user_id, &token).await)
    }

    /// What a trolley's device says has happened; answers the line as it is now.
    fn apply(&self, py: Python<'_>, event: &CartEvent) -> Result<CartLine, Failure> {
        let event: core_device::CartEvent = event.0.clone();
        self.call(py, async move |shop| shop.apply(&event).await).map(CartLine::from)
    }

    /// Opens the shopper's trolley again that is blocked, once its lines weigh what its scale showed last; raises
    /// `ConflictError` until then.
    fn rescan(&self, py: Python<'_>, user_id: i64) -> Result<(), Failure> {
        self.call(py, async move |shop| shop.rescan(user_id).await)
    }

    /// Opens a trolley again that is blocked, because `who` says so, for a reason of 1 to 200 characters that the audit keeps.
    #[pyo3(signature = (cart_id, reason, *, who="admin"))]
    fn approve_cart(&self, py: Python<'_>, cart_id: i64, reason: &str, who: &str) -> Result<(), Failure> {
        let reason = reason.trim();
        if !(1..=200).contains(&reason.chars().count()) {
            return Err(InvalidArgument::new("reason_invalid", "a reason has 1 to 200 characters").into());
        }
        self.call(py, async move |shop| shop.approve_cart(cart_id, reason, who).await)
    }

    /// The trolleys that are blocked, by number.
    #[pyo3(signature = (offset=0, limit=500))]
    fn blocked_carts(&self, py: Python<'_>, offset: u32, limit: u32) -> Result<Vec<BlockedCart>, Failure> {
        let page = page(offset, limit)?;
        let carts = self.call(py, async move |shop| shop.blocked_carts(page).await)?;
        Ok(carts.into_iter().map(BlockedCart::from).collect())
    }

    /// Reads the whole audit, and answers where its chain ends, as `LINK:DIGEST`. Keep that where nobody can write who can write to
    /// the file, and name it the next time: raises `InternalError` with the code `audit_changed` when a row was changed, put in or
    /// taken out, or when the chain never ended at `expected`.
    #[pyo3(signature = (expected=None))]
    fn verify_audit(&self, py: Python<'_>, expected: Option<&str>) -> Result<String, Failure> {
        let expected = expected.map(str::parse::<AuditHead>).transpose();
        let expected = expected.map_err(|error| InvalidArgument::new("audit_head_invalid", error))?;
        let verified = self.call(py, async move |shop| shop.verify_audit(expected).await)?;
        Ok(verified.head.to_string())
    }

    /// Notes where a trolley stands.
    fn locate(&self, py: Python<'_>, cart_id: i64, level: i32, x_m: f64, y_m: f64) -> Result<(), Failure> {
        let point = core_path::Point::new(level, x_m, y_m);
        self.call(py, async move |shop| shop.locate(cart_id, point).await)
    }

    /// Where the shopper's trolley stands: at its dock, until it is located.
    fn location(&self, py: Python<'_>, user_id: i64) -> Result<Location, Failure> {
        self.call(py, async move |shop| shop.location(user_id).await).map(Location::from)
    }

    /// The shortest walk past some products, from where the shopper's trolley stands. Products that are unknown or have
    /// no place are left out.
    fn walk(&self, py: Python<'_>, user_id: i64, product_ids: Vec<i64>) -> PyResult<Walk> {
        let walk = self.call(py, async move |shop| shop.walk(user_id, &product_ids).await)?;
        Walk::of(py, walk)
    }

    /// Makes an order of all that is in the shopper's trolley, and gives the trolley back. A call that comes again under
    /// its `idempotency_key` answers the same order, as it was placed.
    #[pyo3(signature = (user_id, *, idempotency_key=None))]
    fn checkout(&self, py: Python<'_>, user_id: i64, idempotency_key: Option<&str>) -> PyResult<Order> {
        // All calls for a shopper want the same.
        let key = idempotency_key.map(|name| IdempotencyKey::new(name, b"")).transpose();
        let key = key.map_err(Failure::from)?;
        let order =
            self.call(py, async move |shop| shop.checkout(user_id, PaymentMethod::Cash, key.as_ref()).await)?;
        Order::of(py, order)
    }

    /// Calls a shopper's order off: what it took from stock goes back, and nothing is owed any more.
    fn cancel_order(&self, py: Python<'_>, user_id: i64, order_id: i64) -> PyResult<Order> {
        let order = self.call(py, async move |shop| shop.cancel_order(user_id, order_id).await)?;
        Order::of(py, order)
    }

    /// Moves an order on, as the shop does: `event` is `start_processing`, `ship`, `deliver`, `fail_delivery` or `cancel`.
    fn advance_order(&self, py: Python<'_>, order_id: i64, event: &str) -> PyResult<Order> {
        let unknown = || InvalidArgument::new("event_invalid", "there is no such event of an order");
        let event = OrderEvent::from_name(event).ok_or_else(unknown).map_err(Failure::from)?;
        let advance =
            async move |shop: core::Shop| shop.advance_order(order_id, event, event.said_by_shop()).await;
        Order::of(py, self.call(py, advance)?)
    }

    /// Takes pieces out of an order that is being put together, since they are not to be had: less is owed for it.
    fn short_pick(&self, py: Python<'_>, order_id: i64, product_id: i64, missing: u32) -> PyResult<Order> {
        let missing = pieces(missing)?;
        let order = self.call(py, async move |shop| shop.short_pick(order_id, product_id, missing).await)?;
        Order::of(py, order)
    }

    /// Begins a return of an order that was delivered, as the shopper wants it: `pieces` by product, and a `reason`, which is
    /// `damaged`, `expired`, `wrong_item`, `unwanted` or `other`.
    #[pyo3(signature = (user_id, order_id, pieces, reason="other"))]
    fn request_return(
        &self,
        py: Python<'_>,
        user_id: i64,
        order_id: i64,
        pieces: BTreeMap<i64, u32>,
        reason: &str,
    ) -> Result<Return, Failure> {
        let request = return_request(pieces, reason)?;
        let ask = async move |shop: core::Shop| shop.request_return(user_id, order_id, &request).await;
        self.call(py, ask).map(Return::from)
    }

    /// Begins a return, as staff do it for a customer, however late.
    #[pyo3(signature = (order_id, pieces, reason="other"))]
    fn accept_return(
        &self,
        py: Python<'_>,
        order_id: i64,
        pieces: BTreeMap<i64, u32>,
        reason: &str,
    ) -> Result<Return, Failure> {
        let request = return_request(pieces, reason)?;
        let accept = async move |shop: core::Shop| shop.accept_return(order_id, &request).await;
        self.call(py, accept).map(Return::from)
    }

    /// Moves a return on: `step` is `receive`, `restock` when what came can be sold again, `refund` or `reject`.
    fn advance_return(&self, py: Python<'_>, return_id: i64, step: &str) -> Result<Return, Failure> {
        let step: ReturnStep = step.parse().map_err(|_| {
            InvalidArgument::new("step_invalid", "a step is receive, restock, refund or reject")
        })?;
        self.call(py, async move |shop| shop.advance_return(return_id, step).await).map(Return::from)
    }

    /// The returns of a shopper's order, newest first.
    fn returns_of_order(&self, py: Python<'_>, user_id: i64, order_id: i64) -> Result<Vec<Return>, Failure> {
        let returns = self.call(py, async move |shop| shop.returns_of_order(user_id, order_id).await)?;
        Ok(returns.into_iter().map(Return::from).collect())
    }

    /// The returns of all orders, or those whose state is `state`, oldest first.
    #[pyo3(signature = (state=None, offset=0, limit=500))]
    fn returns(
        &self,
        py: Python<'_>,
        state: Option<&str>,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Return>, Failure> {
        let wrong =
            |_| InvalidArgument::new("state_invalid", "a state is requested, received, refunded or rejected");
        let state: Option<ReturnState> = state.map(str::parse).transpose().map_err(wrong)?;
        let page = page(offset, limit)?;
        let returns = self.call(py, async move |shop| shop.returns(state, page).await)?;
        Ok(returns.into_iter().map(Return::from).collect())
    }

    /// Holds all that is in the shopper's trolley for ten minutes, while they pay, in the place of what was held before.
    fn hold_cart(&self, py: Python<'_>, user_id: i64) -> Result<Hold, Failure> {
        self.call(py, async move |shop| shop.hold_cart(user_id).await).map(Hold::from)
    }

    /// Gives back what is held for a shopper.
    fn release_hold(&self, py: Python<'_>, user_id: i64) -> Result<(), Failure> {
        self.call(py, async move |shop| shop.release_hold(user_id).await)
    }

    /// Says how many pieces of a product are in the shop; from then on its stock is counted. With `low_at` or fewer
    /// available it is low; `who` counted.
    #[pyo3(signature = (product_id, on_hand, low_at=None, *, who="admin"))]
    fn count_stock(
        &self,
        py: Python<'_>,
        product_id: i64,
        on_hand: u32,
        low_at: Option<u32>,
        who: &str,
    ) -> Result<StockLevel, Failure> {
        let count = async move |shop: core::Shop| shop.count_stock(product_id, on_hand, low_at, who).await;
        self.call(py, count).map(StockLevel::from)
    }

    /// Adds pieces that came to the stock of a product; from then on it is counted.
    #[pyo3(signature = (product_id, quantity, *, who="admin"))]
    fn receive_stock(
        &self,
        py: Python<'_>,
        product_id: i64,
        quantity: u32,
        who: &str,
    ) -> Result<StockLevel, Failure> {
        let level = self.call(py, async move |shop| shop.receive_stock(product_id, quantity, who).await)?;
        Ok(level.into())
    }

    /// The stock of a product; `None` when it is not counted.
    fn stock_level(&self, py: Python<'_>, product_id: i64) -> Result<Option<StockLevel>, Failure> {
        let level = self.call(py, async move |shop| shop.stock_level(product_id).await)?;
        Ok(level.map(StockLevel::from))
    }

    /// The stock of all products that are counted, by id, or of those alone that are low.
    #[pyo3(signature = (*, only_low=false, offset=0, limit=500))]
    fn stock_levels(
        &self,
        py: Python<'_>,
        only_low: bool,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<StockLevel>, Failure> {
        let page = page(offset, limit)?;
        let levels = self.call(py, async move |shop| shop.stock_levels(only_low, page).await)?;
        Ok(levels.into_iter().map(StockLevel::from).collect())
    }

    /// What changed the stock of a product or of all, the latest first.
    #[pyo3(signature = (product_id=None, offset=0, limit=500))]
    fn stock_movements(
        &self,
        py: Python<'_>,
        product_id: Option<i64>,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<StockMovement>, Failure> {
        let page = page(offset, limit)?;
        let movements = self.call(py, async move |shop| shop.stock_movements(product_id, page).await)?;
        Ok(movements.into_iter().map(StockMovement::from).collect())
    }

    /// The shopper's orders, newest first.
    #[pyo3(signature = (user_id, offset=0, limit=500))]
    fn orders(&self, py: Python<'_>, user_id: i64, offset: u32, limit: u32) -> PyResult<Vec<Order>> {
        let page = page(offset, limit)?;
        let orders = self.call(py, async move |shop| shop.orders(user_id, page).await)?;
        orders.into_iter().map(|order| Order::of(py, order)).collect()
    }

    /// The map of the store; `None` when no store was imported yet.
    fn map(&self, py: Python<'_>) -> PyResult<Option<StoreMap>> {
        let map = self.call(py, async |shop| shop.map().await)?;
        map.map(|map| StoreMap::of(py, map)).transpose()
    }

    /// Ends all use of the file: what is under way is done, and later calls raise `ConflictError`.
    fn close(&self, py: Python<'_>) -> Result<(), Failure> {
        py.detach(|| self.0.close())
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, pyo3::types::PyTuple>) -> Result<(), Failure> {
        self.close(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Shop", path = self.0.path().to_string_lossy())
    }
}

fn pieces(count: u32) -> Result<Quantity, Failure> {
    if count == 0 {
        return Err(InvalidArgument::new("quantity_zero", "a quantity is at least 1").into());
    }
    Ok(Quantity::new(count).ok_or(CartError::TooMany)?)
}

fn return_request(lines: BTreeMap<i64, u32>, reason: &str) -> Result<ReturnRequest, Failure> {
    let reason: ReturnReason = reason.parse().map_err(|_| {
        let message = "a reason is damaged, expired, wrong_item, unwanted or other";
        InvalidArgument::new("reason_invalid", message)
    })?;
    let lines = lines.into_iter().map(|(product_id, count)| Ok((product_id, pieces(count)?)));
    Ok(ReturnRequest::new(reason, lines.collect::<Result<Vec<_>, Failure>>()?)?)
}

fn page(offset: u32, limit: u32) -> Result<Page, Failure> {
    if limit > Page::LIMIT_MAX {
        let message = format!("a limit is at most {}", Page::LIMIT_MAX);
        return Err(InvalidArgument::new("limit_too_large", message).into());
    }
    Ok(Page { offset, limit })
}
