"""Six routes of the shop in FastAPI, as its users write them: pydantic models, sqlite3 through a dependency, PyJWT, uvicorn."""

import datetime
import os
import sqlite3
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

DATABASE = os.environ["SHOP_DATABASE"]
JWT_SECRET_KEY = os.environ["JWT_SECRET_KEY"]
PAGE = 500

app = FastAPI()


class Product(BaseModel):
    product_id: int
    product_name: str
    price: float
    discounted_price: float | None
    barcode: str
    weight: float | None
    expiry: str | None
    category_id: int | None
    offer_name: str | None


class FoodType(BaseModel):
    foodtype_id: int
    foodtype_name: str


class Allergy(BaseModel):
    allergy_id: int
    allergy_name: str


class ProductDetails(Product):
    foodtypes: list[FoodType]
    allergies: list[Allergy]


class Results(BaseModel):
    results: list[Product]


class Offers(BaseModel):
    offers: list[Product]


class CartItem(BaseModel):
    cart_items_id: int
    cart_id: int
    product_id: int
    quantity: int
    product: Product


class Cart(BaseModel):
    cart_id: int
    items: list[CartItem]
    total_weight: float


class ChecklistItem(BaseModel):
    checklist_id: int
    user_id: int
    product_id: int
    quantity: int
    product: Product


class Checklist(BaseModel):
    items: list[ChecklistItem]


class OrderItem(BaseModel):
    product_id: int
    product_name: str
    quantity: int
    price: float
    discounted_price: float


class Order(BaseModel):
    order_id: int
    user_id: int
    total_products: int
    total_price: float
    discounted_price: float
    items: list[OrderItem]


def get_db():
    # A request may go from one thread to another.
    connection = sqlite3.connect(DATABASE, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def get_user_id(authorization: Annotated[str, Header()] = ""):
    if not authorization.startswith("Bearer "):
        raise HTTPException(401, "Authorization header is missing or invalid")
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), JWT_SECRET_KEY, algorithms=["HS256"], audience="smart-cart")
        return claims["user_id"]
    except (jwt.InvalidTokenError, KeyError):
        raise HTTPException(401, "Token is invalid, expired, or user_id missing") from None


Database = Annotated[sqlite3.Connection, Depends(get_db)]
UserId = Annotated[int, Depends(get_user_id)]


def product_fields(row):
    discounted, grams, expiry = row["discounted_price_minor"], row["weight_g"], row["expiry"]
    return {
        "product_id": row["product_id"],
        "product_name": row["product_name"],
        "price": row["price_minor"] / 100,
        "discounted_price": None if discounted is None else discounted / 100,
        "barcode": row["barcode"],
        "weight": None if grams is None else grams / 1000,
        "expiry": None if expiry is None else datetime.date.fromisoformat(expiry).strftime("%a, %d %b %Y 00:00:00 GMT"),
        "category_id": row["category_id"],
        "offer_name": row["offer_name"],
    }


@app.get("/products/search")
def search(db: Database, query: str = "") -> Results:
    if not query:
        raise HTTPException(400, "Search query parameter is required.")
    rows = db.execute(
        "SELECT product.* FROM product_search JOIN product ON product.product_id = product_search.rowid"
        " WHERE product_search MATCH ? ORDER BY product_search.rowid LIMIT ?",
        ('"' + query.replace('"', '""') + '"', PAGE),
    )
    return Results(results=[Product(**product_fields(row)) for row in rows])


@app.get("/products/offers")
def offers(db: Database) -> Offers:
    rows = db.execute(
        "SELECT * FROM product"
        " WHERE retired_at_ms IS NULL AND (offer_name IS NOT NULL OR discounted_price_minor < price_minor)"
        " ORDER BY product_id LIMIT ?",
        (PAGE,),
    )
    return Offers(offers=[Product(**product_fields(row)) for row in rows])


@app.get("/products/{product_id}")
def product(product_id: int, db: Database) -> ProductDetails:
    row = db.execute("SELECT * FROM product WHERE product_id = ? AND retired_at_ms IS NULL", (product_id,)).fetchone()
    if row is None:
        raise HTTPException(404, f"Product with id {product_id} not found.")
    foodtypes = db.execute(
        "SELECT foodtype_id, foodtype_name FROM product_foodtype JOIN foodtype USING (foodtype_id)"
        " WHERE product_id = ? ORDER BY foodtype_id",
        (product_id,),
    )
    allergies = db.execute(
        "SELECT allergy_id, allergy_name FROM product_allergy JOIN allergy USING (allergy_id)"
        " WHERE product_id = ? ORDER BY allergy_id",
        (product_id,),
    )
    return ProductDetails(
        **product_fields(row),
        foodtypes=[FoodType(**row) for row in foodtypes],
        allergies=[Allergy(**row) for row in allergies],
    )


@app.get("/cart/view")
def cart(db: Database, user_id: UserId) -> Cart:
    found = db.execute("SELECT cart_id, reported_weight_mg FROM cart WHERE user_id = ?", (user_id,)).fetchone()
    if found is None:
        raise HTTPException(404, "No active cart found for user.")
    cart_id, weight_mg = found
    rows = db.execute(
        "SELECT cart_items_id, cart_id, quantity, product.* FROM cart_item JOIN product USING (product_id)"
        " WHERE cart_id = ? ORDER BY cart_items_id",
        (cart_id,),
    ).fetchall()
    if not rows:
        weight_mg = 0
    elif weight_mg is None:
        weight_mg = sum((row["weight_g"] or 0) * 1000 * row["quantity"] for row in rows)
    items = [
        CartItem(
            cart_items_id=row["cart_items_id"],
            cart_id=row["cart_id"],
            product_id=row["product_id"],
            quantity=row["quantity"],
            product=Product(**product_fields(row)),
        )
        for row in rows
    ]
    return Cart(cart_id=cart_id, items=items, total_weight=weight_mg / 1_000_000)


@app.get("/user/checklist")
def checklist(db: Database, user_id: UserId) -> Checklist:
    rows = db.execute(
        "SELECT checklist_id, user_id, quantity, product.* FROM checklist JOIN product USING (product_id)"
        " WHERE user_id = ? ORDER BY checklist_id",
        (user_id,),
    )
    items = [
        ChecklistItem(
            checklist_id=row["checklist_id"],
            user_id=row["user_id"],
            product_id=row["product_id"],
            quantity=row["quantity"],
            product=Product(**product_fields(row)),
        )
        for row in rows
    ]
    return Checklist(items=items)


@app.get("/orders/history")
def history(db: Database, user_id: UserId) -> list[Order]:
    orders = db.execute("SELECT * FROM orders WHERE user_id = ? ORDER BY order_id DESC LIMIT ?", (user_id, PAGE)).fetchall()
    return [order_model(db, order) for order in orders]


def order_model(db, order):
    lines = db.execute("SELECT * FROM order_line WHERE order_id = ? ORDER BY line_num", (order["order_id"],))
    items = [
        OrderItem(
            product_id=line["product_id"],
            product_name=line["product_name"],
            quantity=line["quantity"],
            price=line["price_minor"] / 100,
            discounted_price=line["discounted_price_minor"] / 100,
        )
        for line in lines
    ]
    return Order(
        order_id=order["order_id"],
        user_id=order["user_id"],
        total_products=order["total_quantity"],
        total_price=order["total_price_minor"] / 100,
        discounted_price=order["discounted_price_minor"] / 100,
        items=items,
    )
