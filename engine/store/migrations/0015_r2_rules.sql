-- What a bucket was told: `kind` is cors, lifecycle, lock or notification, `rules` a JSON list in the API's shape.
-- Those of a notification also have the id of their queue.

CREATE TABLE r2_rules (
    bucket INTEGER NOT NULL REFERENCES r2_buckets (number) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    rules TEXT NOT NULL,
    PRIMARY KEY (bucket, kind)
) WITHOUT ROWID;
