"""What of an order is not to be had, and what comes back of it."""

from pathlib import Path

import pytest

from quickcart import ConflictError, InvalidInputError, NotFoundError, Order, Shop

MILK, BREAD = 1, 2


def ordered(shop: Shop) -> tuple[int, Order]:
    """Two of milk and one of bread, which the shop has begun to put together."""
    shopper = shop.sign_in("9876543210").user_id
    shop.connect(shopper, 1)
    for product_id in (MILK, MILK, BREAD):
        shop.add_to_cart(shopper, product_id)
    return shopper, shop.advance_order(shop.checkout(shopper).order_id, "start_processing")


def delivered(shop: Shop) -> tuple[int, int]:
    shopper, order = ordered(shop)
    for event in ("ship", "deliver"):
        shop.advance_order(order.order_id, event)
    return shopper, order.order_id


def test_what_is_not_to_be_had_is_not_paid(shop: Shop) -> None:
    shopper, before = ordered(shop)
    order = shop.short_pick(before.order_id, MILK, 1)
    milk = order.lines[0]
    assert (milk.quantity, milk.short_quantity, order.quantity) == (2, 1, 2)
    assert order.payment_minor == before.payment_minor - milk.discounted_price_minor
    assert order != before and shop.orders(shopper) == [order]
    with pytest.raises(ConflictError) as more:
        shop.short_pick(before.order_id, MILK, 2)
    assert more.value.code == "not_so_many_left"
    with pytest.raises(InvalidInputError) as unnamed:
        shop.advance_order(before.order_id, "short_pick")
    assert unnamed.value.code == "products_not_named"
    with pytest.raises(InvalidInputError):
        shop.advance_order(before.order_id, "lose")
    with pytest.raises(InvalidInputError):
        shop.short_pick(before.order_id, MILK, 0)


def test_what_was_delivered_comes_back(shop: Shop) -> None:
    shopper, order_id = delivered(shop)
    item = shop.request_return(shopper, order_id, {MILK: 2}, "damaged")
    assert (item.state, item.reason, item.pieces) == ("requested", "damaged", {MILK: 2})
    assert shop.returns_of_order(shopper, order_id) == shop.returns("requested") == [item]
    assert shop.advance_return(item.return_id, "receive").state == "received"
    assert shop.advance_return(item.return_id, "refund").state == "refunded"
    order = shop.orders(shopper)[0]
    assert (order.payment_state, order.refunded_minor) == ("partially_refunded", item.amount_minor)
    assert order.lines[0].returned_quantity == 2
    second = shop.accept_return(order_id, {BREAD: 1})
    assert shop.advance_return(second.return_id, "reject").state == "rejected"
    assert [item.reason for item in shop.returns()] == ["damaged", "other"]
    with pytest.raises(NotFoundError):
        shop.advance_return(99, "reject")
    for pieces, reason in (({}, "other"), ({MILK: 0}, "other"), ({MILK: 1}, "dull")):
        with pytest.raises(InvalidInputError):
            shop.request_return(shopper, order_id, pieces, reason)


def test_shoppers_may_be_too_late_and_staff_may_not(path: Path) -> None:
    with Shop(path, demo=True, return_days=0) as shop:
        shopper, order_id = delivered(shop)
        while True:
            # Within the same millisecond it is not too late.
            try:
                item = shop.request_return(shopper, order_id, {MILK: 1})
            except ConflictError as late:
                assert late.code == "return_too_late"
                break
            shop.advance_return(item.return_id, "reject")
        assert shop.accept_return(order_id, {MILK: 1}).state == "requested"
