-- Previews of a Worker: environments made for a branch or a change. `name` is as it was given and addresses the
-- preview; the environment's name is its slug. `base` are the bindings that it was made with, by name, and
-- `preview_bases.config` what new previews begin with; texts of secrets in both are encrypted.

CREATE TABLE previews (
    environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    service_id TEXT NOT NULL REFERENCES services (id) ON UPDATE CASCADE ON DELETE CASCADE,
    name TEXT NOT NULL,
    base TEXT NOT NULL,
    UNIQUE (service_id, name)
) WITHOUT ROWID;

CREATE TABLE preview_bases (
    service_id TEXT PRIMARY KEY REFERENCES services (id) ON UPDATE CASCADE ON DELETE CASCADE,
    config TEXT NOT NULL
) WITHOUT ROWID;
