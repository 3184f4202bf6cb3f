"""SQLite store: `Store` and one repository module a noun. SQL is in this package only."""

from engine.store.database import Connection
from engine.store.store import Store

__all__ = ["Connection", "Store"]
