"""Six routes of the shop in Flask, as its users write them: sqlite3 as Flask's documentation has it, PyJWT, gunicorn."""

import datetime
import functools
import os
import sqlite3

import jwt
from flask import Flask, g, jsonify, request

DATABASE = os.environ["SHOP_DATABASE"]
JWT_SECRET_KEY = os.environ["JWT_SECRET_KEY"]
PAGE = 500

app = Flask(__name__)


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(DATABASE)
        g.db.row_factory = sqlite3.Row
    return g.db


@app.teardown_appcontext
def close_db(_error=None):
    db = g.pop("db", None)
    if db is not None:
        db.close()


def query_db(query, args=()):
    return get_db().execute(query, args).fetchall()


def detail(text, status):
    return jsonify(detail=text), status


def token_required(view):
    @functools.wraps(view)
    def wrapped(*args, **kwargs):
        header = request.headers.get("Authorization", "")
        if not header.startswith("Bearer "):
            return detail("Authorization header is missing or invalid", 401)
        try:
            claims = jwt.decode(header.removeprefix("Bearer "), JWT_SECRET_KEY, algorithms=["HS256"], audience="smart-cart")
            user_id = claims["user_id"]
        except (jwt.InvalidTokenError, KeyError):
            return detail("Token is invalid, expired, or user_id missing", 401)
        return view(user_id, *args, **kwargs)

    return wrapped


def product_dict(row):
    discounted, grams, expiry = row["discounted_price_minor"], row["weight_g"], row["expiry"]
    return {
        "product_id": row["product_id"],
        "product_name": row["product_name"],
        "price": row["price_minor"] / 100,
        "discounted_price": None if discounted is None else discounted / 100,
        "barcode": row["barcode"],
        "weight": None if grams is None else grams / 1000,
        # Flask writes dates as HTTP dates.
        "expiry": None if expiry is None else datetime.date.fromisoformat(expiry),
        "category_id": row["category_id"],
        "offer_name": row["offer_name"],
    }


@app.get("/products/<int:product_id>")
def product(product_id):
    rows = query_db("SELECT * FROM product WHERE product_id = ? AND retired_at_ms IS NULL", (product_id,))
    if not rows:
        return detail(f"Product with id {product_id} not found.", 404)
    foodtypes = query_db(
        "SELECT foodtype_id, foodtype_name FROM product_foodtype JOIN foodtype USING (foodtype_id)"
        " WHERE product_id = ? ORDER BY foodtype_id",
        (product_id,),
    )
    allergies = query_db(
        "SELECT allergy_id, allergy_name FROM product_allergy JOIN allergy USING (allergy_id)"
        " WHERE product_id = ? ORDER BY allergy_id",
        (product_id,),
    )
    return jsonify(product_dict(rows[0]) | {"foodtypes": [dict(row) for row in foodtypes], "allergies": [dict(row) for row in allergies]})


@app.get("/products/search")
def search():
    text = request.args.get("query")
    if not text:
        return detail("Search query parameter is required.", 400)
    rows = query_db(
        "SELECT product.* FROM product_search JOIN product ON product.product_id = product_search.rowid"
        " WHERE product_search MATCH ? ORDER BY product_search.rowid LIMIT ?",
        ('"' + text.replace('"', '""') + '"', PAGE),
    )
    return jsonify(results=[product_dict(row) for row in rows])


@app.get("/products/offers")
def offers():
    rows = query_db(
        "SELECT * FROM product"
        " WHERE retired_at_ms IS NULL AND (offer_name IS NOT NULL OR discounted_price_minor < price_minor)"
        " ORDER BY product_id LIMIT ?",
        (PAGE,),
    )
    return jsonify(offers=[product_dict(row) for row in rows])


@app.get("/cart/view")
@token_required
def cart(user_id):
    carts = query_db("SELECT cart_id, reported_weight_mg FROM cart WHERE user_id = ?", (user_id,))
    if not carts:
        return detail("No active cart found for user.", 404)
    cart_id, weight_mg = carts[0]
    rows = query_db(
        "SELECT cart_items_id, cart_id, quantity, product.* FROM cart_item JOIN product USING (product_id)"
        " WHERE cart_id = ? ORDER BY cart_items_id",
        (cart_id,),
    )
    if not rows:
        weight_mg = 0
    elif weight_mg is None:
        weight_mg = sum((row["weight_g"] or 0) * 1000 * row["quantity"] for row in rows)
    items = [
        {
            "cart_items_id": row["cart_items_id"],
            "cart_id": row["cart_id"],
            "product_id": row["product_id"],
            "quantity": row["quantity"],
            "product": product_dict(row),
        }
        for row in rows
    ]
    return jsonify(cart_id=cart_id, items=items, total_weight=weight_mg / 1_000_000)


@app.get("/user/checklist")
@token_required
def checklist(user_id):
    rows = query_db(
        "SELECT checklist_id, user_id, quantity, product.* FROM checklist JOIN product USING (product_id)"
        " WHERE user_id = ? ORDER BY checklist_id",
        (user_id,),
    )
    items = [
        {
            "checklist_id": row["checklist_id"],
            "user_id": row["user_id"],
            "product_id": row["product_id"],
            "quantity": row["quantity"],
            "product": product_dict(row),
        }
        for row in rows
    ]
    return jsonify(items=items)


@app.get("/orders/history")
@token_required
def history(user_id):
    orders = query_db("SELECT * FROM orders WHERE user_id = ? ORDER BY order_id DESC LIMIT ?", (user_id, PAGE))
    return jsonify([order_dict(order) for order in orders])


def order_dict(order):
    lines = query_db("SELECT * FROM order_line WHERE order_id = ? ORDER BY line_num", (order["order_id"],))
    return {
        "order_id": order["order_id"],
        "user_id": order["user_id"],
        "total_products": order["total_quantity"],
        "total_price": order["total_price_minor"] / 100,
        "discounted_price": order["discounted_price_minor"] / 100,
        "items": [
            {
                "product_id": line["product_id"],
                "product_name": line["product_name"],
                "quantity": line["quantity"],
                "price": line["price_minor"] / 100,
                "discounted_price": line["discounted_price_minor"] / 100,
            }
            for line in lines
        ],
    }
