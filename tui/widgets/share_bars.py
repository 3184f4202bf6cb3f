"""Which versions answer now, and how much of the requests each gets: one row a version."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.widgets import Static

from tui.format import ago, percent, version
from tui.markup import escape
from tui.widgets.history_table import Entry

LONGEST = 48
"""Cells of a full bar in a wide terminal."""


class ShareBars(Static):
    """The live deployment as bars; the number beside a bar says the same."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.live: Sequence[Entry] = ()

    def show(self, live: Sequence[Entry]) -> None:
        """Paint the rows of the live deployment."""
        self.live = list(live)
        self._paint()

    def on_resize(self, event: events.Resize) -> None:
        self._paint()

    def _paint(self) -> None:
        if not self.live:
            self.update("[$muted]Nothing is deployed here yet.[/]")
            return
        room = min(LONGEST, max(8, self.size.width // 2 - 8))
        rows = []
        for entry in self.live:
            full = round(room * entry.share / 100)
            bar = f"[$accent]{'━' * full}[/][$line]{'━' * (room - full)}[/]"
            said = f"  {escape(entry.what)}" if entry.what else ""
            rows.append(
                f"[b]{version(entry.number)}[/] {percent(entry.share):>5}  {bar}  "
                f"[$muted]{ago(entry.when)}  {escape(entry.who)}{said}[/]"
            )
        self.update("\n".join(rows))
