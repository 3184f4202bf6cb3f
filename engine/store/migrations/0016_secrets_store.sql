-- Secrets stores: secrets of the account that many scripts may bind. Values are encrypted like those of scripts.

CREATE TABLE secrets_stores (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE secrets_store_secrets (
    id TEXT PRIMARY KEY,
    store_id TEXT NOT NULL REFERENCES secrets_stores (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    comment TEXT NOT NULL,
    scopes TEXT NOT NULL,
    value BLOB NOT NULL,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    UNIQUE (store_id, name)
) WITHOUT ROWID;
