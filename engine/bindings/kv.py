"""KV namespaces as a worker's binding. Source: developers.cloudflare.com/kv/api and PLATFORM.md §6.

What depends on JavaScript values is checked by the other half (`runtime/js/src/bindings/kv.js`). Here are the
answers that Workers gets from KV's server: limits, expirations, pages, and the texts
``KV PUT failed: 413 Value length of … exceeds limit of 26214400.``
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from engine.bindings.binding import Binding, BindingError, Result
from engine.errors import ApiError, KvError, StoreError
from engine.store import kv
from engine.store.kv_limits import (
    MAX_LIST,
    MAX_VALUE,
    check_expiration,
    check_key,
    check_limit,
    check_metadata,
)

if TYPE_CHECKING:
    from engine.bindings.kv_overlay import KvReader
    from engine.bindings.overlay import Overlay
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection, Store

log = logging.getLogger(__name__)

MAX_BULK_KEYS: Final = 100
MIN_CACHE_TTL: Final = 30
_METHODS: Final = {"put": "PUT", "delete": "DELETE", "getBulk": "GET_BULK"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreReader:
    """Reads of one namespace, inside a snapshot of the database."""

    connection: Connection
    namespace: str

    def get(self, key: str) -> kv.Entry | None:
        """The entry, or None when it is missing or expired."""
        return kv.get(self.connection, self.namespace, key)

    def page(self, prefix: str, limit: int, cursor: str) -> kv.Page:
        """A page of keys."""
        return kv.entries(self.connection, self.namespace, prefix=prefix, limit=limit, cursor=cursor)


class Kv(Binding):
    """A KV namespace.

    Args:
        name: the binding's name.
        store: where the namespace is.
        namespace: its id, 32 hex.
    """

    type: ClassVar[str] = "kv_namespace"
    writes: ClassVar[frozenset[str]] = frozenset({"put", "delete"})

    def __init__(self, name: str, store: Store, namespace: str) -> None:
        super().__init__(name)
        self._store = store
        self.namespace = namespace

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The namespace with its writes kept back."""
        from engine.bindings.kv_overlay import SandboxedKv  # it is built on this class

        return SandboxedKv(self.name, self._store, self.namespace, overlay)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`get` `getWithMetadata` `getBulk` `put` `delete` `list`, as kv.js sends them."""
        with _refusals(_METHODS.get(operation, "GET")):
            match operation:
                case "get" | "getWithMetadata":
                    return await self._get(args[0], args[1])
                case "getBulk":
                    return await self._get_bulk(args[0], args[1])
                case "put":
                    return await self._put(args[0], args[1], body)
                case "delete":
                    check_key(args[0])
                    await self._remove(args[0])
                    return Result()
                case "list":
                    return await self._list(args[0])
        raise BindingError(f'KV namespace "{self.name}" has no operation "{operation}".', "TypeError")

    def subject(self, operation: str, args: list[Any]) -> str:
        """The key, the keys, or the prefix with a star."""
        if operation == "list":
            return f"{args[0].get('prefix') or ''}*"
        if operation == "getBulk":
            keys = args[0]
            return ", ".join(keys[:3]) + (f", … {len(keys)} keys" if len(keys) > 3 else "")
        return str(args[0])

    def outcome(self, operation: str, result: Result) -> str:
        """The size that was read, "null", or how many keys."""
        match operation:
            case "list":
                return _counted(len(result.value["keys"]))
            case "getBulk":
                return _counted(sum(value is not None for _, value in result.value))
            case "get" | "getWithMetadata":
                return "null" if result.value is None else _in_bytes(result.size or 0)
        return "" if result.size is None else _in_bytes(result.size)

    # -- operations

    async def _get(self, key: str, options: dict[str, Any]) -> Result:
        check_key(key)
        _check_cache_ttl(options.get("cacheTtl"))
        entry = await self._read(lambda reader: reader.get(key))
        if entry is None:
            return Result()
        return Result({"metadata": entry.metadata}, entry.value, len(entry.value))

    async def _get_bulk(self, keys: list[str], options: dict[str, Any]) -> Result:
        kind, with_metadata = options.get("type") or "text", bool(options.get("withMetadata"))
        if kind not in ("text", "json"):
            raise KvError(10026, f'"{kind}" is not a valid type. Use "json" or "text"')
        if len(keys) > MAX_BULK_KEYS:
            raise KvError(10026, f"You can request a maximum of {MAX_BULK_KEYS} keys")
        if not keys:
            raise KvError(10026, "You must request a minimum of 1 key")
        _check_cache_ttl(options.get("cacheTtl"))
        for key in keys:
            if key == "":
                raise KvError(10029, "Key names must not be empty")
            check_key(key)

        # Decoded and parsed on the reader's thread: together the values may be large.
        def read(reader: KvReader) -> tuple[list[tuple[str, Any]], int]:
            found: list[tuple[str, Any]] = []
            size = 0
            for key in dict.fromkeys(keys):
                entry = reader.get(key)
                if entry is None:
                    found.append((key, None))
                    continue
                size += len(entry.value)
                if size > MAX_VALUE:
                    raise KvError(
                        10026, f"Total size of request exceeds the limit of {MAX_VALUE >> 20}MB", 413
                    )
                value = _decode(entry.value, kind)
                found.append((key, {"value": value, "metadata": entry.metadata} if with_metadata else value))
            return found, size

        pairs, size = await self._read(read)
        return Result(pairs, size=size)

    async def _put(self, key: str, options: dict[str, Any], body: Body) -> Result:
        check_key(key)
        ttl = options.get("expirationTtl")  # wins over `expiration`, as in Workers
        expiration = check_expiration(options.get("expiration") if ttl is None else None, ttl)
        text = options.get("metadata")
        metadata = None if text is None else json.loads(text)
        check_metadata(metadata)
        value = await _collect(body)
        await self._write(key, kv.Entry(value, metadata, expiration))
        return Result(size=len(value))

    async def _list(self, options: dict[str, Any]) -> Result:
        prefix, limit, cursor = options.get("prefix") or "", options.get("limit"), options.get("cursor") or ""
        if prefix:
            check_key(prefix + "-" if prefix in (".", "..") else prefix)
        size = check_limit(limit) if limit is not None and limit > 0 else MAX_LIST
        page = await self._read(lambda reader: reader.page(prefix, size, cursor))
        value: dict[str, Any] = {
            "keys": [key.to_json() for key in page.keys],
            "list_complete": page.complete,
        }
        if not page.complete:
            value["cursor"] = page.cursor
        return Result(value | {"cacheStatus": None})

    # -- where it goes: the store here, the overlay in a sandbox

    async def _read(self, read: Callable[[KvReader], T]) -> T:
        return await self._store.read(lambda connection: read(StoreReader(connection, self.namespace)))

    async def _write(self, key: str, entry: kv.Entry) -> None:
        put = kv.Put(key, entry.value, entry.expiration, metadata=entry.metadata)
        await self._store.write(lambda connection: kv.put_many(connection, self.namespace, (put,)))

    async def _remove(self, key: str) -> None:
        await self._store.write(lambda connection: kv.delete(connection, self.namespace, key))


@contextmanager
def _refusals(method: str) -> Iterator[None]:
    """Give what was refused the text that Workers shows."""
    try:
        yield
    except ApiError as error:
        raise BindingError(f"KV {method} failed: {error.status} {error.message}") from error
    except StoreError as error:
        log.error("KV %s failed: %s", method, error)
        raise BindingError(f"KV {method} failed: 500 Internal Server Error") from error


async def _collect(body: Body) -> bytes:
    """The value, refused above 25 MiB; its stream is read to the end all the same, to name its length."""
    if body is None:
        return b""
    kept: list[bytes] = []
    total = 0
    if isinstance(body, bytes):
        kept, total = [body], len(body)
    else:
        async for chunk in body:
            total += len(chunk)
            if total <= MAX_VALUE:
                kept.append(chunk)
            else:
                kept.clear()
    if total > MAX_VALUE:
        raise KvError(10024, f"Value length of {total} exceeds limit of {MAX_VALUE}.", 413)
    return kept[0] if len(kept) == 1 else b"".join(kept)


def _decode(value: bytes, kind: str) -> Any:
    text = value.decode("utf-8", "replace")
    if kind == "text":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise KvError(10026, "At least one of the requested keys corresponds to a non-json value") from error


def _check_cache_ttl(seconds: int | None) -> None:
    """There is one place only, so nothing is cached; the limit holds all the same."""
    if seconds is not None and seconds < MIN_CACHE_TTL:
        raise KvError(10026, f"Invalid cache_ttl of {seconds}. Cache TTL must be at least {MIN_CACHE_TTL}.")


def _counted(count: int) -> str:
    return f"{count:,} key{'' if count == 1 else 's'}"


def _in_bytes(size: int) -> str:
    """`88 B`, `1.6 KB`, `5.6 MB`, base 1024."""
    if size < 1024:
        return f"{size} B"
    kilobytes = size / 1024
    return f"{kilobytes:.1f} KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"
