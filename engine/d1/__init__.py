"""D1's databases: real SQLite files, each with a thread of its own, opened to what D1 allows and no more."""

from engine.d1.connection import Answer, Query
from engine.d1.database import Database
from engine.d1.databases import Databases
from engine.d1.errors import SqlError

__all__ = ["Answer", "Database", "Databases", "Query", "SqlError"]
