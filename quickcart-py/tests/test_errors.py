"""What goes wrong is an exception with a class, a code and a status, and never a panic."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import quickcart
from quickcart import (
    ConflictError,
    DeviceGate,
    InternalError,
    InvalidInputError,
    LimitedError,
    NotFoundError,
    Otp,
    Point,
    QuickcartError,
    RecoveryCodes,
    Shop,
    StoreMap,
    Totp,
    UnavailableError,
    UnprocessableError,
    new_totp_secret,
)

# For what a type checker would not let pass.
untyped: Any = quickcart

NAN = float("nan")
HUGE = 10**30


def caught(action: Callable[[], object]) -> QuickcartError:
    with pytest.raises(QuickcartError) as caught:
        action()
    return caught.value


def facts(error: QuickcartError) -> tuple[type[QuickcartError], str, int]:
    return type(error), error.code, error.http_status


def test_invalid_input() -> None:
    otp = Otp(fixed_code="123456")
    otp.issue("sign-in", "+919876543210")
    error = caught(lambda: otp.verify("sign-in", "+919876543210", "654321"))
    assert facts(error) == (InvalidInputError, "otp_wrong", 400)
    assert str(error) == "the code is wrong"
    assert error.retry_after_s is None


def test_not_found(shop: Shop) -> None:
    assert facts(caught(lambda: shop.user(7))) == (NotFoundError, "user_not_found", 404)
    user_id = shop.sign_in("9876543210").user_id
    assert facts(caught(lambda: shop.connect(user_id, 99))) == (NotFoundError, "cart_not_found", 404)
    for action in (shop.cart, shop.location, shop.checkout, shop.disconnect, lambda user_id: shop.walk(user_id, [1])):
        assert facts(caught(lambda: action(user_id))) == (NotFoundError, "no_active_cart", 404)


def test_conflict(shop: Shop) -> None:
    first, second = shop.sign_in("9876543210"), shop.sign_in("9876543211")
    shop.connect(first.user_id, 1)
    assert facts(caught(lambda: shop.connect(second.user_id, 1))) == (ConflictError, "cart_in_use", 409)
    assert facts(caught(lambda: shop.connect(first.user_id, 2))) == (ConflictError, "another_cart", 409)
    shop.complete_profile(first.user_id, "Asha", "asha@example.com")
    taken = caught(lambda: shop.complete_profile(second.user_id, "Ravi", "asha@example.com"))
    assert facts(taken) == (ConflictError, "email_taken", 409)


def test_unprocessable() -> None:
    otp = Otp()
    otp.issue("sign-in", "+919876543210", idempotency_key="a1")
    error = caught(lambda: otp.issue("sign-in", "+919876543211", idempotency_key="a1"))
    assert facts(error) == (UnprocessableError, "idempotency_key_reused", 422)
    assert error.retry_after_s is None


def test_limited() -> None:
    otp = Otp()
    otp.issue("sign-in", "+919876543210")
    error = caught(lambda: otp.issue("sign-in", "+919876543210"))
    assert facts(error) == (LimitedError, "otp_cooling_down", 429)
    assert error.retry_after_s is not None


def test_unavailable(tmp_path: Path) -> None:
    error = caught(lambda: Shop(tmp_path))
    assert facts(error) == (UnavailableError, "store_unavailable", 503)
    assert error.retry_after_s == 1.0


def test_internal_keeps_its_cause_for_the_log(path: Path) -> None:
    path.write_text("This is no database. " * 100)
    error = caught(lambda: Shop(path))
    assert facts(error) == (InternalError, "store_failed", 500)
    assert str(error) == "the store failed"
    assert "not a database" in str(error.__cause__)


def test_every_class_has_one_base() -> None:
    classes = [getattr(quickcart, name) for name in quickcart.errors.__all__]
    assert len(classes) == 10
    assert all(issubclass(each, QuickcartError) for each in classes)


def test_exceptions_cross_process_borders() -> None:
    error = caught(lambda: Otp(digits=3))
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert facts(again) == facts(error)
        assert str(again) == str(error)


MAP = """{"resolution_m": 0.5, "entrance": {"level": 0, "x_m": 1, "y_m": 1},
          "floors": [{"level": 0, "name": "Ground floor", "width_m": 10, "depth_m": 10}]}"""


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda shop: shop.locate(1, 0, NAN, 1.0), "off_the_map"),
        (lambda shop: shop.locate(1, 0, 1.0, float("inf")), "off_the_map"),
        (lambda shop: shop.locate(1, 2**31 - 1, 1.0, 1.0), "off_the_map"),
        (lambda shop: shop.sign_in("123"), "phone_invalid"),
        (lambda shop: shop.sign_in("9876543210", "India"), "region_invalid"),
        (lambda shop: shop.search("", limit=501), "limit_too_large"),
        (lambda shop: shop.add_to_checklist(1, 1, 0), "quantity_zero"),
        (lambda shop: shop.add_to_checklist(1, 1, 10_000), "too_many"),
        (lambda shop: shop.complete_profile(1, " "), "name_invalid"),
        (lambda shop: shop.complete_profile(1, "Asha", "asha@"), "email_invalid"),
        (lambda shop: shop.import_store("/no/such/folder"), "import_refused"),
        (lambda _: Shop(""), "path_invalid"),
        (lambda _: Shop("shop\0.db"), "path_invalid"),
        (lambda _: DeviceGate().parse_add_item(b""), "message_malformed"),
        (lambda _: DeviceGate().parse_add_item(b'{"weight": NaN}'), "message_malformed"),
        (lambda _: DeviceGate().parse_add_item(b"{}"), "message_fields"),
        (lambda _: DeviceGate().parse_update_item(b"\xff" * 5_000), "message_too_long"),
        (lambda _: StoreMap.from_json(""), "import_refused"),
        (lambda _: StoreMap.from_json("[" * 100_000), "import_refused"),
        (lambda _: StoreMap.from_json(MAP.replace('"width_m": 10', '"width_m": 1e300')), "import_refused"),
        (lambda _: StoreMap.from_json(MAP).nearest_free(Point(0, NAN, NAN)), "off_the_map"),
        (lambda _: StoreMap.from_json(MAP).distance_m(Point(0, 1, 1), Point(0, -1e300, 1)), "off_the_map"),
        (lambda _: StoreMap.from_json(MAP).tour(Point(0, 1, 1), [Point(0, 1, 1)] * 101), "too_many_stops"),
    ],
)
def test_bad_values_are_refused(shop: Shop, action: Callable[[Shop], object], code: str) -> None:
    assert facts(caught(lambda: action(shop))) == (InvalidInputError, code, 400)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda shop: shop.product(HUGE), OverflowError),
        (lambda shop: shop.product("1"), TypeError),
        (lambda shop: shop.product(1.5), TypeError),
        (lambda shop: shop.search(b"milk"), TypeError),
        (lambda shop: shop.search("\ud800"), UnicodeEncodeError),
        (lambda shop: shop.search("", offset=-1), OverflowError),
        (lambda shop: shop.locate(1, HUGE, 1.0, 1.0), OverflowError),
        (lambda shop: shop.walk(1, [HUGE]), OverflowError),
        (lambda shop: shop.walk(1, 1), TypeError),
        (lambda shop: shop.apply({"cart_id": 1}), TypeError),
        (lambda shop: shop.sign_in(None), TypeError),
        (lambda _: untyped.Shop(7), TypeError),
        (lambda _: untyped.Otp("secret"), TypeError),
        (lambda _: untyped.Otp(digits=256), OverflowError),
        (lambda _: untyped.Otp(ttl_s=-1), OverflowError),
        (lambda _: untyped.Otp(ttl_s=1.5), TypeError),
        (lambda _: untyped.Otp(resend=True), TypeError),
        (lambda _: untyped.Otp(cooldown_s=-1), OverflowError),
        (lambda _: untyped.Otp(allow_short_code="yes"), TypeError),
        (lambda _: untyped.Otp().with_newest_key(256, b"secret"), OverflowError),
        (lambda _: untyped.Otp().with_newest_key(1, "secret"), TypeError),
        (lambda _: untyped.Otp().issue("sign-in", "Asha", None, "order 42"), TypeError),
        (lambda _: untyped.Otp().issue("sign-in", "Asha", transaction=42), TypeError),
        (lambda _: untyped.Otp().issue("sign-in", "Asha", idempotency_key=b"a1"), TypeError),
        (lambda _: untyped.Otp().verify_totp("sign-in", "Asha", "totp", new_totp_secret(), "123456"), TypeError),
        (lambda _: untyped.Otp().verify_totp("sign-in", "Asha", Totp(), new_totp_secret(), 123456), TypeError),
        (lambda _: untyped.Totp(digits=256), OverflowError),
        (lambda _: untyped.Totp(period_s=-1), OverflowError),
        (lambda _: untyped.Totp(algorithm=1), TypeError),
        (lambda _: untyped.Totp().uri(b"secret", "QuickCart", "Asha"), TypeError),
        (lambda _: untyped.Totp().code_at(new_totp_secret(), 59), TypeError),
        (lambda _: untyped.RecoveryCodes(), TypeError),
        (lambda _: untyped.RecoveryCodes.generate(256), OverflowError),
        (lambda _: untyped.RecoveryCodes.redeem(None, "0123"), TypeError),
        (lambda _: untyped.RecoveryCodes.redeem(RecoveryCodes.generate(1)[1], 123), TypeError),
        (lambda _: untyped.DeviceGate().parse_add_item("{}"), TypeError),
        (lambda _: untyped.Point("0", 1.0, 1.0), TypeError),
        (lambda _: untyped.StoreMap.from_json(MAP).tour(untyped.Point(0, 1, 1), [(0, "1", 1)]), TypeError),
        (lambda _: untyped.StoreMap(), TypeError),
        (lambda _: setattr(untyped.Point(0, 1, 1), "level", 1), AttributeError),
    ],
)
def test_wrong_types_are_told_in_python_words(
    shop: Shop, action: Callable[[Any], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        action(shop)


def test_strange_numbers_are_no_product(shop: Shop) -> None:
    assert shop.product(-1) is None
    assert shop.product(2**63 - 1) is None
    assert shop.search("", offset=2**32 - 1) == []
    for text in ["%", "_", "\\", "'; DROP TABLE product; --", "\0"]:
        shop.search(text)
    assert len(shop.search("")) >= 280
