"""All isolates of one process: spare ones that are booted already, and those that workers hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from engine.bindings.binding import Binding

from . import services
from .apart import AnyIsolate, ApartIsolate
from .boot import boot
from .busy import Busy, Mark
from .errors import Unavailable
from .isolate import Isolate, home_answers
from .limits import Limits, Watchdog
from .memory import give_back
from .program import Program
from .rpc import Handles
from .worker import Worker

if TYPE_CHECKING:
    from .channel import Channel
    from .services.fetch import Local, OutgoingFetch
    from .services.sockets import OutgoingSockets

_OUTGOING = "engine.runtime.services.fetch"
_SOCKETS = "engine.runtime.services.sockets"
_SWEEP_SECONDS = 1.0
# Freeing an isolate takes milliseconds. One that is not free after this long may never be.
_STUCK_SECONDS = 0.5
# A spare that was taken is replaced when the event that took it has had the processor to itself.
_REFILL_SECONDS = 0.05
# An isolate that a worker had only for a rush goes sooner than its last one.
_RUSH_SECONDS = 10.0
# An isolate that rests is tidied: soon after its first event, which loads what it needs and leaves megabytes
# of garbage, and then no more often than that costs little.
_REST_SECONDS, _LONG_REST_SECONDS = 1.0, 20.0


class Runtime:
    """The JavaScript runtime of one process; it belongs to the event loop it was made on.

    Args:
        spares: Booted isolates kept ready, so that a new version answers without waiting for V8.
        idle_seconds: A worker's last isolate is closed when it had no event for so long.
        isolates_per_worker: How many one worker may have; the processors by default.
        isolates: How many all workers together keep when idle; beyond it the longest idle ones go.
        first: The first isolate, if its boot has begun already (`boot.boot`).
    """

    def __init__(
        self,
        spares: int = 1,
        idle_seconds: float = 60.0,
        isolates_per_worker: int | None = None,
        isolates: int = 24,
        first: asyncio.Future[Isolate] | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.watchdog = Watchdog(self.loop)
        self.handles = Handles()
        self._outgoing: OutgoingFetch | None = None
        self._sockets: OutgoingSockets | None = None
        self.local: Local | None = None
        """Answers the fetches of this machine's own URLs; set it before the first worker runs."""
        self.caches: Binding | None = None
        """The Cache API, in the shape of a binding: set it before the first worker runs."""
        self.busy: Busy | None = None
        """Where is said outside the process which versions run; set it before the first worker runs."""
        self.on_crash: Callable[[str], None] | None = None
        """Told the version in which V8 brought a process of an isolate of its own down."""
        self.isolates_per_worker = isolates_per_worker or os.cpu_count() or 1
        self._spares_wanted = spares
        self._idle_seconds = idle_seconds
        self._isolates_wanted = isolates
        self._first = first
        self._spares: list[Isolate] = []
        self._filling: asyncio.Task[None] | None = None
        self._refill: asyncio.TimerHandle | None = None
        self._workers: set[Worker] = set()
        self._freeing: set[asyncio.Future[None]] = set()
        self._threads = ThreadPoolExecutor(2, "isolate-boot")
        self._tidier = ThreadPoolExecutor(1, "isolate-tidy")
        self._tidying: asyncio.Task[None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def worker(
        self,
        program: Program,
        bindings: Sequence[Binding] = (),
        limits: Limits | None = None,
        exclusive: bool = False,
        kind: type[Worker] = Worker,
    ) -> Worker:
        """A worker; it takes an isolate when its first event comes."""
        worker = kind(self, program, bindings, limits or Limits(), exclusive)
        self._workers.add(worker)
        return worker

    @property
    def outgoing(self) -> OutgoingFetch:
        """What an outgoing ``fetch`` goes through."""
        if self._outgoing is None:
            self._outgoing = import_module(_OUTGOING).OutgoingFetch()
            self._outgoing.local = self.local
        return self._outgoing

    @property
    def sockets(self) -> OutgoingSockets:
        """What ``connect()`` goes through."""
        if self._sockets is None:
            self._sockets = import_module(_SOCKETS).OutgoingSockets()
        return self._sockets

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
        """Import what the first outgoing ``fetch`` or digest would wait for: 0.2 s that a start has not."""
        await asyncio.to_thread(import_module, _OUTGOING)
        await asyncio.to_thread(services.load)

    async def acquire(self, memory_mb: int, apart: str | None = None) -> AnyIsolate:
        """A booted isolate with no program in it.

        Args:
            memory_mb: its heap's limit.
            apart: the version whose isolates get processes of their own; None for one in this process.

        Raises:
            Unavailable: the system has no process to give.
        """
        if apart is not None:
            return await self._acquire_apart(memory_mb, apart)
        isolate: AnyIsolate = self._spares.pop() if self._spares else await self._boot_somewhere()
        isolate.limit_memory(memory_mb)
        if self._refill is None and not self._closed:
            self._refill = self.loop.call_later(_REFILL_SECONDS, self._fill)
        self._make_room(1)
        self._sweep_later()
        return isolate

    async def _acquire_apart(self, memory_mb: int, version: str) -> ApartIsolate:
        try:
            isolate = await ApartIsolate.start(self.loop)
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"No process could be started for the worker: {error}") from error
        isolate.limit_memory(memory_mb)
        isolate.on_crash = partial(self._crashed, version)
        self._make_room(1)
        self._sweep_later()
        return isolate

    def _crashed(self, version: str) -> None:
        if self.on_crash is not None:
            self.on_crash(version)

    def fallen(self, thread: int) -> None:
        """V8 ended on a thread (`fall.catch`): its worker loses that isolate, and goes on elsewhere."""
        for worker in list(self._workers):
            for channel in worker.channels:
                if channel.isolate.thread == thread:
                    channel.mark.blame()
                    worker.apart = True
                    channel.exceeded(Unavailable("V8 ended in the worker's code."))
                    return
        if self.busy is not None:  # one that was told to end already
            self.busy.blame(0.0)

    def mark(self, version: str) -> Mark:
        """What says outside the process that a version's isolate runs."""
        return Mark() if self.busy is None else self.busy.mark(version)

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
        if self._refill is not None:
            self._refill.cancel()
        if self._tidying is not None:
            self._tidying.cancel()
        self.watchdog.close()
        await asyncio.gather(*(worker.close(0) for worker in list(self._workers)))
        if self._filling is not None:
            await asyncio.gather(self._filling, return_exceptions=True)
        spares, self._spares = self._spares, []
        if self._first is not None:
            spares.append(await self._first)
        for isolate in spares:
            await asyncio.to_thread(isolate.close)
        if self._outgoing is not None:
            await self._outgoing.close()
        if self._sockets is not None:
            await self._sockets.close()
        self._threads.shutdown(wait=False)
        self._tidier.shutdown(wait=False)

    async def _boot_somewhere(self) -> AnyIsolate:
        """One of this process; while V8 does not let go of what was given up (`well`), one elsewhere.

        So nobody waits for what another worker did: this process is about to be started anew.
        """
        booting = asyncio.ensure_future(self._boot())
        while not booting.done():
            stuck = bool(self._freeing)
            await asyncio.wait({booting}, timeout=_STUCK_SECONDS)
            if stuck and self._freeing and not booting.done():
                booting.add_done_callback(self._spare)
                try:
                    return await ApartIsolate.start(self.loop)
                except (OSError, TimeoutError) as error:
                    raise Unavailable(f"No process could be started for the worker: {error}") from error
        return booting.result()

    def _spare(self, booting: asyncio.Future[Isolate]) -> None:
        """An isolate that came too late for whoever wanted it."""
        if not booting.cancelled() and booting.exception() is None:
            self._spares.append(booting.result())

    async def _boot(self) -> Isolate:
        first, self._first = self._first, None
        return await (first or self.loop.run_in_executor(self._threads, boot, self.loop))

    def _fill(self) -> None:
        if self._refill is not None:
            self._refill.cancel()
            self._refill = None
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
        """Close isolates that have been idle for long, and the longest idle of too many; tidy the others."""
        self._sweeper = None
        before = self.isolates
        now = self.loop.time()
        resting: list[Channel] = []
        for worker, channel in self._idle():
            rest = now - channel.last_used
            if rest >= self._idle_seconds or (rest >= _RUSH_SECONDS and worker.isolates > 1):
                worker.evict(channel)
            elif _untidy(channel, rest):
                resting.append(channel)
        self._make_room(0)
        if (resting or self.isolates != before) and (self._tidying is None or self._tidying.done()):
            self._tidying = self.loop.create_task(self._tidy(resting))
        if self.isolates:
            self._sweep_later()

    def _idle(self) -> list[tuple[Worker, Channel]]:
        """The isolates that have nothing to do."""
        return [
            (worker, channel)
            for worker in self._workers
            for channel in worker.channels
            if channel.idle and not channel.busy
        ]

    def _make_room(self, wanted: int) -> None:
        """Close the longest idle isolates, so that ``wanted`` more are not too many."""
        excess = self.isolates + wanted - self._isolates_wanted
        if excess > 0:
            for worker, channel in sorted(self._idle(), key=lambda each: each[1].last_used)[:excess]:
                worker.evict(channel)

    async def _tidy(self, channels: Sequence[Channel]) -> None:
        """Collect their garbage, one after the other, and give freed memory back."""
        for channel in channels:
            if channel.idle and not channel.busy and not channel.closed:
                await channel.tidy(self._tidier)
        await self.loop.run_in_executor(self._tidier, give_back)


def _untidy(channel: Channel, rest: float) -> bool:
    tidied = channel.isolate.tidied
    wait = _REST_SECONDS if tidied is None else _LONG_REST_SECONDS
    return tidied != channel.isolate.pumps and rest >= wait
