-- Members, who sign in by phone, and tokens that were revoked.

CREATE TABLE member (
    user_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    member_name   TEXT    NOT NULL,
    phone         TEXT    NOT NULL UNIQUE,
    email         TEXT    UNIQUE,
    role          TEXT    NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'admin')),
    status        TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
    login_count   INTEGER NOT NULL DEFAULT 0 CHECK (login_count >= 0),
    last_login_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;

-- What administrators sign in with, besides their phone. There are none until somebody names them.
CREATE TABLE administrator (
    user_id       INTEGER PRIMARY KEY REFERENCES member,
    username      TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL
) STRICT;

-- Phones that were proved and belong to nobody, as keyed digests.
CREATE TABLE member_proof (
    proof    BLOB    PRIMARY KEY,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX member_proof_by_end ON member_proof (until_ms);

-- A list that only grows at its end, so that every server reads what is new; what is over is dropped. A row names one
-- token, or a holder and until when their tokens were issued.
CREATE TABLE revocation (
    position        INTEGER PRIMARY KEY AUTOINCREMENT,
    audience        TEXT    NOT NULL,
    token_id        TEXT    UNIQUE,
    subject         TEXT,
    issued_until_ms INTEGER,
    until_ms        INTEGER NOT NULL,
    CHECK ((token_id IS NULL) = (subject IS NOT NULL)),
    CHECK ((subject IS NULL) = (issued_until_ms IS NULL))
) STRICT;

CREATE INDEX revocation_by_end ON revocation (until_ms);
