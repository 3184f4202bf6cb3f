"""The operations of a bucket, for the binding and the REST API alike.

A sandboxed draft has the same operations on other ground (engine.bindings.r2_overlay): it replaces `look`,
`scan`, `content`, and what writes.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.errors import StoreError
from engine.r2 import errors, ranges, rules
from engine.r2.conditions import Conditions
from engine.r2.listing import MAX_LIMIT, Page, Scan, listing
from engine.r2.metadata import MAX_KEY, MAX_PARTS, MAX_SIZE, MIN_PART, Put, check_key
from engine.store import r2, r2_uploads
from engine.store.blobs import TooLarge, Written
from engine.store.r2 import Object
from engine.store.r2_uploads import Part, Upload

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.store import Connection, Store

__all__ = ["MAX_KEY", "Bucket", "Found"]

WHOLE: Final = 256 * 1024
"""Contents up to this many bytes are read at once, larger ones as a stream, which is copied less often."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What a get gives.

    Attributes:
        body: None when a condition did not hold.
        offset: of the bytes in `body`, with `length`.
    """

    object: Object
    body: Body
    offset: int
    length: int
    matched: bool = True
    partial: bool = False


class Bucket:
    """A bucket.

    Args:
        store: where it is.
        name: its name.
        min_part: least bytes of a part that is not the last.
    """

    def __init__(self, store: Store, name: str, min_part: int = MIN_PART) -> None:
        self.store = store
        self.name = name
        self._min_part = min_part

    # -- reading

    async def head(self, key: str) -> Object | None:
        """The object without its content, or None; raises ApiError 10006 10020."""
        return await self.look(check_key(key))

    async def get(
        self,
        key: str,
        conditions: Conditions | None = None,
        options: Mapping[str, Any] | None = None,
        header: str | None = None,
    ) -> Found | None:
        """The object and its content, or the part of it that `options` or a `Range` field ask for.

        Raises:
            ApiError: 10006 no bucket, 10020 bad key, 10039 bad range.
        """
        check_key(key)
        for attempt in (1, 2, 3):
            found = await self.look(key)
            if found is None:
                return None
            if conditions is not None and not conditions.hold(found):
                return Found(found, None, 0, found.size, matched=False)
            part = None
            if header is not None:
                part = ranges.from_header(header, found.size)
            elif options is not None:
                part = ranges.from_options(options, found.size)
            offset, length = part or (0, found.size)
            try:
                body = await self.content(found, offset, length)
            except FileNotFoundError as error:
                # It was replaced long before it could be read, and what it was is gone: look again.
                if attempt == 3:
                    raise StoreError(f"the content of {key!r} in bucket {self.name} is missing") from error
                continue
            return Found(found, body, offset, length, partial=part is not None)
        return None

    async def list(
        self,
        *,
        prefix: str = "",
        limit: int = MAX_LIMIT,
        cursor: str = "",
        delimiter: str = "",
        after: str = "",
    ) -> Page:
        """A page; raises ApiError 10006 10022 10029."""

        def work(scan: Scan) -> Page:
            return listing(scan, prefix=prefix, limit=limit, cursor=cursor, delimiter=delimiter, after=after)

        return await self.scan(work)

    # -- writing

    async def put(
        self, key: str, body: Body, put: Put, conditions: Conditions | None = None
    ) -> Object | None:
        """Write an object; None when a condition did not hold.

        Raises:
            ApiError: 10006 no bucket, 10012 10020 bad metadata or key, 10037 wrong digest, 100100 too large.
        """
        check_key(key)
        put.check()
        rung: list[str] = []
        written = await self._write(body, {"md5", *put.digests})
        try:
            checksums = put.check_digests(written.digests)
            made = Object(
                key=key,
                version=secrets.token_hex(16),
                size=written.size,
                etag=written.digests["md5"],
                uploaded=now(),
                storage_class=put.storage_class or "",
                checksums=checksums | {"md5": written.digests["md5"]},
                http_metadata=put.http_metadata,
                custom_metadata=put.custom_metadata,
                segments=((written.hash, written.size),),
            )

            def work(connection: Connection) -> Object | None:
                bucket = r2.bucket(connection, self.name)
                if conditions is not None and not conditions.hold(r2.find(connection, self.name, key)):
                    return None
                stored = replace(made, storage_class=made.storage_class or bucket.storage_class)
                self.store.blobs.keep(written)
                r2.use(connection, (written.hash,))
                r2.put(connection, self.name, stored)
                rung.extend(self._tell(connection, "PutObject", stored))
                return stored

            stored = await self.store.write(work)
            rules.wake(self.store, rung)
            return stored
        finally:
            await self.store.blobs.discard(written)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are missing are no error. Raises ApiError 10006 10020."""
        names = [check_key(key) for key in keys]
        rung: list[str] = []

        def work(connection: Connection) -> None:
            for name in names:
                if r2.delete(connection, self.name, name):
                    account = self.store.account.id
                    rung.extend(rules.notify(connection, account, self.name, "DeleteObject", name))

        await self.store.write(work)
        rules.wake(self.store, rung)

    # -- uploads in parts

    async def create_upload(self, key: str, put: Put) -> str:
        """Begin an upload in parts and give its id; raises ApiError 10006 10012 10020."""
        made = self._upload(key, put)

        def work(connection: Connection) -> None:
            bucket = r2.bucket(connection, self.name)
            stored = replace(made, storage_class=made.storage_class or bucket.storage_class)
            r2_uploads.insert_upload(connection, self.name, stored, self.store.now())

        await self.store.write(work)
        return made.id

    async def upload_part(self, key: str, upload_id: str, number: int, body: Body) -> str:
        """Write a part, over an older one of its number, and give its etag.

        Raises:
            ApiError: 10006 no bucket, 10020 bad key, 10024 no such upload, 100100 too large.
        """
        check_key(key)
        written = await self._write(body, {"md5"})
        try:
            etag = secrets.token_urlsafe(96)
            part = Part(number, etag, written.digests["md5"], written.hash, written.size)

            def work(connection: Connection) -> str:
                open_upload(r2_uploads.upload(connection, self.name, upload_id), key)
                self.store.blobs.keep(written)
                r2.use(connection, (written.hash,))
                r2_uploads.put_part(connection, upload_id, part)
                return etag

            return await self.store.write(work)
        finally:
            await self.store.blobs.discard(written)

    async def complete_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> Object:
        """Make the object of its parts, given as number and etag.

        Raises:
            ApiError: 10006 10020 10024; 10001 a part named twice, 10011 10048 sizes, 10025 a part is missing.
        """
        check_key(key)
        rung: list[str] = []

        def work(connection: Connection) -> Object:
            upload = open_upload(r2_uploads.upload(connection, self.name, upload_id), key)
            made = assembled(upload, parts, self._min_part)
            r2.use(connection, (hash for hash, _ in made.segments))
            r2.put(connection, self.name, made)
            r2_uploads.end_upload(connection, upload_id, "completed")
            rung.extend(self._tell(connection, "CompleteMultipartUpload", made))
            return made

        made = await self.store.write(work)
        rules.wake(self.store, rung)
        return made

    def _tell(self, connection: Connection, action: str, made: Object) -> Sequence[str]:
        account = self.store.account.id
        return rules.notify(connection, account, self.name, action, made.key, made.etag, made.size)

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Drop an upload; one that has ended stays as it is. Raises ApiError 10006 10020 10024."""
        check_key(key)

        def work(connection: Connection) -> None:
            upload = r2_uploads.upload(connection, self.name, upload_id)
            if upload is None or upload.key != key:
                raise errors.no_such_upload()
            if upload.state == "open":
                r2_uploads.end_upload(connection, upload_id, "aborted")

        await self.store.write(work)

    # -- the ground

    async def look(self, key: str) -> Object | None:
        """The object's row."""
        return await self.store.read(lambda connection: r2.find(connection, self.name, key))

    async def scan(self, work: Callable[[Scan], T]) -> T:
        """What `work` gives, run with a way to scan the bucket as it is at one moment."""

        def read(connection: Connection) -> T:
            return work(lambda lower, upper, limit: r2.scan(connection, self.name, lower, upper, limit))

        return await self.store.read(read)

    async def content(self, found: Object, offset: int, length: int) -> Body:
        """Bytes of an object; raises FileNotFoundError."""
        blobs = self.store.blobs
        pieces = _pieces(found, offset, length)
        if length <= WHOLE:
            return b"".join([await blobs.read(hash, start, size) for hash, start, size in pieces])
        first = blobs.stream(*pieces[0])
        head = await anext(first)  # opens it: from here on it can be read to its end

        async def stream() -> AsyncIterator[bytes]:
            yield head
            async for chunk in first:
                yield chunk
            for piece in pieces[1:]:
                async for chunk in blobs.stream(*piece):
                    yield chunk

        return stream()

    async def _write(self, body: Body, algorithms: set[str]) -> Written:
        try:
            return await self.store.blobs.write(body, algorithms, MAX_SIZE)
        except TooLarge as error:
            raise errors.too_large() from error

    @staticmethod
    def _upload(key: str, put: Put) -> Upload:
        put.check()
        return Upload(
            secrets.token_urlsafe(128),
            check_key(key),
            "open",
            put.storage_class or "",
            put.http_metadata,
            put.custom_metadata,
        )


