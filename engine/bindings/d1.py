"""D1 databases as a worker's binding. Source: developers.cloudflare.com/d1/worker-api, workerd.

The other half (`runtime/js/src/bindings/d1.js`) checks values and shapes results. Here each call is some
queries in one transaction on the database's own thread.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from engine.bindings.binding import Binding, BindingError, Result
from engine.d1 import Answer, Database, Query, SqlError
from engine.d1.connection import Value

if TYPE_CHECKING:
    from engine.bindings.overlay import Overlay
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Store

OPERATIONS: Final = frozenset({"first", "all", "raw", "run", "batch", "exec"})
SHOWN: Final = 120


class D1(Binding):
    """A D1 database.

    Args:
        name: the binding's name.
        store: whose databases it is of.
        database: its id, a UUID.
    """

    type: ClassVar[str] = "d1"

    def __init__(self, name: str, store: Store, database: str) -> None:
        super().__init__(name)
        self._store = store
        self.database = database

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The database, of which the first write makes a private copy."""
        from engine.bindings.d1_overlay import SandboxedD1  # it is built on this class

        return SandboxedD1(self.name, self._store, self.database, overlay)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`first` `all` `raw` `run` `batch` `exec` with `[[[sql, params], …]]`; `dump` without."""
        if operation == "dump":
            try:
                return Result(body=await self._image())
            except SqlError as error:
                raise BindingError(f"D1_DUMP_ERROR: {error.message}") from error
        if operation not in OPERATIONS:
            raise BindingError(f'D1 database "{self.name}" has no operation "{operation}".', "TypeError")
        queries = [Query(sql, tuple(_value(each) for each in params)) for sql, params in args[0]]
        try:
            answers, wrote = await self._run(queries)
        except SqlError as error:
            if operation == "exec":
                line = queries[error.index].sql if queries else ""
                message = f"D1_EXEC_ERROR: Error in line {error.index + 1}: {line}: {error.message}"
                raise BindingError(message) from error
            raise BindingError(f"D1_ERROR: {error.message}") from error
        value = {
            "answers": [[each.columns, each.rows, each.meta] for each in answers],
            "bookmark": bookmark(self.database),
        }
        return Result(value, wrote=wrote)

    async def _run(self, queries: Sequence[Query]) -> tuple[list[Answer], bool]:
        """The answers, and whether something was kept back."""
        return await self._store.databases.get(self.database).run(queries), False

    async def _image(self) -> bytes:
        return await image(self._store.databases.get(self.database))

    def subject(self, operation: str, args: list[Any]) -> str:
        """The SQL, on one line, shortened; of a batch its first statement and how many there are."""
        if operation == "dump" or not args[0]:
            return ""
        first = shortened(args[0][0][0])
        count = len(args[0])
        return first if count == 1 else f"{first} (1 of {count})"

    def outcome(self, operation: str, result: Result) -> str:
        """Rows that came, or rows that changed."""
        if operation == "dump":
            return "dumped"
        answers = result.value["answers"]
        rows = sum(len(rows) for _, rows, _ in answers)
        changes = sum(meta["changes"] for _, _, meta in answers)
        words = []
        if rows or not changes:
            words.append(f"{rows:,} row{'' if rows == 1 else 's'}")
        if changes:
            words.append(f"{changes:,} changed")
        return ", ".join(words)


async def image(database: Database) -> bytes:
    """A database as the bytes of a SQLite file; raises SqlError."""
    return await database.do(lambda connection: connection.image())


def bookmark(database: str) -> str:
    """A mark of now, later in the alphabet than every one before."""
    now = time.time_ns() // 1000
    return f"{now >> 48:08x}-{(now >> 16) & 0xFFFFFFFF:08x}-{now & 0xFFFF:08x}-{database.replace('-', '')}"


def shortened(sql: str) -> str:
    """SQL on one line of at most `SHOWN` characters."""
    text = re.sub(r"\s+", " ", sql[: SHOWN * 8]).strip()
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _value(given: Any) -> Value:
    """A parameter as d1.js sends it: null, a number, a string, or a blob as a list of byte values."""
    if isinstance(given, list):
        return bytes(given)
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, int | float):
        return float(given)  # JavaScript's numbers are REAL to D1, whatever they look like
    raise BindingError(f"D1_TYPE_ERROR: Type '{type(given).__name__}' not supported", "Error")
