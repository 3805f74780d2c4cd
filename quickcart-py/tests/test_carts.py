"""Lists and what can be cooked from them, pieces in the trolley, and carts of guests."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quickcart import ConflictError, DeviceGate, InvalidInputError, NotFoundError, QuickcartError, Shop, User

CART_ID = 4
MILK, SUGAR = 1, 102


@pytest.fixture
def user(shop: Shop) -> User:
    return shop.sign_in("9876543210")


def test_a_list_is_answered_in_pages_and_gets_shorter(shop: Shop, user: User) -> None:
    wanted = [shop.add_to_checklist(user.user_id, product_id) for product_id in (3, 1, 2)]
    assert shop.checklist(user.user_id) == wanted
    assert shop.checklist(user.user_id, offset=1, limit=1) == wanted[1:2]
    shop.remove_from_checklist(user.user_id, 1)
    assert shop.checklist(user.user_id) == [wanted[0], wanted[2]]
    with pytest.raises(NotFoundError) as missing:
        shop.remove_from_checklist(user.user_id, 1)
    assert missing.value.code == "not_in_checklist"


def test_recipes_go_with_the_list_and_the_cart(shop: Shop, user: User) -> None:
    assert shop.recipes(user.user_id) == []
    item = shop.add_to_checklist(user.user_id, SUGAR)
    found = shop.recipes(user.user_id)
    assert found
    assert {match.product for match in found} == {item.product}
    assert shop.recipes(user.user_id, offset=1) == found[1:]
    recipe = shop.recipe(found[0].recipe_id)
    assert recipe is not None
    assert recipe.name == found[0].name
    assert item.product in recipe.products
    assert repr(found[0]).startswith(f"RecipeMatch(recipe_id={recipe.recipe_id}, name=")
    assert shop.recipe(999_999) is None
    with pytest.raises(NotFoundError):
        shop.recipes(user.user_id, "cart")
    shop.connect(user.user_id, CART_ID)
    shop.add_to_cart(user.user_id, SUGAR)
    assert shop.recipes(user.user_id, "cart") == found
    with pytest.raises(InvalidInputError) as refused:
        shop.recipes(user.user_id, "shelf")  # type: ignore[arg-type]
    assert refused.value.code == "source_invalid"


def test_a_cart_has_a_version_that_a_change_may_expect(shop: Shop, user: User) -> None:
    shop.connect(user.user_id, CART_ID)
    seen = shop.cart(user.user_id).version
    line = shop.add_to_cart(user.user_id, MILK, seen)
    assert line.quantity == 1
    assert line.version == shop.cart(user.user_id).version > seen
    with pytest.raises(ConflictError) as changed:
        shop.remove_from_cart(user.user_id, MILK, expected_version=seen)
    assert changed.value.code == "cart_changed"
    assert shop.cart(user.user_id).lines == (line,)
    assert shop.remove_from_cart(user.user_id, MILK, expected_version=line.version).quantity is None
    assert shop.cart(user.user_id).lines == ()
    with pytest.raises(NotFoundError):
        shop.remove_from_cart(user.user_id, MILK)


def test_of_parallel_changes_of_one_version_one_is_made(shop: Shop, user: User) -> None:
    shop.connect(user.user_id, CART_ID)
    seen = shop.cart(user.user_id).version

    def add(_: int) -> str:
        try:
            shop.add_to_cart(user.user_id, MILK, seen)
        except ConflictError as error:
            return error.code
        return "added"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(add, range(8)))
    assert sorted(outcomes) == ["added", *["cart_changed"] * 7]


def test_what_a_guest_puts_together_is_merged_once(shop: Shop, user: User) -> None:
    token = shop.guest_cart()
    shop.add_to_guest_cart(token, SUGAR)
    lines = shop.add_to_guest_cart(token, MILK, quantity=2)
    assert [(line.product.product_id, line.quantity) for line in lines] == [(MILK, 2), (SUGAR, 1)]
    cart_id = shop.merge_guest_cart(user.user_id, token)
    assert shop.merge_guest_cart(user.user_id, token) == cart_id
    cart = shop.cart(user.user_id)
    assert cart.cart_id == cart_id
    assert [(line.product, line.quantity) for line in cart.lines] == [(line.product, line.quantity) for line in lines]


@pytest.mark.parametrize(
    ("token", "product_id", "quantity", "code"),
    [
        ("no token", MILK, 1, "guest_cart_not_found"),
        (None, 999_999, 1, "product_not_found"),
        (None, MILK, 0, "quantity_zero"),
        (None, MILK, 10_000, "too_many"),
    ],
)
def test_what_a_guest_cart_refuses(shop: Shop, token: str | None, product_id: int, quantity: int, code: str) -> None:
    with pytest.raises(QuickcartError) as refused:
        shop.add_to_guest_cart(token or shop.guest_cart(), product_id, quantity)
    assert refused.value.code == code


def test_a_merged_cart_takes_nothing_more(shop: Shop, user: User) -> None:
    token = shop.guest_cart()
    shop.merge_guest_cart(user.user_id, token)
    with pytest.raises(ConflictError) as merged:
        shop.add_to_guest_cart(token, MILK)
    assert merged.value.code == "guest_cart_merged"
    other = shop.sign_in("9876543211")
    with pytest.raises(ConflictError):
        shop.merge_guest_cart(other.user_id, token)


def test_a_trolley_whose_scale_shows_something_else_is_blocked_until_somebody_clears_that_up(path: Path) -> None:
    with Shop(path, demo=True, weight_tolerance_g=20) as shop:
        user_id = shop.sign_in("9876543210").user_id
        milk = shop.product(MILK)
        assert milk is not None and milk.product.weight_g is not None
        unit_kg = milk.product.weight_g / 1_000

        def put(weight_kg: float) -> str:
            message = {"cart_id": CART_ID, "product_id": MILK, "weight": weight_kg}
            shop.apply(DeviceGate().parse_add_item(json.dumps(message).encode()))
            return shop.cart(user_id).state

        shop.connect(user_id, CART_ID)
        assert put(unit_kg) == "open"
        assert put(3 * unit_kg) == "blocked"
        [blocked] = shop.blocked_carts()
        assert (blocked.cart_id, blocked.user_id) == (CART_ID, user_id)
        assert blocked.expected_weight_mg is not None and blocked.reported_weight_mg > blocked.expected_weight_mg
        for refused, code in ((shop.checkout, "illegal_transition"), (shop.rescan, "weight_differs")):
            with pytest.raises(ConflictError) as failure:
                refused(user_id)
            assert failure.value.code == code
        shop.add_to_cart(user_id, MILK)
        shop.rescan(user_id)
        shop.hold_cart(user_id)
        assert shop.cart(user_id).state == "locked"
        assert put(0) == "blocked"
        for reason in ("", " ", "x" * 201):
            with pytest.raises(InvalidInputError) as invalid:
                shop.approve_cart(CART_ID, reason)
            assert invalid.value.code == "reason_invalid"
        shop.approve_cart(CART_ID, "the scale is broken", who="Bina")
        assert shop.cart(user_id).state == "open"
        assert shop.checkout(user_id).quantity == 4
