-- Versions that brought V8 down: they run in processes of their own. `crashes` counts those there, too.

CREATE TABLE quarantine (
    version_id TEXT PRIMARY KEY REFERENCES versions (id) ON DELETE CASCADE,
    since TEXT NOT NULL,
    last_on TEXT NOT NULL,
    crashes INTEGER NOT NULL
) WITHOUT ROWID;
