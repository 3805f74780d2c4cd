//! The shop as one value: the domains behind it, the clock, and the map that is ready to be walked.

mod returns;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;

use crate::account::{AccountError, Holders, Passwords, Profile, ShopperClaims, User, UserId};
use crate::admin::{
    AdminError, AuditEntry, AuditFault, AuditFilter, AuditHead, ProductEntry, ProductSheet, UserEntry,
    VerifiedAudit, Version, verify_audit,
};
use crate::cart::{
    BlockedCart, CartError, CartId, CartLine, CartView, ChecklistItem, Connection, GuestLine, GuestToken,
    Location, Quantity, RecipeMatch, RecipeSource,
};
use crate::catalog::import::{Progress, StoreData};
use crate::catalog::{
    Labels, Page, Product, ProductDetails, ProductId, Recipe, RecipeId, Section, ShelfPlace, VersionedMap,
};
use crate::clock::Clock;
use crate::device::CartEvent;
use crate::error::StoreError;
use crate::order::{Actor, IdempotencyKey, Order, OrderError, OrderEvent, OrderId, PaymentMethod, UnderWay};
use crate::pathfinding::{Point, StoreMap};
use crate::phone::PhoneNumber;
use crate::snapshot::{Snapshot, SnapshotError};
use crate::stock::{Hold, Movement, STOCK_MAX, StockError, StockLevel};
use crate::store::ShopStore;
use crate::walk::{Stop, Walk, WalkError, WalkPlan};

/// A shop. Clones are handles of the same one.
#[derive(Clone)]
pub struct Shop {
    store: Arc<dyn ShopStore>,
    clock: Arc<dyn Clock>,
    map: Arc<RwLock<Option<VersionedMap>>>,
    under_way: UnderWay<UserId>,
    weight_tolerance_g: Option<u32>,
    return_window: Duration,
}

/// How long what is in a cart is held for its shopper.
pub const HOLD_TIME: Duration = Duration::from_secs(10 * 60);
/// For how long after delivery shoppers may ask for a return, where nothing else is said.
pub const RETURN_WINDOW: Duration = Duration::from_secs(7 * 24 * 3_600);

