"""The Cache API in a sandboxed draft: matches are live, puts and deletes stay in the overlay."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.bindings.binding import Result
from engine.bindings.cache import Caches, key_of
from engine.bindings.kept import Change, Shown, drift
from engine.bindings.overlay import Key as PendingKey
from engine.bindings.overlay import Overlay, Space
from engine.runtime.http import read
from engine.store import cache
from engine.store.cache import INLINE, Bounds, Entry, Key

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection, Store


class CacheSpace(Space):
    """Pending entries of one environment's caches; None stands for one that was deleted."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.store: Store | None = None
        self.entries: dict[Key, Entry | None] = {}
        self._below: dict[Key, tuple[float, Shown | None]] = {}

    def set(self, key: Key, entry: Entry | None, below: Entry | None) -> None:
        """Keep back a put, or with None a delete, of what is `below` for everybody else.

        Raises:
            BindingError: the overlay is full.
        """
        before = self.entries.get(key)
        self.overlay.grow((entry.size if entry else 0) - (before.size if before else 0))
        if key not in self.entries:
            seen = self.overlay.seen(CacheSpace, self.resource, key, _state(below))
            self._below[key] = (seen, _shown(below))
        self.entries[key] = entry
        self.wrote(key)

    def conflicts(self, connection: Connection, keys: Collection[PendingKey]) -> dict[PendingKey, str]:
        """Entries that were stored anew since the draft found them. One that has expired is no conflict."""
        found: dict[PendingKey, str] = {}
        for key in keys:
            assert isinstance(key, Key)
            now = cache.find(connection, key, time.time())
            state, before = self._below[key]
            if now is not None and _state(now) != state:
                found[key] = drift(before, _shown(now))
        return found

    def change(self, key: PendingKey) -> Change | None:
        """The sizes of both responses' bodies."""
        assert isinstance(key, Key)
        return Change(self._below[key][1], _shown(self.entries[key]))

    def apply(self, connection: Connection, keys: Collection[PendingKey]) -> None:
        """Put and delete for real what has not expired meanwhile."""
        assert self.store is not None
        blobs, now = self.store.cached, time.time()
        for key in keys:
            assert isinstance(key, Key)
            entry = self.entries[key]
            if entry is None or entry.expires <= now:
                cache.delete(connection, blobs, key, now)
                continue
            assert entry.body is not None
            if entry.size <= INLINE:
                cache.put(connection, blobs, key, entry, Bounds())
                continue
            written = blobs.write_now(entry.body)
            cache.put(connection, blobs, key, replace(entry, body=None, hash=written.hash), Bounds())
            blobs.keep(written)

    def forget(self, keys: Collection[PendingKey]) -> None:
        """The caches have these entries now."""
        for key in keys:
            assert isinstance(key, Key)
            entry = self.entries.pop(key)
            self.overlay.grow(-entry.size if entry else 0)
            del self._below[key]


class SandboxedCaches(Caches):
    """Caches whose writes are kept back."""

    def __init__(self, store: Store, overlay: Overlay) -> None:
        super().__init__(store)
        self._overlay = overlay

    async def _find(
        self, invocation: Invocation, name: str, url: str, now: float
    ) -> tuple[Key | None, Entry | None]:
        key, below = await super()._find(invocation, name, url, now)
        if key is None:
            return key, below
        space = self._overlay.existing(CacheSpace, key.environment_id)
        if space is None or key not in space.entries:
            self._overlay.saw(CacheSpace, key.environment_id, key, _state(below))
            return key, below
        entry = space.entries[key]
        return key, None if entry is None or entry.expires <= now else entry

    async def _keep(
        self, invocation: Invocation, name: str, url: str, entry: Entry, lifetime: float, body: Body
    ) -> Result:
        room = self._overlay.room
        try:
            content = await read(body, room)
        except ValueError:
            self._overlay.grow(room + 1)  # says how much fits
            raise
        key = await self._store.read(lambda connection: key_of(connection, invocation, name, url))
        if key is None:
            return Result(False, size=0)
        now = time.time()
        _, below = await super()._find(invocation, name, url, now)
        made = replace(entry, size=len(content), stored=now, expires=now + lifetime, body=content)
        self._space(key).set(key, made, below)
        return Result(True, size=len(content), wrote=True)

    async def _delete(self, invocation: Invocation, name: str, url: str) -> Result:
        key, there = await self._find(invocation, name, url, time.time())
        if key is None or there is None:
            return Result(False)
        _, below = await super()._find(invocation, name, url, time.time())
        self._space(key).set(key, None, below)
        return Result(True, wrote=True)

    def _note(self, key: Key, now: float) -> None:
        """A draft does not keep entries from being evicted."""

    def _space(self, key: Key) -> CacheSpace:
        space = self._overlay.space(CacheSpace, key.environment_id)
        space.store = self._store
        return space


def _state(entry: Entry | None) -> float:
    """What tells one entry from another; 0 for none."""
    return 0.0 if entry is None else entry.stored


def _shown(entry: Entry | None) -> Shown | None:
    return None if entry is None else Shown(entry.size)
