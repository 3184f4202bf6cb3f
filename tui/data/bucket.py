"""Objects of an R2 bucket, folder by folder."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import ClassVar

from tui.client import Engine
from tui.data.source import HEAD, Item, Json, Progress, Source, Value, file_chunks, head_of, shown
from tui.format import age, size


class BucketObjects(Source):
    """What lies right behind a prefix: folders, and objects."""

    KIND: ClassVar[str] = "R2"
    COLUMNS: ClassVar[tuple[str, ...]] = ("object", "size", "age")
    NUMERIC: ClassVar[frozenset[int]] = frozenset({1, 2})
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"edit", "delete", "prefix", "upload", "download"})
    NOUN: ClassVar[str] = "object"

    def __init__(self, engine: Engine, bucket: str, prefix: str = "") -> None:
        super().__init__(engine, bucket, prefix)
        self.bucket = bucket

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        found = await self.engine.r2_objects(self.bucket, self.prefix, cursor)
        folders = [Item(each, (self._short(each), "", ""), {}, folder=True) for each in found.folders]
        return folders + [self._item(each) for each in found.items], found.cursor

    def _short(self, key: str) -> str:
        return key.removeprefix(self.prefix)

    def _item(self, found: Json) -> Item:
        cells = (self._short(found["key"]), size(found["size"]), age(found["last_modified"]))
        return Item(found["key"], cells, found)

    async def open(self, item: Item) -> Value:
        if item.folder:
            return Value("", None, ("folder",))
        total = int(item.raw["size"])
        head = b""
        content_type = str((item.raw.get("http_metadata") or {}).get("contentType") or "")
        if total:  # an empty object has no range
            async with self.engine.r2_content(self.bucket, item.name, HEAD) as content:
                head = await head_of(content.chunks)
                content_type = content_type or content.headers.get("content-type", "")
        laid = shown(head, total, content_type)
        custom = item.raw.get("custom_metadata") or {}
        text = not laid.notice and total <= HEAD
        return Value(
            laid.text,
            laid.lexer,
            (laid.kind, size(total), f"etag {str(item.raw.get('etag', ''))[:8]}"),
            "  ".join(f"{key} {value}" for key, value in custom.items()),
            editable=text,
            notice=laid.notice,
            written=head.decode("utf-8", "replace") if text else None,
        )

    async def save(self, name: str, text: str, raw: Json) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield text.encode()

        kind = (raw.get("http_metadata") or {}).get("contentType") or guess(name)
        await self.engine.put_r2(self.bucket, name, chunks(), kind)

    async def delete(self, items: Sequence[Item]) -> None:
        await self.engine.delete_r2(self.bucket, [item.name for item in items])

    async def upload(self, file: Path, key: str, progress: Progress) -> None:
        """Write a file's content under a key; raises OSError when it cannot be read."""
        await self.engine.put_r2(self.bucket, key, file_chunks(file, progress), guess(file.name))

    async def download(self, item: Item, file: Path, progress: Progress) -> None:
        """Write an object into a file: beside it first, so that half of one never has its name."""
        total, done = int(item.raw["size"]), 0
        part = file.with_name(f".{file.name}.part")
        progress(0, total)
        try:
            async with self.engine.r2_content(self.bucket, item.name) as content:
                with part.open("wb") as opened:
                    async for chunk in content.chunks:
                        await asyncio.to_thread(opened.write, chunk)
                        done += len(chunk)
                        progress(done, total)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def narrowed(self, prefix: str) -> BucketObjects:
        return BucketObjects(self.engine, self.bucket, prefix)


def guess(name: str) -> str:
    """A content type by a name's suffix."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
