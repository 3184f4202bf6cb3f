"""What somebody wants to read of the logs: a request's query, as filters and as what columns can sieve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.errors import ApiError
from engine.logs.filters import Filter, Told, parse, statuses
from engine.store.log_file import Wanted

#: Outcomes that no filter knows by name are "unknown" (wrangler's `--status error`): no column says that.
_UNKNOWN = "unknown"
_LISTS = ("outcome", "method", "level", "status")
_TEXTS = {"search": "query", "version": "scriptVersion", "ray": "ray", "text": "text"}


@dataclass(frozen=True, slots=True)
class Query:
    """Filters of a request.

    Attributes:
        passes: whether a record is wanted.
        wanted: a sieve for what is written down: lets through everything that `passes` would.
    """

    passes: Filter
    wanted: Wanted


def read(query: Mapping[str, str]) -> Query:
    """The filters of a query string.

    `filters` is JSON as `POST …/tails` takes it; short forms are `status=5xx`, `outcome`, `method`, `level`,
    `failed=true`, `text` (anywhere), `search` (console lines), `version`, `ray`, `from` and `until` (ISO 8601
    or milliseconds) and `sampling_rate`.

    Raises:
        ApiError: 10001 or 10026, one of them has another shape.
    """
    filters: list[Any] = []
    if query.get("filters"):
        try:
            given = orjson.loads(query["filters"])
        except ValueError as error:
            raise ApiError(10001, f"filters is no JSON: {error}") from None
        if not isinstance(given, list):
            raise ApiError(10026, 'filters is a JSON list, for example [{"outcome":["exception"]}]')
        filters += given
    filters += [{name: query[name].split(",")} for name in _LISTS if query.get(name)]
    filters += [{kind: query[name]} for name, kind in _TEXTS.items() if query.get(name)]
    failed = _truth(query, "failed")
    if failed is not None:
        filters.append({"failed": failed})
    if query.get("sampling_rate"):
        filters.append({"sampling_rate": _rate(query["sampling_rate"])})
    since, until = _moment(query, "from"), _moment(query, "until")
    chosen = parse(filters)

    def passes(record: Told) -> bool:
        at = int(record.at * 1000)
        return (since is None or at >= since) and (until is None or at < until) and chosen(record)

    return Query(
        passes if since is not None or until is not None else chosen,
        _sieved(filters, since, until),
    )


def _sieved(filters: list[Any], since: int | None, until: int | None) -> Wanted:
    """What columns can say of filters that were parsed: the first of a kind is enough for a sieve."""
    first: dict[str, Any] = {}
    for each in filters:
        for name, value in each.items():
            first.setdefault(name, value)

    def texts(name: str) -> tuple[str, ...]:
        value = first.get(name) or []
        return (value,) if isinstance(value, str) else tuple(value)

    outcomes = texts("outcome")
    return Wanted(
        since=since,
        until=until,
        statuses=statuses(",".join(texts("status"))),
        outcomes=() if _UNKNOWN in outcomes else outcomes,
        methods=tuple(each.upper() for each in texts("method")),
        ray=first["ray"].lower() if first.get("ray") else None,
        failed=first.get("failed"),
        text=_sieve(first.get("text") or first.get("query") or ""),
    )


def _sieve(text: str) -> str | None:
    """The text as JSON has it; None where letters beyond ASCII may differ in case."""
    return orjson.dumps(text).decode()[1:-1] if text and text.isascii() else None


def _truth(query: Mapping[str, str], name: str) -> bool | None:
    text = query.get(name, "").lower()
    if text not in ("", "true", "false", "1", "0"):
        raise ApiError(10001, f"{name} must be true or false, not {text[:40]!r}.")
    return None if not text else text in ("true", "1")


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ApiError(10001, f"sampling_rate must be a number, not {text[:40]!r}.") from None


def _moment(query: Mapping[str, str], name: str) -> int | None:
    """Milliseconds since 1970."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        if text.isdecimal():
            return min(int(text), 2**53)
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ApiError(
            10001, f"{name} must be a time, 2026-11-23T14:02:11Z or milliseconds, not {text[:40]!r}."
        ) from None
