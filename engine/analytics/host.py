"""What SQLite lacks of ClickHouse's functions, made for one connection. Times are seconds since 1970."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.analytics.errors import QueryError

#: Values that one aggregate may hold in memory.
HELD: Final = 1_000_000
SECONDS: Final = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "WEEK": 604_800}
_DATETIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?Z?")
_MONDAY: Final = 4 * 86_400  # the first Monday: 1970 began with a Thursday


@lru_cache(64)
def zone(name: str) -> tzinfo:
    """A time zone by name; raises QueryError."""
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise QueryError(f"{name[:60]!r} is no time zone, such as 'Europe/Berlin'") from None


def moment(text: str, zone_name: str = "UTC") -> int:
    """The seconds that a text such as '2026-11-24 09:00:00', or a number, means; raises QueryError."""
    if re.fullmatch(r"\d{5,10}", text):
        return int(text)
    match = _DATETIME.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        parts = [int(each or 0) for each in match.groups()]
        return int(datetime(*parts, tzinfo=zone(zone_name)).timestamp())  # type: ignore[misc,arg-type]
    except (ValueError, OverflowError):
        raise QueryError(f"{text[:60]!r} is no time: write it as '2026-11-24 09:00:00'") from None


def shift(seconds: int, count: int, unit: str) -> int:
    """A moment, so many units later."""
    if unit in SECONDS:
        return seconds + count * SECONDS[unit]
    then = _at(seconds)
    months = then.year * 12 + then.month - 1 + count * (12 if unit == "YEAR" else 1)
    year, month = divmod(months, 12)
    for day in range(then.day, 27, -1):  # of 31 January, one month later, the last of February is left
        try:
            return int(then.replace(year=year, month=month + 1, day=day).timestamp())
        except ValueError:
            continue
    return int(then.replace(year=year, month=month + 1).timestamp())


def start(seconds: int, count: int, unit: str, zone_name: str = "UTC") -> int:
    """The beginning of the interval that a moment is in; "SUNDAY" is a week that begins with one."""
    here = zone(zone_name)
    local = datetime.fromtimestamp(seconds, here)
    if unit in ("MONTH", "YEAR"):
        months = local.year * 12 + local.month - 1
        size = count * (12 if unit == "YEAR" else 1)
        year, month = divmod(months - months % size, 12)
        return int(datetime(year, month + 1, 1, tzinfo=here).timestamp())
    offset = int((local.utcoffset() or timedelta()).total_seconds())
    size = count * SECONDS["WEEK" if unit == "SUNDAY" else unit]
    base = {"WEEK": _MONDAY, "SUNDAY": _MONDAY - 86_400}.get(unit, 0)
    rounded = seconds + offset - base
    rounded -= rounded % size
    wall = _at(rounded + base).replace(tzinfo=None)
    # The offset at the beginning may be another one than now.
    return int(wall.replace(tzinfo=here).timestamp())


def shown(seconds: int, format: str = "%Y-%m-%d %H:%i:%S", zone_name: str = "UTC") -> str:
    """A moment in ClickHouse's format, which has its own letters for some parts."""
    then = datetime.fromtimestamp(seconds, zone(zone_name))
    own = {"i": "%M", "M": "%B", "s": "%S", "e": f"{then.day:2}", "Q": str((then.month + 2) // 3)}
    own |= {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "h": "%I", "r": "%I:%M %p"}
    own |= {"n": "\n", "t": "\t", "%": "%%", "z": "%z", "f": "000000", "w": str(then.isoweekday() % 7)}
    return then.strftime(re.sub(r"%(.)", lambda found: own.get(found[1], found[0]), format))


def like(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern of `%` and `_`; takes time in proportion to both."""
    first, *rest = re.split(r"(?<!\\)%", pattern)
    if not rest:
        return len(text) == _length(first) and _fits(first, text, 0)
    last = rest.pop()
    if not _fits(first, text, 0) or len(text) < _length(first) + _length(last):
        return False
    at, end = _length(first), len(text) - _length(last)
    for piece in rest:
        size = _length(piece)
        while not (found := at + size <= end and _fits(piece, text, at)) and at + size < end:
            at += 1
        if not found:
            return False
        at += size
    return _fits(last, text, end)


@lru_cache(256)
def _characters(piece: str) -> tuple[str | None, ...]:
    """The characters of a piece of a pattern; None is any."""
    found = re.findall(r"\\(.)|(.)", piece, flags=re.DOTALL)
    return tuple(escaped or (None if plain == "_" else plain) for escaped, plain in found)


def _length(piece: str) -> int:
    return len(_characters(piece))


def _fits(piece: str, text: str, at: int) -> bool:
    wanted = _characters(piece)
    return at + len(wanted) <= len(text) and all(
        each is None or each == text[at + number] for number, each in enumerate(wanted)
    )


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)  # noqa: UP017


def _round(how: Callable[[float], float]) -> Callable[..., float]:
    def rounded(value: float, digits: int = 0) -> float:
        scale: float = 10.0**digits
        return how(value * scale) / scale

    return rounded


def _nearest(value: float) -> float:
    return math.floor(value + 0.5) if value >= 0 else math.ceil(value - 0.5)


def _guarded(work: Callable[..., Any], wrong: list[QueryError]) -> Callable[..., Any]:
    """None of nothing, and of what cannot be computed, as NaN and infinity are null in an answer."""

    def call(*args: Any) -> Any:
        if None in args:
            return None
        try:
            found = work(*args)
        except (ValueError, OverflowError, ZeroDivisionError, OSError, TypeError):
            return None
        except QueryError as error:
            wrong.append(error)
            raise
        return None if isinstance(found, float) and not math.isfinite(found) else found

    return call


def _format(pattern: str, values: str) -> str:
    """`{}` and `{0}` in a pattern, replaced."""
    given = json.loads(values)
    numbers = iter(range(len(given)))

    def place(match: re.Match[str]) -> str:
        return str(given[int(match[1]) if match[1] else next(numbers)])

    try:
        return re.sub(r"\{(\d{0,3})\}", place, pattern)
    except (IndexError, RuntimeError, StopIteration):
        raise QueryError("format() has more places than values") from None


_SCALARS: Final[dict[str, tuple[Callable[..., Any], int]]] = {
    "ch_shift": (shift, 3),
    "ch_start": (start, 4),
    "ch_shown": (shown, 3),
    "ch_moment": (moment, 2),
    "ch_like": (like, 2),
    "ch_ilike": (lambda pattern, text: like(pattern.lower(), text.lower()), 2),
    "ch_format": (_format, 2),
    "ch_lower": (str.lower, 1),
    "ch_upper": (str.upper, 1),
    "ch_log": (math.log, 1),
    "ch_log2": (math.log2, 1),
    "ch_log10": (math.log10, 1),
    "ch_exp": (math.exp, 1),
    "ch_pow": (math.pow, 2),
    "ch_mod": (math.fmod, 2),
    "ch_intdiv": (lambda a, b: math.floor(a / b), 2),
    "ch_floor": (_round(math.floor), 2),
    "ch_ceil": (_round(math.ceil), 2),
    "ch_round": (_round(_nearest), 2),
    "ch_hex": (lambda value: value.encode().hex().upper() if isinstance(value, str) else f"{value:X}", 1),
    "ch_bin": (lambda value: f"{int(value):b}", 1),
    "ch_xor": (lambda a, b: int(a) ^ int(b), 2),
}


class _Quantile:
    """The smallest value up to which there is this share of the weight."""

    def __init__(self) -> None:
        self._found: list[tuple[float, float]] = []
        self._level = 0.5

    def step(self, level: float, value: float | None, weight: float | None) -> None:
        self._level = level
        if value is not None and weight:
            if len(self._found) >= HELD:
                raise QueryError(f"a quantile takes at most {HELD} rows: narrow the query down")
            self._found.append((value, weight))

    def finalize(self) -> float | None:
        if not self._found:
            return None
        self._found.sort()
        wanted = self._level * sum(weight for _, weight in self._found)
        passed = 0.0
        for value, weight in self._found:
            passed += weight
            if passed >= wanted:
                return value
        return self._found[-1][0]


class _Top:
    """The most frequent values, as a JSON list."""

    def __init__(self) -> None:
        self._found: Counter[Any] = Counter()
        self._most = 10

    def step(self, most: int, value: Any, weight: float) -> None:
        self._most = most
        if len(self._found) < HELD or value in self._found:
            self._found[value] += weight  # type: ignore[assignment]  # weights need not be whole

    def finalize(self) -> str:
        return json.dumps([value for value, _ in self._found.most_common(self._most)])


class _Best:
    """The value beside the greatest (or the least) of others."""

    sign = 1

    def __init__(self) -> None:
        self._best: Any = None
        self._value: Any = None

    def step(self, value: Any, by: Any) -> None:
        if by is not None and (self._best is None or (by > self._best if self.sign > 0 else by < self._best)):
            self._best, self._value = by, value

    def finalize(self) -> Any:
        return self._value


class _Least(_Best):
    sign = -1


class _First:
    """The first value that came."""

    def __init__(self) -> None:
        self._value: Any = None

    def step(self, value: Any) -> None:
        if self._value is None:
            self._value = value

    def finalize(self) -> Any:
        return self._value


class _Last(_First):
    def step(self, value: Any) -> None:
        self._value = value


_AGGREGATES: Final[dict[str, tuple[Callable[[], Any], int]]] = {
    "ch_quantile": (_Quantile, 3),
    "ch_top": (_Top, 3),
    "ch_argmax": (_Best, 2),
    "ch_argmin": (_Least, 2),
    "ch_first": (_First, 1),
    "ch_last": (_Last, 1),
}


def install(connection: sqlite3.Connection, wrong: list[QueryError]) -> None:
    """Give a connection the functions that translated queries call.

    Args:
        wrong: gets what they refuse, since SQLite only says that one of them has failed.
    """
    for name, (work, count) in _SCALARS.items():
        connection.create_function(name, count, _guarded(work, wrong), deterministic=True)
    for name, (kind, count) in _AGGREGATES.items():
        connection.create_aggregate(name, count, kind)
