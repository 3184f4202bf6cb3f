"""An R2 bucket in a sandboxed draft: reads are live, writes stay in the overlay, later reads see them."""

from __future__ import annotations

import bisect
import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from engine.bindings.kept import Change, Shown, drift
from engine.bindings.overlay import Key, Overlay, Space
from engine.bindings.r2 import R2
from engine.r2 import errors
from engine.r2.bucket import Bucket, assembled, now, open_upload
from engine.r2.conditions import Conditions
from engine.r2.listing import Scan
from engine.r2.metadata import Put, check_key
from engine.runtime.http import read
from engine.store import r2
from engine.store.r2 import Object
from engine.store.r2_uploads import Part, Upload

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.store import Connection, Store

T = TypeVar("T")


class R2Space(Space):
    """Pending objects of one bucket, with their contents; None stands for a key that was deleted."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.store: Store | None = None
        self.objects: dict[bytes, Object | None] = {}
        self.order: list[bytes] = []
        self.contents: dict[str, bytes] = {}
        self.uploads: dict[str, Upload] = {}
        self._below: dict[bytes, tuple[str, Shown | None]] = {}

    def hold(self, content: bytes) -> str:
        """Keep a content and give its hash; raises BindingError when the overlay is full."""
        hash = hashlib.sha256(content).hexdigest()
        if hash not in self.contents:
            self.overlay.grow(len(content))
            self.contents[hash] = content
        return hash

    def set(self, key: str, made: Object | None, below: Object | None) -> None:
        """Keep back a write, or with None a delete, of what is `below` for everybody else."""
        raw = key.encode()
        if raw not in self.objects:
            bisect.insort(self.order, raw)
            self._below[raw] = (self.overlay.seen(R2Space, self.resource, raw, _state(below)), _shown(below))
        self.objects[raw] = made
        self.wrote(raw)

    def upload(self, made: Upload) -> None:
        """Keep back an upload in parts, or what has become of it."""
        self.uploads[made.id] = made
        if made.state == "open":
            self.wrote(made.id)
        else:  # the object that it became is what can be applied
            self.writers.pop(made.id, None)

    def conflicts(self, connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
        """Objects of which the bucket has another version than the draft found."""
        found: dict[Key, str] = {}
        for raw in keys:
            if isinstance(raw, bytes):
                now = r2.find(connection, self.resource, raw.decode())
                state, before = self._below[raw]
                if _state(now) != state:
                    found[raw] = drift(before, _shown(now))
        return found

    def change(self, key: Key) -> Change | None:
        """The sizes of the live object when it was first written to, and of the draft's."""
        return Change(self._below[key][1], _shown(self.objects[key])) if isinstance(key, bytes) else None

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Put and delete for real; uploads in parts that were not completed are left behind."""
        assert self.store is not None
        blobs = self.store.blobs
        for raw in keys:
            if not isinstance(raw, bytes):
                continue
            made, key = self.objects[raw], raw.decode()
            if made is None:
                r2.delete(connection, self.resource, key)
                continue
            for hash, _ in made.segments:
                blobs.keep(blobs.write_now(self.contents[hash]))
            r2.use(connection, (hash for hash, _ in made.segments))
            r2.put(connection, self.resource, made)

    def forget(self, keys: Collection[Key]) -> None:
        """The bucket has these objects now; contents that nothing else needs are let go."""
        for raw in keys:
            if isinstance(raw, bytes):
                del self.objects[raw], self._below[raw]
            else:
                self.uploads.pop(str(raw), None)
        self.order = sorted(self.objects)
        needed = {hash for made in self.objects.values() if made is not None for hash, _ in made.segments}
        needed |= {part.hash for upload in self.uploads.values() for part in upload.parts}
        for hash in self.contents.keys() - needed:
            self.overlay.grow(-len(self.contents.pop(hash)))


class SandboxBucket(Bucket):
    """A bucket with pending objects over it."""

    def __init__(self, store: Store, name: str, overlay: Overlay) -> None:
        super().__init__(store, name)
        self._overlay = overlay

    async def put(
        self, key: str, body: Body, put: Put, conditions: Conditions | None = None
    ) -> Object | None:
        """As a bucket does it, but kept back."""
        put.check()
        storage_class = await self._class()
        content = await self._read(body)
        digests = {
            name: hashlib.new(name, content, usedforsecurity=False).hexdigest() for name in put.digests
        }
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        checksums = put.check_digests(digests)
        if conditions is not None and not conditions.hold(await self.look(check_key(key))):
            return None
        below = await super().look(check_key(key))
        space = self._space()
        made = Object(
            key=check_key(key),
            version=secrets.token_hex(16),
            size=len(content),
            etag=md5,
            uploaded=now(),
            storage_class=put.storage_class or storage_class,
            checksums=checksums | {"md5": md5},
            http_metadata=put.http_metadata,
            custom_metadata=put.custom_metadata,
            segments=((space.hold(content), len(content)),),
        )
        space.set(key, made, below)
        return made

    async def delete(self, keys: Sequence[str]) -> None:
        """As a bucket does it, but kept back."""
        await self._class()
        for key in keys:
            below = await super().look(check_key(key))
            self._space().set(key, None, below)

    async def create_upload(self, key: str, put: Put) -> str:
        """An upload that this session alone knows."""
        made = replace(self._upload(key, put), storage_class=put.storage_class or await self._class())
        self._space().upload(made)
        return made.id

    async def upload_part(self, key: str, upload_id: str, number: int, body: Body) -> str:
        """A part of such an upload."""
        content = await self._read(body)
        space = self._space()
        upload = open_upload(space.uploads.get(upload_id), check_key(key))
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        part = Part(number, secrets.token_urlsafe(96), md5, space.hold(content), len(content))
        others = tuple(each for each in upload.parts if each.number != number)
        space.upload(replace(upload, parts=(*others, part)))
        return part.etag

    async def complete_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> Object:
        """The object of such an upload, kept back."""
        space = self._space()
        upload = open_upload(space.uploads.get(upload_id), check_key(key))
        made = assembled(upload, parts, self._min_part)
        space.set(key, made, await super().look(key))
        space.upload(replace(upload, state="completed", parts=()))
        return made

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Forget such an upload."""
        space = self._space()
        upload = space.uploads.get(upload_id)
        if upload is None or upload.key != check_key(key):
            raise errors.no_such_upload()
        if upload.state == "open":
            space.upload(replace(upload, state="aborted", parts=()))

    async def look(self, key: str) -> Object | None:
        """The pending object when there is one, else the bucket's."""
        space = self._overlay.existing(R2Space, self.name)
        if space is not None and key.encode() in space.objects:
            return space.objects[key.encode()]
        found = await super().look(key)
        self._overlay.saw(R2Space, self.name, key.encode(), _state(found))
        return found

    async def scan(self, work: Callable[[Scan], T]) -> T:
        """Both, in the order of keys."""
        space = self._overlay.existing(R2Space, self.name)
        if space is None:
            return await super().scan(work)
        pending, order = dict(space.objects), tuple(space.order)

        def overlaid(below: Scan) -> T:
            return work(lambda lower, upper, limit: _merged(below, pending, order, lower, upper, limit))

        return await super().scan(overlaid)

    async def content(self, found: Object, offset: int, length: int) -> Body:
        """From memory what this session wrote."""
        space = self._overlay.existing(R2Space, self.name)
        if space is not None and space.objects.get(found.key.encode()) is found:
            whole = b"".join(space.contents[hash] for hash, _ in found.segments)
            return whole[offset : offset + length]
        return await super().content(found, offset, length)

    async def _class(self) -> str:
        """The bucket's storage class; a write to a bucket that is gone must not seem to work here."""
        found = await self.store.read(lambda connection: r2.bucket(connection, self.name))
        return found.storage_class

    async def _read(self, body: Body) -> bytes:
        room = self._overlay.room
        try:
            return await read(body, room)
        except ValueError:
            self._overlay.grow(room + 1)  # says how much fits
            raise

    def _space(self) -> R2Space:
        space = self._overlay.space(R2Space, self.name)
        space.store = self.store
        return space


