"""A database as SQL text, as `wrangler d1 export` writes it (Miniflare's `dumpSql`, after SQLite's shell)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from engine.d1.connection import Connection
from engine.d1.errors import SqlError

VIRTUAL = "D1 Export error: cannot export databases with Virtual Tables (fts5)"


def dump(
    connection: Connection,
    *,
    no_schema: bool = False,
    no_data: bool = False,
    tables: Collection[str] = (),
) -> Iterator[str]:
    """The statements that make the database anew.

    Args:
        no_schema: leave CREATE statements out.
        no_data: leave rows out.
        tables: only these; all when empty.

    Raises:
        SqlError: it has virtual tables.
    """
    yield "PRAGMA defer_foreign_keys=TRUE;"
    found = connection.rows(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL"
        " ORDER BY tbl_name = 'sqlite_sequence', rowid"
    )
    for name, sql in found:
        if tables and name not in tables:
            continue
        if name == "sqlite_sequence":
            if not no_schema:
                yield "DELETE FROM sqlite_sequence;"
        elif re.match(r"sqlite_stat.", name):
            if not no_schema:
                yield "ANALYZE sqlite_schema;"
        else:
            if sql.startswith("CREATE VIRTUAL TABLE"):
                raise SqlError(VIRTUAL)
            if name.startswith(("_cf_", "sqlite_")):
                continue
            if not no_schema:
                yield (
                    f"CREATE TABLE IF NOT EXISTS {sql[13:]};"
                    if re.match(r"CREATE TABLE ['\"]", sql)
                    else f"{sql};"
                )
        if not no_data:
            columns = connection.rows(f"SELECT name FROM pragma_table_info({_text(name)})")
            names = ",".join(_name(column) for (column,) in columns)
            for row in connection.rows(f"SELECT {names} FROM {_name(name)}"):
                yield f"INSERT INTO {_name(name)} ({names}) VALUES({','.join(map(_cell, row))});"
    if no_schema:
        return
    rest = connection.rows(
        "SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL AND type IN ('index', 'trigger', 'view')"
        " ORDER BY type COLLATE NOCASE"
    )
    for name, sql in rest:
        if not tables or name in tables:
            yield f"{sql};"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        # Line breaks are spelled out, so that a statement is a line.
        shown = _text(value).replace("\n", "\\n").replace("\r", "\\r")
        if "\r" in value:
            shown = f"replace({shown},'\\r',char(13))"
        if "\n" in value:
            shown = f"replace({shown},'\\n',char(10))"
        return shown
    if value in (float("inf"), float("-inf")):
        return "9e999" if value > 0 else "-9e999"
    return repr(value)
