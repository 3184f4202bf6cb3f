"""A list of things one can look into: what every kind of data has in common."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tui import body
from tui.client import Engine

Json = dict[str, Any]
Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""

#: Bytes of a value that are read to show it; more is only read to edit or to save it.
HEAD = 64 * 1024


@dataclass(frozen=True)
class Item:
    """One row: a key, an object, a message."""

    name: str
    cells: tuple[str, ...]
    """What stands in the columns, the name first."""
    raw: Json = field(default_factory=dict, compare=False)
    folder: bool = False


@dataclass(frozen=True)
class Value:
    """What is in an item, as it is shown."""

    text: str
    lexer: Any | None = None
    facts: tuple[str, ...] = ()
    """Kind, size, expiry: what the bottom border says."""
    below: str = ""
    """More of it: metadata."""
    editable: bool = False
    notice: str = ""
    """Set when this is not all of it."""
    written: str | None = None
    """The text as it is stored, where `text` is laid out for reading."""


class Source:
    """One namespace, prefix, bucket, object or queue. Raises what the client raises."""

    KIND: ClassVar[str] = ""
    COLUMNS: ClassVar[tuple[str, ...]] = ("key",)
    NUMERIC: ClassVar[frozenset[int]] = frozenset()
    ABILITIES: ClassVar[frozenset[str]] = frozenset()
    """Of `edit`, `new`, `entry`, `delete`, `prefix`, `import`, `upload`, `download`, `alarm`, `find` and
    `purge`."""
    NOUN: ClassVar[str] = "key"

    def __init__(self, engine: Engine, label: str, prefix: str = "") -> None:
        self.engine = engine
        self.label = label
        """What a person calls it."""
        self.prefix = prefix

    @property
    def title(self) -> str:
        """The heading over the list."""
        return f"{self.label} › {self.prefix}" if self.prefix else self.label

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        """Items, and the cursor of the next page; empty on the last one."""
        raise NotImplementedError

    async def total(self) -> int | None:
        """How many there are, where that is known without counting them."""
        return None

    async def open(self, item: Item) -> Value:
        """What is in an item."""
        raise NotImplementedError

    async def save(self, name: str, text: str, raw: Json) -> None:
        """Write an item's text; `raw` has what else it has (expiration, metadata)."""
        raise NotImplementedError

    async def delete(self, items: Sequence[Item]) -> None:
        """Remove items."""
        raise NotImplementedError

    def narrowed(self, prefix: str) -> Source:
        """The same, with only what begins so."""
        raise NotImplementedError


def shown(head: bytes, size: int, content_type: str = "") -> body.Shown:
    """Bytes laid out by what they are: the type they came with, or the one they look like."""
    if not content_type or content_type.startswith("application/octet-stream"):
        content_type = "application/json" if head[:1] in b'{["' and size <= len(head) else "text/plain"
    return body.show(head, size, content_type)


async def head_of(chunks: AsyncIterator[bytes], most: int = HEAD) -> bytes:
    """The first bytes of an answer; the rest is never read."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) >= most:
            break
    return bytes(found[:most])


async def file_chunks(file: Path, progress: Progress) -> AsyncIterator[bytes]:
    """A file's content for an upload, told as it goes."""
    opened = await asyncio.to_thread(file.open, "rb")
    with opened:
        total, done = os.fstat(opened.fileno()).st_size, 0
        progress(0, total)
        while chunk := await asyncio.to_thread(opened.read, 256 * 1024):
            yield chunk
            done += len(chunk)
            progress(done, total)


def compact(text: str) -> str:
    """JSON as it was stored, without the layout it was given for reading."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', text)
    return "".join(tokens)