class SandboxedR2(R2):
    """An R2 binding whose writes are kept back."""

    def __init__(self, name: str, store: Store, bucket: str, overlay: Overlay) -> None:
        super().__init__(name, store, bucket)
        self._overlay = overlay

    def _bucket(self) -> Bucket:
        return SandboxBucket(self._store, self.bucket, self._overlay)


def _state(found: Object | None) -> str:
    """What tells one version of an object from another; empty for none."""
    return "" if found is None else found.version


def _shown(found: Object | None) -> Shown | None:
    return None if found is None else Shown(found.size)


def _merged(
    below: Scan,
    pending: dict[bytes, Object | None],
    order: Sequence[bytes],
    lower: bytes,
    upper: bytes | None,
    limit: int,
) -> list[Object]:
    """Up to `limit` objects of both; the bucket's are read until enough are not covered by pending ones."""
    found: list[Object] = []
    at = bisect.bisect_left(order, lower)
    while True:
        rows = below(lower, upper, limit)
        complete = len(rows) < limit
        end = None if complete else rows[-1].key.encode()
        merged = {raw: row for row in rows if (raw := row.key.encode()) not in pending}
        while at < len(order) and (upper is None or order[at] < upper) and (end is None or order[at] <= end):
            made = pending[order[at]]
            if made is not None:
                merged[order[at]] = made
            at += 1
        found.extend(merged[raw] for raw in sorted(merged))
        if len(found) >= limit or end is None:
            return found[:limit]
        lower = end + b"\0"
