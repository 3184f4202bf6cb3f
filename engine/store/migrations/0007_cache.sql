-- The Cache API. An entry may go at any time: it has expired, or there are too many. `cache` is '' for
-- caches.default and '/' and its name for an opened one. Its body is in `body`, or the file of the state folder
-- that `hash` names. Times are seconds since 1970; `weight` is what it counts against the size allowed.
-- Entries of an environment that is gone are found by nobody, and go when they have expired.

CREATE TABLE cache_entries (
    id INTEGER PRIMARY KEY,
    environment_id TEXT NOT NULL,
    cache TEXT NOT NULL,
    url TEXT NOT NULL,
    status INTEGER NOT NULL,
    status_text TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB,
    hash TEXT,
    size INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    stored REAL NOT NULL,
    expires REAL NOT NULL,
    used REAL NOT NULL,
    UNIQUE (environment_id, cache, url)
);
CREATE INDEX cache_entries_expires ON cache_entries (expires);
CREATE INDEX cache_entries_used ON cache_entries (used);
CREATE INDEX cache_entries_hash ON cache_entries (hash) WHERE hash IS NOT NULL;

-- One row, kept by the triggers: the sum need not be made at each put.
CREATE TABLE cache_total (entries INTEGER NOT NULL, weight INTEGER NOT NULL);
INSERT INTO cache_total VALUES (0, 0);
CREATE TRIGGER cache_entries_added AFTER INSERT ON cache_entries BEGIN
    UPDATE cache_total SET entries = entries + 1, weight = weight + NEW.weight;
END;
CREATE TRIGGER cache_entries_removed AFTER DELETE ON cache_entries BEGIN
    UPDATE cache_total SET entries = entries - 1, weight = weight - OLD.weight;
END;
