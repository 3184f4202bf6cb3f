-- Pipelines: environments in order, with the gates between them; and their runs, which survive the process.

-- definition is the JSON; the names of environments in it are those of pipeline_stages, which follow renames.
CREATE TABLE pipelines (
    id TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id) ON UPDATE CASCADE ON DELETE CASCADE,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    author TEXT NOT NULL,
    UNIQUE (service_id, name)
) WITHOUT ROWID;

CREATE TABLE pipeline_stages (
    pipeline_id TEXT NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (pipeline_id, position)
) WITHOUT ROWID;

-- definition is the pipeline as it was at the start; ended_on is NULL while the run is under way.
CREATE TABLE pipeline_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline_id TEXT NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    definition TEXT NOT NULL,
    state TEXT NOT NULL,
    stage INTEGER NOT NULL,
    phase TEXT NOT NULL,
    position INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    data TEXT NOT NULL,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    message TEXT,
    reason TEXT,
    started_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    ended_on TEXT,
    UNIQUE (pipeline_id, number)
);
-- One run of a pipeline at a time.
CREATE UNIQUE INDEX pipeline_runs_active ON pipeline_runs (pipeline_id) WHERE ended_on IS NULL;

CREATE TABLE pipeline_run_stages (
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

CREATE TABLE pipeline_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    stage INTEGER NOT NULL,
    position INTEGER NOT NULL,
    author TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX pipeline_events_of_run ON pipeline_events (run_id, seq);

CREATE TRIGGER pipelines_follow_environments AFTER UPDATE OF name ON environments WHEN old.name <> new.name
BEGIN
    UPDATE pipeline_stages SET environment = new.name WHERE environment = old.name
        AND pipeline_id IN (SELECT id FROM pipelines WHERE service_id = new.service_id);
    UPDATE pipeline_run_stages SET environment = new.name WHERE environment = old.name
        AND run_id IN (SELECT r.id FROM pipeline_runs r JOIN pipelines p ON p.id = r.pipeline_id
            WHERE p.service_id = new.service_id AND r.ended_on IS NULL);
END;
