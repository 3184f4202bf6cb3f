"""A D1 database in a sandboxed draft.

Until the draft writes, it reads the live database, which is told to refuse writes. The first write makes
a private copy in temporary storage; from then on this session reads and writes the copy, and what changes in
the live database later does not show in it. What was written is remembered as SQL, so that it can be applied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar

from engine.bindings.d1 import D1, image
from engine.bindings.overlay import Key, Overlay, Space
from engine.d1 import Answer, Database, Query, SqlError
from engine.d1.statements import adds
from engine.d1.watch import Watch

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
        self.watch: Watch | None = None
        self.lock = asyncio.Lock()
        self._written: dict[int, Sequence[Query]] = {}
        self._last = 0

    def write(self, queries: Sequence[Query]) -> None:
        """Remember what the copy was asked; raises BindingError when the overlay is full."""
        self.overlay.grow(_bytes(queries))
        self._last += 1
        self._written[self._last] = queries
        self.wrote(self._last)

    def conflicts(self, connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
        """What is not just added, once somebody else has written to the database since the copy was made."""
        if not keys or self.watch is None or not self.watch.changed():
            return {}
        return {
            number: "the database was written to meanwhile"
            for number, queries in self._written.items()
            if number in keys and not all(adds(query.sql) for query in queries)
        }

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Do again on the live database, in one transaction of its own, what the copy was asked to do."""
        if self.databases is not None and keys:
            self.databases.replay(
                self.resource, [queries for number, queries in self._written.items() if number in keys]
            )

    def forget(self, keys: Collection[Key]) -> None:
        """The live database has been asked this; without more, the draft sees that again."""
        for number in list(self._written):
            if number in keys:
                self.overlay.grow(-_bytes(self._written.pop(number)))
        if not self._written:
            self.drop()
        elif keys and self.watch is not None:
            self.watch.look()

    def drop(self) -> None:
        """Let go of the copy."""
        copy, self.copy = self.copy, None
        watch, self.watch = self.watch, None
        if copy is not None:
            copy.close()
        if watch is not None:
            watch.close()


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
        self._overlay.space(D1Space, self.database).write(queries)
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
                space.watch = await asyncio.to_thread(Watch, self._store.databases.path(self.database))
                space.copy = await live.copy()
            return space.copy


def _bytes(queries: Sequence[Query]) -> int:
    """What remembering queries takes, about."""
    return sum(
        len(query.sql) + sum(len(each) for each in query.params if isinstance(each, str | bytes))
        for query in queries
    )
