"""Letting go of files that no version has any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from engine.store import Connection, Store, assets

#: How long an upload may wait for its deploy.
GRACE: Final = timedelta(days=1)


async def sweep(store: Store) -> int:
    """Remove what is not needed; gives how many contents that were."""
    before = (datetime.now(UTC) - GRACE).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def work(connection: Connection) -> int:
        freed = assets.sweep(connection, before)
        for each in freed:
            store.assets.remove(each)
        return len(freed)

    return await store.write(work)
