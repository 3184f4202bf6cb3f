"""Keys and values of a KV namespace."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from tui.client import Engine
from tui.data.source import Item, Json, Progress, Source, Value, compact, head_of, shown
from tui.format import size

#: Entries written by one call of an import.
BATCH = 1000
#: The shortest time that KV keeps an entry, in seconds.
LEAST_TTL = 60


class KvKeys(Source):
    """The keys of a namespace that begin with a prefix."""

    KIND: ClassVar[str] = "KV"
    COLUMNS: ClassVar[tuple[str, ...]] = ("key", "size", "expires")
    NUMERIC: ClassVar[frozenset[int]] = frozenset({1, 2})
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"edit", "new", "entry", "delete", "prefix", "import"})

    def __init__(self, engine: Engine, namespace: str, label: str, prefix: str = "") -> None:
        super().__init__(engine, label, prefix)
        self.namespace = namespace

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        found = await self.engine.kv_entries(self.namespace, self.prefix, cursor)
        return [self._item(each) for each in found.items], found.cursor

    def _item(self, entry: Json) -> Item:
        cells = (entry["name"], size(entry["size"]), left(entry.get("expiration")))
        return Item(entry["name"], cells, entry)

    async def open(self, item: Item) -> Value:
        total = int(item.raw["size"])
        async with self.engine.kv_value(self.namespace, item.name) as content:
            head = await head_of(content.chunks)
        laid = shown(head, total)
        described = item.raw.get("metadata")
        expiry = item.raw.get("expiration")
        text = laid.kind in ("json", "text") and not laid.notice
        return Value(
            laid.text,
            laid.lexer,
            (laid.kind, size(total), f"expires in {left(expiry)}" if expiry else "never expires"),
            "" if described is None else json.dumps(described, ensure_ascii=False),
            editable=text,
            notice=laid.notice,
            written=head.decode("utf-8", "replace") if text else None,
        )

    async def save(self, name: str, text: str, raw: Json) -> None:
        await self.engine.put_kv(
            self.namespace, name, text.encode(), raw.get("expiration"), raw.get("metadata")
        )

    async def describe(self, item: Item, expiration: int | None, metadata: Any) -> None:
        """Give an entry another expiry and other metadata; its value stays, byte for byte."""
        async with self.engine.kv_value(self.namespace, item.name) as content:
            value = b"".join([chunk async for chunk in content.chunks])
        await self.engine.put_kv(self.namespace, item.name, value, expiration, metadata)

    async def delete(self, items: Sequence[Item]) -> None:
        await self.engine.delete_kv(self.namespace, [item.name for item in items])

    async def import_file(self, file: Path, progress: Progress) -> int:
        """Write the entries of a JSON file, as `wrangler kv bulk put` takes it.

        Returns:
            How many.

        Raises:
            ValueError: the file is no such list.
            OSError: it cannot be read.
        """
        entries = parse_import(await asyncio.to_thread(file.read_bytes))
        for start in range(0, len(entries), BATCH):
            progress(start, len(entries))
            await self.engine.import_kv(self.namespace, entries[start : start + BATCH])
        progress(len(entries), len(entries))
        return len(entries)

    def narrowed(self, prefix: str) -> KvKeys:
        return KvKeys(self.engine, self.namespace, self.label, prefix)


def parse_import(content: bytes) -> list[Json]:
    """Entries of a file: `[{"key", "value", …}]`, or `{"key": value}` with any JSON values."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ValueError(f"No JSON: {error}.") from None
    if isinstance(found, dict):
        return [
            {"key": key, "value": each if isinstance(each, str) else json.dumps(each)}
            for key, each in found.items()
        ]
    if not isinstance(found, list):
        raise ValueError('A list is needed: [{"key": "…", "value": "…"}].')
    for number, each in enumerate(found, 1):
        if not (
            isinstance(each, dict) and isinstance(each.get("key"), str) and isinstance(each.get("value"), str)
        ):
            raise ValueError(f'Entry {number} is not {{"key": "…", "value": "…"}}.')
    return found


def stored(value: Value, typed: str) -> str:
    """What to write of a text that was laid out for reading."""
    if value.written is None or "\n" in value.written.strip() or value.written == value.text:
        return typed
    try:
        json.loads(typed)
    except ValueError:
        return typed
    return compact(typed)


def left(expiration: int | None, now: float | None = None) -> str:
    """How long an entry has: `30d`, `2h`, `never`."""
    if expiration is None:
        return "never"
    seconds = expiration - (time.time() if now is None else now)
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(0, int(seconds))}s"


def parse_expiry(text: str, now: float | None = None) -> int | None:
    """When an entry expires, unix seconds: `30d`, `2h`, `90`; nothing or `never` for never.

    Raises:
        ValueError: it is no such time.
    """
    text = text.strip().lower()
    if text in ("", "never"):
        return None
    lengths = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
    number, unit = (text[:-1], text[-1]) if text[-1] in lengths else (text, "s")
    if not number.strip().isdigit():
        raise ValueError("30d, 12h, 10m, a number of seconds, or never.")
    seconds = int(number) * lengths[unit]
    if seconds < LEAST_TTL:
        raise ValueError("At least 60 seconds.")
    return int((time.time() if now is None else now) + seconds)
