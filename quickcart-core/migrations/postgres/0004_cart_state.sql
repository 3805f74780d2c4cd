-- Where a cart stands. It is locked while what lies in it is held, until `locked_until_ms`, and blocked while `blocked_weight_mg` says
-- what its scale showed last, because its lines weigh something else.
ALTER TABLE cart ADD COLUMN locked_until_ms BIGINT;
ALTER TABLE cart ADD COLUMN blocked_weight_mg BIGINT CHECK (blocked_weight_mg >= 0);

CREATE INDEX blocked_carts ON cart (cart_id) WHERE blocked_weight_mg IS NOT NULL;

-- The audit also knows carts.
ALTER TABLE audit
    DROP CONSTRAINT audit_action_check,
    DROP CONSTRAINT audit_entity_check,
    ADD CONSTRAINT audit_action_check CHECK (action IN ('create', 'change', 'retire', 'block', 'rescan', 'approve')),
    ADD CONSTRAINT audit_entity_check CHECK (entity IN ('product', 'user', 'cart'));
