"""What SQL from outside may do: everything with tables, nothing with files, settings or transactions.

Sources: developers.cloudflare.com/d1/sql-api/sql-statements (the PRAGMA list) and workerd's `sqlite.c++`.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Final

#: PRAGMAs that only look.
_READING: Final = frozenset(
    {
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
        "data_version",
    }
)
#: PRAGMAs that set something for the statements that follow in the same request.
SWITCHES: Final = frozenset(
    {
        "case_sensitive_like",
        "defer_foreign_keys",
        "foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    }
)
PRAGMAS: Final = _READING | SWITCHES | {"optimize"}
#: Functions that reach past the database, or into the program.
_FUNCTIONS: Final = frozenset(
    {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_log"}
)
_TABLES: Final = re.compile(r"_cf_", re.IGNORECASE)
TRANSACTION: Final = (
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. "
    "The JavaScript API is safer because it will automatically roll back on exceptions, and because it "
    "interacts correctly with Durable Objects' automatic atomic write coalescing."
)


class Authorizer:
    """SQLite asks it while it compiles each statement; see `sqlite3.Connection.set_authorizer`.

    Attributes:
        trusted: set while the engine's own statements are compiled.
        reason: why the last statement was refused, where there is more to say than "not authorized".
    """

    def __init__(self) -> None:
        self.trusted = False
        self.reason: str | None = None

    def __call__(
        self, action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
    ) -> int:
        """SQLITE_OK or SQLITE_DENY."""
        if self.trusted or self._allows(action, first or "", second or ""):
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _allows(self, action: int, first: str, second: str) -> bool:
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            return False
        if action in (sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT):
            self.reason = TRANSACTION
            return False
        if action == sqlite3.SQLITE_PRAGMA:
            return first.lower() in PRAGMAS
        if action == sqlite3.SQLITE_FUNCTION:
            return second.lower() not in _FUNCTIONS
        # A name of the platform's own: for reads and writes `first` is the table, for indexes `second`.
        return not (_TABLES.match(first) or (action != sqlite3.SQLITE_READ and _TABLES.match(second)))
