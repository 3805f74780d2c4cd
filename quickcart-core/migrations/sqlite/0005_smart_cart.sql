-- Recipes, carts without a trolley, versions of lines, carts of guests.

CREATE TABLE recipe (recipe_id INTEGER PRIMARY KEY, recipe_name TEXT NOT NULL) STRICT;

CREATE TABLE recipe_product (
    recipe_id  INTEGER NOT NULL REFERENCES recipe,
    line_num   INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES product,
    PRIMARY KEY (recipe_id, line_num),
    UNIQUE (recipe_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX recipes_by_product ON recipe_product (product_id);

-- Carts up to 1,000,000,000 are trolleys. Those above are ad-hoc carts: they have no dock, always belong to somebody, and
-- AUTOINCREMENT gives no number twice.
CREATE TABLE new_cart (
    cart_id            INTEGER PRIMARY KEY AUTOINCREMENT,
    dock_level         INTEGER,
    dock_x_m           REAL,
    dock_y_m           REAL,
    user_id            INTEGER UNIQUE REFERENCES user,
    connected_at_ms    INTEGER,
    reported_weight_mg INTEGER CHECK (reported_weight_mg >= 0),
    level              INTEGER,
    x_m                REAL,
    y_m                REAL,
    located_at_ms      INTEGER,
    version            INTEGER NOT NULL DEFAULT 0,
    CHECK (CASE WHEN cart_id <= 1000000000 THEN dock_level IS NOT NULL AND dock_x_m IS NOT NULL AND dock_y_m IS NOT NULL
                                           ELSE user_id IS NOT NULL END)
) STRICT;

INSERT INTO new_cart (cart_id, dock_level, dock_x_m, dock_y_m, user_id, connected_at_ms, reported_weight_mg, level, x_m,
                      y_m, located_at_ms)
SELECT cart_id, dock_level, dock_x_m, dock_y_m, user_id, connected_at_ms, reported_weight_mg, level, x_m, y_m, located_at_ms
FROM cart;

-- The version of a line is the version that its cart got when the line last changed.
CREATE TABLE new_cart_item (
    cart_items_id INTEGER PRIMARY KEY AUTOINCREMENT,
    cart_id       INTEGER NOT NULL REFERENCES new_cart,
    product_id    INTEGER NOT NULL REFERENCES product,
    quantity      INTEGER NOT NULL CHECK (quantity > 0),
    version       INTEGER NOT NULL,
    UNIQUE (cart_id, product_id)
) STRICT;

INSERT INTO new_cart_item (cart_items_id, cart_id, product_id, quantity, version)
SELECT cart_items_id, cart_id, product_id, quantity, 0 FROM cart_item;

DROP TABLE cart_item;
DROP TABLE cart;
ALTER TABLE new_cart RENAME TO cart;
ALTER TABLE new_cart_item RENAME TO cart_item;
DELETE FROM sqlite_sequence WHERE name = 'cart';
INSERT INTO sqlite_sequence (name, seq) VALUES ('cart', 1000000000);

-- What people put together before they sign in. Only a digest of the token is kept. A cart that was merged is empty, and knows
-- where its lines went.
CREATE TABLE guest_cart (
    guest_cart_id  INTEGER PRIMARY KEY,
    token_digest   BLOB    NOT NULL UNIQUE,
    changed_at_ms  INTEGER NOT NULL,
    merged_user_id INTEGER REFERENCES user,
    merged_cart_id INTEGER,
    CHECK ((merged_user_id IS NULL) = (merged_cart_id IS NULL))
) STRICT;

CREATE INDEX guest_carts_by_change ON guest_cart (changed_at_ms);

CREATE TABLE guest_cart_item (
    guest_cart_id INTEGER NOT NULL REFERENCES guest_cart ON DELETE CASCADE,
    product_id    INTEGER NOT NULL REFERENCES product,
    quantity      INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (guest_cart_id, product_id)
) STRICT, WITHOUT ROWID;
