"""Runs a query of Analytics Engine's SQL, and writes its answer in the format that it asks for."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from engine.analytics import host
from engine.analytics.errors import QueryError
from engine.analytics.functions import DATETIME, INT64, STRING, UINT64
from engine.analytics.nodes import Show
from engine.analytics.parser import parse
from engine.analytics.translate import translate
from engine.store import analytics

#: Seconds that a query may take.
PATIENCE: Final = 20.0
#: Characters of an answer.
MAX_ANSWER: Final = 32 * 1024 * 1024
_TYPES: Final = {
    "JSON": "application/json",
    "JSONEachRow": "application/x-ndjson",
    "TabSeparated": "text/tab-separated-values; charset=utf-8",
}
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION})
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: its text, and the Content-Type of that."""

    text: str
    content_type: str


def ask(database: Path, query: str, patience: float = PATIENCE) -> Answer:
    """The answer to a query; blocks for as long as it takes.

    Args:
        database: the store's file; only the points in it can be read.

    Raises:
        QueryError: it is wrong, or asks for too much.
    """
    parsed = parse(query)
    # isolated from the store's own connections: a long query is nobody else's business
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, check_same_thread=False)
    wrong: list[QueryError] = []
    rows: Iterable[tuple[Any, ...]]
    try:
        host.install(connection, wrong)
        deadline = time.monotonic() + patience
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        if isinstance(parsed.statement, Show):
            columns, rows = _show(connection, parsed.statement.what)
        else:
            made = translate(parsed.statement)
            for dataset in made.datasets:
                if not analytics.exists(connection, dataset):
                    raise QueryError(f"There is no dataset {dataset[:64]!r}: nothing was written to it")
            connection.set_authorizer(_authorize)
            columns, rows = made.columns, connection.execute(made.sql)
        return Answer(_WRITERS[parsed.format](columns, rows), _TYPES[parsed.format])
    except sqlite3.OperationalError as error:
        if wrong:  # a function of ours said why
            raise wrong[-1] from None
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise QueryError(f"The query took longer than {patience:g} seconds: narrow it down") from None
        raise QueryError(f"The query cannot be run: {error}") from None
    except sqlite3.DatabaseError as error:
        raise QueryError(f"The query cannot be run: {error}") from None
    finally:
        connection.close()


Columns = Sequence[tuple[str, str]]


def _show(connection: sqlite3.Connection, what: str) -> tuple[Columns, list[tuple[Any, ...]]]:
    match what:
        case "TABLES":
            return (("dataset", STRING),), [(name,) for name in analytics.datasets(connection)]
        case "TIMEZONE":
            return (("timezone", STRING),), [("Etc/UTC",)]
    return (("timezone", STRING),), [(name,) for name in sorted(available_timezones())]


def _authorize(action: int, first: str | None, *_: str | None) -> int:
    """The translation writes nothing else; this is the second lock of the door."""
    if action in _ALLOWED or (action == sqlite3.SQLITE_READ and first in ("analytics_points", "", None)):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _json(columns: Columns, rows: Iterable[tuple[Any, ...]]) -> str:
    lines = list(_lines(columns, rows))
    meta = [{"name": name, "type": kind} for name, kind in columns]
    data = ",".join(lines)
    return f'{{"meta":{_dumps(meta)},"data":[{data}],"rows":{len(lines)}}}'


def _each_row(columns: Columns, rows: Iterable[tuple[Any, ...]]) -> str:
    return "".join(f"{line}\n" for line in _lines(columns, rows))


def _lines(columns: Columns, rows: Iterable[tuple[Any, ...]]) -> Iterable[str]:
    size = 0
    for row in rows:
        values = {name: _value(value, kind) for value, (name, kind) in zip(row, columns, strict=True)}
        line = _dumps(values)
        size = _count(size, line)
        yield line


def _separated(columns: Columns, rows: Iterable[tuple[Any, ...]]) -> str:
    lines, size = [], 0
    for row in rows:
        cells = []
        for value, (_, kind) in zip(row, columns, strict=True):
            shown = _value(value, kind)
            if shown is None:
                cells.append("\\N")
            elif isinstance(shown, str):
                cells.append(shown.translate(_ESCAPED))
            else:
                cells.append(_dumps(shown))
        lines.append("\t".join(cells) + "\n")
        size = _count(size, lines[-1])
    return "".join(lines)


def _count(size: int, line: str) -> int:
    if size + len(line) > MAX_ANSWER:
        raise QueryError(f"The answer is larger than {MAX_ANSWER // 1024 // 1024} MiB: narrow it down")
    return size + len(line)


def _value(value: Any, kind: str) -> Any:
    """A value as JSON has it; whole numbers of 64 bits are texts, as ClickHouse writes them."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind.startswith("Array"):
        return json.loads(value)
    if kind == DATETIME:
        return host.shown(int(value))
    if kind in (UINT64, INT64):
        return str(int(value))
    if kind == STRING:
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_WRITERS: Final[dict[str, Callable[[Columns, Iterable[tuple[Any, ...]]], str]]] = {
    "JSON": _json,
    "JSONEachRow": _each_row,
    "TabSeparated": _separated,
}
