//! Stock, holds, carts and orders of both databases against a small model of them, written from what the documentation of the
//! stores says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quickcart_core::cart::{CartError, CartState, Quantity};
use quickcart_core::catalog::Page;
use quickcart_core::clock::Timestamp;
use quickcart_core::device::CartEvent;
use quickcart_core::order::{
    Actor, IdempotencyKey, Order, OrderError, OrderEvent, OrderStatus, PaymentMethod,
};
use quickcart_core::stock::{Shortage, StockError};
use quickcart_core::store::Store;
use tokio::runtime::Runtime;

use crate::databases::Database;
use crate::stores::{demo_shop, shopper};

const PRODUCTS: usize = 3;
const USERS: usize = 2;
const HOLD_MS: u64 = 600_000;
const DAY_MS: u64 = 86_400_000;
const TOLERANCE_G: Option<u32> = Some(20);

/// What the shop, a shopper or time does. Numbers of orders count from the first one.
#[derive(Clone, Copy, Debug)]
enum Step {
    Count {
        product: usize,
        on_hand: u32,
    },
    Receive {
        product: usize,
        quantity: u32,
    },
    Add {
        user: usize,
        product: usize,
    },
    Remove {
        user: usize,
        product: usize,
    },
    /// A device sees a piece, and weighs so many more that it has not seen.
    Put {
        user: usize,
        product: usize,
        unseen: u64,
    },
    Rescan {
        user: usize,
    },
    Approve {
        user: usize,
    },
    Disconnect {
        user: usize,
    },
    Hold {
        user: usize,
    },
    Release {
        user: usize,
    },
    Checkout {
        user: usize,
        key: Option<(usize, usize)>,
    },
    Advance {
        user: Option<usize>,
        order: usize,
        event: OrderEvent,
    },
    /// One piece is not to be had.
    ShortPick {
        order: usize,
        product: usize,
    },
    Wait {
        ms: u64,
    },
}

/// What is heard. Products go by their place among those of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Pieces(Vec<(usize, u32)>),
    /// Which one, how it stands, and its lines.
    Order(usize, OrderStatus, Vec<(usize, u32)>),
    /// Product, wanted, available.
    OutOfStock(Vec<(usize, u32, u32)>),
    Held(u32),
    NoCart,
    CartEmpty,
    NotInCart,
    /// So many pieces more than there are lines of.
    WeighsMore(i64),
    KeyReused,
    NoOrder,
    /// So many pieces are left.
    NotSoMany(u32),
    NothingLeft,
    Illegal,
}

#[derive(Clone, Default)]
struct Model {
    now_ms: u64,
    /// Of the products that are counted.
    on_hand: BTreeMap<usize, u32>,
    /// Lines in the order that they came; no cart without an entry.
    carts: BTreeMap<usize, Vec<(usize, u32)>>,
    holds: BTreeMap<usize, Hold>,
    /// The carts that are blocked, and how many pieces their scales have shown.
    blocked: BTreeMap<usize, u64>,
    orders: Vec<Placed>,
    /// By shopper and name: the request, the order, and until when.
    keys: BTreeMap<(usize, usize), (usize, usize, u64)>,
}

#[derive(Clone)]
struct Hold {
    pieces: Vec<(usize, u32)>,
    expires_at_ms: u64,
}

#[derive(Clone)]
struct Placed {
    user: usize,
    status: OrderStatus,
    lines: Vec<(usize, u32)>,
    /// The lines without what was not to be had.
    delivered: Vec<(usize, u32)>,
    /// What it took from stock.
    took: Vec<(usize, u32)>,
}

impl Model {
    fn held(&self, product: usize, but: Option<usize>) -> u32 {
        let live = |hold: &&Hold| self.now_ms < hold.expires_at_ms;
        let others = self.holds.iter().filter(|(user, _)| Some(**user) != but).map(|(_, hold)| hold);
        let pieces = others.filter(live).flat_map(|hold| &hold.pieces);
        pieces.filter(|(held, _)| *held == product).map(|(_, quantity)| quantity).sum()
    }

    /// Available and held.
    fn level(&self, product: usize) -> Option<(u32, u32)> {
        let held = self.held(product, None);
        self.on_hand.get(&product).map(|on_hand| (on_hand - held, held))
    }

