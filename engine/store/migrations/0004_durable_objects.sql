-- Durable Objects. An object's data is a file of its own, STATE/do/<namespace>/<object>.sqlite; these tables have
-- what must be known without opening it.

CREATE TABLE durable_namespaces (
    id TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    class TEXT NOT NULL,
    use_sqlite INTEGER NOT NULL,
    created_on TEXT NOT NULL,
    UNIQUE (environment_id, class)
) WITHOUT ROWID;

-- The last migration that was applied to an environment.
CREATE TABLE durable_migrations (
    environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    tag TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE durable_alarms (
    namespace_id TEXT NOT NULL REFERENCES durable_namespaces (id) ON DELETE CASCADE,
    object TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (namespace_id, object)
) WITHOUT ROWID;
CREATE INDEX durable_alarms_due ON durable_alarms (at);

CREATE INDEX bindings_to_objects ON bindings (json_extract(settings, '$.namespace_id'))
    WHERE type = 'durable_object_namespace';
