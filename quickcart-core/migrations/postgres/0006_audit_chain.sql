-- The order of the audit's rows, each link with a digest of its row and of the link before it. Rows of servers that know no links get
-- theirs later, and numbers of rows are given away before they are committed, so the order is that of `link_id`.
CREATE TABLE audit_link (
    link_id  BIGINT PRIMARY KEY,
    audit_id BIGINT NOT NULL UNIQUE REFERENCES audit,
    digest   BYTEA  NOT NULL CHECK (octet_length(digest) = 32)
);

CREATE TRIGGER audit_link_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

-- The last link, or zeros. Whoever adds a link locks it, as the last thing before the commit.
CREATE TABLE audit_head (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    link_id  BIGINT NOT NULL,
    digest   BYTEA  NOT NULL CHECK (octet_length(digest) = 32)
);

INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));