    /// What of the cart is counted, or what is short for this shopper.
    fn wanted(&self, user: usize) -> Result<Vec<(usize, u32)>, Answer> {
        let mut counted = self.carts[&user].clone();
        counted.retain(|(product, _)| self.on_hand.contains_key(product));
        counted.sort_unstable();
        let short = |&(product, wanted): &(usize, u32)| {
            let available = self.on_hand[&product] - self.held(product, Some(user));
            (available < wanted).then_some((product, wanted, available))
        };
        let short: Vec<_> = counted.iter().filter_map(short).collect();
        if short.is_empty() { Ok(counted) } else { Err(Answer::OutOfStock(short)) }
    }

    fn is_locked(&self, user: usize) -> bool {
        self.holds.get(&user).is_some_and(|hold| self.now_ms < hold.expires_at_ms)
    }

    fn pieces(&self, user: usize) -> u64 {
        self.carts[&user].iter().map(|(_, quantity)| u64::from(*quantity)).sum()
    }

    fn add(&mut self, user: usize, product: usize) {
        let lines = self.carts.entry(user).or_default();
        match lines.iter_mut().find(|(known, _)| *known == product) {
            Some((_, quantity)) => *quantity += 1,
            None => lines.push((product, 1)),
        }
    }

    fn take(&mut self, step: Step) -> Answer {
        match step {
            Step::Count { product, on_hand } => {
                let held = self.held(product, None);
                if on_hand < held {
                    return Answer::Held(held);
                }
                self.on_hand.insert(product, on_hand);
                Answer::Done
            }
            Step::Receive { product, quantity } => {
                *self.on_hand.entry(product).or_default() += quantity;
                Answer::Done
            }
            Step::Add { user, .. } | Step::Remove { user, .. } if self.is_locked(user) => Answer::Illegal,
            Step::Disconnect { user } if self.blocked.contains_key(&user) => Answer::Illegal,
            Step::Add { user, product } => {
                self.add(user, product);
                Answer::Done
            }
            Step::Put { user, product, unseen } => {
                if self.is_locked(user) {
                    self.holds.remove(&user);
                }
                self.add(user, product);
                if unseen > 0 || self.blocked.contains_key(&user) {
                    self.blocked.insert(user, self.pieces(user) + unseen);
                }
                Answer::Done
            }
            Step::Rescan { user } | Step::Approve { user } if !self.carts.contains_key(&user) => {
                Answer::NoCart
            }
            Step::Rescan { user } => match self.blocked.get(&user) {
                None => Answer::Illegal,
                Some(weighed) if *weighed == self.pieces(user) => {
                    self.blocked.remove(&user);
                    Answer::Done
                }
                Some(weighed) => Answer::WeighsMore(*weighed as i64 - self.pieces(user) as i64),
            },
            Step::Approve { user } => self.blocked.remove(&user).map_or(Answer::Illegal, |_| Answer::Done),
            Step::Remove { user, product } => {
                let Some(lines) = self.carts.get_mut(&user) else { return Answer::NoCart };
                let Some(line) = lines.iter_mut().find(|(known, _)| *known == product) else {
                    return Answer::NotInCart;
                };
                line.1 -= 1;
                lines.retain(|(_, quantity)| *quantity > 0);
                Answer::Done
            }
            Step::Disconnect { user } => match self.carts.remove(&user) {
                Some(_) => {
                    self.holds.remove(&user);
                    Answer::Done
                }
                None => Answer::NoCart,
            },
            Step::Hold { user } => self.hold(user).unwrap_or_else(|refusal| refusal),
            Step::Release { user } => {
                self.holds.remove(&user);
                Answer::Done
            }
            Step::Checkout { user, key } => self.checkout(user, key).unwrap_or_else(|refusal| refusal),
            Step::Advance { user, order, event } => self.advance(user, order, event),
            Step::ShortPick { order, product } => self.short_pick(order, product),
            Step::Wait { ms } => {
                self.now_ms += ms;
                Answer::Done
            }
        }
    }