impl Shop {
    /// A shop that is kept in `store`.
    pub fn new(store: Arc<dyn ShopStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            map: Arc::default(),
            under_way: UnderWay::default(),
            weight_tolerance_g: None,
            return_window: RETURN_WINDOW,
        }
    }

    /// Blocks carts whose scale shows so many grams more or less than their lines weigh by the catalogue. Without this, weights are
    /// not compared: a catalogue may not know what the scale sees, such as the shopper's own bag.
    #[must_use]
    pub fn with_weight_tolerance(mut self, tolerance_g: Option<u32>) -> Self {
        self.weight_tolerance_g = tolerance_g;
        self
    }

    /// For how long after delivery shoppers may ask for a return; [`RETURN_WINDOW`] without this. Staff may take anything back.
    #[must_use]
    pub fn with_return_window(mut self, window: Duration) -> Self {
        self.return_window = window;
        self
    }

    /// Takes a whole store into the shop; see [`CatalogStore::import`](crate::catalog::CatalogStore::import).
    ///
    /// # Errors
    /// [`StoreError`]; the shop is then as it was before.
    pub async fn import(&self, data: StoreData, progress: Progress) -> Result<(), StoreError> {
        self.store.import(data, progress).await
    }

    /// Takes a snapshot into a shop that holds nothing yet; see [`SnapshotStore::restore`](crate::snapshot::SnapshotStore).
    ///
    /// # Errors
    /// [`SnapshotError`]; the shop is then as empty as it was before.
    pub async fn restore(&self, snapshot: Snapshot, progress: Progress) -> Result<(), SnapshotError> {
        let (passwords, mut hashes) = (Passwords::default(), Vec::new());
        for record in &snapshot.employees {
            hashes.push(passwords.hash(&record.password).await?);
        }
        self.store.restore(snapshot, hashes, self.clock.now(), progress).await
    }

    /// Whether no store has been imported yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.store.map_version().await?.is_none())
    }

    /// Whether the store can be read and written now, which costs it some work.
    ///
    /// # Errors
    /// [`StoreError`] says why not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }

    /// The shopper of a phone that has been verified, made now if there was none.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub async fn sign_in(&self, phone: &PhoneNumber) -> Result<User, AccountError> {
        self.store.sign_in(phone, self.clock.now()).await
    }

    /// The shopper with this id.
    ///
    /// # Errors
    /// [`AccountError::UserNotFound`] and [`AccountError::Store`].
    pub async fn user(&self, user_id: UserId) -> Result<User, AccountError> {
        self.store.user(user_id).await?.ok_or(AccountError::UserNotFound { user_id })
    }

    /// Writes the whole profile of a shopper.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn complete_profile(&self, user_id: UserId, profile: &Profile) -> Result<User, AccountError> {
        self.store.complete_profile(user_id, profile).await
    }

    /// Products whose name or barcode contains a text, by id, or else those that come near to it; see
    /// [`CatalogStore::search`](crate::catalog::CatalogStore::search).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search(&self, text: &str, page: Page) -> Result<Vec<Product>, StoreError> {
        self.store.search(text, page).await
    }

    /// Products on offer, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn offers(&self, page: Page) -> Result<Vec<Product>, StoreError> {
        self.store.offers(page).await
    }

    /// One product with its labels; `None` when there is no such product.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn product(&self, product_id: ProductId) -> Result<Option<ProductDetails>, StoreError> {
        self.store.product(product_id).await
    }

    /// The food types and the categories, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn labels(&self) -> Result<Labels, StoreError> {
        self.store.labels().await
    }

    /// The sections, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sections(&self) -> Result<Vec<Section>, StoreError> {
        self.store.sections().await
    }

    /// Where products stand, each with its section, in the order of the ids; products that are unknown or have no place are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shelf_places(
        &self,
        product_ids: &[ProductId],
    ) -> Result<Vec<(ShelfPlace, Section)>, StoreError> {
        let places = self.store.shelf_places(product_ids).await?;
        let sections = self.store.sections().await?;
        let with_section = |place: ShelfPlace| {
            let section = sections.iter().find(|section| section.section_id == place.section_id)?;
            Some((place, section.clone()))
        };
        Ok(places.into_iter().filter_map(with_section).collect())
    }

    /// One recipe with its products; `None` when there is no such recipe.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recipe(&self, recipe_id: RecipeId) -> Result<Option<Recipe>, StoreError> {
        self.store.recipe(recipe_id).await
    }

    /// Recipes that take what is on the shopper's list or in their cart, once for each such product.
    ///
    /// # Errors
    /// [`CartError::NoActiveCart`] when that is where to look, and [`CartError::Store`].
    pub async fn recipes(
        &self,
        user_id: UserId,
        source: RecipeSource,
        page: Page,
    ) -> Result<Vec<RecipeMatch>, CartError> {
        self.store.recipes(user_id, source, page).await
    }

    /// Adds pieces to the shopper's list.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn add_to_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<ChecklistItem, CartError> {
        self.store.add_to_checklist(user_id, product_id, quantity).await
    }

    /// Takes a product off the shopper's list.
    ///
    /// # Errors
    /// [`CartError::NotInChecklist`] and [`CartError::Store`].
    pub async fn remove_from_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
    ) -> Result<(), CartError> {
        self.store.remove_from_checklist(user_id, product_id).await
    }

    /// The shopper's list, in the order it was written.
    ///
    /// # Errors
    /// [`CartError::UserNotFound`] and [`CartError::Store`].
    pub async fn checklist(&self, user_id: UserId, page: Page) -> Result<Vec<ChecklistItem>, CartError> {
        self.store.checklist(user_id, page).await
    }

    /// Takes a trolley for a shopper.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn connect(&self, user_id: UserId, cart_id: CartId) -> Result<Connection, CartError> {
        self.store.connect(user_id, cart_id, self.clock.now()).await
    }

    /// Makes an ad-hoc cart for a shopper who has no cart; keeps the one that they have.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn connect_ad_hoc(&self, user_id: UserId) -> Result<(CartId, Connection), CartError> {
        self.store.connect_ad_hoc(user_id, self.clock.now()).await
    }

    /// Gives the shopper's cart back, without its contents; an ad-hoc cart is gone then.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn disconnect(&self, user_id: UserId) -> Result<CartId, CartError> {
        self.store.disconnect(user_id, self.clock.now()).await
    }

    /// The shopper's cart.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn cart(&self, user_id: UserId) -> Result<CartView, CartError> {
        self.store.view(user_id, self.clock.now()).await
    }

    /// Puts one piece into the shopper's cart; answers the line as it is now. With an `expected` version, a cart that has changed
    /// since is left alone.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn add_to_cart(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
    ) -> Result<CartLine, CartError> {
        self.store.add_item(user_id, product_id, expected, self.clock.now()).await
    }

    /// Takes one piece out of the shopper's cart, likewise.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn remove_from_cart(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
    ) -> Result<CartLine, CartError> {
        self.store.remove_item(user_id, product_id, expected, self.clock.now()).await
    }

    /// Makes a cart for somebody who has not signed in; answers what opens it.
    ///
    /// # Errors
    /// [`CartError::Store`].
    pub async fn guest_cart(&self) -> Result<GuestToken, CartError> {
        let token = GuestToken::random();
        self.store.create_guest_cart(&token, self.clock.now()).await?;
        Ok(token)
    }

    /// Puts pieces into a guest's cart; answers all of it.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn add_to_guest_cart(
        &self,
        token: &GuestToken,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<Vec<GuestLine>, CartError> {
        self.store.add_to_guest_cart(token, product_id, quantity, self.clock.now()).await
    }

    /// Adds what a guest has put together to the shopper's cart; see
    /// [`GuestCartStore::merge_guest_cart`](crate::cart::GuestCartStore::merge_guest_cart).
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn merge_guest_cart(&self, user_id: UserId, token: &GuestToken) -> Result<CartId, CartError> {
        self.store.merge_guest_cart(user_id, token, self.clock.now()).await
    }

    /// What a trolley's device says has happened; answers the line as it is now.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn apply(&self, event: &CartEvent) -> Result<CartLine, CartError> {
        self.store.apply(event, self.weight_tolerance_g, self.clock.now()).await
    }

    /// Opens the shopper's cart again that is blocked, once its lines weigh what its scale showed last.
    ///
    /// # Errors
    /// [`CartError::WeightDiffers`] and [`CartError::WeightUnknown`]; [`CartError::Illegal`] when it is not blocked; [`CartError`].
    pub async fn rescan(&self, user_id: UserId) -> Result<(), CartError> {
        self.store.rescan(user_id, self.weight_tolerance_g, self.clock.now()).await
    }

    /// Opens a cart again that is blocked, because `who` says so, for a reason that the audit keeps.
    ///
    /// # Errors
    /// [`CartError::CartNotFound`]; [`CartError::Illegal`] when it is not blocked; [`CartError::Store`].
    pub async fn approve_cart(&self, cart_id: CartId, reason: &str, who: &str) -> Result<(), CartError> {
        self.store.approve_cart(cart_id, reason, who, self.clock.now()).await
    }

    /// The carts that are blocked, by number.
    ///
    /// # Errors
    /// [`CartError::Store`].
    pub async fn blocked_carts(&self, page: Page) -> Result<Vec<BlockedCart>, CartError> {
        self.store.blocked_carts(page).await
    }

    /// Notes where a trolley stands.
    ///
    /// # Errors
    /// [`CartError::OffTheMap`] when that is on no floor of the map; [`CartError`].
    pub async fn locate(&self, cart_id: CartId, point: Point) -> Result<(), CartError> {
        let map = self.map().await?.ok_or(CartError::OffTheMap)?;
        map.nearest_free(point).map_err(|_| CartError::OffTheMap)?;
        self.store.locate(cart_id, point, self.clock.now()).await
    }

    /// Where the shopper's cart stands.
    ///
    /// # Errors
    /// [`CartError`].
    pub async fn location(&self, user_id: UserId) -> Result<Location, CartError> {
        self.store.location(user_id).await
    }

    /// Where this cart stands, for the shopper who has it.
    ///
    /// # Errors
    /// [`CartError::NotYourCart`] for everybody else; [`CartError::NotLocated`] and [`CartError::Store`].
    pub async fn location_of(&self, user_id: UserId, cart_id: CartId) -> Result<Location, CartError> {
        match self.store.location(user_id).await {
            Ok(location) if location.cart_id == cart_id => Ok(location),
            Err(CartError::NotLocated { cart_id: own }) if own == cart_id => {
                Err(CartError::NotLocated { cart_id })
            }
            Ok(_) | Err(CartError::NotLocated { .. } | CartError::NoActiveCart) => {
                Err(CartError::NotYourCart { cart_id })
            }
            Err(error) => Err(error),
        }
    }

    /// All that is needed to find the shortest walk past some products, from where the shopper's trolley stands.
    /// Products that are unknown or have no place are left out. Finding the walk takes the processor a while, so it is
    /// a step of its own: [`WalkPlan::solve`].
    ///
    /// # Errors
    /// [`WalkError`].
    pub async fn plan_walk(&self, user_id: UserId, product_ids: &[ProductId]) -> Result<WalkPlan, WalkError> {
        let start = self.store.location(user_id).await.map_err(|error| match error {
            CartError::Store(error) => WalkError::Store(error),
            CartError::UserNotFound { user_id } => WalkError::UserNotFound { user_id },
            _ => WalkError::NoActiveCart,
        })?;
        let places = self.store.shelf_places(product_ids).await?;
        let stops = places.iter().map(|place| Stop {
            product_id: Some(place.product_id),
            section_id: Some(place.section_id),
            point: place.point,
        });
        self.plan_walk_between(start.point, stops.collect()).await
    }

    /// All that is needed to find the shortest walk from a point past some others.
    ///
    /// # Errors
    /// [`WalkError`].
    pub async fn plan_walk_between(&self, start: Point, stops: Vec<Stop>) -> Result<WalkPlan, WalkError> {
        let map = self.map().await?.ok_or(WalkError::NoMap)?;
        let sections: Vec<Section> = self.store.sections().await?;
        Ok(WalkPlan { map, sections, start, stops })
    }

    /// Finds the shortest walk past some products on this thread; see [`plan_walk`](Self::plan_walk).
    ///
    /// # Errors
    /// [`WalkError`].
    pub async fn walk(&self, user_id: UserId, product_ids: &[ProductId]) -> Result<Walk, WalkError> {
        self.plan_walk(user_id, product_ids).await?.solve()
    }

    /// Makes an order of all that is in the shopper's trolley, to be paid in this way. With a key, the same request may come
    /// again, and makes one order.
    ///
    /// # Errors
    /// [`OrderError`]; [`OrderError::InProgress`] while the first one with this key is under way.
    pub async fn checkout(
        &self,
        user_id: UserId,
        payment: PaymentMethod,
        key: Option<&IdempotencyKey>,
    ) -> Result<Order, OrderError> {
        let _turn = match key {
            Some(key) => Some(self.under_way.begin(user_id, key).ok_or(OrderError::InProgress)?),
            None => None,
        };
        self.store.checkout(user_id, payment, key, self.clock.now()).await
    }

    /// Calls a shopper's order off: what it took from stock goes back, and nothing is owed any more.
    ///
    /// # Errors
    /// [`OrderError::OrderNotFound`]; [`OrderError::Illegal`] when it is too late for that; [`OrderError::Store`].
    pub async fn cancel_order(&self, user_id: UserId, order_id: OrderId) -> Result<Order, OrderError> {
        let (event, now) = (OrderEvent::Cancel, self.clock.now());
        self.store.advance_order(order_id, Some(user_id), event, Actor::Customer, now).await
    }

    /// Moves an order on; `by` does it, as the [table](crate::order::OrderStatus::TRANSITIONS) allows.
    ///
    /// # Errors
    /// [`OrderError::OrderNotFound`]; [`OrderError::Illegal`]; [`OrderError::NamesProducts`] of an event of single products, such as
    /// [`short_pick`](Self::short_pick); [`OrderError::Store`].
    pub async fn advance_order(
        &self,
        order_id: OrderId,
        event: OrderEvent,
        by: Actor,
    ) -> Result<Order, OrderError> {
        if event.names_products() {
            return Err(OrderError::NamesProducts { event });
        }
        self.store.advance_order(order_id, None, event, by, self.clock.now()).await
    }

    /// Holds all that is in the shopper's cart for [`HOLD_TIME`], while they pay; it is locked for so long.
    ///
    /// # Errors
    /// [`StockError::Illegal`] when the cart is blocked; [`StockError::OutOfStock`], and then nothing is held; [`StockError::NoActiveCart`]; [`StockError::Store`].
    pub async fn hold_cart(&self, user_id: UserId) -> Result<Hold, StockError> {
        let now = self.clock.now();
        self.store.hold_cart(user_id, now + HOLD_TIME, now).await
    }

    /// Gives back what is held for a shopper.
    ///
    /// # Errors
    /// [`StockError::Store`].
    pub async fn release_hold(&self, user_id: UserId) -> Result<(), StockError> {
        self.store.release_hold(user_id).await
    }

    /// Says how many pieces of a product are on hand, and when that is low; `who` counted.
    ///
    /// # Errors
    /// [`StockError`].
    pub async fn count_stock(
        &self,
        product_id: ProductId,
        on_hand: u32,
        low_at: Option<u32>,
        who: &str,
    ) -> Result<StockLevel, StockError> {
        if on_hand > STOCK_MAX || low_at.is_some_and(|low_at| low_at > STOCK_MAX) {
            return Err(StockError::TooMany);
        }
        self.store.count_stock(product_id, on_hand, low_at, who, self.clock.now()).await
    }

    /// Adds pieces that came to those that are on hand.
    ///
    /// # Errors
    /// [`StockError`].
    pub async fn receive_stock(
        &self,
        product_id: ProductId,
        quantity: u32,
        who: &str,
    ) -> Result<StockLevel, StockError> {
        self.store.receive_stock(product_id, quantity, who, self.clock.now()).await
    }

    /// The stock of a product; `None` when it is not counted.
    ///
    /// # Errors
    /// [`StockError::Store`].
    pub async fn stock_level(&self, product_id: ProductId) -> Result<Option<StockLevel>, StockError> {
        self.store.stock_level(product_id, self.clock.now()).await
    }

    /// The stock of all products that are counted, by id, or of those alone that are low.
    ///
    /// # Errors
    /// [`StockError::Store`].
    pub async fn stock_levels(&self, only_low: bool, page: Page) -> Result<Vec<StockLevel>, StockError> {
        self.store.stock_levels(only_low, page, self.clock.now()).await
    }

    /// What changed the stock of a product or of all, the latest first.
    ///
    /// # Errors
    /// [`StockError::Store`].
    pub async fn stock_movements(
        &self,
        product_id: Option<ProductId>,
        page: Page,
    ) -> Result<Vec<Movement>, StockError> {
        self.store.stock_movements(product_id, page).await
    }

    /// The shopper's orders, newest first.
    ///
    /// # Errors
    /// [`OrderError::Store`].
    pub async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
        self.store.orders(user_id, page).await
    }

    /// All products as administrators see them, by id.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn product_entries(&self, page: Page) -> Result<Vec<ProductEntry>, AdminError> {
        self.store.product_entries(page).await
    }

    /// One product as administrators see it.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn product_entry(&self, product_id: ProductId) -> Result<ProductEntry, AdminError> {
        self.store.product_entry(product_id).await?.ok_or(AdminError::ProductNotFound { product_id })
    }

    /// Takes a new product in, under a new id; `who` did it.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn create_product(&self, sheet: ProductSheet, who: &str) -> Result<ProductEntry, AdminError> {
        self.check_place(&sheet).await?;
        self.store.create_product(sheet, who, self.clock.now()).await
    }

    /// Writes all of a product, when its version is the expected one.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn change_product(
        &self,
        sheet: ProductSheet,
        expected: Option<Version>,
        who: &str,
    ) -> Result<ProductEntry, AdminError> {
        self.check_place(&sheet).await?;
        self.store.change_product(sheet, expected, who, self.clock.now()).await
    }

    /// Takes a product off sale, when its version is the expected one.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn retire_product(
        &self,
        product_id: ProductId,
        expected: Option<Version>,
        who: &str,
    ) -> Result<(), AdminError> {
        self.store.retire_product(product_id, expected, who, self.clock.now()).await
    }

    /// All shoppers as administrators see them, or the one of a phone, by id.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn user_entries(
        &self,
        phone: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<UserEntry>, AdminError> {
        self.store.user_entries(phone, page).await
    }

    /// One shopper as administrators see them.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn user_entry(&self, user_id: UserId) -> Result<UserEntry, AdminError> {
        self.store.user_entry(user_id).await?.ok_or_else(|| AdminError::user_not_found(user_id))
    }

    /// Takes in a shopper who has not signed in yet: they do so later with a code to this phone.
    ///
    /// # Errors
    /// [`AdminError::PhoneTaken`] and other [`AdminError`]s.
    pub async fn create_user(
        &self,
        phone: &PhoneNumber,
        profile: &Profile,
        who: &str,
    ) -> Result<UserEntry, AdminError> {
        self.store.create_user(phone, profile, who, self.clock.now()).await
    }

    /// Writes the whole profile of a shopper, when its version is the expected one.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn change_user(
        &self,
        user_id: UserId,
        profile: &Profile,
        expected: Option<Version>,
        who: &str,
    ) -> Result<UserEntry, AdminError> {
        self.store.change_user(user_id, profile, expected, who, self.clock.now()).await
    }

    /// Shuts a shopper out, when the version is the expected one.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn retire_user(
        &self,
        user_id: UserId,
        expected: Option<Version>,
        who: &str,
    ) -> Result<(), AdminError> {
        self.store.retire_user(user_id, expected, who, self.clock.now()).await
    }

    /// What administrators did, newest first.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn audit(&self, filter: AuditFilter, page: Page) -> Result<Vec<AuditEntry>, AdminError> {
        self.store.audit(filter, page).await
    }

    /// Where the chain of the audit ends, to be kept outside of the database: [`verify_audit`](Self::verify_audit) looks for it later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        Ok(self.store.audit_links(0, 0).await?.1)
    }

    /// Reads the whole audit, and whether anybody changed it: see [`verify_audit`].
    ///
    /// # Errors
    /// [`AuditFault`], the first that there is.
    pub async fn verify_audit(&self, expected: Option<AuditHead>) -> Result<VerifiedAudit, AuditFault> {
        verify_audit(&*self.store, expected, |_, _| ()).await
    }

    /// Whether somebody can walk to where a product is to stand.
    async fn check_place(&self, sheet: &ProductSheet) -> Result<(), AdminError> {
        let Some(place) = &sheet.place else { return Ok(()) };
        let map = self.map().await?.ok_or(AdminError::OffTheMap)?;
        map.nearest_free(place.point).map(|_| ()).map_err(|_| AdminError::OffTheMap)
    }

    /// The map of the store, built when it has changed; `None` when no store was imported yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn map(&self) -> Result<Option<Arc<StoreMap>>, StoreError> {
        let Some(version) = self.store.map_version().await? else { return Ok(None) };
        let built = self.map.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(built) = built.filter(|built| built.version == version) {
            return Ok(Some(built.map));
        }
        let Some(built) = self.store.map().await? else { return Ok(None) };
        let map = Arc::clone(&built.map);
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = Some(built);
        Ok(Some(map))
    }
}

/// Shoppers stay shoppers.
#[async_trait]
impl Holders for Shop {
    type Claims = ShopperClaims;

    async fn current(&self, claims: &ShopperClaims) -> Result<Option<ShopperClaims>, StoreError> {
        match self.store.user(claims.user_id).await {
            Ok(user) => Ok(user.map(|_| *claims)),
            Err(AccountError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::internal(error)),
        }
    }
}
