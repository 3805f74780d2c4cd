//! What of an order is not to be had, and what comes back of it.

use super::Shop;
use crate::account::UserId;
use crate::cart::Quantity;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::order::{
    Actor, Order, OrderError, OrderId, Return, ReturnId, ReturnRequest, ReturnState, ReturnStep,
};

impl Shop {
    /// Takes pieces out of an order that is being put together, since they are not to be had: less is owed for it, or the money
    /// goes back, and stock says that they are not there.
    ///
    /// # Errors
    /// [`OrderError::OrderNotFound`]; [`OrderError::Illegal`]; [`OrderError::NotSoMany`]; [`OrderError::NothingLeft`] when they are all
    /// there is, for then the order is to be cancelled; [`OrderError::Store`].
    pub async fn short_pick(
        &self,
        order_id: OrderId,
        product_id: ProductId,
        missing: Quantity,
    ) -> Result<Order, OrderError> {
        self.store.short_pick(order_id, product_id, missing, self.clock.now()).await
    }

    /// Begins a return, as the shopper wants it: not later after delivery than
    /// [`with_return_window`](Self::with_return_window) says.
    ///
    /// # Errors
    /// [`OrderError::OrderNotFound`]; [`OrderError::Illegal`] before it is delivered; [`OrderError::ReturnTooLate`];
    /// [`OrderError::NotSoMany`]; [`OrderError::Store`].
    pub async fn request_return(
        &self,
        user_id: UserId,
        order_id: OrderId,
        request: &ReturnRequest,
    ) -> Result<Return, OrderError> {
        let now = self.clock.now();
        let since = now.checked_sub(self.return_window).unwrap_or(Timestamp::MIN);
        self.store.request_return(order_id, Some(user_id), request, Actor::Customer, since, now).await
    }

    /// Begins a return, as staff do it for a customer, however late.
    ///
    /// # Errors
    /// As [`request_return`](Self::request_return), but for the time.
    pub async fn accept_return(
        &self,
        order_id: OrderId,
        request: &ReturnRequest,
    ) -> Result<Return, OrderError> {
        let (since, now) = (Timestamp::MIN, self.clock.now());
        self.store.request_return(order_id, None, request, Actor::Staff, since, now).await
    }

    /// Moves a return on, as staff do. What is refunded is owed less, or the money goes back; what is rejected can be returned again.
    ///
    /// # Errors
    /// [`OrderError::ReturnNotFound`]; [`OrderError::Illegal`]; [`OrderError::Store`].
    pub async fn advance_return(&self, return_id: ReturnId, step: ReturnStep) -> Result<Return, OrderError> {
        self.store.advance_return(return_id, step, self.clock.now()).await
    }

    /// The returns of a shopper's order, newest first.
    ///
    /// # Errors
    /// [`OrderError::OrderNotFound`]; [`OrderError::Store`].
    pub async fn returns_of_order(
        &self,
        user_id: UserId,
        order_id: OrderId,
    ) -> Result<Vec<Return>, OrderError> {
        self.store.returns_of_order(order_id, Some(user_id)).await
    }

    /// The returns of all orders, or those that are so far, oldest first.
    ///
    /// # Errors
    /// [`OrderError::Store`].
    pub async fn returns(&self, state: Option<ReturnState>, page: Page) -> Result<Vec<Return>, OrderError> {
        self.store.returns(state, page).await
    }
}
