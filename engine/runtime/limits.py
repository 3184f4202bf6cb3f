"""How much a worker may use, and who sees to it."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import CpuLimitExceeded, MemoryLimitExceeded

if TYPE_CHECKING:
    from .channel import Channel

# Wall time in V8 beyond the CPU limit after which an isolate is ended although its thread had no processor:
# blocked for good, or on a machine that is hopelessly busy.
_WALL_FACTOR, _WALL_EXTRA = 4, 10.0
_INTERVAL = 0.05
# How far the growth put down to an isolate may pass its limit: the estimate is a rough one.
_SLACK = 1.25
_FORGET = 0.5 ** (_INTERVAL / 10.0)
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one worker (PLATFORM.md §5).

    Attributes:
        cpu_ms: Processor time in V8 without coming back.
        memory_mb: JavaScript heap, and ArrayBuffers beside it.
        startup_ms: Processor time of the global scope.
        wait_until_ms: How long ``ctx.waitUntil`` may go on after the response.
        subrequests: Outgoing fetches of one invocation.
    """

    cpu_ms: int = 30_000
    memory_mb: int = 128
    startup_ms: int = 1_000
    wait_until_ms: int = 30_000
    subrequests: int = 1_000


def resident_bytes() -> int:
    """The process's resident memory, in bytes; where only the peak is known, the peak."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


class _Watch:
    """What is known of one channel: its present pump, and the memory that grew while its thread worked."""

    __slots__ = ("began", "grown", "processor", "pumps", "since")

    def __init__(self) -> None:
        self.pumps = -1
        self.began = 0.0
        self.since = 0.0
        self.processor = 0.0
        self.grown = 0.0


class Watchdog:
    """Ends isolates that use more than their limits.

    It looks every 50 ms while any isolate does something, and not at all when none does. Processor time is
    that of the isolate's own thread, so a busy machine makes nobody exceed a limit.

    V8's limit does not count ArrayBuffers, and nothing tells how many an isolate holds. So what the process
    grows by is put down to those whose threads worked meanwhile, each by its share of the processor time,
    and forgotten by half every ten seconds: a burst is seen, the slow growth of caches is nobody's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[Channel, _Watch] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._resident = 0
        self._processor = 0.0

    def add(self, channel: Channel) -> None:
        """Watch a channel."""
        watch = self._watches[channel] = _Watch()
        watch.processor = channel.isolate.processor_seconds() or 0.0

    def remove(self, channel: Channel) -> None:
        """Stop watching a channel."""
        self._watches.pop(channel, None)

    def wake(self) -> None:
        """Some isolate has work."""
        if self._timer is None:
            self._resident, self._processor = resident_bytes(), time.process_time()
            self._timer = self._loop.call_later(_INTERVAL, self._look)

    def close(self) -> None:
        """Stop for good."""
        self._watches.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        resident, processor = resident_bytes(), time.process_time()
        growth, spent = resident - self._resident, max(processor - self._processor, 0.001)
        self._resident, self._processor = resident, processor
        active = False
        for channel, watch in list(self._watches.items()):
            isolate = channel.isolate
            watch.grown *= _FORGET
            if isolate.busy_since is None and isolate.pumps == watch.pumps:
                continue
            active = True
            used = isolate.processor_seconds()
            if used is not None:
                share = min(1.0, (used - watch.processor) / spent)
                watch.processor = used
                watch.grown = max(0.0, watch.grown + growth * share)
            if isolate.resident is not None:
                watch.grown = isolate.resident  # a process of its own: known, not guessed
            if isolate.out_of_memory() or watch.grown > channel.memory_mb * _SLACK * (1 << 20):
                channel.exceeded(MemoryLimitExceeded(channel.memory_mb))
            else:
                self._check_time(channel, watch, used)
        self._timer = self._loop.call_later(_INTERVAL, self._look) if active else None

    def _check_time(self, channel: Channel, watch: _Watch, used: float | None) -> None:
        isolate = channel.isolate
        since = isolate.busy_since
        if since is None or isolate.pumps != watch.pumps:
            watch.pumps = isolate.pumps
            watch.began = used or 0.0
            watch.since = time.monotonic() if since is None else since
            return
        limit_ms = channel.cpu_ms
        wall = time.monotonic() - watch.since
        spent = wall if used is None else used - watch.began
        if spent * 1000 > limit_ms or wall > limit_ms / 1000 * _WALL_FACTOR + _WALL_EXTRA:
            channel.exceeded(CpuLimitExceeded(limit_ms))
