-- The index that products are searched by, what was retired, and who changed what.

-- A version grows with every change, so that nobody overwrites what they have not seen.
ALTER TABLE product ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE product ADD COLUMN retired_at_ms INTEGER;
ALTER TABLE user ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE user ADD COLUMN retired_at_ms INTEGER;

CREATE INDEX product_on_offer ON product (product_id)
    WHERE retired_at_ms IS NULL AND (offer_name IS NOT NULL OR discounted_price_minor < price_minor);

CREATE VIEW product_for_sale AS
    SELECT product_id, product_name, barcode FROM product WHERE retired_at_ms IS NULL;

-- Three characters in a row, without case and without the marks of Latin letters, find every text that holds them.
CREATE VIRTUAL TABLE product_search USING fts5(
    product_name, barcode,
    content = 'product_for_sale', content_rowid = 'product_id',
    tokenize = 'trigram case_sensitive 0 remove_diacritics 1'
);

CREATE TRIGGER product_search_insert AFTER INSERT ON product WHEN new.retired_at_ms IS NULL BEGIN
    INSERT INTO product_search (rowid, product_name, barcode) VALUES (new.product_id, new.product_name, new.barcode);
END;

CREATE TRIGGER product_search_delete BEFORE DELETE ON product WHEN old.retired_at_ms IS NULL BEGIN
    INSERT INTO product_search (product_search, rowid, product_name, barcode)
    VALUES ('delete', old.product_id, old.product_name, old.barcode);
END;

-- The order of two triggers of one kind is not defined, so what was goes before, and what is comes after.
CREATE TRIGGER product_search_forget BEFORE UPDATE OF product_id, product_name, barcode, retired_at_ms ON product
WHEN old.retired_at_ms IS NULL BEGIN
    INSERT INTO product_search (product_search, rowid, product_name, barcode)
    VALUES ('delete', old.product_id, old.product_name, old.barcode);
END;

CREATE TRIGGER product_search_learn AFTER UPDATE OF product_id, product_name, barcode, retired_at_ms ON product
WHEN new.retired_at_ms IS NULL BEGIN
    INSERT INTO product_search (rowid, product_name, barcode) VALUES (new.product_id, new.product_name, new.barcode);
END;

INSERT INTO product_search (product_search) VALUES ('rebuild');

-- Every word that a product's name ever had, folded: what a misspelt word may have been meant as. The program writes it, because
-- SQL cannot tell words apart; a word that no name has any more finds nothing.
CREATE TABLE product_word (
    letters INTEGER NOT NULL,
    word    TEXT    NOT NULL,
    PRIMARY KEY (letters, word)
) STRICT, WITHOUT ROWID;

-- What administrators did. No telephone number, name or e-mail address stands in here.
CREATE TABLE audit (
    audit_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms       INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    action      TEXT    NOT NULL CHECK (action IN ('create', 'change', 'retire')),
    entity      TEXT    NOT NULL CHECK (entity IN ('product', 'user')),
    entity_id   INTEGER NOT NULL,
    before_json TEXT,
    after_json  TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_entity ON audit (entity, audit_id);
CREATE INDEX audit_by_entity_id ON audit (entity, entity_id, audit_id);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
