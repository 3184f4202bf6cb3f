-- Queues: what there is, who consumes it, and the messages that were sent and not yet consumed.

CREATE TABLE queues (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    delivery_delay INTEGER NOT NULL,
    delivery_paused INTEGER NOT NULL,
    retention INTEGER NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- environment_id is NULL for a consumer that pulls by HTTP. A setting that is NULL has the default.
CREATE TABLE queue_consumers (
    id TEXT PRIMARY KEY,
    queue_id TEXT NOT NULL UNIQUE REFERENCES queues (id) ON DELETE CASCADE,
    environment_id TEXT REFERENCES environments (id) ON DELETE CASCADE,
    created_on TEXT NOT NULL,
    dead_letter_queue TEXT,
    settings TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX queue_consumers_of_environment ON queue_consumers (environment_id);

-- Times are milliseconds since 1970. `due` is when a message may be delivered (again); one that a worker has now
-- is due never, one that was pulled is due when its lease ends.
CREATE TABLE queue_messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    queue_id TEXT NOT NULL REFERENCES queues (id) ON DELETE CASCADE,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    sent INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lease TEXT
);
CREATE INDEX queue_messages_due ON queue_messages (queue_id, due, seq);
CREATE INDEX queue_messages_sent ON queue_messages (queue_id, sent);
CREATE UNIQUE INDEX queue_messages_lease ON queue_messages (lease) WHERE lease IS NOT NULL;

-- What waits is asked for at every send: it is counted as it comes and goes.
CREATE TRIGGER queue_messages_came AFTER INSERT ON queue_messages
BEGIN
    UPDATE queues SET messages = messages + 1, bytes = bytes + length(new.body) WHERE id = new.queue_id;
END;
CREATE TRIGGER queue_messages_went AFTER DELETE ON queue_messages
BEGIN
    UPDATE queues SET messages = messages - 1, bytes = bytes - length(old.body) WHERE id = old.queue_id;
END;
CREATE TRIGGER queue_messages_moved AFTER UPDATE OF queue_id ON queue_messages
BEGIN
    UPDATE queues SET messages = messages - 1, bytes = bytes - length(old.body) WHERE id = old.queue_id;
    UPDATE queues SET messages = messages + 1, bytes = bytes + length(new.body) WHERE id = new.queue_id;
END;

CREATE INDEX bindings_to_queue ON bindings (json_extract(settings, '$.queue_name')) WHERE type = 'queue';

-- Hyperdrive: database connections by name. origin and caching are JSON; the origin's secret parts are in `secret`,
-- encrypted.
CREATE TABLE hyperdrive_configs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret BLOB NOT NULL
) WITHOUT ROWID;
