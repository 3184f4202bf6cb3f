"""Unsaved text, kept in files so that neither a crash nor kill -9 loses more than the last third of a second.

One JSON file an environment, `<state>/drafts/<service>/<environment>/draft.json`, readable by people. It is
written beside and renamed over, so a reader sees the old text or the new one, never half.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui.private import write_private

FILE = "draft.json"


@dataclass(frozen=True)
class Draft:
    """Kept text of one environment."""

    service: str
    environment: str
    at: str
    """When it was last changed, ISO 8601, UTC."""
    content: Mapping[str, Any]
    """`Workspace.kept()`."""

    @property
    def number(self) -> int | None:
        """The number of the version it was made from."""
        number = self.content.get("base_number")
        return number if isinstance(number, int) else None

    @property
    def modules(self) -> int:
        """How many modules differ from that version."""
        return len(self.content.get("modules", ())) + len(self.content.get("dropped", ()))


class Drafts:
    """The kept texts of one state folder. May be used from several threads.

    Args:
        state: The engine's state folder.
    """

    def __init__(self, state: Path) -> None:
        self.folder = state / "drafts"
        self._lock = threading.Lock()
        self._written: dict[Path, int] = {}

    def path(self, service: str, environment: str) -> Path:
        """Where an environment's text is kept."""
        return self.folder / service / environment / FILE

    def keep(self, service: str, environment: str, content: Mapping[str, Any], turn: int = 0) -> None:
        """Write an environment's unsaved text.

        Args:
            service: The service.
            environment: The environment.
            content: `Workspace.kept()`.
            turn: Rises with every change; an older text, late in its thread, never replaces a newer one.

        Raises:
            OSError: The disk is full or the folder cannot be written.
        """
        path = self.path(service, environment)
        text = json.dumps({"at": _now(), **content}, ensure_ascii=False, indent=1)
        with self._lock:
            if turn and turn < self._written.get(path, 0):
                return
            self._written[path] = turn
            write_private(path, text, durable=True)

    def forget(self, service: str, environment: str, turn: int = 0) -> None:
        """The text was saved or discarded."""
        path = self.path(service, environment)
        with self._lock:
            self._written[path] = max(turn, self._written.get(path, 0))
            path.unlink(missing_ok=True)
            for folder in (path.parent, path.parent.parent):
                try:
                    folder.rmdir()
                except OSError:  # not empty, or never made
                    break

    def read(self, service: str, environment: str) -> Draft | None:
        """An environment's kept text, None when there is none (or none that can be read)."""
        try:
            content = json.loads(self.path(service, environment).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict) or not isinstance(content.get("modules"), list):
            return None
        return Draft(service, environment, str(content.pop("at", "")), content)

    def all(self) -> list[Draft]:
        """Everything that is kept, newest first."""
        found = (
            self.read(path.parent.parent.name, path.parent.name) for path in self.folder.glob(f"*/*/{FILE}")
        )
        return sorted((draft for draft in found if draft), key=lambda draft: draft.at, reverse=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
