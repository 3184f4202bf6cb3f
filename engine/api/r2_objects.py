"""Objects of an R2 bucket: contents as they are, and lists. A key is the rest of the path (API.md §7.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.responses import Response, StreamingResponse

from engine.api.call import Call, resource
from engine.api.envelope import loads, success, whole_number
from engine.api.r2_buckets import BUCKET
from engine.errors import ApiError
from engine.r2 import errors
from engine.r2.bucket import Bucket
from engine.r2.conditions import from_headers
from engine.r2.listing import MAX_LIMIT
from engine.r2.metadata import STORAGE_CLASSES, Put, http_date, http_headers, http_metadata
from engine.store.r2 import Object

#: Keys of one bulk delete (r2/api/s3).
BULK = 1000
CUSTOM = "cf-r2-meta-"


async def listing(call: Call) -> Response:
    """`GET objects?prefix&delimiter&cursor&start_after&per_page`."""
    page = await Bucket(call.store, call.params["bucket"]).list(
        prefix=call.query.get("prefix", ""),
        delimiter=call.query.get("delimiter", ""),
        cursor=call.query.get("cursor", ""),
        after=call.query.get("start_after", ""),
        limit=whole_number(call.query, "per_page", MAX_LIMIT, least=1, most=MAX_LIMIT),
    )
    info = {
        "cursor": page.cursor or "",
        "is_truncated": page.cursor is not None,
        "delimited": list(page.prefixes),
        "per_page": len(page.objects),
    }
    return success([_shape(each) for each in page.objects], info=info)


async def delete_many(call: Call) -> Response:
    """`DELETE objects` `["key", …]`."""
    keys = loads(await call.body())
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(keys) > BULK:
        raise ApiError(10001, f"The request body must be a JSON array of at most {BULK} keys.", 400)
    await Bucket(call.store, call.params["bucket"]).delete(keys)
    return success([{"key": key} for key in keys])


async def get(call: Call) -> Response:
    """`GET objects/:key`: the content, or the part that a `Range` field asks for."""
    headers = call.request.headers
    conditions = from_headers(headers)
    found = await Bucket(call.store, call.params["bucket"]).get(
        _key(call), conditions, header=headers.get("range")
    )
    if found is None:
        raise errors.no_such_key()
    fields = _fields(found.object)
    if not found.matched:
        stale = headers.get("if-match") or headers.get("if-unmodified-since")
        return Response(status_code=412 if stale else 304, headers=fields)
    fields["content-length"] = str(found.length)
    status = 200
    if found.partial:
        status = 206
        last = found.offset + found.length - 1
        fields["content-range"] = f"bytes {found.offset}-{last}/{found.object.size}"
    if found.body is None or isinstance(found.body, bytes):
        return Response(found.body or b"", status, fields)
    return StreamingResponse(found.body, status, fields)


async def put(call: Call) -> Response:
    """`PUT objects/:key`: the content, with its metadata as HTTP fields."""
    headers = call.request.headers
    storage_class = headers.get("cf-r2-storage-class")
    if storage_class is not None and storage_class not in STORAGE_CLASSES:
        raise ApiError(10062, f"The storage class is {' or '.join(STORAGE_CLASSES)}.", 400)
    custom = {name.removeprefix(CUSTOM): value for name, value in headers.items() if name.startswith(CUSTOM)}
    said = Put(http_metadata(headers), custom, storage_class)
    made = await Bucket(call.store, call.params["bucket"]).put(
        _key(call), call.request.stream(), said, from_headers(headers)
    )
    if made is None:
        raise errors.precondition_failed()
    return success(_shape(made))


async def delete(call: Call) -> Response:
    """`DELETE objects/:key`; a missing one is no error."""
    key = _key(call)
    await Bucket(call.store, call.params["bucket"]).delete([key])
    return success({"key": key})


def _key(call: Call) -> str:
    """The key as it was sent: a slash at its end belongs to it."""
    path = call.request.scope["raw_path"].decode("latin-1").partition("?")[0]
    return unquote(path.partition("/objects/")[2], errors="strict")


def _fields(found: Object) -> dict[str, str]:
    fields = dict(http_headers(found.http_metadata))
    fields.setdefault("content-type", "application/octet-stream")
    for name, value in found.custom_metadata.items():
        if re.fullmatch(r"[\w.-]+", name, re.ASCII) and value.isascii() and value.isprintable():
            fields[CUSTOM + name] = value  # what HTTP cannot carry shows in lists only
    fields["etag"] = f'"{found.etag}"'
    fields["last-modified"] = http_date(found.uploaded)
    fields["accept-ranges"] = "bytes"
    return fields


def _shape(found: Object) -> dict[str, Any]:
    return {
        "key": found.key,
        "size": found.size,
        "etag": found.etag,
        "version": found.version,
        "last_modified": http_iso(found.uploaded),
        "storage_class": found.storage_class,
        "http_metadata": found.http_metadata,
        "custom_metadata": found.custom_metadata,
    }


def http_iso(milliseconds: int) -> str:
    """`2026-11-23T14:02:11.204Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


ROUTES = [
    resource(BUCKET + "/objects", get=listing, delete=delete_many),
    resource(BUCKET + "/objects/{key:path}", get=get, put=put, delete=delete),
]
