"""The runs of pipelines in this process, as the rest of it knows them.

What takes them on (`engine.pipelines.driver`) is loaded when it is first needed, or once the first requests
after a start have had the processor to themselves.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Final

from engine.drafts.client import Drafts
from engine.logs.logs import Logs
from engine.model import Change
from engine.store import Store

if TYPE_CHECKING:
    from engine.pipelines.driver import Driver

#: Seconds after the start until the runs that the last process left go on.
DELAY: Final = 0.5


class Runner:
    """Starts the driver, and passes on to it what it must know.

    Args:
        store: where runs are.
        drafts: asks candidates.
        logs: tells what deployed versions do.
        port: of the engine, for the URLs of requests.
    """

    def __init__(self, store: Store, drafts: Drafts, logs: Logs, port: str) -> None:
        self._parts = (store, drafts, logs, port)
        self._driver: Driver | None = None

    async def start(self) -> None:
        """Take on the runs that the last process left."""
        await asyncio.sleep(DELAY)
        await asyncio.to_thread(import_module, "engine.pipelines.driver")
        await self._ready().start()

    def take(self, run_id: int) -> None:
        """Go on with a run, unless that is being done."""
        self._ready().take(run_id)

    def on_change(self, change: Change) -> None:
        """Look at the runs that wait when something that they would replace has changed."""
        if self._driver is not None:
            self._driver.on_change(change)

    def stop(self) -> None:
        """Take nothing on any more."""
        if self._driver is not None:
            self._driver.stop()

    async def close(self) -> None:
        """Let go of every run, as it is in the store."""
        if self._driver is not None:
            await self._driver.close()

    def _ready(self) -> Driver:
        if self._driver is None:
            from engine.pipelines.driver import Driver

            self._driver = Driver(*self._parts)
        return self._driver
