"""What is thrown away now and then, a short transaction at a time: nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from engine import buckets
from engine.assets.sweep import sweep
from engine.errors import StoreError
from engine.r2 import rules
from engine.store import Connection, Store, analytics, kv, queue_messages, workflows
from engine.workflows.limits import RETENTION

#: Rows freed in one transaction.
SWEPT: Final = 1000
#: Seconds between two looks for static assets that no version has.
ASSETS_SWEEP: Final = 3600.0

log = logging.getLogger("engine.live")


class Housekeeping:
    """Frees expired KV entries and messages, what R2 objects left, and static assets.

    Args:
        store: the database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._assets_due = 0.0

    async def sweep(self) -> None:
        """Free what can be freed now."""
        try:
            freed = SWEPT
            while freed >= SWEPT:
                freed = await self._store.write(_sweep)
            freed = SWEPT
            while freed >= SWEPT:
                freed = await buckets.sweep(self._store, SWEPT)
            await rules.apply_lifecycle(self._store)
            await self._free_assets()
        except StoreError as error:  # another process writes: there is always a next time
            log.info("expired KV entries or contents of R2 were not freed: %s", error)

    async def _free_assets(self) -> None:
        """Forget static assets that no version has, once in a while: it looks at all of them."""
        now = asyncio.get_running_loop().time()
        if now >= self._assets_due:
            self._assets_due = now + ASSETS_SWEEP
            await sweep(self._store)


def _sweep(connection: Connection) -> int:
    expired = queue_messages.sweep(connection, int(time.time() * 1000), SWEPT)
    expired = max(expired, analytics.sweep(connection, int(time.time()), SWEPT))
    expired = max(expired, workflows.sweep(connection, int(time.time() * 1000) - RETENTION, SWEPT))
    return max(expired, kv.sweep(connection, SWEPT))
