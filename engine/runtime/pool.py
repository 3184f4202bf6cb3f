"""All isolates of one process: spare ones that are booted already, and those that workers hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.bindings.binding import Binding

from . import services
from .isolate import Isolate, home_answers
from .limits import Limits, Watchdog
from .program import Program
from .services.source import read
from .worker import Worker

if TYPE_CHECKING:
    from .channel import Channel
    from .services.fetch import OutgoingFetch

_OUTGOING = "engine.runtime.services.fetch"
_SWEEP_SECONDS = 5.0
# An isolate that a worker had only for a rush goes sooner than its last one.
_RUSH_SECONDS = 10.0


class Runtime:
    """The JavaScript runtime of one process; it belongs to the event loop it was made on.

    Args:
        spares: Booted isolates kept ready, so that a new version answers without waiting for V8.
        idle_seconds: A worker's last isolate is closed when it had no event for so long.
        isolates_per_worker: How many one worker may have; the processors by default.
        isolates: How many all workers together keep when idle; beyond it the longest idle ones go.
    """

    def __init__(
        self,
        spares: int = 1,
        idle_seconds: float = 60.0,
        isolates_per_worker: int | None = None,
        isolates: int = 80,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.watchdog = Watchdog(self.loop)
        self._outgoing: OutgoingFetch | None = None
        self.isolates_per_worker = isolates_per_worker or os.cpu_count() or 1
        self._spares_wanted = spares
        self._idle_seconds = idle_seconds
        self._isolates_wanted = isolates
        self._spares: list[Isolate] = []
        self._filling: asyncio.Task[None] | None = None
        self._workers: set[Worker] = set()
        self._freeing: set[asyncio.Future[None]] = set()
        self._threads = ThreadPoolExecutor(2, "isolate-boot")
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def worker(
        self,
        program: Program,
        bindings: Sequence[Binding] = (),
        limits: Limits | None = None,
        exclusive: bool = False,
    ) -> Worker:
        """A worker; it takes an isolate when its first event comes."""
        worker = Worker(self, program, bindings, limits or Limits(), exclusive)
        self._workers.add(worker)
        return worker

    @property
    def outgoing(self) -> OutgoingFetch:
        """What an outgoing ``fetch`` goes through."""
        if self._outgoing is None:
            self._outgoing = import_module(_OUTGOING).OutgoingFetch()
        return self._outgoing

    @property
    def isolates(self) -> int:
        """How many isolates the workers hold."""
        return sum(worker.isolates for worker in self._workers)

    async def warm(self) -> None:
        """Boot the spare isolates now."""
        self._fill()
        if self._filling is not None:
            await asyncio.shield(self._filling)

    async def warm_outgoing(self) -> None:
        """Import what the first outgoing ``fetch`` would wait for (httpx: 0.1 s that a start has not)."""
        await asyncio.to_thread(import_module, _OUTGOING)

    async def acquire(self, memory_mb: int) -> Isolate:
        """A booted isolate with no program in it."""
        isolate = self._spares.pop() if self._spares else await self._boot()
        isolate.limit_memory(memory_mb)
        self._fill()
        self._sweep_later()
        return isolate

    def forget(self, worker: Worker) -> None:
        """A worker was closed."""
        self._workers.discard(worker)

    def note_freeing(self, freed: asyncio.Future[None]) -> None:
        """An isolate is being freed."""
        self._freeing.add(freed)
        freed.add_done_callback(self._freeing.discard)

    async def well(self, patience: float) -> bool:
        """Whether every isolate that was given up is gone, and others can be made.

        V8 cannot be interrupted inside some of its own builtins: `new Array(3e8).fill(1)` goes on after its
        worker was given up, keeps isolates from being made, and at last brings the process down.

        Args:
            patience: How long to wait for it, in seconds.
        """
        asked = asyncio.wrap_future(home_answers())
        _, open_ones = await asyncio.wait({asked, *self._freeing}, timeout=patience)
        asked.cancel()
        return not open_ones

    async def close(self) -> None:
        """Close every worker at once, and every spare."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        self.watchdog.close()
        await asyncio.gather(*(worker.close(0) for worker in list(self._workers)))
        if self._filling is not None:
            await asyncio.gather(self._filling, return_exceptions=True)
        spares, self._spares = self._spares, []
        for isolate in spares:
            await asyncio.to_thread(isolate.close)
        if self._outgoing is not None:
            await self._outgoing.close()
        self._threads.shutdown(wait=False)

    async def _boot(self) -> Isolate:
        return await self.loop.run_in_executor(self._threads, _boot, self.loop)

    def _fill(self) -> None:
        if self._filling is None and not self._closed and len(self._spares) < self._spares_wanted:
            self._filling = self.loop.create_task(self._fill_spares())

    async def _fill_spares(self) -> None:
        try:
            while len(self._spares) < self._spares_wanted and not self._closed:
                self._spares.append(await self._boot())
        finally:
            self._filling = None

    def _sweep_later(self) -> None:
        if self._sweeper is None and not self._closed:
            self._sweeper = self.loop.call_later(min(_SWEEP_SECONDS, self._idle_seconds), self._sweep)

    def _sweep(self) -> None:
        """Close isolates that have been idle for long, and the longest idle of too many."""
        self._sweeper = None
        now = self.loop.time()
        idle: list[tuple[float, Worker, Channel]] = []
        for worker in self._workers:
            for channel in list(worker.channels):
                if not channel.idle or channel.busy:
                    continue
                rest = now - channel.last_used
                if rest >= self._idle_seconds or (rest >= _RUSH_SECONDS and worker.isolates > 1):
                    worker.evict(channel)
                else:
                    idle.append((channel.last_used, worker, channel))
        idle.sort(key=lambda entry: entry[0])
        for _, worker, channel in idle[: max(0, self.isolates - self._isolates_wanted)]:
            worker.evict(channel)
        if self.isolates:
            self._sweep_later()


def _boot(loop: asyncio.AbstractEventLoop) -> Any:
    return Isolate(read("runtime"), loop, services.answer, 0)
