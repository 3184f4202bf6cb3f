"""Analytics Engine as a worker's binding (developers.cloudflare.com/analytics/analytics-engine).

What a point may be is checked by the other half (`runtime/js/src/bindings/analytics-engine.js`), since it is
the script's own mistake. Writing one gives no answer, so what goes wrong here is seen in the trace only.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.overlay import Key, Overlay, Space
from engine.store import analytics
from engine.store.analytics import Point

if TYPE_CHECKING:
    from engine.analytics.points import Points
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection

#: Points of one client request, whichever of its workers writes them (analytics-engine/limits).
MAX_POINTS: Final = 250


class AnalyticsEngine(Binding):
    """A dataset to write to.

    Args:
        name: the binding's name.
        points: takes what is written; None where nobody does.
        dataset: its name.
    """

    type: ClassVar[str] = "analytics_engine"
    writes: ClassVar[frozenset[str]] = frozenset({"writeDataPoint"})

    def __init__(self, name: str, points: Points | None, dataset: str) -> None:
        super().__init__(name)
        self.dataset = dataset
        self._points = points

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The dataset with its points kept back."""
        return SandboxedAnalyticsEngine(self.name, self._points, self.dataset, overlay)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`writeDataPoint` with index, blobs and doubles, as analytics-engine.js sends them.

        Nothing is awaited: the point is taken before the worker's answer is.
        """
        if operation != "writeDataPoint":
            raise BindingError(f'Dataset "{self.name}" has no operation "{operation}".', "TypeError")
        if invocation.tree.points >= MAX_POINTS:
            raise BindingError(f"A request writes at most {MAX_POINTS} data points: this one was left out.")
        invocation.tree.points += 1
        index, blobs, doubles = args
        point = Point(
            self.dataset,
            int(time.time()),
            invocation.service,
            invocation.environment,
            index,
            tuple(blobs),
            tuple(doubles),
        )
        self._take(point)
        return Result(None, size=_size(point))

    def subject(self, operation: str, args: list[Any]) -> str:
        """The dataset, and the index."""
        return f"{self.dataset} {args[0]}" if args[0] else self.dataset

    def _take(self, point: Point) -> None:
        if self._points is None or not self._points.add(point):
            raise BindingError("Too many data points are waiting: this one was left out.")


class PointSpace(Space):
    """Points that a draft would have written to one dataset, by the number of the call."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.points: dict[int, Point] = {}
        self._last = 0

    def keep(self, point: Point) -> None:
        """Keep a point back; raises BindingError when the overlay is full."""
        self.overlay.grow(_size(point))
        self._last += 1
        self.points[self._last] = point
        self.wrote(self._last)

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Write them for real, as if it were now."""
        now = int(time.time())
        analytics.insert(
            connection, [replace(each, timestamp=now) for key, each in self.points.items() if key in keys]
        )

    def forget(self, keys: Collection[Key]) -> None:
        """These points were written."""
        for number in list(self.points):
            if number in keys:
                self.overlay.grow(-_size(self.points.pop(number)))


class SandboxedAnalyticsEngine(AnalyticsEngine):
    """A dataset to which nothing is written yet."""

    def __init__(self, name: str, points: Points | None, dataset: str, overlay: Overlay) -> None:
        super().__init__(name, points, dataset)
        self._overlay = overlay

    def _take(self, point: Point) -> None:
        self._overlay.space(PointSpace, self.dataset).keep(point)


def _size(point: Point) -> int:
    """Bytes of user data, texts by their characters: it is only to be told."""
    return len(point.index or "") + sum(len(each or "") for each in point.blobs) + 8 * len(point.doubles)
