"""A visit from the code to the order, and what the shop answers on the way."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from quickcart import ConflictError, DeviceGate, InvalidInputError, Otp, Point, Shop, User, format_money

DEMO_STORE = Path(__file__).parents[2] / "quickcart-core" / "demo-store"
CART_ID = 4


@pytest.fixture
def user(shop: Shop) -> User:
    return shop.sign_in("9876543210")


def test_from_the_code_past_the_list_to_the_order(shop: Shop) -> None:
    otp = Otp()
    issued = otp.issue("sign-in", "+919876543210")
    otp.verify("sign-in", "+919876543210", issued.code)
    user = shop.sign_in("+91 98765-43210")
    assert user.phone == "+919876543210"

    wanted = [product.product_id for product in shop.search("milk")[:3]]
    for product_id in wanted:
        shop.add_to_checklist(user.user_id, product_id)
    shop.add_to_checklist(user.user_id, wanted[0])
    assert [(item.product.product_id, item.quantity) for item in shop.checklist(user.user_id)] == [
        (wanted[0], 2),
        (wanted[1], 1),
        (wanted[2], 1),
    ]

    assert shop.connect(user.user_id, CART_ID) == "new"
    assert shop.connect(user.user_id, CART_ID) == "kept"
    walk = shop.walk(user.user_id, wanted)
    assert walk.proved_shortest
    assert sorted(leg.product_id or 0 for leg in walk.legs) == sorted(wanted)
    assert walk.legs[0].route.points[0] == walk.start
    assert sum(leg.route.length_m for leg in walk.legs) == pytest.approx(walk.length_m)
    for leg in walk.legs:
        assert leg.directions[-1].instruction == f"You have arrived at section {leg.section_id}"
        assert leg.directions[-1].section_id == leg.section_id

    details = shop.product(wanted[0])
    assert details is not None
    milk = details.product
    assert milk.weight_g is not None
    weight_g = 2 * milk.weight_g
    message = {"cart_id": CART_ID, "barcode": milk.barcode, "weight": weight_g / 1000}
    event = DeviceGate().parse_update_item(json.dumps(message).encode())
    assert (event.kind, event.weight_mg, event.product_id) == ("item_weighed", weight_g * 1000, None)
    line = shop.apply(event)
    assert (line.product, line.quantity) == (milk, 2)
    cart = shop.cart(user.user_id)
    assert cart.lines == (line,)
    assert cart.total_weight_mg == weight_g * 1000

    order = shop.checkout(user.user_id)
    assert (order.quantity, order.discounted_price_minor) == (2, 2 * milk.asked_price_minor)
    assert order.is_tax_included and order.tax_minor == sum(line.tax_minor for line in order.lines)
    assert (order.status, order.payment_state, order.payment_minor) == ("verified", "pending", order.discounted_price_minor)
    assert order.lines[0].product_name == milk.name
    assert abs(datetime.now(timezone.utc) - order.placed_at) < timedelta(minutes=5)
    assert shop.orders(user.user_id) == [order]
    assert shop.connect(user.user_id, CART_ID) == "new"
    assert shop.cart(user.user_id).lines == ()


def test_a_piece_is_added_by_its_number(shop: Shop, user: User) -> None:
    shop.connect(user.user_id, CART_ID)
    event = DeviceGate().parse_add_item(b'{"cart_id": 4, "product_id": 42, "weight": "1.5"}')
    assert (event.kind, event.cart_id, event.product_id) == ("item_added", CART_ID, 42)
    assert (event.cart_weight_mg, event.barcode, event.weight_mg) == (1_500_000, None, None)
    assert shop.apply(event).quantity == 1
    assert shop.apply(event).quantity == 2
    assert shop.cart(user.user_id).reported_weight_mg == 1_500_000
    assert shop.disconnect(user.user_id) == CART_ID


def test_a_trolley_is_where_it_was_located(shop: Shop, user: User) -> None:
    shop.connect(user.user_id, CART_ID)
    dock = shop.location(user.user_id)
    assert dock.located_at is None
    shop.locate(CART_ID, 0, 1.0, 1.5)
    there = shop.location(user.user_id)
    assert there.point == Point(0, 1.0, 1.5)
    assert there.located_at is not None
    assert there.located_at.utcoffset() == timedelta(0)
    assert there != dock


def test_a_profile_is_written_whole(shop: Shop, user: User) -> None:
    assert user.name is None
    completed = shop.complete_profile(user.user_id, " Asha ", email="Asha@Example.com", foodtype_id=1, allergy_id=2)
    assert (completed.name, completed.email) == ("Asha", "asha@example.com")
    assert (completed.foodtype_id, completed.allergy_id) == (1, 2)
    assert shop.user(user.user_id) == completed
    assert shop.sign_in("09876543210") == completed
    assert shop.complete_profile(user.user_id, "Asha").email is None


def test_the_catalogue_is_answered_in_pages(shop: Shop) -> None:
    everything = shop.search("")
    assert len(everything) >= 280
    assert shop.search("", offset=10, limit=5) == everything[10:15]
    assert shop.search("no such product") == []
    assert set(shop.offers()) <= set(everything)
    assert all(product.asked_price_minor <= product.price_minor for product in everything)
    assert {product.currency for product in everything} == {"INR"}


def test_a_product_has_its_labels(shop: Shop) -> None:
    details = [shop.product(product.product_id) for product in shop.search("", limit=20)]
    labels = {label.name for found in details if found for label in found.foodtypes + found.allergies}
    assert labels
    assert shop.product(4_000_000_000) is None


def test_an_empty_shop_takes_a_store(tmp_path: Path) -> None:
    with Shop(str(tmp_path / "new" / "shop.db")) as shop:
        assert shop.is_empty()
        assert shop.map() is None
        assert shop.import_store(DEMO_STORE) == []
        assert not shop.is_empty()
        with pytest.raises(InvalidInputError, match="store.json") as refused:
            shop.import_store(tmp_path)
        assert refused.value.code == "import_refused"


def test_the_demo_store_is_imported_once(path: Path) -> None:
    with Shop(path, demo=True) as shop:
        user = shop.sign_in("9876543210")
        shop.connect(user.user_id, CART_ID)
        shop.locate(CART_ID, 0, 1.0, 1.0)
    with Shop(path, demo=True) as shop:
        assert shop.location(user.user_id).point == Point(0, 1.0, 1.0)


def test_a_closed_shop_says_so(path: Path) -> None:
    shop = Shop(path)
    shop.close()
    shop.close()
    with pytest.raises(ConflictError) as closed:
        shop.search("milk")
    assert closed.value.code == "shop_closed"


def test_what_is_shown_hides_people(shop: Shop, user: User) -> None:
    completed = shop.complete_profile(user.user_id, "Asha", "asha@example.com")
    assert repr(completed) == f"User(user_id={user.user_id}, phone='+91********10')"
    assert user.phone_masked == "+91********10"
    details = shop.product(1)
    assert details is not None
    assert repr(details.product).startswith("Product(product_id=1, name=")


def test_money_is_shown_in_its_currency() -> None:
    assert format_money(5_500, "INR") == "INR 55.00"
    assert format_money(-15_000, "VND") == "VND -15000"
    with pytest.raises(InvalidInputError):
        format_money(1, "rupees")
