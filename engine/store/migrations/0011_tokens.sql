-- API tokens by name: what is kept of one is the SHA-256 of its text, which nobody can read again.

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE,
    active INTEGER NOT NULL,
    not_before TEXT,
    expires_on TEXT,
    issued_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    last_used_on TEXT,
    author TEXT NOT NULL
) WITHOUT ROWID;

-- service and environment are names or patterns, NULL for all; they may name what does not exist yet.
CREATE TABLE token_grants (
    token_id TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    permission TEXT NOT NULL,
    service TEXT,
    environment TEXT,
    PRIMARY KEY (token_id, position)
) WITHOUT ROWID;

-- A token goes with what it is for: under its new name, and not with whoever gets the old one.
CREATE TRIGGER token_grants_follow_environments AFTER UPDATE OF name ON environments
BEGIN
    UPDATE token_grants SET environment = new.name
    WHERE service = new.service_id AND environment = old.name;
END;

CREATE TRIGGER token_grants_follow_services AFTER UPDATE OF id ON services
BEGIN
    UPDATE token_grants SET service = new.id WHERE service = old.id;
END;
