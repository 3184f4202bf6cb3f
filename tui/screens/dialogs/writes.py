"""The writes that a run kept back: looked at, and done for real one by one or together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Button

from tui.client import EngineAway, EngineError, Json
from tui.format import plural
from tui.markup import escape
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.widgets.writes_table import WritesTable

Listed = Callable[[], Awaitable[Json]]
"""Reads the list."""
Applied = Callable[[Sequence[int] | None, Sequence[int]], Awaitable[Json]]
"""Applies writes by their ids, None for all; the second ones may overwrite what has changed meanwhile."""


class WritesDialog(ConfirmDialog):
    """Stays open as long as there are writes. It tells how many it `applied`, and how many are `left`."""

    AUTO_FOCUS = "#writes"
    MIDDLE: ClassVar[tuple[tuple[str, int], ...]] = (("#writes", 3),)

    def __init__(self, place: str, path: str, listed: Listed, apply: Applied, production: bool) -> None:
        """Args:
        place: `notes › staging`, markup.
        path: what the run asked for: `PUT /notes/17`.
        listed: reads the list.
        apply: does them.
        production: whether they go to production's data.
        """
        super().__init__(
            f"Apply writes to {place}",
            f"[b]{escape(path)}[/] kept these back. What you apply is written for real, as the run meant it.",
            verb="Apply",
            typed="production" if production else None,
            production=production,
        )
        self._listed, self._apply = listed, apply
        self.applied = self.left = 0

    def keys(self) -> str:
        return "space marks  a all  enter applies  esc leaves the rest kept back"

    def compose_middle(self) -> ComposeResult:
        yield WritesTable(id="writes")

    def most_rows(self, widget: Widget) -> int:
        return 17 if self.has_class("-tall") else 10

    @property
    def table(self) -> WritesTable:
        """The list."""
        return self.query_one(WritesTable)

    @property
    def ready(self) -> bool:
        return self.is_mounted and bool(self.table.chosen) and super().ready

    def opened(self) -> None:
        self.query_one("#cancel", Button).label = "Close"
        self.load()

    @work(exclusive=True, group="writes")
    async def load(self) -> None:
        """Read the list."""
        try:
            found = await self._listed()
        except (EngineError, EngineAway) as error:
            self.say(f"[$error]✗ {escape(_said(error))}[/]")
            return
        self._list(found)

    def _list(self, found: Json) -> None:
        items = found["items"]
        self.table.show(items)
        more = found["count"] - len(items)
        self.say(f"[$muted]and {plural(more, 'write')} more, which only a live run does[/]" if more else "")

    @on(WritesTable.Marked)
    def _marks_changed(self) -> None:
        count = len(self.table.marked)
        self.query_one("#go", Button).label = f"Apply {count}" if count else "Apply"
        self.refresh_ready()

    @on(WritesTable.Wanted)
    def _apply_wanted(self) -> None:
        if self.ready:
            self.go()
        elif self.typed is not None and self.table.chosen:
            self.query_one("#typed").focus()

    def action_yes(self) -> None:
        """`y` does nothing here: what is done is chosen first."""

    def go(self) -> None:
        self._do(self.table.chosen, self.table.conflicts)

    @work(exclusive=True, group="writes")
    async def _do(self, ids: Sequence[int], seen: Sequence[int]) -> None:
        try:
            # A conflict that stands in its row was seen: applying the row means it.
            every = len(ids) == len(self.table.possible)
            done = await self._apply(None if every else ids, [each for each in ids if each in seen])
            self.applied, self.left = self.applied + len(ids), done["left"]
            self.table.marked.clear()
            found = await self._listed() if done["left"] else {"items": [], "count": 0}
        except EngineError as error:
            self.say(f"[$error]✗ {escape(error.message)}[/]")
            if error.is_conflict:
                self.table.show((await self._listed())["items"])
            return
        except EngineAway as error:
            self.say(f"[$error]✗ {escape(_said(error))}[/]")
            return
        if not found["items"]:
            self.dismiss(True)
            return
        self._list(found)
        self.say(f"[$success]✓[/] {plural(self.applied, 'write')} applied.")
        self.table.focus()

    def action_cancel(self) -> None:
        """Close; what was not applied stays kept back."""
        self.dismiss(bool(self.applied) or None)


def _said(error: EngineError | EngineAway) -> str:
    return f"The engine is away: {error.reason}." if isinstance(error, EngineAway) else error.message
