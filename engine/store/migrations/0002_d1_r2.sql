-- The contents of a D1 database are a file of their own, d1/<id>.sqlite.
CREATE TABLE d1_databases (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE r2_buckets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    storage_class TEXT NOT NULL,
    location TEXT,
    objects INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    created_on TEXT NOT NULL
);

-- Files of contents, r2/<hash>, by the SHA-256 of their bytes. One that nothing uses any more is removed
-- some time later: whoever reads it now reads it to the end. freed_on is unix seconds.
CREATE TABLE r2_blobs (
    hash TEXT PRIMARY KEY,
    uses INTEGER NOT NULL,
    freed_on INTEGER
) WITHOUT ROWID;
CREATE INDEX r2_blobs_unused ON r2_blobs (freed_on) WHERE uses = 0;

-- segments is JSON, [[hash, bytes], …]: one of a put, one a part of a multipart upload. uploaded is unix
-- milliseconds. checksums and the metadata are JSON objects.
CREATE TABLE r2_objects (
    bucket INTEGER NOT NULL REFERENCES r2_buckets (number),
    key BLOB NOT NULL,
    version TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    uploaded INTEGER NOT NULL,
    storage_class TEXT NOT NULL,
    checksums TEXT NOT NULL,
    http_metadata TEXT NOT NULL,
    custom_metadata TEXT NOT NULL,
    segments TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

CREATE TRIGGER r2_objects_counted AFTER INSERT ON r2_objects
BEGIN
    UPDATE r2_buckets SET objects = objects + 1, size = size + new.size WHERE number = new.bucket;
END;

CREATE TRIGGER r2_objects_uncounted AFTER DELETE ON r2_objects
BEGIN
    UPDATE r2_buckets SET objects = objects - 1, size = size - old.size WHERE number = old.bucket;
END;

-- state: "open", "completed" or "aborted"; an ended upload stays known, without its parts.
CREATE TABLE r2_uploads (
    id TEXT PRIMARY KEY,
    bucket INTEGER NOT NULL REFERENCES r2_buckets (number),
    key BLOB NOT NULL,
    state TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    http_metadata TEXT NOT NULL,
    custom_metadata TEXT NOT NULL,
    created_on TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX r2_uploads_bucket ON r2_uploads (bucket);

CREATE TABLE r2_parts (
    upload TEXT NOT NULL REFERENCES r2_uploads (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    md5 TEXT NOT NULL,
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;

CREATE INDEX bindings_to_database ON bindings (json_extract(settings, '$.id')) WHERE type = 'd1';
CREATE INDEX bindings_to_bucket ON bindings (json_extract(settings, '$.bucket_name')) WHERE type = 'r2_bucket';
