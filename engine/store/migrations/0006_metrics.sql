-- What was counted of an environment, as JSON; `used` rises with every step of time in which it was asked.

CREATE TABLE metrics (
    environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    used INTEGER NOT NULL,
    data BLOB NOT NULL
) WITHOUT ROWID;
