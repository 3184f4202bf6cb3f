"""What one Durable Object stores: keys, SQL, its alarm. Ours: Cloudflare's API stops at the objects.

Everything goes through the object's own storage in this process, between two turns of its code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.durable_objects import NAMESPACE, find
from engine.api.envelope import loads, success, whole_number
from engine.bindings.binding import BindingError
from engine.durable import ids, values
from engine.durable.objects import FOLDER
from engine.durable.operations import SYNC
from engine.errors import ApiError, NotFound

OBJECT = NAMESPACE + "/objects/{object}"
#: Code of an SQL error, as D1's.
SQL_ERROR = 7500
T = TypeVar("T")


async def named(call: Call) -> Response:
    """`GET namespaces/:id/names/:name`: the id of a name, whether or not it has stored anything."""
    namespace = await find(call)
    object_id = ids.named(namespace.id, call.params["name"])
    stored = (call.store.path.parent / FOLDER / namespace.id / f"{object_id}.sqlite").exists()
    return success({"id": object_id, "hasStoredData": stored})


async def show(call: Call) -> Response:
    """`GET objects/:id`: `{id, size, alarm, keys, tables: [{name, rows}]}`."""

    def work(handle: int) -> dict[str, Any]:
        tables = _sql(
            handle, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*' ORDER BY 1"
        )
        return {
            "id": call.params["object"],
            "size": SYNC["size"]([handle], b"")[0],
            "alarm": SYNC["getAlarm"]([handle], b"")[0],
            "tables": [name for (name,) in tables["rows"] if not name.startswith("sqlite_")],
        }

    return success(await _inside(call, work))


async def keys(call: Call) -> Response:
    """`GET objects/:id/keys?prefix&limit&cursor`: `[{key, size, text, json}]`, in order."""
    limit = whole_number(call.query, "limit", 100, least=1, most=1000)
    options: dict[str, Any] = {"prefix": call.query.get("prefix", ""), "limit": limit + 1}
    if call.query.get("cursor"):
        options["startAfter"] = call.query["cursor"]

    def work(handle: int) -> list[dict[str, Any]]:
        listed, data = SYNC["list"]([handle, options], b"")
        found, at = [], 0
        for key, size in listed:
            text, plain = values.literal((data or b"")[at : at + size])
            found.append({"key": key, "size": size, "text": text, "json": plain})
            at += size
        return found

    found = await _inside(call, work)
    shown = found[:limit]
    info = {"count": len(shown), "cursor": shown[-1]["key"] if len(found) > limit else ""}
    return success(shown, info=info)


async def put(call: Call) -> Response:
    """`PUT objects/:id/keys/:key` with a JSON value."""
    data = values.encode(loads(await call.body(), "The value"))
    key = call.params["key"]

    def work(handle: int) -> None:
        SYNC["put"]([handle, [[key, len(data)]]], data)
        SYNC["commit"]([handle], b"")

    await _inside(call, work)
    return success({"key": key})


async def delete(call: Call) -> Response:
    """`DELETE objects/:id/keys/:key`."""
    key = call.params["key"]

    def work(handle: int) -> None:
        SYNC["delete"]([handle, [key]], b"")
        SYNC["commit"]([handle], b"")

    await _inside(call, work)
    return success({"key": key})


async def query(call: Call) -> Response:
    """`POST objects/:id/query` `{"sql", "params"?}`: as D1's `raw`; blobs are lists of byte values."""
    body = await call.json_object()
    text, params = body.get("sql"), body.get("params") or []
    if not isinstance(text, str) or not isinstance(params, list):
        raise ApiError(7400, 'Give the SQL: {"sql": "SELECT …", "params": […]}.', 400)

    def work(handle: int) -> dict[str, Any]:
        try:
            return _sql(handle, text, params)
        finally:
            SYNC["commit"]([handle], b"")

    found = await _inside(call, work)
    return success(
        [
            {
                "results": {"columns": found["columns"], "rows": found["rows"]},
                "success": True,
                "meta": {"rows_read": found["read"], "rows_written": found["written"]},
            }
        ]
    )


async def set_alarm(call: Call) -> Response:
    """`PUT objects/:id/alarm` `{"at": milliseconds of the epoch}`; one in the past rings at once."""
    at = (await call.json_object()).get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at < 1e15:
        raise ApiError(10026, 'Give {"at": milliseconds since 1970}.')
    await _inside(call, _alarm(int(at)))
    return success({"alarm": int(at)})


async def delete_alarm(call: Call) -> Response:
    """`DELETE objects/:id/alarm`."""
    await _inside(call, _alarm(None))
    return success({"alarm": None})


def _alarm(at: int | None) -> Callable[[int], None]:
    def work(handle: int) -> None:
        SYNC["setAlarm"]([handle, at], b"")
        SYNC["commit"]([handle], b"")

    return work


async def _inside(call: Call, work: Callable[[int], T]) -> T:
    namespace, object_id = await find(call), call.params["object"]
    path = call.store.path.parent / FOLDER / namespace.id / f"{object_id}.sqlite"
    if ids.parse(namespace.id, object_id)[0] != object_id or not path.exists():
        raise NotFound(10066, f"{namespace.name} has no object {object_id[:64]} that has stored anything")
    try:
        return await call.engine.environments.objects.inspect(namespace.id, object_id, work)
    except BindingError as error:
        raise ApiError(SQL_ERROR, str(error), 400) from error


def _sql(handle: int, text: str, params: list[Any] | None = None) -> dict[str, Any]:
    found, blobs = SYNC["sql"]([handle, text, params or []], b"")
    data = blobs or b""
    found["rows"] = [[_value(each, data) for each in row] for row in found["rows"]]
    return dict(found)


def _value(value: Any, data: bytes) -> Any:
    if isinstance(value, dict):
        at, size = value["$"]
        return list(data[at : at + size])
    return value


ROUTES = [
    resource(NAMESPACE + "/names/{name}", get=named),
    resource(OBJECT, get=show),
    resource(OBJECT + "/keys", get=keys),
    resource(OBJECT + "/keys/{key}", put=put, delete=delete),
    resource(OBJECT + "/query", post=query),
    resource(OBJECT + "/alarm", put=set_alarm, delete=delete_alarm),
]
