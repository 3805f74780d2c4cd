-- Customers who register by e-mail, employees, and registrations that are under way. Addresses are in small letters; numbers
-- of customers are never used again.

CREATE TABLE customer (
    customer_id     INTEGER PRIMARY KEY AUTOINCREMENT,
    email           TEXT    NOT NULL UNIQUE,
    password_hash   TEXT    NOT NULL,
    customer_name   TEXT    NOT NULL,
    phone           TEXT    NOT NULL,
    citizen_id      TEXT    NOT NULL UNIQUE,
    address         TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    signed_in_at_ms INTEGER
) STRICT;

CREATE TABLE role (role_id TEXT PRIMARY KEY, role_name TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE employee (
    employee_id   TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    employee_name TEXT NOT NULL,
    phone         TEXT NOT NULL,
    role_id       TEXT NOT NULL REFERENCES role
) STRICT, WITHOUT ROWID;

-- Without a token, a code was sent; with one, it was shown; with a password, that was chosen. Of token and network there are
-- keyed digests only.
CREATE TABLE registration (
    email          TEXT PRIMARY KEY,
    expires_at_ms  INTEGER NOT NULL,
    token_digest   BLOB    CHECK (length(token_digest) = 32),
    network_digest BLOB    CHECK (length(network_digest) = 32),
    proved_at_ms   INTEGER,
    password_hash  TEXT,
    CHECK ((token_digest IS NULL) = (proved_at_ms IS NULL)),
    CHECK (token_digest IS NOT NULL OR (network_digest IS NULL AND password_hash IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX registration_by_end ON registration (expires_at_ms);
