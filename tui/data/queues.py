"""Messages that wait in a queue. Looking does not take them out."""

from __future__ import annotations

import base64
import binascii
import contextlib
from datetime import UTC, datetime
from typing import ClassVar

from tui.client import Engine
from tui.data.source import Item, Json, Source, Value, shown
from tui.format import age, count, size


class QueueMessages(Source):
    """The oldest messages of a queue."""

    KIND: ClassVar[str] = "Queues"
    COLUMNS: ClassVar[tuple[str, ...]] = ("message", "type", "attempts", "age")
    NUMERIC: ClassVar[frozenset[int]] = frozenset({2, 3})
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"purge"})
    NOUN: ClassVar[str] = "message"

    def __init__(self, engine: Engine, queue: str, label: str) -> None:
        super().__init__(engine, label)
        self.queue = queue

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        return [self._item(each) for each in await self.engine.queue_messages(self.queue)], ""

    async def total(self) -> int | None:
        backlog = (await self.engine.queue(self.queue)).get("backlog") or {}
        messages = backlog.get("messages")
        return None if messages is None else int(messages)

    def _item(self, found: Json) -> Item:
        sent = datetime.fromtimestamp(found["timestamp_ms"] / 1000, UTC).isoformat()
        kind = (found.get("metadata") or {}).get("CF-Content-Type", "json")
        return Item(found["id"], (found["id"][:12], kind, count(found["attempts"]), age(sent)), found)

    async def open(self, item: Item) -> Value:
        kind = item.cells[1]
        content = str(item.raw["body"]).encode()
        if kind != "text":
            # An engine may send JSON as it is.
            with contextlib.suppress(binascii.Error):
                content = base64.b64decode(content, validate=True)
        laid = shown(content, len(content), "application/json" if kind == "json" else "")
        return Value(laid.text, laid.lexer, (kind, size(len(content))), notice=laid.notice)

    async def purge(self) -> None:
        """Remove all messages."""
        await self.engine.purge_queue(self.queue)
