"""Numbers that outlive the process: what was counted is written down every few seconds and read at the start.

A process that is killed loses what it counted since the last time; one that is stopped loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import orjson

from engine.errors import StoreError
from engine.metrics.counters import Series
from engine.metrics.metrics import KEPT, Key, Metrics, fresh
from engine.store import Connection, Store, metrics

#: Seconds between two times.
INTERVAL: Final = 10.0
#: Environments that are written in one transaction.
BATCH: Final = 200

log = logging.getLogger("engine.metrics")


async def load(store: Store, counted: Metrics) -> None:
    """Take over what the process before has kept."""
    for service, environment, data in await store.read(lambda connection: metrics.newest(connection, KEPT)):
        counted.put((service, environment), data)


async def keep(store: Store, counted: Metrics) -> None:
    """Write down what was counted since the last time."""
    used = [(key, series) for key, series in counted.used() if fresh(series)]
    for start in range(0, len(used), BATCH):
        await _keep(store, used[start : start + BATCH])


async def _keep(store: Store, used: Sequence[tuple[Key, Series]]) -> None:
    marked = [counters for _, series in used for counters in fresh(series)]
    for counters in marked:
        counters.fresh = False  # before the write: what is counted meanwhile is written the next time
    rows = [(*key, series.rates.newest, orjson.dumps(series.to_json())) for key, series in used]

    def work(connection: Connection) -> None:
        metrics.keep(connection, rows)

    try:
        await store.write(work)
    except StoreError:
        for counters in marked:
            counters.fresh = True
        raise


async def close(store: Store, counted: Metrics) -> None:
    """Write down the rest at the end of the process."""
    try:
        await keep(store, counted)
    except StoreError as error:
        log.warning("what was counted last is lost: %s", error)


async def run(store: Store, counted: Metrics) -> None:
    """Keep the numbers until cancelled."""
    while True:
        await asyncio.sleep(INTERVAL)
        try:
            await keep(store, counted)
        except StoreError as error:  # another process writes: there is always a next time
            log.info("what was counted is written later: %s", error)
