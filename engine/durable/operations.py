"""What `ctx.storage` asks of the host, synchronously, on the isolate's thread (js/src/durable/storage.js)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.bindings.binding import BindingError
from engine.durable.bookmarks import Bookmarks
from engine.durable.journal import WRITES, Write
from engine.durable.storage import Storage

Answer = tuple[Any, bytes | None]

OPEN: Final[dict[int, Storage]] = {}
"""The storages of the objects that run in this process, by the number that JavaScript calls them by."""

MAX_STATEMENT: Final = 100_000
MAX_BINDINGS: Final = 100
_READS: Final = ("select", "explain", "values", "pragma")
_TRANSACTION: Final = (
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. "
    "The JavaScript API is safer because it will automatically roll back on exceptions, and because it "
    "interacts correctly with Durable Objects' automatic atomic write coalescing."
)


def _get(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[keys]`` → sizes, null where there is nothing; the values one after another."""
    sizes: list[int | None] = []
    parts = []
    for key in args[0]:
        row = storage.connection.execute("SELECT value FROM _cf_KV WHERE key = ?", (key,)).fetchone()
        sizes.append(None if row is None else len(row[0]))
        if row is not None:
            parts.append(row[0])
    return sizes, b"".join(parts)


def _put(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[[[key, size], …]]`` and the values."""
    connection = storage.begin()
    at = 0
    for key, size in args[0]:
        connection.execute("INSERT OR REPLACE INTO _cf_KV VALUES (?, ?)", (key, data[at : at + size]))
        at += size
    return None, None


def _delete(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[keys]`` → how many there were."""
    connection = storage.begin()
    return sum(
        connection.execute("DELETE FROM _cf_KV WHERE key = ?", (key,)).rowcount for key in args[0]
    ), None


def _list(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[{start, startAfter, end, prefix, reverse, limit}]`` → ``[[key, size], …]`` and the values."""
    options: Mapping[str, Any] = args[0]
    where, values = ["1"], []
    for key, comparison in (("start", ">="), ("startAfter", ">"), ("end", "<")):
        if options.get(key) is not None:
            where.append(f"key {comparison} ?")
            values.append(options[key])
    prefix = options.get("prefix")
    if prefix:
        where.append("key >= ?")
        values.append(prefix)
        if (after := _after(prefix)) is not None:
            where.append("key < ?")
            values.append(after)
    order = "DESC" if options.get("reverse") else "ASC"
    limit = options.get("limit")
    rows = storage.connection.execute(
        f"SELECT key, value FROM _cf_KV WHERE {' AND '.join(where)} ORDER BY key {order} LIMIT ?",
        (*values, -1 if limit is None else limit),
    ).fetchall()
    return [[key, len(value)] for key, value in rows], b"".join(value for _, value in rows)


def _after(prefix: str) -> str | None:
    """The first text that sorts after all that begin with ``prefix``; None when there is none."""
    start = prefix.rstrip("\U0010ffff")
    if not start:
        return None
    following = ord(start[-1]) + 1
    return start[:-1] + chr(0xE000 if 0xD800 <= following <= 0xDFFF else following)


def _sql(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[text, values]`` → ``{columns, rows, read, written, open}``.

    A blob is ``{"$": [at, size]}`` both ways. ``open`` says whether the turn has a transaction to commit.
    """
    text, given = args
    if len(text.encode("utf-8", "replace")) > MAX_STATEMENT:
        raise BindingError("statement too long: SQLITE_TOOBIG")
    if len(given) > MAX_BINDINGS:
        raise BindingError(f"too many SQL variables: at most {MAX_BINDINGS}: SQLITE_ERROR")
    values = [data[v["$"][0] : v["$"][0] + v["$"][1]] if isinstance(v, dict) else _value(v) for v in given]
    statements = _split(text)
    if not statements:
        raise BindingError("SQL code did not contain a statement.")
    before = storage.connection.total_changes
    columns: list[str] = []
    rows: list[Any] = []
    for index, statement in enumerate(statements):
        last = index == len(statements) - 1
        cursor = _execute(storage, statement, values if last else [])
        columns = [each[0] for each in cursor.description or ()]
        rows = cursor.fetchall()
    blobs: list[bytes] = []
    at = 0
    for number, row in enumerate(rows):
        if any(isinstance(value, bytes) for value in row):
            shown = []
            for value in row:
                if isinstance(value, bytes):
                    shown.append({"$": [at, len(value)]})
                    blobs.append(value)
                    at += len(value)
                else:
                    shown.append(value)
            rows[number] = shown
    written = storage.connection.total_changes - before
    return {
        "columns": columns,
        "rows": rows,
        "read": len(rows),
        "written": written,
        "open": storage.open_transaction,
    }, b"".join(blobs)


def _value(value: Any) -> Any:
    """Every number of JavaScript's is a REAL, as in workerd: `SELECT ? / 2` of 3 is 1.5."""
    return float(value) if isinstance(value, int) else value


def _execute(storage: Storage, statement: str, values: list[Any]) -> sqlite3.Cursor:
    connection = storage.connection
    if not statement.lstrip().lower().startswith(_READS):
        storage.begin()
    authorizer = storage.authorizer
    authorizer.user, authorizer.transaction = True, False
    try:
        # The comment keeps it apart from the engine's own statements, which are prepared without questions.
        return connection.execute(f"{statement}\n/* object */", values)
    except sqlite3.Error as error:
        if authorizer.transaction:
            raise BindingError(_TRANSACTION) from None
        if isinstance(error, sqlite3.ProgrammingError):
            raise BindingError(
                "Wrong number of parameter bindings for SQL query."
                if "bindings" in str(error)
                else str(error)
            ) from None
        raise _in_words(error) from None
    finally:
        authorizer.user = False


def _in_words(error: sqlite3.Error) -> BindingError:
    """``no such table: t: SQLITE_ERROR``: SQLite's text and the names of its codes."""
    name = str(getattr(error, "sqlite_errorname", "SQLITE_ERROR"))
    primary = "_".join(name.split("_")[:2])
    return BindingError(f"{error}: {primary}" + (f" (extended: {name})" if name != primary else ""))


def _split(text: str) -> list[str]:
    """The statements of a text."""
    found: list[str] = []
    start = 0
    at = text.find(";")
    while at >= 0:
        piece = text[start : at + 1]
        if sqlite3.complete_statement(piece):
            if piece.strip(" \t\r\n;"):
                found.append(piece.rstrip(" \t\r\n;"))
            start = at + 1
        at = text.find(";", at + 1)
    rest = text[start:]
    if rest.strip() and not _only_comments(rest):
        found.append(rest)
    return found


def _only_comments(text: str) -> bool:
    lines = [line.strip() for line in text.strip().splitlines()]
    return all(not line or line.startswith("--") for line in lines)


def _size(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """Bytes of the database."""
    connection = storage.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages * connection.execute("PRAGMA page_size").fetchone()[0], None


def _commit(storage: Storage, args: list[Any], data: bytes) -> Answer:
    storage.commit()
    return None, None


def _savepoint(storage: Storage, args: list[Any], data: bytes) -> Answer:
    storage.savepoint()
    return None, None


def _release(storage: Storage, args: list[Any], data: bytes) -> Answer:
    storage.release(bool(args[0]))
    return None, None


def _get_alarm(storage: Storage, args: list[Any], data: bytes) -> Answer:
    return storage.alarm, None


def _set_alarm(storage: Storage, args: list[Any], data: bytes) -> Answer:
    storage.set_alarm(args[0])
    return None, None


def _delete_all(storage: Storage, args: list[Any], data: bytes) -> Answer:
    storage.delete_all()
    return None, None


def _start(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """Before the constructor runs."""
    storage.start()
    return None, None


def _bookmark(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[]`` → the bookmark of now; ``[milliseconds]`` → that of a time."""
    bookmarks = _recoverable(storage)
    return bookmarks.at(args[0] / 1000) if args else storage.bookmark(), None


def _restore(storage: Storage, args: list[Any], data: bytes) -> Answer:
    """``[bookmark]`` → the one that undoes it."""
    return _recoverable(storage).order(args[0]), None


def _recoverable(storage: Storage) -> Bookmarks:
    if storage.journal is not None:
        raise BindingError("A draft's copy of a Durable Object does not implement point-in-time recovery.")
    return storage.bookmarks


_OPERATIONS: Final[Mapping[str, Callable[[Storage, list[Any], bytes], Answer]]] = {
    "get": _get,
    "put": _put,
    "delete": _delete,
    "list": _list,
    "sql": _sql,
    "size": _size,
    "commit": _commit,
    "savepoint": _savepoint,
    "release": _release,
    "getAlarm": _get_alarm,
    "setAlarm": _set_alarm,
    "deleteAll": _delete_all,
    "start": _start,
    "bookmark": _bookmark,
    "restore": _restore,
}


def _locked(
    name: str, operation: Callable[[Storage, list[Any], bytes], Answer]
) -> Callable[[list[Any], bytes], Answer]:
    def answer(args: list[Any], data: bytes) -> Answer:
        storage = OPEN.get(args[0])
        if storage is None:
            raise BindingError("This Durable Object is no longer running: its storage cannot be used.")
        with storage.lock:
            before, failed = storage.writes, True
            try:
                found = operation(storage, args[1:], data)
                failed = False
                return found
            except sqlite3.Error as error:
                raise _in_words(error) from error
            finally:
                if storage.journal is not None and storage.writes != before and name in WRITES:
                    _note(storage, Write(name, args[1:], data, failed))

    return answer


def _note(storage: Storage, write: Write) -> None:
    assert storage.journal is not None
    storage.journal.note(write)
    if write.operation == "deleteAll" and storage.deletes_alarm:  # the live object's code may be older
        storage.journal.note(Write("setAlarm", [None], b""))


SYNC: Final = {name: _locked(name, operation) for name, operation in _OPERATIONS.items()}
