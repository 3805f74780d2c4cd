-- What of an order was not to be had, what came back, and the money for it.
ALTER TABLE order_line ADD COLUMN short_quantity INTEGER NOT NULL DEFAULT 0 CHECK (short_quantity >= 0);
ALTER TABLE order_line ADD COLUMN returned_quantity INTEGER NOT NULL DEFAULT 0
    CHECK (returned_quantity >= 0 AND short_quantity + returned_quantity <= quantity);
ALTER TABLE payment ADD COLUMN refunded_minor INTEGER NOT NULL DEFAULT 0
    CHECK (refunded_minor BETWEEN 0 AND amount_minor);
-- What an event of single products was about.
ALTER TABLE order_event ADD COLUMN detail_json TEXT;

-- `amount_minor` is in the currency of the order.
CREATE TABLE order_return (
    return_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id        INTEGER NOT NULL REFERENCES orders,
    state           TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    amount_minor    INTEGER NOT NULL CHECK (amount_minor >= 0),
    requested_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX order_return_by_order ON order_return (order_id);
CREATE INDEX order_return_by_state ON order_return (state, return_id);

CREATE TABLE return_line (
    return_id  INTEGER NOT NULL REFERENCES order_return,
    product_id INTEGER NOT NULL REFERENCES product,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, product_id)
) STRICT, WITHOUT ROWID;
