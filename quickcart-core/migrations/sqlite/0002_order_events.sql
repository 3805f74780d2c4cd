-- What happened to orders, what is owed for them, and what is still to be told to others.

ALTER TABLE store ADD COLUMN prices_include_tax INTEGER NOT NULL DEFAULT 1 CHECK (prices_include_tax IN (0, 1));

-- An order has a status, and outlives its cart: it is made anew without that reference, and its lines with it.
CREATE TABLE new_orders (
    order_id               INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id                INTEGER NOT NULL REFERENCES user,
    cart_id                INTEGER NOT NULL,
    status                 TEXT    NOT NULL,
    version                INTEGER NOT NULL,
    placed_at_ms           INTEGER NOT NULL,
    currency               TEXT    NOT NULL,
    total_quantity         INTEGER NOT NULL CHECK (total_quantity > 0),
    total_price_minor      INTEGER NOT NULL,
    discounted_price_minor INTEGER NOT NULL,
    tax_minor              INTEGER NOT NULL CHECK (tax_minor >= 0),
    tax_included           INTEGER NOT NULL CHECK (tax_included IN (0, 1))
) STRICT;

CREATE TABLE new_order_line (
    order_id               INTEGER NOT NULL REFERENCES new_orders,
    line_num               INTEGER NOT NULL,
    product_id             INTEGER NOT NULL REFERENCES product,
    product_name           TEXT    NOT NULL,
    quantity               INTEGER NOT NULL CHECK (quantity > 0),
    price_minor            INTEGER NOT NULL,
    discounted_price_minor INTEGER NOT NULL,
    hsn                    TEXT,
    gst_basis_points       INTEGER NOT NULL,
    tax_minor              INTEGER NOT NULL CHECK (tax_minor >= 0),
    PRIMARY KEY (order_id, line_num)
) STRICT, WITHOUT ROWID;

-- Orders from before this table knew no tax.
INSERT INTO new_orders
SELECT order_id, user_id, cart_id, 'verified', 2, placed_at_ms, currency, total_quantity, total_price_minor,
       discounted_price_minor, 0, 1
FROM orders;

INSERT INTO new_order_line
SELECT order_id, line_num, product_id, product_name, quantity, price_minor, discounted_price_minor, NULL, 0, 0
FROM order_line;

DROP TABLE order_line;
DROP TABLE orders;
ALTER TABLE new_orders RENAME TO orders;
ALTER TABLE new_order_line RENAME TO order_line;
CREATE INDEX orders_by_user ON orders (user_id, order_id);

-- One row for each transition; `seq` counts from 1 without gaps and is the order's version after it.
CREATE TABLE order_event (
    order_kind  TEXT    NOT NULL CHECK (order_kind IN ('cart', 'book')),
    order_id    INTEGER NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq > 0),
    event       TEXT    NOT NULL,
    from_status TEXT,
    to_status   TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (order_kind, order_id, seq)
) STRICT, WITHOUT ROWID;

-- One row for each event that others are to hear of.
CREATE TABLE outbox (
    outbox_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    order_kind      TEXT    NOT NULL,
    order_id        INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    published_at_ms INTEGER,
    UNIQUE (order_kind, order_id, seq),
    FOREIGN KEY (order_kind, order_id, seq) REFERENCES order_event
) STRICT;

CREATE TABLE payment (
    payment_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    order_kind    TEXT    NOT NULL CHECK (order_kind IN ('cart', 'book')),
    order_id      INTEGER NOT NULL,
    method        TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    amount_minor  INTEGER NOT NULL CHECK (amount_minor >= 0),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX payment_by_order ON payment (order_kind, order_id);

-- Of all attempts to pay an order, at most one is under way or has the money.
CREATE UNIQUE INDEX payment_live ON payment (order_kind, order_id)
WHERE state IN ('pending', 'requires_action', 'processing', 'authorized', 'paid', 'partially_refunded', 'disputed');

-- What old orders went through, and nobody has to be told of.
INSERT INTO order_event SELECT 'cart', order_id, 1, 'place', NULL, 'pending', 'customer', placed_at_ms FROM orders;
INSERT INTO order_event SELECT 'cart', order_id, 2, 'verify', 'pending', 'verified', 'customer', placed_at_ms FROM orders;
INSERT INTO outbox (order_kind, order_id, seq, published_at_ms)
SELECT order_kind, order_id, seq, at_ms FROM order_event ORDER BY order_id, seq;
INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, updated_at_ms)
SELECT 'cart', order_id, 'cash', 'pending', currency, discounted_price_minor, placed_at_ms, placed_at_ms FROM orders;