    fn hold(&mut self, user: usize) -> Result<Answer, Answer> {
        if !self.carts.contains_key(&user) {
            return Err(Answer::NoCart);
        }
        if self.blocked.contains_key(&user) {
            return Err(Answer::Illegal);
        }
        let pieces = self.wanted(user)?;
        self.holds.insert(user, Hold { pieces: pieces.clone(), expires_at_ms: self.now_ms + HOLD_MS });
        Ok(Answer::Pieces(pieces))
    }

    fn checkout(&mut self, user: usize, key: Option<(usize, usize)>) -> Result<Answer, Answer> {
        if let Some((name, request)) = key
            && let Some(&(known, order, until_ms)) = self.keys.get(&(user, name))
            && self.now_ms < until_ms
        {
            let lines = self.orders[order].lines.clone();
            return if known == request {
                Ok(Answer::Order(order, OrderStatus::Verified, lines))
            } else {
                Err(Answer::KeyReused)
            };
        }
        let lines = self.carts.get(&user).cloned().ok_or(Answer::NoCart)?;
        if self.blocked.contains_key(&user) {
            return Err(Answer::Illegal);
        }
        if lines.is_empty() {
            return Err(Answer::CartEmpty);
        }
        let took = self.wanted(user)?;
        for (product, quantity) in &took {
            *self.on_hand.entry(*product).or_default() -= quantity;
        }
        self.carts.remove(&user);
        self.holds.remove(&user);
        let (order, status) = (self.orders.len(), OrderStatus::Verified);
        self.orders.push(Placed { user, status, lines: lines.clone(), delivered: lines.clone(), took });
        if let Some((name, request)) = key {
            self.keys.insert((user, name), (request, order, self.now_ms + DAY_MS));
        }
        Ok(Answer::Order(order, status, lines))
    }

    /// Without a shopper, it is the staff who does it.
    fn advance(&mut self, user: Option<usize>, order: usize, event: OrderEvent) -> Answer {
        let Some(placed) = self.orders.get_mut(order) else { return Answer::NoOrder };
        if user.is_some_and(|user| user != placed.user) {
            return Answer::NoOrder;
        }
        placed.status = match (placed.status, event, user) {
            (OrderStatus::Verified, OrderEvent::StartProcessing, None) => OrderStatus::Processing,
            (OrderStatus::Verified, OrderEvent::Cancel, _) => OrderStatus::Cancelled,
            (OrderStatus::Processing, OrderEvent::Cancel, None) => OrderStatus::Cancelled,
            _ => return Answer::Illegal,
        };
        if placed.status == OrderStatus::Cancelled {
            for (product, quantity) in &placed.took {
                *self.on_hand.entry(*product).or_default() += quantity;
            }
        }
        Answer::Order(order, placed.status, placed.delivered.clone())
    }

    fn short_pick(&mut self, order: usize, product: usize) -> Answer {
        let Some(placed) = self.orders.get_mut(order) else { return Answer::NoOrder };
        if placed.status != OrderStatus::Processing {
            return Answer::Illegal;
        }
        let pieces: u32 = placed.delivered.iter().map(|(_, quantity)| quantity).sum();
        match placed.delivered.iter_mut().find(|(known, quantity)| *known == product && *quantity > 0) {
            None => return Answer::NotSoMany(0),
            Some(_) if pieces == 1 => return Answer::NothingLeft,
            Some((_, quantity)) => *quantity -= 1,
        }
        if let Some((_, quantity)) = placed.took.iter_mut().find(|(known, _)| *known == product) {
            *quantity -= 1;
        }
        Answer::Order(order, placed.status, placed.delivered.clone())
    }
}

/// Both sides of the comparison.
struct World {
    store: Arc<dyn Store>,
    products: Vec<i64>,
    /// What a piece of each weighs.
    unit_g: u32,
    users: Vec<i64>,
    orders: Vec<i64>,
    model: Model,
}

/// Which worlds there were.
static WORLDS: AtomicU32 = AtomicU32::new(0);

