"""Stock, holds, and checkouts that come again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from quickcart import (
    ConflictError,
    DeviceGate,
    InvalidInputError,
    NotFoundError,
    Order,
    QuickcartError,
    Shop,
    StockLevel,
)

MILK = 1
UNKNOWN = 4_000_000_000


def fill(shop: Shop, index: int, pieces: int = 1) -> int:
    """A shopper whose trolley has milk in it."""
    user_id = shop.sign_in(f"98765{index:05}").user_id
    shop.connect(user_id, index + 1)
    event = DeviceGate().parse_add_item(b'{"cart_id": %d, "product_id": %d, "weight": 1}' % (index + 1, MILK))
    for _ in range(pieces):
        shop.apply(event)
    return user_id


def level(shop: Shop) -> StockLevel:
    found = shop.stock_level(MILK)
    assert found is not None
    return found


def test_stock_is_counted_and_its_changes_are_kept(shop: Shop) -> None:
    assert shop.stock_level(MILK) is None and shop.stock_levels() == []
    counted = shop.count_stock(MILK, 3, low_at=3, who="Bina")
    assert (counted.on_hand, counted.available, counted.held, counted.low_at, counted.is_low) == (3, 3, 0, 3, True)
    assert shop.stock_levels(only_low=True) == [counted]
    assert shop.receive_stock(MILK, 24).available == 27
    assert shop.stock_levels(only_low=True) == []
    movements = shop.stock_movements(MILK)
    assert [(movement.kind, movement.quantity, movement.who) for movement in movements] == [
        ("receive", 24, "admin"),
        ("count", 3, "Bina"),
    ]
    assert abs(datetime.now(timezone.utc) - movements[0].at) < timedelta(minutes=5)
    assert shop.stock_movements(limit=1) == movements[:1]
    assert repr(level(shop)) == "StockLevel(product_id=1, available=27, held=0)"
    with pytest.raises(NotFoundError) as unknown:
        shop.count_stock(UNKNOWN, 1)
    assert unknown.value.code == "product_not_found"
    with pytest.raises(InvalidInputError) as too_many:
        shop.count_stock(MILK, 1_000_000_001)
    assert (too_many.value.code, too_many.value.http_status) == ("too_many", 400)


def test_what_is_held_or_sold_is_not_sold_again(shop: Shop) -> None:
    asha, bina = fill(shop, 0, 2), fill(shop, 1, 2)
    shop.count_stock(MILK, 3)
    hold = shop.hold_cart(asha)
    assert hold.pieces == {MILK: 2}
    assert hold.expires_at > datetime.now(timezone.utc)
    assert (level(shop).available, level(shop).held) == (1, 2)
    for action in (shop.hold_cart, shop.checkout):
        with pytest.raises(ConflictError) as short:
            action(bina)
        assert (short.value.code, short.value.http_status) == ("out_of_stock", 409)
        assert str(short.value) == "not enough in stock: 2 of product 1 are wanted and 1 are left"
    shop.release_hold(asha)
    order = shop.checkout(bina)
    assert level(shop).on_hand == 1
    cancelled = shop.cancel_order(bina, order.order_id)
    assert (cancelled.status, cancelled.payment_state) == ("cancelled", "cancelled")
    assert level(shop).on_hand == 3
    with pytest.raises(ConflictError) as late:
        shop.cancel_order(bina, order.order_id)
    assert late.value.code == "illegal_transition"
    with pytest.raises(NotFoundError) as others:
        shop.cancel_order(asha, order.order_id)
    assert others.value.code == "order_not_found"


def test_a_checkout_that_comes_again_is_one_order(shop: Shop) -> None:
    asha = fill(shop, 0)
    order = shop.checkout(asha, idempotency_key="first")
    assert shop.checkout(asha, idempotency_key="first") == order
    shop.cancel_order(asha, order.order_id)
    assert shop.checkout(asha, idempotency_key="first") == order, "as it was placed"
    assert len(shop.orders(asha)) == 1
    with pytest.raises(NotFoundError):
        shop.checkout(asha, idempotency_key="second")
    for wrong in ("", "two words", "k" * 256):
        with pytest.raises(InvalidInputError) as invalid:
            shop.checkout(asha, idempotency_key=wrong)
        assert (invalid.value.code, invalid.value.http_status) == ("invalid_idempotency_key", 400)


def test_threads_under_one_key_make_one_order(shop: Shop) -> None:
    asha = fill(shop, 0)

    def checkout(_: int) -> Order | QuickcartError:
        try:
            return shop.checkout(asha, idempotency_key="first")
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(checkout, range(32)))
    (order,) = shop.orders(asha)
    assert order in outcomes
    for outcome in outcomes:
        if isinstance(outcome, QuickcartError):
            assert (outcome.code, outcome.retry_after_s) == ("request_in_progress", 1.0)
        else:
            assert outcome == order


def test_the_last_pieces_are_sold_once(shop: Shop) -> None:
    buyers = [fill(shop, index) for index in range(10)]
    shop.count_stock(MILK, 4)

    def buys(user_id: int) -> bool:
        try:
            shop.checkout(user_id)
        except ConflictError as error:
            assert error.code == "out_of_stock"
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(buys, buyers)) == 4
    assert level(shop).on_hand == 0
