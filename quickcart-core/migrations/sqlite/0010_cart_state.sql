-- Where a cart stands. It is locked while what lies in it is held, until `locked_until_ms`, and blocked while `blocked_weight_mg` says
-- what its scale showed last, because its lines weigh something else.
ALTER TABLE cart ADD COLUMN locked_until_ms INTEGER;
ALTER TABLE cart ADD COLUMN blocked_weight_mg INTEGER CHECK (blocked_weight_mg >= 0);

CREATE INDEX blocked_carts ON cart (cart_id) WHERE blocked_weight_mg IS NOT NULL;

-- The audit also knows carts. Its rows keep their numbers.
CREATE TABLE new_audit (
    audit_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms       INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    action      TEXT    NOT NULL CHECK (action IN ('create', 'change', 'retire', 'block', 'rescan', 'approve')),
    entity      TEXT    NOT NULL CHECK (entity IN ('product', 'user', 'cart')),
    entity_id   INTEGER NOT NULL,
    before_json TEXT,
    after_json  TEXT    NOT NULL
) STRICT;

INSERT INTO new_audit SELECT audit_id, at_ms, who, action, entity, entity_id, before_json, after_json FROM audit;
DROP TABLE audit;
ALTER TABLE new_audit RENAME TO audit;

CREATE INDEX audit_by_entity ON audit (entity, audit_id);
CREATE INDEX audit_by_entity_id ON audit (entity, entity_id, audit_id);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
