"""Where one was in the code of each environment: the module, the cursors, how the panes are divided.

One small JSON file a service in the state folder, written beside and renamed over, as unsaved text is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tui.private import write_private


@dataclass
class LastPlace:
    """One environment's."""

    module: str = ""
    """The module that was shown."""
    cursors: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Module to row and column, both from 0."""
    shift: int = 0
    """Steps that the border between code and answer was moved; more is more code."""

    @classmethod
    def read(cls, item: Any) -> LastPlace:
        """From JSON that may be anything."""
        if not isinstance(item, Mapping):
            return cls()
        cursors = item.get("cursors")
        found = {
            str(name): (int(place[0]), int(place[1]))
            for name, place in (cursors.items() if isinstance(cursors, Mapping) else ())
            if isinstance(place, list) and len(place) == 2 and all(isinstance(each, int) for each in place)
        }
        shift = item.get("shift")
        return cls(str(item.get("module") or ""), found, shift if isinstance(shift, int) else 0)


class LastPlaces:
    """The places of one service.

    Args:
        state: The engine's state folder.
        service: The service.
    """

    def __init__(self, state: Path, service: str) -> None:
        self.path = state / "places" / f"{service}.json"

    def read(self, environment: str) -> LastPlace:
        """An environment's last place; the start of the main module when there was none."""
        return LastPlace.read(self._all().get(environment))

    def keep(self, environment: str, place: LastPlace) -> None:
        """Remember an environment's place.

        Raises:
            OSError: The folder cannot be written.
        """
        content = {**self._all(), environment: asdict(place)}
        write_private(self.path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def _all(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
