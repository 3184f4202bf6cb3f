"""Finding text in a whole JSON document, a slice at a time: 5 MB must not hold the app for a moment."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left, bisect_right

from tui.search import Query

WINDOW = 128 * 1024
"""Characters that are searched between two looks at the clock: about 2 ms."""
OVERLAP = 2_000
"""The longest match that may begin in one window and end in the next."""


class Matches:
    """Where a document matches, as far as it was read.

    Args:
        text: The document.
        query: What is sought.
    """

    def __init__(self, text: str, query: Query) -> None:
        self.text, self.query = text, query
        self.starts = array("Q")
        """Where each match begins, in order."""
        self._at = 0

    @property
    def complete(self) -> bool:
        """Whether all of the document was read."""
        return not self.query.text or bool(self.query.fault) or self._at >= len(self.text)

    def read(self, seconds: float) -> None:
        """Read on, for about that long."""
        until = time.monotonic() + seconds
        while not self.complete:
            end = self._at + WINDOW
            for match in self.query.spans(self.text, self._at, min(end + OVERLAP, len(self.text))):
                if match.start() >= end:
                    break
                self.starts.append(match.start())
            self._at = max(end, self.starts[-1] + 1 if self.starts else 0)
            if time.monotonic() > until:
                return

    def after(self, position: int) -> int | None:
        """The number (from 0) of the first match that begins there or later; None when none was found yet."""
        number = bisect_left(self.starts, position)
        return number if number < len(self.starts) else None

    def before(self, position: int) -> int | None:
        """The number of the last match that begins before a position."""
        number = bisect_left(self.starts, position) - 1
        return number if number >= 0 else None


def row_of(ends: list[int], position: int) -> int:
    """The row that shows a position of the document.

    Args:
        ends: Where each row's own text ends, in order; an open row's ends at its bracket.
        position: The position.
    """
    return min(bisect_right(ends, position), len(ends) - 1)
