-- Which request made the order of a session, by the key that its client gave it. `fingerprint` tells another request under the
-- same key.
ALTER TABLE book_session ADD COLUMN key TEXT CHECK (key IS NULL OR order_id IS NOT NULL);
ALTER TABLE book_session ADD COLUMN fingerprint BYTEA
    CHECK ((fingerprint IS NULL) = (key IS NULL) AND length(fingerprint) = 32);
