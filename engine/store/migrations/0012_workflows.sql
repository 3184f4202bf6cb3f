-- Workflows: who does them, their instances, what the steps of these have come to, and events that wait for a step.
-- Values are in the form of js/src/durable/values.js; times are milliseconds since 1970.

CREATE TABLE workflows (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    environment_id TEXT REFERENCES environments (id) ON DELETE SET NULL,
    class_name TEXT NOT NULL,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX workflows_of_environment ON workflows (environment_id);

-- `source` is "binding" or "api". `due` is when an instance is to go on; NULL when it has ended or is paused. `round` rises with each restart.
CREATE TABLE workflow_instances (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    round INTEGER NOT NULL,
    params BLOB NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER,
    due INTEGER,
    output BLOB,
    error TEXT,
    UNIQUE (workflow_id, id)
);
CREATE INDEX workflow_instances_due ON workflow_instances (due) WHERE due IS NOT NULL;
CREATE INDEX workflow_instances_ended ON workflow_instances (ended) WHERE ended IS NOT NULL;
CREATE INDEX workflow_instances_status ON workflow_instances (workflow_id, status);

CREATE TABLE workflow_steps (
    instance INTEGER NOT NULL REFERENCES workflow_instances (seq) ON DELETE CASCADE,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    config TEXT NOT NULL,
    attempts TEXT NOT NULL,
    due INTEGER,
    started INTEGER NOT NULL,
    ended INTEGER,
    output BLOB,
    error TEXT,
    PRIMARY KEY (instance, key)
);

CREATE TABLE workflow_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    instance INTEGER NOT NULL REFERENCES workflow_instances (seq) ON DELETE CASCADE,
    type TEXT NOT NULL,
    payload BLOB NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX workflow_events_of_instance ON workflow_events (instance, type, seq);

CREATE INDEX bindings_to_workflow ON bindings (json_extract(settings, '$.workflow_name')) WHERE type = 'workflow';
