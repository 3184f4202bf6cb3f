"""A KV namespace in a sandboxed draft: reads are live, writes stay in the overlay, later reads see them."""

from __future__ import annotations

import bisect
import hashlib
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engine.bindings.kept import Change, Shown, drift, shown
from engine.bindings.kv import Kv, StoreReader
from engine.bindings.overlay import Key, Overlay, Space
from engine.store import kv
from engine.store.kv_limits import MIN_TTL

if TYPE_CHECKING:
    from engine.bindings.binding import Result
    from engine.store import Connection, Store

T = TypeVar("T")


class KvReader(Protocol):
    """What a KV binding reads from: the store, or the store below an overlay."""

    def get(self, key: str) -> kv.Entry | None:
        """The entry, or None when it is missing or expired."""
        ...

    def page(self, prefix: str, limit: int, cursor: str) -> kv.Page:
        """A page of keys."""
        ...


class KvSpace(Space):
    """Pending entries of one namespace; None stands for a key that was deleted."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self._entries: dict[bytes, kv.Entry | None] = {}
        self._order: list[bytes] = []
        self._below: dict[bytes, tuple[bytes, Shown | None]] = {}

    def set(self, key: str, entry: kv.Entry | None, below: kv.Entry | None) -> None:
        """Keep back a write, or with None a delete; raises BindingError when the overlay is full.

        Args:
            key: where.
            entry: what is there now for the draft.
            below: what is there for everybody else.
        """
        raw = key.encode()
        before = self._entries.get(raw)
        self.overlay.grow((len(entry.value) if entry else 0) - (len(before.value) if before else 0))
        if raw not in self._entries:
            bisect.insort(self._order, raw)
            seen = self.overlay.seen(KvSpace, self.resource, raw, _state(below))
            self._below[raw] = (seen, _shown(below))
        self._entries[raw] = entry
        self.wrote(raw)

    def snapshot(self) -> Pending:
        """The entries as they are now, for a reader on another thread."""
        return Pending(dict(self._entries), tuple(self._order))

    def conflicts(self, connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
        """Entries that have another value or other metadata than the draft found, and not its own."""
        found: dict[Key, str] = {}
        for raw in keys:
            assert isinstance(raw, bytes)
            now = kv.get(connection, self.resource, raw.decode())
            state, before = self._below[raw]
            if _state(now) not in (state, _state(self._entries[raw])):
                found[raw] = drift(before, _shown(now))
        return found

    def change(self, key: Key) -> Change | None:
        """The live value when it was first written to, and the draft's."""
        assert isinstance(key, bytes)
        return Change(self._below[key][1], _shown(self._entries[key]))

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Put and delete for real. What is about to expire lives a minute more: KV takes no shorter time."""
        now = time.time()
        deletes, puts = [], []
        for raw in keys:
            assert isinstance(raw, bytes)
            entry, key = self._entries[raw], raw.decode()
            if entry is None or _expired(entry):
                deletes.append(key)
                continue
            expiration = entry.expiration
            if expiration is not None:
                expiration = max(expiration, int(now) + MIN_TTL + 1)
            puts.append(kv.Put(key, entry.value, expiration, metadata=entry.metadata))
        kv.delete_many(connection, self.resource, deletes)
        kv.put_many(connection, self.resource, puts)

    def forget(self, keys: Collection[Key]) -> None:
        """The store has these entries now."""
        for raw in keys:
            assert isinstance(raw, bytes)
            entry = self._entries.pop(raw)
            self.overlay.grow(-len(entry.value) if entry else 0)
            del self._below[raw]
        self._order = sorted(self._entries)


@dataclass(frozen=True, slots=True)
class Pending:
    """A snapshot of a `KvSpace`; `order` has its keys in byte order."""

    entries: dict[bytes, kv.Entry | None]
    order: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OverlaidReader:
    """The store, with the pending entries over it."""

    below: StoreReader
    pending: Pending

    def get(self, key: str) -> kv.Entry | None:
        """The pending entry when there is one, else the store's."""
        raw = key.encode()
        if raw not in self.pending.entries:
            return self.below.get(key)
        entry = self.pending.entries[raw]
        return None if entry is None or _expired(entry) else entry

    def page(self, prefix: str, limit: int, cursor: str) -> kv.Page:
        """A page of both, in byte order; costs a page of the store for each page it gives.

        Several pages of the store may be needed where many of their keys were deleted in the draft.
        """
        start = kv.decode_cursor(cursor) if cursor else b""
        while True:
            below = self.below.page(prefix, limit, cursor)
            # Above `end` the store may have keys that were not read yet.
            end = None if below.complete else kv.decode_cursor(below.cursor)
            keys = self._merge(below, prefix.encode(), start, end)
            if len(keys) > limit:
                following = keys[limit].name.encode()
                return kv.Page(tuple(keys[:limit]), False, kv.encode_cursor(following))
            if keys or below.complete:
                return kv.Page(tuple(keys), below.complete, below.cursor)
            start, cursor = end or b"", below.cursor

    def _merge(self, below: kv.Page, prefix: bytes, start: bytes, end: bytes | None) -> list[kv.Key]:
        keys = {raw: key for key in below.keys if (raw := key.name.encode()) not in self.pending.entries}
        at = bisect.bisect_left(self.pending.order, max(prefix, start))
        for raw in self.pending.order[at:]:
            if not raw.startswith(prefix) or (end is not None and raw >= end):
                break
            entry = self.pending.entries[raw]
            if entry is not None and not _expired(entry):
                keys[raw] = kv.Key(raw.decode(), entry.expiration, entry.metadata)
        return [keys[raw] for raw in sorted(keys)]


