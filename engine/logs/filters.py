"""What a tail wants to hear of: the filters of `POST …/tails` (API.md §2 tail).

Source of the shapes: developers.cloudflare.com/workers/observability/logs/real-time-logs and wrangler's
`tail/filters.ts`. A record has to pass every filter; within one, any of its values will do.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.errors import ApiError


class Line(Protocol):
    """A console line, as far as filters look at it."""

    @property
    def text(self) -> str: ...
    @property
    def level(self) -> str: ...


class Thrown(Protocol):
    """An exception, as far as filters look at it."""

    @property
    def name(self) -> str: ...
    @property
    def message(self) -> str: ...


class Told(Protocol):
    """What filters look at: a `Record` of this process, or a `Kept` one of an earlier."""

    @property
    def outcome(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def ray(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def version(self) -> str | None: ...
    @property
    def at(self) -> float: ...
    @property
    def lines(self) -> Sequence[tuple[Line, float]]: ...
    @property
    def exceptions(self) -> Sequence[tuple[Thrown, float]]: ...
    def header(self, name: str) -> str | None:
        """A header of the request."""


Filter = Callable[[Told], bool]
#: Who asks is always on this machine, and so is who is asked about.
_SELF = frozenset({"self", "127.0.0.1", "::1"})
_KNOWN_OUTCOMES = frozenset({"ok", "canceled", "exception", "exceededCpu", "exceededMemory"})


def parse(filters: Any) -> Filter:
    """One filter of all that a request gives.

    Raises:
        ApiError: 10026, one of them has another shape.
    """
    if filters is None:
        filters = []
    if not isinstance(filters, list):
        raise ApiError(10026, 'filters is a list, for example [{"outcome": ["exception"]}]')
    made = [_one(each) for each in filters]
    return lambda record: all(passes(record) for passes in made)


def _one(given: Any) -> Filter:
    if not isinstance(given, Mapping):
        raise ApiError(10026, f"A filter is an object, not {given!r:.60}")
    made = [_KINDS[key](value) for key, value in given.items() if key in _KINDS and value is not None]
    if not made:
        raise ApiError(
            10026, f"A filter has one of {', '.join(_KINDS)}; this has {', '.join(given) or 'none'}"
        )
    return lambda record: all(passes(record) for passes in made)


def _sampling(value: Any) -> Filter:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ApiError(10026, f"sampling_rate is {value!r:.40}: give a number from 0 to 1")
    rate = float(value)
    return lambda record: random.random() < rate


def _outcome(value: Any) -> Filter:
    wanted = frozenset(_texts("outcome", value))
    return lambda record: (
        record.outcome in wanted or ("unknown" in wanted and record.outcome not in _KNOWN_OUTCOMES)
    )


def _method(value: Any) -> Filter:
    wanted = frozenset(each.upper() for each in _texts("method", value))
    return lambda record: record.method.upper() in wanted


def _header(value: Any) -> Filter:
    if not isinstance(value, Mapping) or not isinstance(value.get("key"), str):
        raise ApiError(10026, 'header is an object: {"key": "x-name", "query"?: "text"}')
    key, query = value["key"], value.get("query")
    if query is not None and not isinstance(query, str):
        raise ApiError(10026, "header.query is a text")

    def passes(record: Told) -> bool:
        found = record.header(key)
        return found is not None and (query is None or query in found)

    return passes


def _client_ip(value: Any) -> Filter:
    wanted = frozenset(_texts("client_ip", value))

    def passes(record: Told) -> bool:
        address = record.header("cf-connecting-ip") or "127.0.0.1"
        return address in wanted or (address in _SELF and not wanted.isdisjoint(_SELF))

    return passes


def _query(value: Any) -> Filter:
    if not isinstance(value, str):
        raise ApiError(10026, "query is a text to look for in the console lines")
    return lambda record: any(value in line.text for line, _ in record.lines)


def _version(value: Any) -> Filter:
    if not isinstance(value, str):
        raise ApiError(10026, "scriptVersion is a version's id")
    return lambda record: record.version == value


def _ray(value: Any) -> Filter:
    if not isinstance(value, str):
        raise ApiError(10026, "ray is what the cf-ray header of an answer says")
    wanted = value.lower()
    return lambda record: record.ray == wanted


def _status(value: Any) -> Filter:
    ranges = statuses(",".join(_texts("status", value)))
    return lambda record: any(low <= (record.status or 0) <= high for low, high in ranges)


def statuses(text: str) -> tuple[tuple[int, int], ...]:
    """Ranges of statuses, both ends included: `404`, `5xx`, `>=400`, `<300`, `400-499`, several with commas.

    Raises:
        ApiError: 10026, it is none of these.
    """
    return tuple(_range(each.strip().lower()) for each in text.split(",") if each.strip())


def _range(text: str) -> tuple[int, int]:
    if found := re.fullmatch(r"([1-5])xx", text):
        return int(found[1]) * 100, int(found[1]) * 100 + 99
    if found := re.fullmatch(r"(\d{3})(?:-(\d{3}))?", text):
        return int(found[1]), int(found[2] or found[1])
    if found := re.fullmatch(r"(>=|<=|>|<)(\d{3})", text):
        bound = int(found[2])
        return {">=": (bound, 999), ">": (bound + 1, 999), "<=": (1, bound), "<": (1, bound - 1)}[found[1]]
    raise ApiError(10026, f"status is {text[:40]!r}: give 404, 5xx, >=400, <300 or 400-499, with commas")


def _text(value: Any) -> Filter:
    if not isinstance(value, str):
        raise ApiError(10026, "text is a text to look for in the address, console lines and exceptions")
    wanted = value.lower()

    def passes(record: Told) -> bool:
        return (
            wanted in record.url.lower()
            or any(wanted in line.text.lower() for line, _ in record.lines)
            or any(wanted in f"{error.name}: {error.message}".lower() for error, _ in record.exceptions)
        )

    return passes


def _level(value: Any) -> Filter:
    wanted = frozenset(_texts("level", value))
    return lambda record: any(line.level in wanted for line, _ in record.lines)


def _least(value: Any) -> Filter:
    if value not in ("warn", "error"):
        raise ApiError(10026, f"least is warn or error, not {value!r:.40}")
    levels = frozenset({"error", value})
    return lambda record: has_failed(record) or any(line.level in levels for line, _ in record.lines)


def _failed(value: Any) -> Filter:
    if not isinstance(value, bool):
        raise ApiError(10026, "failed is true or false")
    return lambda record: has_failed(record) is value


def has_failed(record: Told) -> bool:
    """Whether an invocation went wrong: an exception, a limit, or an answer of 500 or above."""
    return record.outcome not in ("ok", "canceled") or bool(record.exceptions) or (record.status or 0) >= 500


def _texts(name: str, value: Any) -> Sequence[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise ApiError(10026, f"{name} is a list of texts")
    return values


_KINDS: Mapping[str, Callable[[Any], Filter]] = {
    "sampling_rate": _sampling,
    "outcome": _outcome,
    "method": _method,
    "header": _header,
    "client_ip": _client_ip,
    "query": _query,
    "scriptVersion": _version,
    "ray": _ray,
    "status": _status,
    "text": _text,
    "level": _level,
    "failed": _failed,
    "least": _least,
}
