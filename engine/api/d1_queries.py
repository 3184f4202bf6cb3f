"""Asking a D1 database over the API: `query` and `raw`."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.d1_databases import DATABASE, find
from engine.api.envelope import success
from engine.d1 import Answer, Query, SqlError
from engine.d1.connection import Value
from engine.d1.statements import split
from engine.errors import ApiError


async def query(call: Call) -> Response:
    """`POST query` `{"sql", "params"?}` or `{"batch": [{"sql", "params"?}]}`: rows as objects."""
    answers = await _answers(call)
    return success([{"results": each.objects(), "success": True, "meta": each.meta} for each in answers])


async def raw(call: Call) -> Response:
    """`POST raw`, the same: columns and rows apart."""
    answers = await _answers(call)
    return success(
        [
            {"results": {"columns": each.columns, "rows": each.rows}, "success": True, "meta": each.meta}
            for each in answers
        ]
    )


async def _answers(call: Call) -> list[Answer]:
    """One answer a statement; all statements are one transaction."""
    found = await find(call)
    body = await call.json_object()
    batch = body.get("batch")
    asked = batch if isinstance(batch, list) else [body]
    queries = [each for item in asked for each in _queries(item)]
    try:
        return await call.store.databases.get(found.id).run(queries)
    except SqlError as error:
        raise sql_error(error) from error


def sql_error(error: SqlError) -> ApiError:
    """7500: what SQLite says."""
    return ApiError(7500, error.message, 400)


def _queries(item: Any) -> list[Query]:
    """The statements of one query; parameters go with one statement only."""
    if not isinstance(item, dict) or not isinstance(item.get("sql"), str):
        raise ApiError(7400, 'Give the SQL: {"sql": "SELECT …", "params": […]}.', 400)
    params = item.get("params") or []
    if not isinstance(params, list):
        raise ApiError(7400, "params is an array, in the order of the statement's parameters.", 400)
    statements = split(item["sql"])
    if params or len(statements) < 2:
        return [Query(item["sql"], tuple(_value(each) for each in params))]
    return [Query(each) for each in statements]


def _value(given: Any) -> Value:
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, bool):
        return int(given)
    if isinstance(given, int | float):
        return float(given)
    if isinstance(given, list):
        try:
            return bytes(given)
        except (TypeError, ValueError):
            pass  # refused below
    if isinstance(given, dict) and isinstance(given.get("base64"), str):
        try:
            return base64.b64decode(given["base64"], validate=True)
        except binascii.Error:
            pass  # refused below
    raise ApiError(
        7400, f"A parameter is null, a number, a string, or a list of byte values, not {given!r:.60}.", 400
    )


ROUTES = [resource(DATABASE + "/query", post=query), resource(DATABASE + "/raw", post=raw)]
