"""SQL on a D1 database or on a Durable Object: pages of rows, what only reads, and what was asked before."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol

from tui.client import Engine
from tui.format import count, duration
from tui.private import write_private

Json = dict[str, Any]
#: Rows of one page.
PAGE: Final = 100
#: Questions that are remembered of one database.
REMEMBERED: Final = 200
_READS = re.compile(r"(select|values|explain|pragma\s+\w+\s*(\([^=]*\))?\s*$)", re.IGNORECASE)
_PAGED = re.compile(r"(select|values|with)\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(insert|update|delete|replace)\b", re.IGNORECASE)
_SKIPPED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", re.DOTALL)
TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' ORDER BY name"
)


@dataclass(frozen=True)
class Answer:
    """Rows of a question; `more` when there is another page."""

    columns: tuple[str, ...]
    rows: list[list[Any]]
    facts: str
    """Rows, time, rows read and written."""
    more: bool = False


class Database(Protocol):
    """What SQL is asked of."""

    engine: Engine
    label: str
    key: str
    """Tells databases apart in the history."""

    async def ask(self, sql: str, writes: bool) -> list[Json]:
        """The client's answers, one a statement."""
        ...


class D1:
    """A D1 database."""

    def __init__(self, engine: Engine, database: str, label: str) -> None:
        self.engine, self.database, self.label = engine, database, label
        self.key = f"d1-{label}"

    async def ask(self, sql: str, writes: bool) -> list[Json]:
        """Run it there."""
        return await self.engine.d1_query(self.database, sql, writes)


class ObjectSql:
    """The database of one Durable Object."""

    def __init__(self, engine: Engine, namespace: str, object_id: str, label: str) -> None:
        self.engine, self.namespace, self.object_id, self.label = engine, namespace, object_id, label
        self.key = f"object-{namespace}"  # objects of one class are asked the same

    async def ask(self, sql: str, writes: bool) -> list[Json]:
        """Run it there, between two turns of the object's code."""
        return await self.engine.object_query(self.namespace, self.object_id, sql, writes)


async def tables(database: Database) -> list[str]:
    """Names of tables and views."""
    found = await database.ask(TABLES, False)
    return [str(row[0]) for row in found[-1]["results"]["rows"]]


async def answer(database: Database, sql: str, offset: int = 0) -> Answer:
    """Ask; a single question that only reads comes a page at a time.

    Raises:
        EngineError: 7500, what SQLite says; and what the client raises.
    """
    paged = pageable(sql)
    asked = f"SELECT * FROM (\n{_bare(sql)}\n) LIMIT {PAGE + 1} OFFSET {offset}" if paged else sql
    began = monotonic()
    found = await database.ask(asked, writes(sql))
    took = (monotonic() - began) * 1000
    last = found[-1] if found else {"results": {"columns": [], "rows": []}, "meta": {}}
    columns, rows = last["results"]["columns"], last["results"]["rows"]
    more = paged and len(rows) > PAGE
    meta = last.get("meta") or {}
    facts = [duration(meta.get("duration") or took)]
    if (read := meta.get("rows_read")) is not None:
        facts.append(f"{count(read)} read")
    if written := sum((each.get("meta") or {}).get("rows_written") or 0 for each in found):
        facts.append(f"{count(written)} written")
    return Answer(tuple(columns), rows[:PAGE] if paged else rows, "  ".join(facts), more)


def browse(table: str) -> str:
    """The question for a table's rows."""
    quoted = table.replace('"', '""')
    return f'SELECT * FROM "{quoted}"'


def writes(sql: str) -> bool:
    """Whether it may change something; in doubt it may."""
    statements = [each.strip() for each in _SKIPPED.sub(" ", sql).split(";") if each.strip()]
    return any(
        not (_READS.match(each) or (each.lower().startswith("with") and not _WRITES.search(each)))
        for each in statements
    )


def pageable(sql: str) -> bool:
    """Whether it is one question whose rows can come in pages."""
    plain = _SKIPPED.sub(" ", sql).strip().rstrip(";").strip()
    return bool(_PAGED.match(plain)) and ";" not in plain and not writes(sql)


def _bare(sql: str) -> str:
    """Without what ends it, so that it fits into another question."""
    return re.sub(r"(\s|;|--[^\n]*(?=\n|$))+\Z", "", sql)


def cell(value: Any) -> tuple[str, str]:
    """A value as a cell, and its tone."""
    if value is None:
        return "null", "faint"
    if isinstance(value, list):
        return f"<{bytes(value[:16]).hex(' ')}{' …' if len(value) > 16 else ''}>", "muted"
    if isinstance(value, float) and value.is_integer():
        return str(int(value)), ""
    return " ".join(str(value).split("\n"))[:400], ""


class History:
    """What was asked of a database, newest first: a readable file in the state folder.

    Args:
        state: the engine's state folder.
        key: the database's.
    """

    def __init__(self, state: Path, key: str) -> None:
        name = re.sub(r"[^\w.-]", "_", key)
        self.file = state / "queries" / f"{name}.json"

    def read(self) -> list[str]:
        """The questions; none when there is no file that can be read."""
        try:
            found = json.loads(self.file.read_bytes())
        except (OSError, ValueError):
            return []
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []

    def add(self, sql: str) -> None:
        """Remember a question; one that is known moves to the front. Raises OSError."""
        kept = [sql, *(each for each in self.read() if each != sql)][:REMEMBERED]
        write_private(self.file, json.dumps(kept, ensure_ascii=False, indent=1))
