"""Cloudflare's v4 envelope: `{success, errors, messages, result[, result_info]}`.

Source: API.md §1. wrangler looks at `success` and `errors[0].code`; a status of 5xx makes it retry, so
nothing that would fail again the same way may answer with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import orjson
from starlette.responses import Response

from engine.errors import ApiError

JSON = "application/json"
T = TypeVar("T")


def dumps(value: Any) -> bytes:
    """JSON bytes of API values; what orjson does not know (mapping proxies, tuples of ours) is unrolled."""
    return orjson.dumps(value, default=_plain)


def success(result: Any, *, status: int = 200, info: Mapping[str, Any] | None = None) -> Response:
    """An answer that carries a result.

    Args:
        result: any JSON-able value.
        status: the HTTP status.
        info: `result_info`, for lists: page or cursor.
    """
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": result}
    if info is not None:
        body["result_info"] = info
    return Response(dumps(body), status, media_type=JSON)


def failure(error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says what was wrong."""
    return Response(failure_body(error.code, error.message), error.status, headers, JSON)


def failure_body(code: int, message: str) -> bytes:
    """The envelope of a failure, as bytes."""
    body = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
    return orjson.dumps(body)


def page_of(items: Sequence[Any], query: Mapping[str, str], *, per_page: int = 20) -> Response:
    """One page of a list, with `result_info` as `/accounts` and `/memberships` readers expect.

    Past the last page the list is empty: a client that asks on until it gets nothing must end.

    Args:
        items: all of them, in order.
        query: the request's `page` (from 1) and `per_page`.
        per_page: how many when the request does not say.
    """
    part, info = part_of(items, query, per_page=per_page)
    return success(list(part), info=info)


def part_of(
    items: Sequence[T], query: Mapping[str, str], *, per_page: int = 20
) -> tuple[Sequence[T], dict[str, int]]:
    """What of a list is on a page, and its `result_info`, as `page_of`: for items that take work to show."""
    page = max(1, whole_number(query, "page", 1, least=0))  # wrangler counts domains from page 0
    size = whole_number(query, "per_page", per_page, least=1, most=1000)
    part = items[(page - 1) * size : page * size]
    total = len(items)
    info = {
        "page": page,
        "per_page": size,
        "count": len(part),
        "total_count": total,
        "total_pages": -(-total // size),
    }
    return part, info


def whole_number(query: Mapping[str, str], key: str, default: int, *, least: int, most: int = 2**53) -> int:
    """A whole number from a query string.

    Raises:
        ApiError: 10001, when it is not one or lies outside `least`…`most`.
    """
    text = query.get(key)
    if text is None or text == "":
        return default
    try:
        number = int(text)
    except ValueError:
        raise ApiError(10001, f"{key} must be a whole number, not {text[:40]!r}.", 400) from None
    if not least <= number <= most:
        raise ApiError(10001, f"{key} must be between {least} and {most}, not {number}.", 400)
    return number


def loads(body: bytes, what: str = "The request body") -> Any:
    """JSON of a request, whatever its Content-Type says (wrangler sends some as text/plain).

    Raises:
        ApiError: 10001 (HTTP 400) with the place of the mistake.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(10001, f"{what} is not valid JSON: {error}.", 400) from None


def loads_object(body: bytes, what: str = "The request body") -> dict[str, Any]:
    """A JSON object of a request.

    Raises:
        ApiError: 10001 (HTTP 400) when it is no JSON or no object.
    """
    value = loads(body, what)
    if not isinstance(value, dict):
        raise ApiError(10001, f"{what} must be a JSON object.", 400)
    return cast(dict[str, Any], value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an API answer")
