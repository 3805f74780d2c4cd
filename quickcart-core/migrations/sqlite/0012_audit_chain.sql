-- The order of the audit's rows, each link with a digest of its row and of the link before it. Rows of servers that know no links get
-- theirs later, so the order is that of `link_id`.
CREATE TABLE audit_link (
    link_id  INTEGER PRIMARY KEY,
    audit_id INTEGER NOT NULL UNIQUE REFERENCES audit,
    digest   BLOB    NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE TRIGGER audit_link_is_not_changed BEFORE UPDATE ON audit_link
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_link_is_not_deleted BEFORE DELETE ON audit_link
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;

-- The last link, or zeros.
CREATE TABLE audit_head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    link_id  INTEGER NOT NULL,
    digest   BLOB    NOT NULL CHECK (length(digest) = 32)
) STRICT;

INSERT INTO audit_head VALUES (1, 0, zeroblob(32));
