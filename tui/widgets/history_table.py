"""The history of an environment: one row a version of a deployment, newest first, with the marks A and B."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from tui.format import day, percent, version
from tui.widgets.table import Column, Table

TRIGGERS = {
    "upload": "deploy",
    "promotion": "promoted",
    "rollback": "rolled back",
    "secret": "secret changed",
    "clone": "cloned",
    "create": "created",
}
SOURCES = {
    "wrangler": "deploy",
    "app": "quick edit",
    "cli": "deploy",
    "seed": "sample",
    "api": "deploy",
    "dash": "edit",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One version that a deployment made live."""

    deployment_id: str
    version_id: str
    number: int | None
    """The version's number; None when the version itself is gone."""
    share: float
    """Its part of the requests, in percent."""
    live: bool
    """Whether it answers now."""
    when: str
    """ISO 8601 time of the deployment."""
    who: str
    what: str
    """The message, or what made the deployment."""

    @property
    def key(self) -> str:
        """Tells rows apart: a deployment may name two versions, a version may be deployed twice."""
        return f"{self.deployment_id}:{self.version_id}"


def _who(deployment: Mapping[str, Any]) -> str:
    """The author, without the domain of a mail address."""
    author = deployment.get("author") or deployment.get("author_email") or deployment.get("source") or "–"
    return str(author).split("@")[0]


def _what(deployment: Mapping[str, Any]) -> str:
    notes = deployment.get("annotations") or {}
    message = deployment.get("message") or notes.get("workers/message")
    trigger = deployment.get("triggered_by") or notes.get("workers/triggered_by")
    words = TRIGGERS.get(str(trigger)) or SOURCES.get(str(deployment.get("source")), "")
    return " ".join(str(message or words).split())


def entries(deployments: Sequence[Mapping[str, Any]], versions: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """The rows of a history.

    Args:
        deployments: as the engine lists them, newest first; the first one is live.
        versions: the environment's versions, for their numbers.
    """
    numbers = {item["id"]: item.get("number") for item in versions}
    return [
        Entry(
            deployment_id=deployment["id"],
            version_id=part["version_id"],
            number=numbers.get(part["version_id"], part.get("number")),
            share=float(part["percentage"]),
            live=position == 0,
            when=deployment["created_on"],
            who=_who(deployment),
            what=_what(deployment),
        )
        for position, deployment in enumerate(deployments)
        for part in deployment["versions"]
    ]


class HistoryTable(Table):
    """Rows of a history. The row under the cursor is B; A is the one before it, or a marked one."""

    def __init__(self, *, id: str | None = None) -> None:
        columns = (
            Column("", rigid=True),
            Column("version", rigid=True),
            Column("share", rigid=True),
            Column("when", rigid=True),
            Column("who"),
            Column("what"),
        )
        super().__init__(columns, drives=True, id=id)
        self.entries: list[Entry] = []
        self.marked: str | None = None
        """The key of the row that was marked as A; None lets A follow B."""

    def show(self, rows: Sequence[Entry]) -> None:
        """Paint a history; the cursor stays on its row, a mark on a row that is gone is forgotten."""
        self.entries = list(rows)
        if self.marked not in {entry.key for entry in rows}:
            self.marked = None
        self.repaint()
        if self.is_mounted:
            self.refresh_marks()  # the cursor may be on another row number now

    @property
    def current(self) -> Entry | None:
        """B: the row under the cursor."""
        row = self.cursor_row
        return self.entries[row] if 0 <= row < len(self.entries) else None

    @property
    def other(self) -> Entry | None:
        """A: the marked row, else the next older row with another version; None at the very first one."""
        if self.marked is not None and (current := self.current) is not None and current.key != self.marked:
            return next(entry for entry in self.entries if entry.key == self.marked)
        current = self.current
        if current is None:
            return None
        older = self.entries[self.cursor_row + 1 :]
        return next((entry for entry in older if entry.version_id != current.version_id), None)

    def toggle_mark(self) -> None:
        """Mark the row under the cursor as A, or take its mark away."""
        current = self.current
        if current is not None:
            self.marked = None if self.marked == current.key else current.key
            self.refresh_marks()

    def refresh_marks(self) -> None:
        """Write A and B beside their rows."""
        for index, entry in enumerate(self.entries):
            self.update_cell_at((index, 0), self._mark(entry))  # type: ignore[arg-type]

    def _mark(self, entry: Entry) -> Text:
        current, other = self.current, self.other
        if current is not None and entry.key == current.key:
            return self.text(("B" if self.marked != entry.key else "A", "bold accent"))
        if other is not None and entry.key == other.key:
            return self.text(("A", "bold accent"))
        return self.text(" ")

    def _share(self, entry: Entry) -> Text:
        if not entry.live:
            return self.text(("○", "faint"))
        mark = ("●", "success") if entry.share >= 50 else ("◐", "accent")
        return self.text(mark, f" {percent(entry.share)}")

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        return [
            (
                entry.key,
                [
                    self._mark(entry),
                    self.text(version(entry.number)),
                    self._share(entry),
                    self.text(day(entry.when)),
                    self.text(entry.who),
                    self.text(entry.what),
                ],
            )
            for entry in self.entries
        ]
