"""Rate limits as a worker's binding (workers/runtime-apis/bindings/rate-limit).

Counts are in memory, one set a process: a limit that forgets at a restart lets a little more through, as
Cloudflare's does, whose counts are those of one location. Windows are aligned to the clock, as in Miniflare.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar, Final

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.overlay import Key, Overlay, Space

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection

PERIODS: Final = (10, 60)
#: Keys of one window that are counted; what comes beside them is let through.
MAX_KEYS: Final = 100_000


class RateLimits:
    """The counts of one process, by namespace and period.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, int], tuple[int, dict[str, int]]] = {}

    def take(self, namespace: str, key: str, limit: int, period: int, weight: int) -> bool:
        """Count one use of a key; False when it has had its limit in this window."""
        epoch = int(self._clock() // period)
        found = self._windows.get((namespace, period))
        if found is None or found[0] != epoch:
            found = self._windows[namespace, period] = (epoch, {})
        counts = found[1]
        count = counts.get(key, 0)
        if count >= limit:
            return False
        if key in counts or len(counts) < MAX_KEYS:
            counts[key] = count + weight
        return True


class _Space(Space):
    """Counts of one draft session: trying code out uses up nobody's limit."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.counts = RateLimits()

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Nothing: counts pass by themselves."""


class RateLimit(Binding):
    """A rate limit.

    Args:
        name: the binding's name.
        counts: those of the process, or of a draft session.
        namespace: whose keys they are; bindings with the same one share their counts.
        limit: uses of a key in one period.
        period: seconds, 10 or 60.
    """

    type: ClassVar[str] = "ratelimit"

    def __init__(self, name: str, counts: RateLimits, namespace: str, limit: int, period: int) -> None:
        super().__init__(name)
        self._counts = counts
        self._namespace = namespace
        self._limit = limit
        self._period = period

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The limit with counts of the session's own."""
        counts = overlay.space(_Space, "rate limits").counts
        return RateLimit(self.name, counts, self._namespace, self._limit, self._period)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`limit`, as ratelimit.js sends it: key, and limit, period and weight where they were given."""
        if operation != "limit":
            raise BindingError(f'Rate limit "{self.name}" has no operation "{operation}".', "TypeError")
        key, limit, period, weight = args
        limit = self._limit if limit is None else limit
        period = self._period if period is None else period
        return Result({"success": self._counts.take(self._namespace, key, limit, period, weight)})

    def subject(self, operation: str, args: list[Any]) -> str:
        """The key."""
        return str(args[0])

    def outcome(self, operation: str, result: Result) -> str:
        """Whether it was let through."""
        return "success" if result.value["success"] else "limited"
