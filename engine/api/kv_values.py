"""Keys and values of a KV namespace, one at a time and in bulk."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.envelope import loads, success, whole_number
from engine.api.kv_namespaces import NAMESPACE
from engine.errors import ApiError, KvError, NotFound
from engine.store import Connection, kv
from engine.store.kv_limits import MAX_LIST, MAX_VALUE

#: Pairs of one bulk request (kv/platform/limits).
BULK = 10_000
#: Keys of one bulk read (kv/api/read-key-value-pairs).
BULK_READ = 100


async def keys(call: Call) -> Response:
    """`GET keys?prefix&limit&cursor`: in UTF-8 byte order; the cursor is empty on the last page."""
    limit = whole_number(call.query, "limit", MAX_LIST, least=-(2**53))
    page = await call.store.read(
        lambda connection: kv.entries(
            connection,
            call.params["namespace"],
            prefix=call.query.get("prefix", ""),
            limit=limit,
            cursor=call.query.get("cursor", ""),
        )
    )
    info = {"count": len(page.keys), "cursor": page.cursor}
    return success([key.to_json() for key in page.keys], info=info)


async def get(call: Call) -> Response:
    """`GET values/:key`: the bytes themselves, without an envelope."""
    entry = await _entry(call)
    headers = {} if entry.expiration is None else {"expiration": str(entry.expiration)}
    return Response(entry.value, 200, headers, "application/octet-stream")


async def metadata(call: Call) -> Response:
    """`GET metadata/:key`."""
    return success((await _entry(call)).metadata)


async def put(call: Call) -> Response:
    """`PUT values/:key[?expiration|expiration_ttl]`: the body, or a form's `value` and `metadata`."""
    value, described = await _value(call)
    entry = kv.Put(
        call.params["key"],
        value,
        _seconds(call.query.get("expiration"), "expiration"),
        _seconds(call.query.get("expiration_ttl"), "expiration_ttl"),
        described,
    )
    await call.store.write(lambda connection: kv.put_many(connection, call.params["namespace"], [entry]))
    return success({})


async def delete(call: Call) -> Response:
    """`DELETE values/:key`."""
    key, namespace = call.params["key"], call.params["namespace"]
    await call.store.write(lambda connection: kv.delete(connection, namespace, key))
    return success({})


async def bulk_put(call: Call) -> Response:
    """`PUT bulk` `[{key, value, base64?, expiration?, expiration_ttl?, metadata?}]`: all or none."""
    entries = [_put(each) for each in _list(await call.json())]
    namespace = call.params["namespace"]
    written = await call.store.write(lambda connection: kv.put_many(connection, namespace, entries))
    return success({"successful_key_count": written, "unsuccessful_keys": []})


async def bulk_delete(call: Call) -> Response:
    """`DELETE bulk` and `POST bulk/delete` `["key", …]`."""
    names = _names(_list(await call.json()))
    namespace = call.params["namespace"]
    deleted = await call.store.write(lambda connection: kv.delete_many(connection, namespace, names))
    return success({"successful_key_count": deleted, "unsuccessful_keys": []})


async def bulk_get(call: Call) -> Response:
    """`POST bulk/get` `{"keys", "type"?: "text"|"json", "withMetadata"?}`."""
    body = await call.json_object()
    names = _names(_list(body.get("keys")))
    if len(names) > BULK_READ:
        raise KvError(10029, f"A bulk read takes at most {BULK_READ} keys, not {len(names)}.")
    as_json, described = body.get("type") == "json", bool(body.get("withMetadata"))
    namespace = call.params["namespace"]

    def work(connection: Connection) -> dict[str, Any]:
        kv.namespace(connection, namespace)
        return {name: _shown(kv.get(connection, namespace, name), as_json, described) for name in names}

    return success({"values": await call.store.read(work)})


def _shown(entry: kv.Entry | None, as_json: bool, described: bool) -> Any:
    if entry is None:
        return None
    value = loads(entry.value, "A value") if as_json else entry.value.decode("utf-8", "replace")
    if not described:
        return value
    return {"value": value, "metadata": entry.metadata, "expiration": entry.expiration}


async def _entry(call: Call) -> kv.Entry:
    key, namespace = call.params["key"], call.params["namespace"]
    entry = await call.store.read(lambda connection: kv.get(connection, namespace, key))
    if entry is None:
        raise NotFound(10009, "get: 'key not found'")
    return entry


async def _value(call: Call) -> tuple[bytes, Any]:
    if not call.is_form:
        return await call.body(MAX_VALUE + 1), None
    value: bytes | None = None
    described: Any = None
    for part in await call.form():
        if part.name == "value":
            value = part.content
        elif part.name == "metadata" and part.content.strip():
            described = loads(part.content, "The metadata part")
    if value is None:
        raise KvError(10012, "The form has no part named value.")
    return value, described


def _put(item: Any) -> kv.Put:
    if not isinstance(item, dict) or not isinstance(item.get("key"), str):
        raise KvError(10012, 'Each entry must be {"key": "…", "value": "…"}.')
    text = item.get("value")
    if not isinstance(text, str):
        raise KvError(10012, f"The value of key {item['key'][:80]!r} must be a string.")
    try:
        value = base64.b64decode(text, validate=True) if item.get("base64") else text.encode()
    except binascii.Error:
        raise KvError(10012, f"The value of key {item['key'][:80]!r} is not base64.") from None
    return kv.Put(
        item["key"],
        value,
        _seconds(item.get("expiration"), "expiration"),
        _seconds(item.get("expiration_ttl"), "expiration_ttl"),
        item.get("metadata"),
    )


def _seconds(given: Any, name: str) -> int | None:
    if given is None or given == "":
        return None
    try:
        return int(given)
    except (TypeError, ValueError):
        raise KvError(10030, f"Invalid {name} of {given!r}. Please specify an integer.") from None


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise ApiError(10001, "The request body must be a JSON array.", 400)
    if len(given) > BULK:
        raise KvError(10012, f"A bulk request takes at most {BULK} entries, not {len(given)}.")
    return given


def _names(given: list[Any]) -> list[str]:
    names: list[str] = []
    for each in given:
        name = each.get("name") if isinstance(each, dict) else each
        if not isinstance(name, str):
            raise ApiError(10001, "Keys must be strings.", 400)
        names.append(name)
    return names


ROUTES = [
    resource(NAMESPACE + "/keys", get=keys),
    resource(NAMESPACE + "/values/{key}", get=get, put=put, delete=delete),
    resource(NAMESPACE + "/metadata/{key}", get=metadata),
    resource(NAMESPACE + "/bulk", put=bulk_put, delete=bulk_delete),
    resource(NAMESPACE + "/bulk/delete", post=bulk_delete),
    resource(NAMESPACE + "/bulk/get", post=bulk_get),
]
