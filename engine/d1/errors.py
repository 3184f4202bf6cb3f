"""What SQL did wrong, in the words that Workers has for it (workerd's `sqlite.c++`)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

TIMED_OUT: Final = "D1 DB storage operation exceeded timeout which caused object to be reset."
_SYNTAX: Final = re.compile(r'near "(.*)": syntax error', re.DOTALL)
_UNKNOWN: Final = re.compile(r"no such (?:column|function): (.*)", re.DOTALL)


class SqlError(Exception):
    """SQL failed; the text is SQLite's with the name of its code, as Workers shows it.

    Attributes:
        index: which of the queries it was, from 0.
        readonly: whether it only failed because it would have written.
    """

    def __init__(self, message: str, index: int = 0, readonly: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.readonly = readonly


def in_words(
    error: sqlite3.Error,
    index: int,
    statements: Sequence[str],
    complaint: Callable[[str], str],
    reason: str | None,
) -> SqlError:
    """The error with the name of its code, and where the mistake is.

    Args:
        index: which query failed.
        statements: those of that query.
        complaint: what SQLite says when it compiles a text, "" for nothing.
        reason: why the authorizer refused, where there is more to say.
    """
    name = getattr(error, "sqlite_errorname", None)
    text = str(error)
    if name is None:
        if isinstance(error, sqlite3.ProgrammingError) and "bindings" in text:
            text = "Wrong number of parameter bindings for SQL query."
        elif isinstance(error, sqlite3.DataError) and "query string" in text:
            text = "statement too long: SQLITE_TOOBIG"
        return SqlError(text, index)
    if name == "SQLITE_INTERRUPT":
        return SqlError(TIMED_OUT, index)
    if name == "SQLITE_AUTH" and reason is not None:
        return SqlError(reason, index)
    offset = _offset(text, statements, complaint)
    return SqlError(f"{text}{offset}: {_code(name)}", index, readonly=name.startswith("SQLITE_READONLY"))


def _offset(text: str, statements: Sequence[str], complaint: Callable[[str], str]) -> str:
    """` at offset 7`: where a mistake is in its statement, which Python's module does not hand on.

    A token is the culprit when the text ends right behind it and the complaint is the same.
    """
    match = _SYNTAX.fullmatch(text) or _UNKNOWN.fullmatch(text)
    if match is None:
        return ""
    for statement in statements:
        for found in re.finditer(rf"(?<!\w){re.escape(match[1])}(?!\w)", statement):
            if match.re is _UNKNOWN or complaint(statement[: found.end()]) == text:
                return f" at offset {len(statement[: found.start()].encode())}"
    return ""


def _code(name: str) -> str:
    """`SQLITE_CONSTRAINT_UNIQUE` → `SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)`."""
    primary = "_".join(name.split("_")[:2])
    return name if name == primary else f"{primary} (extended: {name})"
