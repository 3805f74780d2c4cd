"""A visit to the demo store, from the code on the phone to the order.

    pip install ./quickcart-py
    python examples/visit.py
"""

import json
import tempfile
from pathlib import Path

from quickcart import DeviceGate, Otp, Product, Shop, format_money

PHONE = "+919876543210"
CART_ID = 4


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Shop(Path(folder) / "shop.db", demo=True) as shop:
        user_id = sign_in(shop)
        wanted = write_checklist(shop, user_id, ["basmati", "full cream milk", "dish"])
        shop.connect(user_id, CART_ID)
        print(f"Took trolley {CART_ID}.")
        show_the_way(shop, user_id, wanted)
        put_in_trolley(shop, wanted)
        check_out(shop, user_id)


def sign_in(shop: Shop) -> int:
    """The phone is proved by a code, which a real shop would send in a message."""
    otp = Otp()
    issued = otp.issue("sign-in", PHONE)
    print(f"Sent the code {issued.code}, good until {issued.expires_at:%H:%M} UTC.")
    otp.verify("sign-in", PHONE, issued.code)
    user = shop.sign_in(PHONE)
    print(f"Signed in as user {user.user_id}, {user.phone_masked}.")
    return user.user_id


def write_checklist(shop: Shop, user_id: int, texts: list[str]) -> list[Product]:
    """The first product for each text goes on the list."""
    print("\nOn the list:")
    for text in texts:
        found = shop.search(text, limit=1)
        if found:
            shop.add_to_checklist(user_id, found[0].product_id, quantity=2)
    items = shop.checklist(user_id)
    for item in items:
        price = format_money(item.product.asked_price_minor, item.product.currency)
        print(f"  {item.quantity} x {item.product.name} at {price}")
    print()
    return [item.product for item in items]


def show_the_way(shop: Shop, user_id: int, wanted: list[Product]) -> None:
    """The shortest walk past the list, from where the trolley stands."""
    names = {product.product_id: product.name for product in wanted}
    walk = shop.walk(user_id, list(names))
    print(f"The shortest walk has {walk.length_m:.0f} m:")
    for leg in walk.legs:
        print(f"  to {names.get(leg.product_id or 0, 'the next stop')}, {leg.route.length_m:.0f} m")
        for waypoint in leg.directions:
            print(f"    {waypoint.instruction}")
    print()


def put_in_trolley(shop: Shop, wanted: list[Product]) -> None:
    """The trolley's device scans each product and weighs all pieces of it."""
    gate = DeviceGate()
    for product in wanted:
        weight_kg = 2 * (product.weight_g or 0) / 1000
        message = {"cart_id": CART_ID, "barcode": product.barcode, "weight": weight_kg}
        line = shop.apply(gate.parse_update_item(json.dumps(message).encode()))
        print(f"The scale says {weight_kg} kg: {line.quantity} x {line.product.name}.")


def check_out(shop: Shop, user_id: int) -> None:
    """All that is in the trolley becomes an order."""
    print(f"The trolley carries {shop.cart(user_id).total_weight_mg / 1_000_000} kg.\n")
    order = shop.checkout(user_id)
    print(f"Order {order.order_id}, {order.quantity} pieces:")
    for line in order.lines:
        price = format_money(line.quantity * line.discounted_price_minor, line.currency)
        print(f"  {line.quantity} x {line.product_name}: {price}")
    print(f"To pay: {format_money(order.discounted_price_minor, order.currency)}")


if __name__ == "__main__":
    main()