class SandboxedKv(Kv):
    """A KV binding whose writes are kept back."""

    def __init__(self, name: str, store: Store, namespace: str, overlay: Overlay) -> None:
        super().__init__(name, store, namespace)
        self._overlay = overlay

    async def _read(self, read: Callable[[KvReader], T]) -> T:
        space = self._overlay.existing(KvSpace, self.namespace)
        if space is None:
            return await super()._read(read)
        pending = space.snapshot()

        def overlaid(connection: Connection) -> T:
            return read(OverlaidReader(StoreReader(connection, self.namespace), pending))

        return await self._store.read(overlaid)

    async def _get(self, key: str, options: dict[str, Any]) -> Result:
        result = await super()._get(key, options)
        space = self._overlay.existing(KvSpace, self.namespace)
        if space is None or key.encode() not in space.writers:
            found = None
            if result.value is not None and isinstance(result.body, bytes):
                found = kv.Entry(result.body, result.value["metadata"])
            self._overlay.saw(KvSpace, self.namespace, key.encode(), _state(found))
        return result

    async def _write(self, key: str, entry: kv.Entry) -> None:
        await self._keep(key, entry)

    async def _remove(self, key: str) -> None:
        await self._keep(key, None)

    async def _keep(self, key: str, entry: kv.Entry | None) -> None:
        """Raises ApiError: a write that could not happen for real must not seem to work here."""
        below = await self._store.read(lambda connection: kv.get(connection, self.namespace, key))
        self._overlay.space(KvSpace, self.namespace).set(key, entry, below)


def _expired(entry: kv.Entry) -> bool:
    return entry.expiration is not None and entry.expiration <= time.time()


def _state(entry: kv.Entry | None) -> bytes:
    """What tells one value (with its metadata) from another; empty for none."""
    if entry is None:
        return b""
    made = hashlib.blake2b(entry.value, digest_size=16)
    made.update(b"\0" + json.dumps(entry.metadata, sort_keys=True).encode())
    return made.digest()


def _shown(entry: kv.Entry | None) -> Shown | None:
    return None if entry is None else shown(entry.value)
