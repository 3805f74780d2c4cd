-- What of an order was not to be had, what came back, and the money for it.
-- NOT VALID: all rows that are there have the default, and nobody waits while they are looked at.
ALTER TABLE order_line
    ADD COLUMN short_quantity BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN returned_quantity BIGINT NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_line_left_check
        CHECK (short_quantity >= 0 AND returned_quantity >= 0 AND short_quantity + returned_quantity <= quantity) NOT VALID;
ALTER TABLE payment
    ADD COLUMN refunded_minor BIGINT NOT NULL DEFAULT 0,
    ADD CONSTRAINT payment_refunded_check CHECK (refunded_minor BETWEEN 0 AND amount_minor) NOT VALID;
-- What an event of single products was about.
ALTER TABLE order_event ADD COLUMN detail_json TEXT;

-- `amount_minor` is in the currency of the order.
CREATE TABLE order_return (
    return_id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id        BIGINT NOT NULL REFERENCES orders,
    state           TEXT   NOT NULL,
    reason          TEXT   NOT NULL,
    amount_minor    BIGINT NOT NULL CHECK (amount_minor >= 0),
    requested_at_ms BIGINT NOT NULL
);

CREATE INDEX order_return_by_order ON order_return (order_id);
CREATE INDEX order_return_by_state ON order_return (state, return_id);

CREATE TABLE return_line (
    return_id  BIGINT NOT NULL REFERENCES order_return,
    product_id BIGINT NOT NULL REFERENCES product,
    quantity   BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, product_id)
);
