"""The store's clock: timestamps of one fixed width that never repeat and never fall."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

_STEP = timedelta(microseconds=1)


class Clock:
    """Gives ISO 8601 UTC times with microseconds, each later than the one before.

    wrangler picks the version to return to by comparing deployment times as strings, so two equal ones or
    a step back of the machine's clock must not show.
    """

    def __init__(self, after: str | None = None) -> None:
        """Args: after: the latest time given so far (by an earlier process), or None."""
        self._lock = threading.Lock()
        self._last = _parse(after) if after else datetime.min.replace(tzinfo=UTC)

    def now(self) -> str:
        """The time, for example ``2026-11-23T14:02:11.204000Z``."""
        with self._lock:
            self._last = max(datetime.now(UTC), self._last + _STEP)
            return self._last.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parse(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
