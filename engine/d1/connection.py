"""One connection to one D1 database: queries in, answers with their figures out, all or nothing.

For one thread at a time. Limits: developers.cloudflare.com/d1/platform/limits.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.d1.authorizer import SWITCHES, Authorizer
from engine.d1.errors import SqlError, in_words
from engine.d1.statements import bare, split
from engine.waits import BUSY

SERVED_BY: Final = "svc-tui.db"
MAX_SECONDS: Final = 30.0
MAX_RESULT: Final = 64 * 1024 * 1024
"""Bytes of text and blobs that one query may answer: more would not fit the isolate that asks."""

_EXACT: Final = 2.0**53
_PROGRESS: Final = 50_000  # virtual machine steps between two looks at the clock
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: 2_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}
_SELECT = re.compile(r"select\b", re.IGNORECASE)
_PRAGMA = re.compile(r"pragma\b", re.IGNORECASE)
# The engine's own statements carry a mark: a statement of the user with the same text would otherwise be
# found in the connection's cache, and not be shown to the authorizer.
_MARK = f"/*{secrets.token_hex(8)}*/"

_Plan = list[tuple["Query", list[str]]]
Value = None | int | float | str | bytes


@dataclass(frozen=True, slots=True)
class Query:
    """Some SQL and the values of its parameters, in order."""

    sql: str
    params: tuple[Value, ...] = ()


@dataclass(slots=True)
class Answer:
    """What one statement gave.

    Attributes:
        columns: names of the result's columns; a name may come twice.
        rows: the rows, blobs as lists of byte values (what Workers hands to scripts).
        meta: D1's figures: duration (ms), changes, last_row_id, changed_db, size_after (bytes), …
    """

    columns: list[str]
    rows: list[list[Any]]
    meta: dict[str, Any] = field(default_factory=dict)

    def objects(self) -> list[dict[str, Any]]:
        """The rows as objects; of two columns with one name the last wins."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Connection:
    """A SQLite connection under D1's rules.

    Args:
        path: the file, which must exist; None for a private database that vanishes with the connection.
    """

    def __init__(self, path: Path | None) -> None:
        target = f"{path.absolute().as_uri()}?mode=rw" if path is not None else ""
        self._sqlite = sqlite3.connect(
            target,
            uri=path is not None,
            timeout=BUSY,
            isolation_level=None,
            # Its thread uses it; only closing may happen elsewhere, when that thread is idle or gone.
            check_same_thread=False,
        )
        self._authorizer = Authorizer()
        self._deadline: float | None = None
        self._last_row_id = 0
        self._private = path is None
        sql = self._sqlite
        sql.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            if path is not None:
                sql.execute("PRAGMA journal_mode = WAL")
                sql.execute("PRAGMA synchronous = FULL")
                sql.execute("PRAGMA journal_size_limit = 67108864")
            sql.execute("PRAGMA foreign_keys = ON")
            sql.execute("PRAGMA trusted_schema = OFF")
            sql.execute("PRAGMA cell_size_check = ON")
        except sqlite3.Error:
            sql.close()
            raise
        for limit, value in _LIMITS.items():
            sql.setlimit(limit, value)
        self._page_size = int(sql.execute("PRAGMA page_size").fetchone()[0])
        sql.set_authorizer(self._authorizer)
        sql.set_progress_handler(self._late, _PROGRESS)

    def run(
        self, queries: Sequence[Query], *, readonly: bool = False, seconds: float | None = MAX_SECONDS
    ) -> list[Answer]:
        """Run queries in one transaction.

        Args:
            queries: each of one statement; one without parameters may hold several, whose last one answers.
            readonly: refuse to change anything.
            seconds: how long all may take; None is for ever.

        Raises:
            SqlError: one failed; nothing of all of them was done.
        """
        plan = [(query, _statements(query, index)) for index, query in enumerate(queries)]
        if not any(statements for _, statements in plan):
            raise SqlError("No SQL statements detected.")
        self._deadline = None if seconds is None else time.monotonic() + seconds
        pragmas = any(_PRAGMA.match(bare(each)) for _, statements in plan for each in statements)
        alone = len(plan) == 1 and len(plan[0][1]) == 1 and not pragmas
        at = 0
        try:
            if readonly:
                self._own("PRAGMA query_only = 1")
            if not alone:
                self._own("BEGIN" if readonly else "BEGIN IMMEDIATE")
            answers = []
            for index, (query, statements) in enumerate(plan):
                at = index
                if statements:
                    answers.append(self._query(statements, query.params))
            if not alone:
                self._own("COMMIT")
            return answers
        except sqlite3.Error as error:
            raise self._words(error, at, plan) from error
        finally:
            self._deadline = None
            if self._sqlite.in_transaction:
                self._own("ROLLBACK")
            if readonly:
                self._own("PRAGMA query_only = 0")
            if pragmas:
                self._reset()

    def script(self, sql: str) -> list[Answer]:
        """Every statement of a text with an answer of its own, in one transaction; raises SqlError."""
        statements = split(sql)
        return self.run([Query(each) for each in statements or [""]])

    def bring(self, sql: str) -> tuple[int, int, int]:
        """Import a text, however long it takes: statements, rows written, size in bytes; raises SqlError."""
        statements = split(sql)
        answers = self.run([Query(each) for each in statements or [""]], seconds=None)
        return len(answers), sum(each.meta["rows_written"] for each in answers), self.size()

    def size(self) -> int:
        """Bytes the database takes."""
        return self._pages() * self._page_size

    def table_count(self) -> int:
        """How many tables there are, SQLite's own apart."""
        return int(
            self._own(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
                " AND name NOT GLOB '_cf_*'"
            )[0][0]
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement of the engine's own."""
        return self._own(sql)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read within is of one moment."""
        self._own("BEGIN")
        try:
            yield
        finally:
            self._own("ROLLBACK")

    def copy_to(self, target: Connection) -> None:
        """Make `target` a copy of this database, as of one moment."""
        with self._trusted(), target._trusted():
            self._sqlite.backup(target._sqlite)

    def image(self) -> bytes:
        """The database as the bytes of a SQLite file."""
        with self._trusted():
            return self._sqlite.serialize()

    def close(self) -> None:
        """Close it; the log goes into the file when nobody else has it open."""
        self._sqlite.set_authorizer(None)
        self._sqlite.close()

    # -- inside

    def _query(self, statements: Sequence[str], params: tuple[Value, ...]) -> Answer:
        began = time.perf_counter()
        sqlite = self._sqlite
        changes = sqlite.total_changes
        reads = len(statements) == 1 and _SELECT.match(bare(statements[0])) is not None
        size = None if reads else self._pages()
        self._authorizer.reason = None
        for statement in statements:
            cursor = sqlite.execute(statement, params)
            columns = [each[0] for each in cursor.description or ()]
            rows = _rows(cursor)
        changed = sqlite.total_changes - changes
        last = self._last_row_id
        if changed:
            last = self._last_row_id = int(self._own("SELECT last_insert_rowid()")[0][0])
        after = self._pages()
        meta = {
            "served_by": SERVED_BY,
            "duration": (time.perf_counter() - began) * 1000,
            "changes": changed,
            "last_row_id": last,
            "changed_db": changed != 0 or (size is not None and after != size),
            "size_after": after * self._page_size,
            # SQLite does not tell what it visited: these are rows that were given, and rows that changed.
            "rows_read": len(rows) if columns else changed,
            "rows_written": changed,
        }
        return Answer(columns, rows, meta)

    def _complaint(self, sql: str) -> str:
        try:
            self._sqlite(sql)  # compiles it, no more
        except sqlite3.Error as error:
            return str(error)
        return ""

    def _own(self, sql: str) -> list[tuple[Any, ...]]:
        self._authorizer.trusted = True  # not by _trusted: this is in the way of every query
        try:
            return self._sqlite.execute(sql + _MARK).fetchall()
        finally:
            self._authorizer.trusted = False

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        self._authorizer.trusted = True
        try:
            yield
        finally:
            self._authorizer.trusted = False

    def _pages(self) -> int:
        return int(self._own("PRAGMA page_count")[0][0])

    def _reset(self) -> None:
        """What a request switched holds for that request only."""
        for name in SWITCHES:
            self._own(f"PRAGMA {name} = {int(name == 'foreign_keys')}")

    def _late(self) -> int:
        return int(self._deadline is not None and time.monotonic() > self._deadline)

    def _words(self, error: sqlite3.Error, index: int, plan: _Plan) -> SqlError:
        return in_words(error, index, plan[index][1], self._complaint, self._authorizer.reason)


def _statements(query: Query, index: int) -> list[str]:
    statements = split(query.sql)
    if not statements and query.sql.strip():
        raise SqlError("SQL code did not contain a statement.", index)
    if len(statements) > 1 and query.params:
        raise SqlError("The prepared SQL statement must contain only one statement.", index)
    return statements


def _rows(cursor: sqlite3.Cursor) -> list[list[Any]]:
    """All rows of a result, within `MAX_RESULT`."""
    rows: list[list[Any]] = []
    size = 0
    for row in cursor:
        made: list[Any] = []
        for value in row:
            if isinstance(value, bytes):
                size += len(value) * 4
                value = list(value)
            elif isinstance(value, str):
                size += len(value)
            else:
                size += 8
                if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
                    value = int(value)  # as JavaScript writes it
            made.append(value)
        if size > MAX_RESULT:
            raise SqlError(f"The result of the query is larger than {MAX_RESULT >> 20} MiB: ask for less.")
        rows.append(made)
    return rows
