-- One state folder is one account. Times are ISO 8601 text of one width; ids are text as the API shows them.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    subdomain TEXT NOT NULL,
    created_on TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE services (
    id TEXT PRIMARY KEY,
    tag TEXT NOT NULL UNIQUE,
    last_number INTEGER NOT NULL DEFAULT 0,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE environments (
    id TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id) ON UPDATE CASCADE ON DELETE CASCADE,
    name TEXT NOT NULL,
    script_settings TEXT NOT NULL DEFAULT '{}',
    subdomain_enabled INTEGER NOT NULL DEFAULT 1,
    previews_enabled INTEGER NOT NULL DEFAULT 1,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    UNIQUE (service_id, name)
) WITHOUT ROWID;

-- Module contents, once each, named by the SHA-256 of their bytes.
CREATE TABLE modules (
    hash TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
);

CREATE TABLE versions (
    id TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id) ON UPDATE CASCADE ON DELETE CASCADE,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    main_module TEXT NOT NULL,
    etag TEXT NOT NULL,
    settings TEXT NOT NULL,
    handlers TEXT NOT NULL,
    startup_time_ms INTEGER,
    created_on TEXT NOT NULL,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    message TEXT,
    tag TEXT,
    alias TEXT,
    triggered_by TEXT NOT NULL,
    UNIQUE (service_id, number)
);
CREATE INDEX versions_of_environment ON versions (environment_id, number);

CREATE TABLE version_modules (
    version_id TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES modules (hash),
    PRIMARY KEY (version_id, position),
    UNIQUE (version_id, name)
) WITHOUT ROWID;
CREATE INDEX version_modules_hash ON version_modules (hash);

-- settings is Cloudflare's binding object without name and type; a secret's text is in `secret`, encrypted.
CREATE TABLE bindings (
    version_id TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret BLOB,
    PRIMARY KEY (version_id, position),
    UNIQUE (version_id, name)
) WITHOUT ROWID;
CREATE INDEX bindings_to_service ON bindings (json_extract(settings, '$.service')) WHERE type = 'service';
CREATE INDEX bindings_to_namespace ON bindings (json_extract(settings, '$.namespace_id'))
    WHERE type = 'kv_namespace';

CREATE TABLE deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    strategy TEXT NOT NULL,
    created_on TEXT NOT NULL,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    message TEXT,
    triggered_by TEXT NOT NULL
);
CREATE INDEX deployments_of_environment ON deployments (environment_id, number);

CREATE TABLE deployment_versions (
    deployment_number INTEGER NOT NULL REFERENCES deployments (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    version_id TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    percentage REAL NOT NULL,
    PRIMARY KEY (deployment_number, position)
) WITHOUT ROWID;
CREATE INDEX deployment_versions_version ON deployment_versions (version_id);

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    service TEXT,
    environment TEXT,
    old_environment TEXT,
    version_number INTEGER,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    message TEXT,
    detail TEXT NOT NULL DEFAULT '{}'
);

-- Compiled programs by the hash of their sources; may be emptied at any time.
CREATE TABLE compiled (
    hash TEXT PRIMARY KEY,
    used INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX compiled_used ON compiled (used);

-- A namespace's entries go by its number, which is never given twice: dropping a namespace is one row,
-- its entries are swept later.
CREATE TABLE kv_namespaces (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL UNIQUE,
    keys INTEGER NOT NULL DEFAULT 0,
    created_on TEXT NOT NULL
);

CREATE TABLE kv_dropped (
    namespace INTEGER PRIMARY KEY
);

-- value stands last, so that listing never reads into a large value's overflow pages.
CREATE TABLE kv_entries (
    namespace INTEGER NOT NULL,
    key BLOB NOT NULL,
    expiration INTEGER,
    metadata TEXT,
    value BLOB NOT NULL,
    PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
CREATE INDEX kv_entries_expiration ON kv_entries (expiration) WHERE expiration IS NOT NULL;

CREATE TRIGGER kv_entries_counted AFTER INSERT ON kv_entries
BEGIN
    UPDATE kv_namespaces SET keys = keys + 1 WHERE number = new.namespace;
END;

CREATE TRIGGER kv_entries_uncounted AFTER DELETE ON kv_entries
BEGIN
    UPDATE kv_namespaces SET keys = keys - 1 WHERE number = old.namespace;
END;
