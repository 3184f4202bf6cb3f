"""Files of this machine as modules."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SKIPPED = frozenset(("node_modules", "__pycache__", "dist-types", "coverage"))
MOST_FILES = 500
MOST_BYTES = 10 * 1024 * 1024
"""Bytes of one file; a worker as a whole may not be larger."""


@dataclass(frozen=True)
class FoundFile:
    """One file to import."""

    name: str
    """The module's name: the path below what was given."""
    text: str | None
    """None for what is no text."""
    base64: str | None = None
    bytes: int = 0


class ImportRefused(ValueError):
    """Nothing can be imported from there; its text is a sentence."""


def find(path: str) -> list[FoundFile]:
    """Read a file, or the files of a folder and its folders; what begins with a dot is left out.

    Raises:
        ImportRefused: There is nothing, too much, or it cannot be read.
    """
    where = Path(path).expanduser()
    try:
        if where.is_file():
            return [_read(where, where.name)]
        if not where.is_dir():
            raise ImportRefused(f"There is no {where}.")
        found = []
        for file in _files(where):
            found.append(_read(file, file.relative_to(where).as_posix()))
            if len(found) > MOST_FILES:
                raise ImportRefused(f"{where} has more than {MOST_FILES} files.")
    except OSError as error:
        raise ImportRefused(f"{error.filename or where} cannot be read ({error.strerror}).") from error
    if not found:
        raise ImportRefused(f"{where} has no files.")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED)
        yield from (Path(base, name) for name in sorted(names) if not name.startswith("."))


def _read(file: Path, name: str) -> FoundFile:
    if file.stat().st_size > MOST_BYTES:
        raise ImportRefused(f"{file} is larger than {MOST_BYTES // 1024 // 1024} MB.")
    content = file.read_bytes()
    try:
        if b"\0" in content:
            raise UnicodeDecodeError("utf-8", content, 0, 1, "binary")
        return FoundFile(name, content.decode("utf-8"))
    except UnicodeDecodeError:
        return FoundFile(name, None, base64.b64encode(content).decode(), len(content))


def suggest(typed: str, most: int = 20) -> list[str]:
    """Paths that begin with what was typed, folders with a slash at the end."""
    head, tail = os.path.split(typed)
    folder = Path(head or ".").expanduser()
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: (not entry.is_dir(), entry.name))
    except OSError:
        return []
    names = [entry.name + ("/" if entry.is_dir() else "") for entry in entries if entry.name.startswith(tail)]
    return [os.path.join(head, name) for name in names if tail.startswith(".") or not name.startswith(".")][
        :most
    ]
