-- Book orders, and the sessions that confirm them.

-- `phone` is in E.164 form, `phone_as_sent` as the customer wrote it.
CREATE TABLE book_order (
    order_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    phone         TEXT    NOT NULL,
    phone_as_sent TEXT    NOT NULL,
    address       TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    placed_at_ms  INTEGER NOT NULL
) STRICT;

CREATE INDEX book_order_by_phone ON book_order (phone, order_id);

-- Titles and prices as they were.
CREATE TABLE book_order_line (
    order_id    INTEGER NOT NULL REFERENCES book_order,
    line_num    INTEGER NOT NULL,
    book_id     TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (order_id, line_num)
) STRICT, WITHOUT ROWID;

-- A wish that waits for its code, or has its order. The token is not here, only a keyed tag of it.
CREATE TABLE book_session (
    token_digest   BLOB    PRIMARY KEY CHECK (length(token_digest) = 32),
    phone          TEXT    NOT NULL,
    phone_as_sent  TEXT    NOT NULL,
    address        TEXT    NOT NULL,
    payment_method TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    books_json     TEXT    NOT NULL,
    guesses        INTEGER NOT NULL CHECK (guesses >= 0),
    opened_at_ms   INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL,
    order_id       INTEGER UNIQUE REFERENCES book_order
) STRICT, WITHOUT ROWID;

CREATE INDEX book_session_by_phone ON book_session (phone, opened_at_ms);
CREATE INDEX book_session_unverified ON book_session (expires_at_ms) WHERE order_id IS NULL;
