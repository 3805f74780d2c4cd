"""Whether anybody changed what is known of administrators."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from quickcart import DeviceGate, InternalError, InvalidInputError, Shop

CART_ID = 4
AWAY = json.dumps({"cart_id": CART_ID, "product_id": 1, "weight": 5.0}).encode()


def approve(shop: Shop) -> None:
    """Two rows more: that it was blocked, and that it was opened."""
    shop.apply(DeviceGate().parse_add_item(AWAY))
    shop.approve_cart(CART_ID, "the scale is broken", who="Bina")


def test_a_change_is_found_out(path: Path) -> None:
    with Shop(path, demo=True, weight_tolerance_g=20) as shop:
        start = shop.verify_audit()
        assert start == f"0:{'0' * 64}"
        shop.connect(shop.sign_in("9876543210").user_id, CART_ID)
        approve(shop)
        kept = shop.verify_audit(start)
        assert kept.startswith("2:")
        approve(shop)
        assert shop.verify_audit(kept).startswith("4:")
        with pytest.raises(InternalError) as unknown:
            shop.verify_audit(f"1:{'f' * 64}")
        assert unknown.value.code == "audit_changed"
        for text in ("", "1", "1:ff", "x:" + "0" * 64):
            with pytest.raises(InvalidInputError) as invalid:
                shop.verify_audit(text)
            assert invalid.value.code == "audit_head_invalid"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DROP TRIGGER audit_is_not_changed")
        assert file.execute("UPDATE audit SET who = 'Asha' WHERE who = 'Bina'").rowcount == 2
    with Shop(path) as shop, pytest.raises(InternalError, match="link 2 does not fit") as changed:
        shop.verify_audit(kept)
    assert changed.value.code == "audit_changed"
