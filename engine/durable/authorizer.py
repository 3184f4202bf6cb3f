"""Which SQL the code of an object may run: durable-objects/api/sqlite-storage-api, workerd's `sqlite.c++`."""

from __future__ import annotations

import sqlite3
from typing import Final

_DENIED: Final = frozenset(
    {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT}
)
_PRAGMAS: Final = frozenset(
    {
        "case_sensitive_like",
        "defer_foreign_keys",
        "foreign_key_check",
        "foreign_key_list",
        "function_list",
        "ignore_check_constraints",
        "index_info",
        "index_list",
        "index_xinfo",
        "legacy_alter_table",
        "optimize",
        "pragma_list",
        "quick_check",
        "recursive_triggers",
        "reverse_unordered_selects",
        "table_info",
        "table_list",
        "table_xinfo",
        "data_version",
    }
)
#: durable-objects/platform/limits, and workerd's `SqliteDatabase::setupSecurity`.
LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: 2_200_000,  # a value of 2 MB, and what it is stored with
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}
_FUNCTIONS_DENIED: Final = frozenset({"load_extension", "fts3_tokenizer"})


class Authorizer:
    """Asked by SQLite for each thing a statement does, when it is prepared.

    Attributes:
        user: whether the statement is the object's and not the engine's own.
        transaction: whether what was refused last was a transaction.
    """

    def __init__(self) -> None:
        self.user = False
        self.transaction = False

    def __call__(
        self, action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
    ) -> int:
        """SQLITE_OK or SQLITE_DENY."""
        if not self.user:
            return sqlite3.SQLITE_OK
        if action in _DENIED:
            self.transaction = action in {sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT}
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA:
            return sqlite3.SQLITE_OK if (first or "").lower() in _PRAGMAS else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION:
            denied = (second or "").lower() in _FUNCTIONS_DENIED
            return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK
        for name in (first, second):
            if name is not None and name.lower().startswith("_cf_"):
                return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK
