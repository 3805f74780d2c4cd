-- Stock, what is held of it, requests that may come again, and who carries events away.

-- A product without a row here is not counted. `available` is neither sold nor held.
CREATE TABLE stock (
    product_id INTEGER PRIMARY KEY REFERENCES product,
    available  INTEGER NOT NULL CHECK (available >= 0),
    low_at     INTEGER CHECK (low_at >= 0)
) STRICT;

-- A hold that has expired stays until somebody wants its pieces.
CREATE TABLE stock_hold (
    user_id       INTEGER NOT NULL REFERENCES user,
    product_id    INTEGER NOT NULL REFERENCES stock,
    quantity      INTEGER NOT NULL CHECK (quantity > 0),
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_hold_by_product ON stock_hold (product_id, expires_at_ms);

-- Of each product, the quantities add up to what is available and held.
CREATE TABLE stock_movement (
    movement_id INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id  INTEGER NOT NULL REFERENCES stock,
    at_ms       INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('count', 'receive', 'sell', 'return')),
    quantity    INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    order_id    INTEGER REFERENCES orders,
    CHECK ((kind IN ('sell', 'return')) = (order_id IS NOT NULL))
) STRICT;

CREATE INDEX stock_movement_by_product ON stock_movement (product_id, movement_id);
CREATE INDEX stock_movement_by_order ON stock_movement (order_id) WHERE order_id IS NOT NULL;

CREATE TRIGGER stock_movement_is_not_changed BEFORE UPDATE ON stock_movement
BEGIN SELECT RAISE(ABORT, 'the movements of stock are only added to'); END;
CREATE TRIGGER stock_movement_is_not_deleted BEFORE DELETE ON stock_movement
BEGIN SELECT RAISE(ABORT, 'the movements of stock are only added to'); END;

-- Which order a request made, by the key that its client gave it. `fingerprint` tells another request under the same key.
CREATE TABLE idempotency_key (
    user_id       INTEGER NOT NULL REFERENCES user,
    key           TEXT    NOT NULL,
    fingerprint   BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    order_id      INTEGER NOT NULL REFERENCES orders,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_key_by_end ON idempotency_key (expires_at_ms);

CREATE INDEX outbox_unpublished ON outbox (outbox_id) WHERE published_at_ms IS NULL;

-- Of all servers, which one publishes, and until when.
CREATE TABLE outbox_relay (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    relay    TEXT    NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT;
