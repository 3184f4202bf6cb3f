-- Static assets. A version's settings name its manifest, JSON of path and key; a key is the uploader's hash of
-- a file (content and extension), `hash` the SHA-256 that names its bytes in the state folder.

CREATE TABLE asset_manifests (
    hash TEXT PRIMARY KEY,
    files TEXT NOT NULL,
    created_on TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE assets (
    key TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    content_type TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX assets_hash ON assets (hash);
