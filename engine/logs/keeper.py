"""Logs that outlive the process: records are written down twice a second, in batches.

Requests never wait for it: a record that has ended is put on a list and that is all. A process that is killed
loses what ended in the last half second. Where more comes than `PLAIN` and `MOST` allow, what is ordinary is
left out first, and how much is counted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from engine.errors import StoreError
from engine.logs import kept, retention
from engine.logs.filters import has_failed
from engine.logs.query import Query
from engine.logs.record import Record
from engine.logs.retention import Retention
from engine.model import Change
from engine.store import Connection, Store, environments
from engine.store.log_file import LogFile, Row, Wanted

INTERVAL: Final = 0.5
#: Records of one interval that are kept when they are a plain answer; in all; and bytes of all.
PLAIN: Final = 250
MOST: Final = 1000
MOST_BYTES: Final = 8 << 20
#: Records that are made into rows before requests get their turn.
SLICE: Final = 20
#: Seconds between two looks for what is too old, and until the first.
PRUNE: Final = 600.0
FIRST_PRUNE: Final = 20.0
#: Bytes of all environments together.
ALL_BYTES: Final = 512 << 20
#: Written records that one read looks at; the reader goes on from where it ended.
LOOKED_AT: Final = 5000
PAGE: Final = 200

Key = tuple[str, str]

log = logging.getLogger("engine.logs")


class _Place(NamedTuple):
    """An environment: its id, and what is kept of it."""

    id: str
    rule: Retention


class Keeper:
    """Writes records down and reads them again.

    Args:
        store: knows the environments.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = LogFile(store.folder)
        self._waiting: dict[Key, list[Record]] = {}
        self._count = self._bytes = 0
        self._places: dict[Key, _Place | None] = {}
        self._lock = asyncio.Lock()
        self._failed = False
        self.left_out = 0
        """Records since the start that were not written, because too many came at once."""

    async def start(self) -> int:
        """The newest number that was given before, 0 when nothing is kept."""
        try:
            return await self._file.last_seq()
        except StoreError as error:
            log.warning("logs are not kept: %s", error)
            return 0

    def add(self, record: Record) -> None:
        """Keep a record that has ended."""
        if self._count >= PLAIN and (
            self._count >= MOST
            or self._bytes >= MOST_BYTES
            or not (record.lines or record.exceptions or has_failed(record))
        ):
            self.left_out += 1
            return
        self._count += 1
        self._bytes += record.size
        key = (record.service, record.environment)
        if (waiting := self._waiting.get(key)) is None:
            waiting = self._waiting[key] = []
        waiting.append(record)

    async def run(self) -> None:
        """Write down what has ended, and forget what is old, until cancelled."""
        due = time.monotonic() + FIRST_PRUNE
        while True:
            await asyncio.sleep(INTERVAL)
            await self.flush()
            if time.monotonic() >= due:
                due = time.monotonic() + PRUNE
                try:
                    await self._prune()
                except StoreError as error:
                    log.info("old logs are forgotten later: %s", error)

    async def flush(self) -> None:
        """Write down what has ended until now."""
        if not self._waiting and not self._lock.locked():
            return
        async with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._count = self._bytes = 0
            try:
                await self._write(waiting)
            except StoreError as error:
                self.left_out += sum(map(len, waiting.values()))
                if not self._failed:
                    log.warning("logs are not written: %s", error)
                self._failed = True
            else:
                self._failed = False

    async def read(
        self, keys: Sequence[Key], query: Query, wanted: Wanted, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Written records that pass, newest first, at most `limit`.

        Returns:
            the records as the logs resource has them, and the number below which to go on; None at the end.

        Raises:
            StoreError: they cannot be read.
        """
        await self.flush()
        names = {place.id: key for key in keys if (place := await self._place(key)) is not None}
        found: list[dict[str, Any]] = []
        looked_at = 0
        while looked_at < LOOKED_AT:
            rows = await self._file.page(list(names), wanted, PAGE)
            for seq, environment, data in rows:
                record = kept.told(data, *names[environment])
                if query.passes(kept.Kept(record)):
                    found.append(record)
                    if len(found) >= limit:
                        return found, seq
            if len(rows) < PAGE:
                return found, None
            looked_at += len(rows)
            wanted = replace(wanted, before=rows[-1][0])
        return found, wanted.before

    async def forget(self, key: Key) -> None:
        """Forget what is kept of an environment."""
        await self.flush()
        if (place := await self._place(key)) is not None:
            await self._file.prune({}, [place.id], ALL_BYTES)

    def on_change(self, change: Change) -> None:
        """Follow what environments are called and what is kept of them."""
        service, environment, old = change.service, change.environment, change.old_environment
        if service is None:
            return
        if change.kind == "environment.renamed" and environment and old:
            self._move((service, old), (service, environment))
        elif change.kind == "service.renamed":
            former = change.detail.get("old_service")
            for key in [key for key in {*self._places, *self._waiting} if key[0] == former]:
                self._move(key, (service, key[1]))
        elif change.kind == "service.deleted":
            for key in [key for key in {*self._places, *self._waiting} if key[0] == service]:
                self._drop(key)
        elif change.kind == "environment.deleted" and environment:
            self._drop((service, environment))
        elif change.kind in ("environment.created", "environment.changed", "deployment") and environment:
            self._places.pop((service, environment), None)  # its rule may have changed: it is read again

    async def close(self) -> None:
        """Write down the rest at the end of the process."""
        await self.flush()
        await self._file.close()

    def _move(self, old: Key, new: Key) -> None:
        self._drop(new)
        if old in self._places:
            self._places[new] = self._places.pop(old)
        if old in self._waiting:
            self._waiting[new] = self._waiting.pop(old)

    def _drop(self, key: Key) -> None:
        self._places.pop(key, None)
        self._waiting.pop(key, None)

    async def _write(self, waiting: dict[Key, list[Record]]) -> None:
        rows: list[Row] = []
        made = 0
        for key, records in waiting.items():
            place = await self._place(key)
            if place is None or not place.rule.keeps:
                continue
            for record in records:
                made += 1
                if made % SLICE == 0:
                    await asyncio.sleep(0)  # requests come first
                if place.rule.wants(record):
                    rows.append(kept.row(place.id, record, place.rule.size))
        if rows:
            await self._file.add(rows)

    async def _place(self, key: Key) -> _Place | None:
        """An environment by its name; None when there is none."""
        if key not in self._places:

            def work(connection: Connection) -> _Place | None:
                found = environments.find(connection, *key)
                return None if found is None else _Place(found.id, retention.read(found.script_settings))

            found = await self._store.read(work)
            if found is None:
                return None  # not remembered: it may come
            self._places[key] = found
        return self._places[key]

    async def _prune(self) -> None:
        ids = await self._file.environments()
        now = time.time()

        def work(connection: Connection) -> dict[str, int]:
            found = {}
            for each in ids:
                if (place := environments.by_id(connection, each)) is not None:
                    rule = retention.read(place.script_settings)
                    # Where nothing is kept any more, what was kept before goes too.
                    found[each] = int((now - rule.days * 86400 if rule.keeps else now) * 1000)
            return found

        before = await self._store.read(work)
        await self._file.prune(before, [each for each in ids if each not in before], ALL_BYTES)
