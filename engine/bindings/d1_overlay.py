"""A D1 database in a sandboxed draft.

Until the draft writes, it reads the live database, which is told to refuse writes. The first write makes
a private copy in temporary storage; from then on this session reads and writes the copy, and what changes in
the live database later does not show in it. What was written is remembered as SQL, so that it can be applied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from engine.bindings.d1 import D1, image
from engine.bindings.overlay import Overlay, Space
from engine.d1 import Answer, Database, Query, SqlError

if TYPE_CHECKING:
    from engine.d1 import Databases
    from engine.store import Connection, Store


class D1Space(Space):
    """The private copy of one database, and what was asked of it."""

    outside: ClassVar[bool] = True

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.databases: Databases | None = None
        self.copy: Database | None = None
        self.lock = asyncio.Lock()
        self.written: list[Sequence[Query]] = []

    def apply(self, connection: Connection) -> None:
        """Do again on the live database, in one transaction of its own, what the copy was asked to do."""
        if self.databases is not None:
            self.databases.replay(self.resource, self.written)

    def drop(self) -> None:
        """Let go of the copy."""
        if self.copy is not None:
            self.copy.close()
            self.copy = None


class SandboxedD1(D1):
    """A D1 binding whose writes are kept back."""

    def __init__(self, name: str, store: Store, database: str, overlay: Overlay) -> None:
        super().__init__(name, store, database)
        self._overlay = overlay

    async def _run(self, queries: Sequence[Query]) -> tuple[list[Answer], bool]:
        copy = self._copy()
        if copy is None:
            live = self._store.databases.get(self.database)
            try:
                return await live.run(queries, readonly=True), False
            except SqlError as error:
                if not error.readonly:
                    raise
            copy = await self._make_copy(live)
        try:
            # Only what reads passes here; nothing was done when it does not.
            return await copy.run(queries, readonly=True), False
        except SqlError as error:
            if not error.readonly:
                raise
        answers = await copy.run(queries)
        space = self._overlay.space(D1Space, self.database)
        self._overlay.grow(sum(_size(query) for query in queries))
        space.written.append(queries)
        return answers, True

    async def _image(self) -> bytes:
        return await image(self._copy() or self._store.databases.get(self.database))

    def _copy(self) -> Database | None:
        space = self._overlay.existing(D1Space, self.database)
        return None if space is None else space.copy

    async def _make_copy(self, live: Database) -> Database:
        space = self._overlay.space(D1Space, self.database)
        space.databases = self._store.databases
        async with space.lock:  # two first writes at once share one copy
            if space.copy is None:
                space.copy = await live.copy()
            return space.copy


def _size(query: Query) -> int:
    """Bytes that remembering a query takes, about."""
    return len(query.sql) + sum(len(each) for each in query.params if isinstance(each, str | bytes))
