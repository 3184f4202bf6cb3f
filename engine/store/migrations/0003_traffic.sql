-- What leads to an environment besides its generated hostname: routes, custom domains and schedules.

CREATE TABLE zones (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL
) WITHOUT ROWID;

-- A route without an environment switches Workers off for what it matches.
CREATE TABLE routes (
    id TEXT PRIMARY KEY,
    zone_id TEXT NOT NULL REFERENCES zones (id) ON DELETE CASCADE,
    pattern TEXT NOT NULL UNIQUE,
    environment_id TEXT REFERENCES environments (id) ON DELETE CASCADE,
    created_on TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX routes_of_environment ON routes (environment_id);
CREATE INDEX routes_of_zone ON routes (zone_id, pattern);

CREATE TABLE domains (
    id TEXT PRIMARY KEY,
    hostname TEXT NOT NULL UNIQUE,
    zone_id TEXT NOT NULL REFERENCES zones (id) ON DELETE CASCADE,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    enabled INTEGER NOT NULL DEFAULT 1,
    previews_enabled INTEGER NOT NULL DEFAULT 0,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX domains_of_environment ON domains (environment_id);
CREATE INDEX domains_of_zone ON domains (zone_id);

CREATE TABLE schedules (
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    cron TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    PRIMARY KEY (environment_id, cron)
) WITHOUT ROWID;

-- outcome is NULL while a run is under way.
CREATE TABLE schedule_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    cron TEXT NOT NULL,
    scheduled_on TEXT NOT NULL,
    started_on TEXT NOT NULL,
    manual INTEGER NOT NULL,
    author TEXT NOT NULL,
    duration_ms REAL,
    outcome TEXT,
    error TEXT,
    version_id TEXT
);
CREATE INDEX schedule_runs_of_environment ON schedule_runs (environment_id, id);

-- Hostnames that environments had before they were renamed: without the account's subdomain.
CREATE TABLE former_hostnames (
    label TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    moved_on TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX former_hostnames_of_environment ON former_hostnames (environment_id);

-- A renamed service changes service_id through its foreign key, which fires this as well.
CREATE TRIGGER environments_moved AFTER UPDATE OF name, service_id ON environments
    WHEN old.name <> new.name OR old.service_id <> new.service_id
BEGIN
    INSERT OR REPLACE INTO former_hostnames VALUES (
        iif(old.name = 'production', old.service_id, old.name || '.' || old.service_id), new.id, new.modified_on);
    DELETE FROM former_hostnames
        WHERE label = iif(new.name = 'production', new.service_id, new.name || '.' || new.service_id);
END;

CREATE TRIGGER environments_placed AFTER INSERT ON environments
BEGIN
    DELETE FROM former_hostnames
        WHERE label = iif(new.name = 'production', new.service_id, new.name || '.' || new.service_id);
END;
