"""Taking SQL apart into its statements, as SQLite itself would find their ends."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

# What may hide a semicolon: strings, quoted names, comments.
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)|;""", re.DOTALL
)
_ADDS = re.compile(r"(?:insert\s+into|create\s+(?:table|(?:unique\s+)?index|view))\b", re.IGNORECASE)
# What makes an added row depend on others: it is read from them, or takes the place of one.
_DEPENDS = re.compile(r"\b(?:select|conflict|with)\b", re.IGNORECASE)
_BLANK = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)


def split(sql: str) -> list[str]:
    """The statements of a text, in order, without those that are blank or comments only.

    A trigger's body holds semicolons of its own: whether one ends a statement is asked of SQLite.
    """
    return [each for each in _pieces(sql) if not is_blank(each)]


def is_blank(sql: str) -> bool:
    """Whether there is nothing but space, comments and semicolons."""
    return not bare(sql).strip("; \t\r\n")


def bare(sql: str) -> str:
    """The text from its first word on: leading space and comments cut off."""
    match = _BLANK.match(sql)
    return sql[match.end() :] if match else sql


def _pieces(sql: str) -> Iterator[str]:
    if ";" not in sql.rstrip().rstrip(";"):
        yield sql.strip()
        return
    start = 0
    trigger = False
    for token in _TOKEN.finditer(sql):
        if token[0] != ";":
            continue
        piece = sql[start : token.end()]
        # Asking is linear in the piece: only the bodies of triggers need it more than once.
        trigger = (
            trigger or re.match(r"create\s+(?:temp\w*\s+)?trigger\b", bare(piece), re.IGNORECASE) is not None
        )
        if trigger and not sqlite3.complete_statement(piece):
            continue
        yield piece.strip()
        start, trigger = token.end(), False
    yield sql[start:].strip()


def adds(sql: str) -> bool:
    """Whether all it does is to make rows or tables, which depend on nothing that is there already."""
    return all(_ADDS.match(each) and not _DEPENDS.search(each) for each in map(bare, split(sql)))
