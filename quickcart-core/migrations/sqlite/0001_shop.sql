-- The shop. Money is in minor units, weight in grams (catalogue) or milligrams (scale), time in milliseconds since 1970,
-- places in metres.

CREATE TABLE store (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    store_name  TEXT    NOT NULL,
    map_json    TEXT    NOT NULL,
    map_version INTEGER NOT NULL
) STRICT;

CREATE TABLE category (category_id INTEGER PRIMARY KEY, category_name TEXT NOT NULL) STRICT;
CREATE TABLE foodtype (foodtype_id INTEGER PRIMARY KEY, foodtype_name TEXT NOT NULL) STRICT;
CREATE TABLE allergy  (allergy_id  INTEGER PRIMARY KEY, allergy_name  TEXT NOT NULL) STRICT;

CREATE TABLE section (
    section_id   INTEGER PRIMARY KEY,
    section_name TEXT    NOT NULL,
    level        INTEGER NOT NULL,
    x1_m         REAL    NOT NULL,
    y1_m         REAL    NOT NULL,
    x2_m         REAL    NOT NULL,
    y2_m         REAL    NOT NULL
) STRICT;

CREATE TABLE product (
    product_id             INTEGER PRIMARY KEY,
    product_name           TEXT    NOT NULL,
    barcode                TEXT    NOT NULL UNIQUE,
    currency               TEXT    NOT NULL,
    price_minor            INTEGER NOT NULL CHECK (price_minor > 0),
    discounted_price_minor INTEGER CHECK (discounted_price_minor > 0 AND discounted_price_minor < price_minor),
    offer_name             TEXT,
    weight_g               INTEGER CHECK (weight_g > 0),
    expiry                 TEXT,
    category_id            INTEGER REFERENCES category,
    hsn                    TEXT,
    gst_basis_points       INTEGER NOT NULL CHECK (gst_basis_points BETWEEN 0 AND 10000)
) STRICT;

CREATE TABLE product_foodtype (
    product_id  INTEGER NOT NULL REFERENCES product,
    foodtype_id INTEGER NOT NULL REFERENCES foodtype,
    PRIMARY KEY (product_id, foodtype_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_allergy (
    product_id INTEGER NOT NULL REFERENCES product,
    allergy_id INTEGER NOT NULL REFERENCES allergy,
    PRIMARY KEY (product_id, allergy_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shelf_place (
    product_id INTEGER PRIMARY KEY REFERENCES product,
    section_id INTEGER NOT NULL REFERENCES section,
    aisle_num  INTEGER NOT NULL,
    shelf_num  INTEGER NOT NULL,
    level      INTEGER NOT NULL,
    x_m        REAL    NOT NULL,
    y_m        REAL    NOT NULL
) STRICT;

CREATE TABLE user (
    user_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    phone         TEXT    NOT NULL UNIQUE,
    user_name     TEXT,
    email         TEXT    UNIQUE,
    foodtype_id   INTEGER REFERENCES foodtype,
    allergy_id    INTEGER REFERENCES allergy,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE checklist (
    checklist_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES user,
    product_id   INTEGER NOT NULL REFERENCES product,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    UNIQUE (user_id, product_id)
) STRICT;

-- A shopper has at most one trolley, and a trolley at most one shopper.
CREATE TABLE cart (
    cart_id            INTEGER PRIMARY KEY,
    dock_level         INTEGER NOT NULL,
    dock_x_m           REAL    NOT NULL,
    dock_y_m           REAL    NOT NULL,
    user_id            INTEGER UNIQUE REFERENCES user,
    connected_at_ms    INTEGER,
    reported_weight_mg INTEGER CHECK (reported_weight_mg >= 0),
    level              INTEGER,
    x_m                REAL,
    y_m                REAL,
    located_at_ms      INTEGER
) STRICT;

CREATE TABLE cart_item (
    cart_items_id INTEGER PRIMARY KEY AUTOINCREMENT,
    cart_id       INTEGER NOT NULL REFERENCES cart,
    product_id    INTEGER NOT NULL REFERENCES product,
    quantity      INTEGER NOT NULL CHECK (quantity > 0),
    UNIQUE (cart_id, product_id)
) STRICT;

-- `order` is a word of SQL, hence the plural.
CREATE TABLE orders (
    order_id               INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id                INTEGER NOT NULL REFERENCES user,
    cart_id                INTEGER NOT NULL REFERENCES cart,
    placed_at_ms           INTEGER NOT NULL,
    currency               TEXT    NOT NULL,
    total_quantity         INTEGER NOT NULL CHECK (total_quantity > 0),
    total_price_minor      INTEGER NOT NULL,
    discounted_price_minor INTEGER NOT NULL
) STRICT;

CREATE INDEX orders_by_user ON orders (user_id, order_id);

-- Names and prices as they were: an order does not change when the catalogue does.
CREATE TABLE order_line (
    order_id               INTEGER NOT NULL REFERENCES orders,
    line_num               INTEGER NOT NULL,
    product_id             INTEGER NOT NULL REFERENCES product,
    product_name           TEXT    NOT NULL,
    quantity               INTEGER NOT NULL CHECK (quantity > 0),
    price_minor            INTEGER NOT NULL,
    discounted_price_minor INTEGER NOT NULL,
    PRIMARY KEY (order_id, line_num)
) STRICT, WITHOUT ROWID;
