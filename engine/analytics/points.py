"""Points on their way to the store: nobody waits for one, so those of many requests go in together."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from engine.errors import StoreError
from engine.store import Store, analytics
from engine.store.analytics import Point

log = logging.getLogger("engine.analytics")

#: Points that may wait; when the disk is slower than the workers, what comes beyond is left out.
WAITING: Final = 20_000


class Points:
    """The points of one process.

    Args:
        store: where they go.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Point] = []
        self._lost = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, point: Point) -> bool:
        """Take a point, which is written at once when nothing else is; False when too many wait."""
        if len(self._waiting) >= WAITING:
            self._lost += 1
            return False
        self._waiting.append(point)
        if self._task is None:
            self._task = asyncio.ensure_future(self._write())
        return True

    async def flush(self) -> None:
        """Wait until what was taken so far is in the store."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _write(self) -> None:
        try:
            while self._waiting:
                points, self._waiting = self._waiting, []
                try:
                    await self._store.write(lambda connection: analytics.insert(connection, points))  # noqa: B023
                except StoreError as error:
                    self._lost += len(points)
                    log.error("points of Analytics Engine were not written: %s", error)
                if self._lost:
                    log.warning("%d points of Analytics Engine were lost", self._lost)
                    self._lost = 0
        finally:
            self._task = None
