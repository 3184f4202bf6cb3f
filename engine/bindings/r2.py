"""R2 buckets as a worker's binding. Source: developers.cloudflare.com/r2/api/workers/workers-api-reference.

What depends on JavaScript values is checked by the other half (`runtime/js/src/bindings/r2.js`). A refusal
has the text ``put: The specified object name is not valid. (10020)``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from engine.bindings.binding import Binding, BindingError, Result
from engine.errors import ApiError, StoreError
from engine.r2.bucket import Bucket
from engine.r2.conditions import from_binding
from engine.r2.listing import MAX_LIMIT
from engine.r2.metadata import Put
from engine.store.r2 import Object

if TYPE_CHECKING:
    from engine.bindings.overlay import Overlay
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Store

log = logging.getLogger(__name__)


class R2(Binding):
    """An R2 bucket.

    Args:
        name: the binding's name.
        store: where the bucket is.
        bucket: its name.
    """

    type: ClassVar[str] = "r2_bucket"
    writes: ClassVar[frozenset[str]] = frozenset(
        {
            "put",
            "delete",
            "createMultipartUpload",
            "uploadPart",
            "completeMultipartUpload",
            "abortMultipartUpload",
        }
    )

    def __init__(self, name: str, store: Store, bucket: str) -> None:
        super().__init__(name)
        self._store = store
        self.bucket = bucket

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The bucket with its writes kept back."""
        from engine.bindings.r2_overlay import SandboxedR2  # it is built on this class

        return SandboxedR2(self.name, self._store, self.bucket, overlay)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`head` `get` `put` `delete` `list` and the multipart operations, as r2.js sends them."""
        with _refusals(operation):
            return await self._call(self._bucket(), operation, args, body)

    def _bucket(self) -> Bucket:
        return Bucket(self._store, self.bucket)

    async def _call(self, bucket: Bucket, operation: str, args: list[Any], body: Body) -> Result:
        match operation:
            case "head":
                head = await bucket.head(args[0])
                return Result(None if head is None else _shape(head) | _range(0, head.size))
            case "get":
                return await self._get(bucket, args[0], args[1])
            case "put":
                options = args[1]
                conditions = from_binding(options.get("onlyIf"))
                made = await bucket.put(args[0], body, _put(options), conditions)
                return Result() if made is None else Result(_shape(made), size=made.size)
            case "delete":
                await bucket.delete(args[0])
                return Result()
            case "list":
                return await self._list(bucket, args[0])
            case "createMultipartUpload":
                return Result(await bucket.create_upload(args[0], _put(args[1])))
            case "uploadPart":
                counted = _Counted(body)
                etag = await bucket.upload_part(args[0], args[1], args[2], counted.body)
                return Result(etag, size=counted.size)
            case "completeMultipartUpload":
                parts = [(part["partNumber"], part["etag"]) for part in args[2]]
                whole = await bucket.complete_upload(args[0], args[1], parts)
                return Result(_shape(whole), size=whole.size)
            case "abortMultipartUpload":
                await bucket.abort_upload(args[0], args[1])
                return Result()
        raise BindingError(f'R2 bucket "{self.name}" has no operation "{operation}".', "TypeError")

    async def _get(self, bucket: Bucket, key: str, options: Mapping[str, Any]) -> Result:
        conditions = from_binding(options.get("onlyIf"))
        found = await bucket.get(key, conditions, options.get("range"), options.get("rangeHeader"))
        if found is None:
            return Result()
        value = _shape(found.object) | _range(found.offset, found.length) | {"matched": found.matched}
        return Result(value, found.body, found.length if found.matched else None)

    async def _list(self, bucket: Bucket, options: Mapping[str, Any]) -> Result:
        limit = options.get("limit")
        page = await bucket.list(
            prefix=options.get("prefix") or "",
            limit=MAX_LIMIT if limit is None else limit,
            cursor=options.get("cursor") or "",
            delimiter=options.get("delimiter") or "",
            after=options.get("startAfter") or "",
        )
        include = options.get("include") or ()
        shapes = []
        for each in page.objects:
            shape = _shape(each)
            for kind in ("httpMetadata", "customMetadata"):
                if kind not in include:
                    shape[kind] = {}
            shapes.append(shape)
        value: dict[str, Any] = {
            "objects": shapes,
            "truncated": page.cursor is not None,
            "delimitedPrefixes": list(page.prefixes),
        }
        if page.cursor is not None:
            value["cursor"] = page.cursor
        return Result(value)

    def subject(self, operation: str, args: list[Any]) -> str:
        """The key, the keys, the part's number, or the prefix with a star."""
        match operation:
            case "list":
                return f"{args[0].get('prefix') or ''}*"
            case "delete":
                keys = args[0]
                return ", ".join(keys[:3]) + (f", … {len(keys)} keys" if len(keys) > 3 else "")
            case "uploadPart":
                return f"{args[0]} part {args[2]}"
        return str(args[0])

    def outcome(self, operation: str, result: Result) -> str:
        """The size, "null", or how many objects."""
        match operation:
            case "list":
                count = len(result.value["objects"])
                return f"{count:,} object{'' if count == 1 else 's'}"
            case "get" if result.value is not None and not result.value["matched"]:
                return "precondition failed"
            case "head" if result.value is not None:
                return in_bytes(result.value["size"])
            case "put" if result.value is None:
                return "precondition failed"
            case "get" | "head" if result.value is None:
                return "null"
        return "" if result.size is None else in_bytes(result.size)


def in_bytes(size: int) -> str:
    """`88 B`, `1.6 KB`, `5.6 MB`, base 1024."""
    if size < 1024:
        return f"{size} B"
    kilobytes = size / 1024
    return f"{kilobytes:.1f} KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"


class _Counted:
    """A body that knows how many bytes of it were read."""

    def __init__(self, body: Body) -> None:
        self.size = len(body) if isinstance(body, bytes) else 0
        self.body: Body = body if body is None or isinstance(body, bytes) else self._count(body)

    async def _count(self, body: Any) -> Any:
        async for chunk in body:
            self.size += len(chunk)
            yield chunk


@contextmanager
def _refusals(operation: str) -> Iterator[None]:
    """Give what was refused the text that Workers shows."""
    try:
        yield
    except ApiError as error:
        raise BindingError(f"{operation}: {error.message} ({error.code})") from error
    except StoreError as error:
        log.error("R2 %s failed: %s", operation, error)
        raise BindingError(
            f"{operation}: We encountered an internal error. Please try again. (10001)"
        ) from error


def _put(options: Mapping[str, Any]) -> Put:
    return Put(
        http_metadata=dict(options.get("httpMetadata") or {}),
        custom_metadata=dict(options.get("customMetadata") or {}),
        storage_class=options.get("storageClass"),
        digests=dict(options.get("digests") or {}),
    )


def _shape(found: Object) -> dict[str, Any]:
    """The object as r2.js makes an R2Object of it."""
    return {
        "key": found.key,
        "version": found.version,
        "size": found.size,
        "etag": found.etag,
        "uploaded": found.uploaded,
        "storageClass": found.storage_class,
        "checksums": found.checksums,
        "httpMetadata": found.http_metadata,
        "customMetadata": found.custom_metadata,
    }


def _range(offset: int, length: int) -> dict[str, Any]:
    return {"range": {"offset": offset, "length": length}}