impl World {
    /// With products and shoppers of its own, so that worlds in one store do not meet.
    async fn on(store: &Arc<dyn Store>) -> Self {
        let world = WORLDS.fetch_add(1, Ordering::Relaxed);
        let mut sheet = store.product_entry(1).await.unwrap().unwrap().sheet;
        let (mut products, mut users) = (Vec::new(), Vec::new());
        for index in 0..PRODUCTS {
            sheet.record.product.barcode = format!("world-{world}-{index}").parse().unwrap();
            let created = store.create_product(sheet.clone(), "admin", Timestamp::UNIX_EPOCH).await.unwrap();
            products.push(created.sheet.record.product.product_id);
        }
        for index in 0..USERS as u32 {
            users.push(shopper(&**store, world * USERS as u32 + index).await);
        }
        let unit_g = sheet.record.product.weight_g.unwrap();
        let (orders, model) = (Vec::new(), Model::default());
        Self { store: Arc::clone(store), products, unit_g, users, orders, model }
    }

    fn now(&self) -> Timestamp {
        "2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_millis(self.model.now_ms)
    }

    async fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let actual = self.really(step).await;
        let expected = self.model.take(step);
        prop_assert_eq!(expected, actual, "{:?} at {} ms", step, self.model.now_ms);
        for (index, product_id) in self.products.iter().enumerate() {
            let level = self.store.stock_level(*product_id, self.now()).await.unwrap();
            let level = level.map(|level| (level.available, level.held));
            prop_assert_eq!(self.model.level(index), level, "product {} after {:?}", index, step);
        }
        Ok(())
    }

    async fn really(&mut self, step: Step) -> Answer {
        let (store, now) = (&self.store, self.now());
        let done = |result: Result<(), Answer>| result.err().unwrap_or(Answer::Done);
        match step {
            Step::Count { product, on_hand } => {
                let counted = store.count_stock(self.products[product], on_hand, None, "admin", now).await;
                done(counted.map(drop).map_err(|error| self.no_stock(error)))
            }
            Step::Receive { product, quantity } => {
                let received = store.receive_stock(self.products[product], quantity, "admin", now).await;
                done(received.map(drop).map_err(|error| self.no_stock(error)))
            }
            Step::Add { user, product } => {
                store.connect_ad_hoc(self.users[user], now).await.unwrap();
                let added = store.add_item(self.users[user], self.products[product], None, now).await;
                done(added.map(drop).map_err(|error| self.no_cart(error)))
            }
            Step::Remove { user, product } => {
                let removed = store.remove_item(self.users[user], self.products[product], None, now).await;
                done(removed.map(drop).map_err(|error| self.no_cart(error)))
            }
            Step::Put { user, product, unseen } => {
                let (cart_id, _) = store.connect_ad_hoc(self.users[user], now).await.unwrap();
                let lines = self.store.view(self.users[user], now).await.unwrap().lines;
                let pieces =
                    lines.iter().map(|line| u64::from(line.quantity.unwrap().get())).sum::<u64>() + 1;
                let cart_weight_mg = self.unit_mg() * (pieces + unseen);
                let product_id = self.products[product];
                let event = CartEvent::ItemAdded { cart_id, product_id, cart_weight_mg };
                let put = store.apply(&event, TOLERANCE_G, now).await;
                done(put.map(drop).map_err(|error| self.no_cart(error)))
            }
            Step::Rescan { user } => {
                let opened = store.rescan(self.users[user], TOLERANCE_G, now).await;
                done(opened.map_err(|error| self.no_cart(error)))
            }
            Step::Approve { user } => match store.view(self.users[user], now).await {
                Ok(cart) => {
                    let opened = store.approve_cart(cart.cart_id, "looked at", "admin", now).await;
                    done(opened.map_err(|error| self.no_cart(error)))
                }
                Err(error) => self.no_cart(error),
            },
            Step::Disconnect { user } => {
                let gone = store.disconnect(self.users[user], now).await;
                done(gone.map(drop).map_err(|error| self.no_cart(error)))
            }
            Step::Hold { user } => {
                let expires_at = now + Duration::from_millis(HOLD_MS);
                match store.hold_cart(self.users[user], expires_at, now).await {
                    Ok(hold) => {
                        assert_eq!(hold.expires_at, expires_at);
                        Answer::Pieces(self.places(hold.pieces))
                    }
                    Err(error) => self.no_stock(error),
                }
            }
            Step::Release { user } => {
                let released = store.release_hold(self.users[user]).await;
                done(released.map_err(|error| self.no_stock(error)))
            }
            Step::Checkout { user, key } => {
                let key = key.map(|(name, request)| {
                    IdempotencyKey::new(&format!("key-{name}"), &[request as u8]).unwrap()
                });
                let order = store.checkout(self.users[user], PaymentMethod::Cash, key.as_ref(), now).await;
                self.order(order)
            }
            Step::Advance { user, order, event } => {
                let order_id = self.orders.get(order).copied().unwrap_or(i64::MAX);
                let by = if user.is_some() { Actor::Customer } else { Actor::Staff };
                let owner = user.map(|user| self.users[user]);
                let order = store.advance_order(order_id, owner, event, by, now).await;
                self.order(order)
            }
            Step::ShortPick { order, product } => {
                let order_id = self.orders.get(order).copied().unwrap_or(i64::MAX);
                let order = store.short_pick(order_id, self.products[product], Quantity::ONE, now).await;
                self.order(order)
            }
            Step::Wait { .. } => Answer::Done,
        }
    }

    fn order(&mut self, order: Result<Order, OrderError>) -> Answer {
        match order {
            Ok(order) => {
                if !self.orders.contains(&order.order_id) {
                    self.orders.push(order.order_id);
                }
                self.as_answer(&order)
            }
            Err(OrderError::OutOfStock { shortages }) => self.out_of_stock(&shortages),
            Err(OrderError::NoActiveCart) => Answer::NoCart,
            Err(OrderError::CartEmpty) => Answer::CartEmpty,
            Err(OrderError::KeyReused) => Answer::KeyReused,
            Err(OrderError::OrderNotFound { .. }) => Answer::NoOrder,
            Err(OrderError::NotSoMany { left, .. }) => Answer::NotSoMany(left),
            Err(OrderError::NothingLeft) => Answer::NothingLeft,
            Err(OrderError::Illegal(_)) => Answer::Illegal,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn as_answer(&self, order: &Order) -> Answer {
        let place = self.orders.iter().position(|order_id| *order_id == order.order_id).unwrap();
        let pieces = order.lines.iter().map(|line| (line.product_id, line.delivered()));
        Answer::Order(place, order.status, self.places(pieces))
    }

    fn unit_mg(&self) -> u64 {
        u64::from(self.unit_g) * 1_000
    }

    fn no_cart(&self, error: CartError) -> Answer {
        match error {
            CartError::NoActiveCart => Answer::NoCart,
            CartError::NotInCart { .. } => Answer::NotInCart,
            CartError::Illegal(_) => Answer::Illegal,
            CartError::WeightDiffers { difference_mg } => {
                Answer::WeighsMore(difference_mg / self.unit_mg() as i64)
            }
            other => panic!("{other:?}"),
        }
    }

    fn no_stock(&self, error: StockError) -> Answer {
        match error {
            StockError::OutOfStock { shortages } => self.out_of_stock(&shortages),
            StockError::NoActiveCart => Answer::NoCart,
            StockError::Illegal(_) => Answer::Illegal,
            StockError::Held { held } => Answer::Held(held),
            other => panic!("{other:?}"),
        }
    }

    fn out_of_stock(&self, shortages: &[Shortage]) -> Answer {
        let short = |short: &Shortage| (self.place(short.product_id), short.wanted, short.available);
        Answer::OutOfStock(shortages.iter().map(short).collect())
    }

    fn places(&self, pieces: impl IntoIterator<Item = (i64, u32)>) -> Vec<(usize, u32)> {
        pieces.into_iter().map(|(product_id, quantity)| (self.place(product_id), quantity)).collect()
    }

    fn place(&self, product_id: i64) -> usize {
        self.products.iter().position(|known| *known == product_id).unwrap()
    }

    /// What is there in the end: carts, orders, and movements that add up.
    async fn check(&self) -> Result<(), TestCaseError> {
        for (user, user_id) in self.users.iter().enumerate() {
            let lines = match self.store.view(*user_id, self.now()).await {
                Ok(cart) => {
                    let state = match self.model.blocked.contains_key(&user) {
                        true => CartState::Blocked,
                        false if self.model.is_locked(user) => CartState::Locked,
                        false => CartState::Open,
                    };
                    prop_assert_eq!(state, cart.state, "the cart of {}", user);
                    let piece = |line: quickcart_core::cart::CartLine| {
                        (line.product.product_id, line.quantity.map_or(0, |quantity| quantity.get()))
                    };
                    Some(self.places(cart.lines.into_iter().map(piece)))
                }
                Err(CartError::NoActiveCart) => None,
                Err(other) => panic!("{other:?}"),
            };
            prop_assert_eq!(self.model.carts.get(&user).cloned(), lines, "the cart of {}", user);
            let orders = self.store.orders(*user_id, Page { offset: 0, limit: 1_000 }).await.unwrap();
            let orders: Vec<_> = orders.iter().rev().map(|order| self.as_answer(order)).collect();
            let own = self.model.orders.iter().enumerate().filter(|(_, placed)| placed.user == user);
            let expected: Vec<_> = own
                .map(|(order, placed)| Answer::Order(order, placed.status, placed.delivered.clone()))
                .collect();
            prop_assert_eq!(expected, orders, "the orders of {}", user);
        }
        for (index, product_id) in self.products.iter().enumerate() {
            let page = Page { offset: 0, limit: 1_000 };
            let movements = self.store.stock_movements(Some(*product_id), page).await.unwrap();
            let sum: i64 = movements.iter().map(|movement| movement.quantity).sum();
            let on_hand = self.model.on_hand.get(&index).copied().unwrap_or_default();
            prop_assert_eq!(i64::from(on_hand), sum, "the movements of product {}", index);
        }
        Ok(())
    }
}

/// Times around every boundary there is.
fn wait() -> impl Strategy<Value = u64> {
    let around = |ms: u64| prop_oneof![Just(ms - 1), Just(ms), Just(ms + 1)];
    prop_oneof![2 => 1..HOLD_MS, 3 => around(HOLD_MS), 1 => around(DAY_MS)]
}

fn step() -> impl Strategy<Value = Step> {
    let (user, product) = (|| 0..USERS, || 0..PRODUCTS);
    let event = prop_oneof![3 => Just(OrderEvent::Cancel), 2 => Just(OrderEvent::StartProcessing)];
    let key = prop::option::of((0..2_usize, prop_oneof![4 => Just(0_usize), 1 => Just(1)]));
    prop_oneof![
        4 => (product(), 0..6_u32).prop_map(|(product, on_hand)| Step::Count { product, on_hand }),
        2 => (product(), 1..4_u32).prop_map(|(product, quantity)| Step::Receive { product, quantity }),
        10 => (user(), product()).prop_map(|(user, product)| Step::Add { user, product }),
        2 => (user(), product()).prop_map(|(user, product)| Step::Remove { user, product }),
        3 => (user(), product(), prop_oneof![3 => Just(0_u64), 1 => 1..3_u64])
            .prop_map(|(user, product, unseen)| Step::Put { user, product, unseen }),
        2 => user().prop_map(|user| Step::Rescan { user }),
        1 => user().prop_map(|user| Step::Approve { user }),
        1 => user().prop_map(|user| Step::Disconnect { user }),
        5 => user().prop_map(|user| Step::Hold { user }),
        1 => user().prop_map(|user| Step::Release { user }),
        6 => (user(), key).prop_map(|(user, key)| Step::Checkout { user, key }),
        4 => (prop::option::of(user()), 0..6_usize, event)
            .prop_map(|(user, order, event)| Step::Advance { user, order, event }),
        2 => (0..6_usize, product()).prop_map(|(order, product)| Step::ShortPick { order, product }),
        3 => wait().prop_map(|ms| Step::Wait { ms }),
    ]
}

/// One case for sixteen of those that proptest is told to try, because each step is a transaction or two.
fn agree(database: Database) {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(demo_shop(&database));
    let config = Config::default();
    let config = Config { cases: config.cases.div_ceil(16), source_file: Some(file!()), ..config };
    let steps = prop::collection::vec(step(), 1..100);
    let agrees = |steps| {
        runtime.block_on(async {
            let mut world = World::on(&store).await;
            for step in steps {
                world.take(step).await?;
            }
            world.check().await
        })
    };
    TestRunner::new(config).run(&steps, agrees).unwrap_or_else(|failure| panic!("{failure}\n{failure:?}"));
}

#[test]
fn in_sqlite_a_shop_does_as_the_model_does() {
    agree(Database::sqlite());
}

#[test]
fn in_postgres_a_shop_does_as_the_model_does() {
    agree(Database::postgres());
}
