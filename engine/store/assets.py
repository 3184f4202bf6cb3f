"""Static assets: manifests by their hash, and files by the hash that the uploader gave them.

The bytes are files of the state folder (`Store.assets`), named by their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from engine.store.database import Connection


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `key` is the uploader's hash, `hash` the SHA-256 that names the bytes, `size` in bytes."""

    key: str
    hash: str
    size: int
    content_type: str


def keep_manifest(connection: Connection, files: Mapping[str, str], at: str) -> str:
    """Store a manifest (path → key); gives its hash."""
    text = json.dumps(files, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    found = hashlib.sha256(text.encode()).hexdigest()
    connection.execute(
        "INSERT INTO asset_manifests (hash, files, created_on) VALUES (?, ?, ?)"
        " ON CONFLICT (hash) DO UPDATE SET created_on = excluded.created_on",
        (found, text, at),
    )
    return found


def manifest(connection: Connection, manifest_hash: str) -> dict[str, str] | None:
    """The manifest with this hash: path → key; None when there is none."""
    row = connection.execute("SELECT files FROM asset_manifests WHERE hash = ?", (manifest_hash,)).fetchone()
    return None if row is None else json.loads(row[0])


def keep(connection: Connection, asset: Asset) -> None:
    """Store a file's row; its bytes must be on the disk. One that is there stays: versions have it."""
    connection.execute(
        "INSERT INTO assets (key, hash, size, content_type) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        (asset.key, asset.hash, asset.size, asset.content_type),
    )


def find(connection: Connection, keys: Collection[str]) -> dict[str, Asset]:
    """The files with these keys that are there."""
    rows = connection.execute(
        "SELECT key, hash, size, content_type FROM assets WHERE key IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(keys)),),
    )
    return {row[0]: Asset(*row) for row in rows}


def sweep(connection: Connection, before: str) -> list[str]:
    """Forget manifests older than `before` that no version has, and then files that no manifest has.

    Returns:
        SHA-256 of the bytes that nothing needs any more.
    """
    connection.execute(
        "DELETE FROM asset_manifests WHERE created_on < ? AND hash NOT IN"
        " (SELECT json_extract(settings, '$.assets.manifest') FROM versions"
        "  WHERE json_extract(settings, '$.assets.manifest') IS NOT NULL)",
        (before,),
    )
    if connection.execute("SELECT changes()").fetchone()[0] == 0:
        return []
    rows = connection.execute(
        "DELETE FROM assets WHERE key NOT IN"
        " (SELECT each.value FROM asset_manifests, json_each(asset_manifests.files) AS each)"
        " RETURNING hash"
    ).fetchall()
    freed = {str(row[0]) for row in rows}
    used = connection.execute(
        "SELECT DISTINCT hash FROM assets WHERE hash IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(freed)),),
    )
    return sorted(freed - {str(row[0]) for row in used})
