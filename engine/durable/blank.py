"""A new object's file: the bytes of a database with nothing in it, which costs a tenth of making one."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB);
"""


def make(path: Path) -> None:
    """Make the file, whole or not at all; whoever writes to it first syncs it. Blocks."""
    begun = path.with_suffix(".new")
    descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, _content())
    finally:
        os.close(descriptor)
    os.rename(begun, path)


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory(prefix="svc-tui-") as folder:
        path = Path(folder) / "blank.sqlite"
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = WAL")  # the file's head keeps it
        connection.executescript(SCHEMA)
        connection.close()
        return path.read_bytes()
