"""What the app remembers from one start to the next: where one was, how wide panes are, what was seen.

A small file in the state folder, written a moment after something changed and at the end: after `kill -9`
the last second is missing. Unsaved text is no part of it, that is kept by itself (drafts.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tui.private import write_private
from tui.service_rows import Place

#: Seconds after a change until it is written.
REST = 0.5
FILE = "session.json"


class Session:
    """The file, and what it said at the start.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._changed = False
        try:
            found = json.loads(self._file.read_bytes())
        except (OSError, ValueError):  # the first start, or a disk that was full: nothing is remembered
            found = {}
        self._known: dict[str, Any] = found if isinstance(found, dict) else {}

    @property
    def place(self) -> Place | None:
        """The row that the cursor was on."""
        found = self._known.get("place")
        if isinstance(found, list) and len(found) == 2 and isinstance(found[0], str):
            return Place(found[0], found[1] if isinstance(found[1], str) else None)
        return None

    def number(self, name: str) -> int | None:
        """A remembered number, such as a pane's width; None when there is none."""
        found = self._known.get(name)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def text(self, name: str) -> str:
        """A remembered word; empty when there is none."""
        found = self._known.get(name)
        return found if isinstance(found, str) else ""

    def texts(self, name: str) -> list[str]:
        """A remembered list of words."""
        found = self._known.get(name)
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []

    def remember(self, name: str, value: Any) -> None:
        """Keep a value; it is written with the next `write`."""
        if self._known.get(name) != value:
            self._known[name] = value
            self._changed = True

    def write(self) -> None:
        """Write what changed.

        Raises:
            OSError: It cannot be written.
        """
        if not self._changed:
            return
        write_private(self._file, json.dumps(self._known))
        self._changed = False
