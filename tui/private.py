"""Files for their owner alone, replaced in one step: a reader sees the old text or the new, never half."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str, *, durable: bool = False) -> None:
    """Replace a file (0600, in a folder 0700).

    Args:
        path: The file; it and its folders are made when they are not there.
        text: Its whole new content.
        durable: Wait until it is on the disk: for what a person typed, and off the event loop.

    Raises:
        OSError: The disk is full or the folder cannot be written; the file is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
