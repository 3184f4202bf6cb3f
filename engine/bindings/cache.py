"""The Cache API: `caches.default` and `caches.open(name)`.

Source: developers.cloudflare.com/workers/runtime-apis/cache.

It has the shape of a binding, so that its calls are traced, counted and kept back like any other. Every
environment has caches of its own, which its requests share whatever hostname they come by. What JavaScript's
values decide is checked in js/src/cache.js.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from engine.bindings import cache_policy
from engine.bindings.binding import Binding, BindingError, Result
from engine.errors import StoreError
from engine.runtime import coding
from engine.store import cache, environments
from engine.store.blobs import TooLarge
from engine.store.cache import INLINE, Bounds, Entry, Key

if TYPE_CHECKING:
    from engine.bindings.overlay import Overlay
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection, Store
    from engine.store.blobs import Written

log = logging.getLogger(__name__)

MAX_BODY: Final = 512 * 1024 * 1024
"""Bytes of the largest response that is kept (workers/platform/limits#cache-api-limits)."""
_TOUCHED: Final = 4096


class Caches(Binding):
    """The caches of every environment of a store.

    Args:
        store: where entries are.
        bounds: how many there may be.
    """

    type: ClassVar[str] = "cache"

    def __init__(self, store: Store, bounds: Bounds | None = None) -> None:
        super().__init__("caches")
        self._store = store
        self._bounds = bounds or Bounds()
        self._used: dict[Key, float] = {}
        self._sweep = True

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The caches with their writes kept back."""
        from engine.bindings.cache_overlay import SandboxedCaches  # it is built on this class

        return SandboxedCaches(self._store, overlay)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """Do one operation, as cache.js sends it; `cache` is "" or "/" and a name.

        `match` `[cache, url, headers]`, `delete` `[cache, url]`, `put` `[cache, url, status, statusText,
        headers, manual]` with the body.
        """
        try:
            match operation:
                case "match":
                    return await self._match(invocation, args[0], args[1], args[2])
                case "put":
                    return await self._put(invocation, args, body)
                case "delete":
                    return await self._delete(invocation, args[0], args[1])
        except StoreError as error:
            log.error("cache %s failed: %s", operation, error)
            raise BindingError(f"Cache {operation} failed: internal error.") from error
        raise BindingError(f'Caches have no operation "{operation}".', "TypeError")

    def subject(self, operation: str, args: list[Any]) -> str:
        """The URL without its query, which is where tokens travel."""
        parts = urlsplit(args[1])
        return f"{parts.scheme}://{parts.netloc}{parts.path}{'?…' if parts.query else ''}"

    def outcome(self, operation: str, result: Result) -> str:
        """HIT or MISS with the status, whether it was stored, whether it was there."""
        match operation:
            case "match":
                return "MISS" if result.value is None else f"HIT {result.value['status']}"
            case "put":
                return "stored" if result.value else "not stored"
        return "deleted" if result.value else "absent"

    # -- operations

    async def _match(self, invocation: Invocation, name: str, url: str, headers: list[list[str]]) -> Result:
        now = time.time()
        key, entry = await self._find(invocation, name, url, now)
        if key is None or entry is None:
            return Result()
        asked = [(each, value) for each, value in headers]
        found = cache_policy.answer(entry, asked, now)
        body: Body = None
        if found.part is not None:
            body = await self._content(entry, *found.part)
            if body is None:
                return Result()  # its file is gone: whoever puts it again makes it whole
        self._note(key, now)
        value = {
            "status": found.status,
            "statusText": found.status_text,
            "headers": found.headers,
            "url": url,
            "redirected": False,
        }
        return Result(value, body, 0 if found.part is None else found.part[1])

    async def _put(self, invocation: Invocation, args: list[Any], body: Body) -> Result:
        name, url, status, status_text, fields, manual = args
        headers = [(each, value) for each, value in fields]
        kept = cache_policy.keep(status, headers, time.time())
        try:
            if kept is None:
                return Result(False, size=0)
            if manual:
                body = coding.plain(headers, body, None)
            entry = Entry(status, status_text, kept.headers, 0, 0, 0, b"")
            return await self._keep(invocation, name, url, entry, kept.lifetime, body)
        except ValueError as error:
            raise BindingError(str(error), "TypeError") from error
        finally:
            close = getattr(body, "aclose", None)
            if close is not None:
                await close()

    async def _delete(self, invocation: Invocation, name: str, url: str) -> Result:
        def work(connection: Connection) -> bool:
            key = key_of(connection, invocation, name, url)
            return key is not None and cache.delete(connection, self._store.cached, key, time.time())

        return Result(await self._store.write(work))

    # -- where it goes: the store here, the overlay in a sandbox

    async def _find(
        self, invocation: Invocation, name: str, url: str, now: float
    ) -> tuple[Key | None, Entry | None]:
        def work(connection: Connection) -> tuple[Key | None, Entry | None]:
            key = key_of(connection, invocation, name, url)
            return key, None if key is None else cache.find(connection, key, now)

        return await self._store.read(work)

    async def _content(self, entry: Entry, offset: int, length: int) -> Body:
        """Part of an entry's body; None when it is gone."""
        if entry.hash is None:
            body = entry.body or b""
            return body if length == len(body) else body[offset : offset + length]
        stream = self._store.cached.stream(entry.hash, offset, length)
        try:
            first = await anext(stream)
        except FileNotFoundError:
            return None
        return _with_first(first, stream)

    async def _keep(
        self, invocation: Invocation, name: str, url: str, entry: Entry, lifetime: float, body: Body
    ) -> Result:
        """Keep a response; a body that does not end well, or is too long, is not."""
        if self._sweep:
            self._sweep = False
            await asyncio.to_thread(self._store.cached.sweep_new)
        small, rest = await _head(body)
        written: Written | None = None
        size = len(small)
        if rest is not None:
            most = min(MAX_BODY, self._bounds.weight // 2)
            try:
                written = await self._store.cached.write(_with_first(small, rest), (), most)
            except TooLarge:
                return Result(False, size=0)
            size = written.size
        used, self._used = self._used, {}

        def work(connection: Connection) -> bool:
            key = key_of(connection, invocation, name, url)
            if key is None:
                return False
            now = time.time()
            cache.touch(connection, used)
            content = small if written is None else None
            made = replace(
                entry,
                size=size,
                stored=now,
                expires=now + lifetime,
                body=content,
                hash=None if written is None else written.hash,
            )
            cache.put(connection, self._store.cached, key, made, self._bounds)
            if written is not None:
                self._store.cached.keep(written)
            return True

        try:
            stored = await self._store.write(work)
        finally:
            if written is not None:
                await self._store.cached.discard(written)
        return Result(stored, size=size)

    def _note(self, key: Key, now: float) -> None:
        """An entry was used; the store is told with the next put, which may have to choose whom to evict."""
        self._used.pop(key, None)
        self._used[key] = now
        if len(self._used) > _TOUCHED:
            del self._used[next(iter(self._used))]


def key_of(connection: Connection, invocation: Invocation, name: str, url: str) -> Key | None:
    """Where an environment's entry is; None when there is no such environment any more."""
    found = environments.find(connection, invocation.service, invocation.environment)
    return None if found is None else Key(found.id, name, url)


async def _head(body: Body) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """The whole of a small body, or what was read of a larger one and the rest."""
    if body is None:
        return b"", None
    if isinstance(body, bytes):
        return (body, None) if len(body) <= INLINE else (b"", _with_first(body, None))
    read: list[bytes] = []
    size = 0
    async for chunk in body:
        read.append(bytes(chunk))
        size += len(chunk)
        if size > INLINE:
            return b"".join(read), body
    return b"".join(read), None


async def _with_first(first: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    """A stream whose first chunk has been read already; closing it closes the rest."""
    try:
        if first:
            yield first
        if rest is not None:
            async for chunk in rest:
                yield chunk
    finally:
        close = getattr(rest, "aclose", None)
        if close is not None:
            await close()