def now() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def open_upload(upload: Upload | None, key: str) -> Upload:
    """The upload, if it is of this key and not ended; raises R2Error 10024."""
    if upload is None or upload.key != key or upload.state != "open":
        raise errors.no_such_upload()
    return upload


def assembled(upload: Upload, chosen: Sequence[tuple[int, str]], min_part: int) -> Object:
    """The object that the chosen parts make; raises R2Error as `Bucket.complete_upload`."""
    if len({number for number, _ in chosen}) != len(chosen) or len(chosen) > MAX_PARTS:
        raise errors.internal()
    known = {part.number: part for part in upload.parts}
    parts = []
    for number, etag in chosen:
        part = known.get(number)
        if part is None or part.etag != etag:
            raise errors.invalid_part()
        parts.append(part)
    if any(part.size < min_part for part in parts[:-1]):
        raise errors.too_small()
    parts.sort(key=lambda part: part.number)
    if len({part.size for part in parts[:-1]}) > 1 or (len(parts) > 1 and parts[-1].size > parts[0].size):
        raise errors.bad_upload()
    digest = hashlib.md5(b"".join(bytes.fromhex(part.md5) for part in parts), usedforsecurity=False)
    return Object(
        key=upload.key,
        version=secrets.token_hex(16),
        size=sum(part.size for part in parts),
        etag=f"{digest.hexdigest()}-{len(parts)}",
        uploaded=now(),
        storage_class=upload.storage_class,
        http_metadata=upload.http_metadata,
        custom_metadata=upload.custom_metadata,
        segments=tuple((part.hash, part.size) for part in parts),
    )


def _pieces(found: Object, offset: int, length: int) -> list[tuple[str, int, int]]:
    """Which bytes of which files: hash, offset and length each."""
    pieces = []
    at, end = 0, offset + length
    for hash, size in found.segments:
        start, stop = max(at, offset), min(at + size, end)
        if start < stop:
            pieces.append((hash, start - at, stop - start))
        at += size
    return pieces
