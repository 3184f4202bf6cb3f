"""Durable Objects of a namespace, and what one of them stores by key."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from tui.client import Engine
from tui.data.source import Item, Json, Source, Value
from tui.format import size
from tui.lexers import lexer_for_name

#: Digits of an object's id that a list shows.
SHORT = 12


class Objects(Source):
    """The objects of a namespace that have stored something."""

    KIND: ClassVar[str] = "Durable Objects"
    COLUMNS: ClassVar[tuple[str, ...]] = ("object", "size", "alarm")
    NUMERIC: ClassVar[frozenset[int]] = frozenset({1, 2})
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"find", "alarm"})
    NOUN: ClassVar[str] = "object"

    def __init__(self, engine: Engine, namespace: str, label: str) -> None:
        super().__init__(engine, label)
        self.namespace = namespace

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        found = await self.engine.objects(self.namespace, cursor)
        return [self._item(each) for each in found.items], found.cursor

    def _item(self, found: Json) -> Item:
        cells = (f"{found['id'][:SHORT]}…", size(found["size"]), alarm(found["alarm"]))
        return Item(found["id"], cells, found)

    async def open(self, item: Item) -> Value:
        found = await self.engine.object(self.namespace, item.name)
        lines = [
            f"id      {found['id']}",
            f"size    {size(found['size'])}",
            f"alarm   {alarm(found['alarm'])}",
        ]
        lines.append(f"tables  {', '.join(found['tables']) or 'none'}")
        return Value("\n".join(lines), None, (size(found["size"]),))

    async def named(self, name: str) -> Json:
        """The object of a name: `{id, hasStoredData}`."""
        return await self.engine.object_named(self.namespace, name)


class ObjectKeys(Source):
    """What one object stores by key."""

    KIND: ClassVar[str] = "Durable Objects"
    COLUMNS: ClassVar[tuple[str, ...]] = ("key", "size")
    NUMERIC: ClassVar[frozenset[int]] = frozenset({1})
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"edit", "new", "delete", "prefix", "alarm"})

    def __init__(self, engine: Engine, namespace: str, object_id: str, label: str, prefix: str = "") -> None:
        super().__init__(engine, label, prefix)
        self.namespace, self.object_id = namespace, object_id

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        found = await self.engine.object_keys(self.namespace, self.object_id, self.prefix, cursor)
        return [
            Item(each["key"], (each["key"], size(each["size"])), each) for each in found.items
        ], found.cursor

    async def open(self, item: Item) -> Value:
        as_json = bool(item.raw["json"])
        return Value(
            item.raw["text"],
            lexer_for_name("value.json" if as_json else "value.js"),
            ("json" if as_json else "JavaScript", size(item.raw["size"])),
            editable=as_json,
        )

    async def save(self, name: str, text: str, raw: Json) -> None:
        """Raises ValueError when the text is no JSON."""
        try:
            value = json.loads(text)
        except ValueError as error:
            raise ValueError(f"No JSON: {error}.") from None
        await self.engine.put_object_key(self.namespace, self.object_id, name, value)

    async def delete(self, items: Sequence[Item]) -> None:
        for item in items:
            await self.engine.delete_object_key(self.namespace, self.object_id, item.name)

    def narrowed(self, prefix: str) -> ObjectKeys:
        return ObjectKeys(self.engine, self.namespace, self.object_id, self.label, prefix)


def alarm(at: int | None) -> str:
    """When an alarm rings, local time: `◷ 14:30`, with the day when that is not today."""
    if at is None:
        return "–"
    when = datetime.fromtimestamp(at / 1000)
    return f"◷ {when:%H:%M}" if when.date() == datetime.now().date() else f"◷ {when:%d %b %H:%M}"


def parse_alarm(text: str, now: float | None = None) -> int | None:
    """When an alarm is to ring, milliseconds: `10m`, `2h`, `2026-11-24 14:30`; nothing takes it away.

    Raises:
        ValueError: it is no such time.
    """
    text = text.strip()
    if not text:
        return None
    lengths = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
    if text[-1] in lengths and text[:-1].isdigit():
        return int(((time.time() if now is None else now) + int(text[:-1]) * lengths[text[-1]]) * 1000)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise ValueError("10m, 2h, 1d, or 2026-11-24 14:30; nothing for no alarm.") from None
