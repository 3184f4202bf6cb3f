"""The list of the data screen and the value beside it: read a page at a time, shown, left."""

from __future__ import annotations

import asyncio
from typing import Any

from textual import on, work
from textual.widgets import DataTable, Static

from tui.client import EngineAway, EngineError
from tui.data.places import Place
from tui.data.source import Item
from tui.format import count, plural
from tui.markup import escape
from tui.screens.data.base import said
from tui.screens.data.changing import Changing
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.widgets.items_table import ItemsTable

#: Seconds that the cursor rests on a row before its content is asked for.
REST = 0.08


class Listing(Changing):
    """Pages of a source, and what is in the item under the cursor."""

    def show_place(self, place: Place) -> None:
        """Show a row of the tree."""
        raise NotImplementedError

    def unsaved(self) -> str:
        """The value under edit."""
        changed = self.editing and self.value is not None and self.content.text != self.value.text
        return self.item.name if changed and self.item is not None else ""

    def renew(self, item: str = "") -> None:
        """Read the list again from its start."""
        if self.source is not None:
            self._first_page(item)

    @work(exclusive=True, group="page")
    async def _first_page(self, wanted: str) -> None:
        source, pane = self.source, self.pane(2)
        if source is None:
            return
        pane.title = f"[b]{escape(source.title)}[/]"
        slow = self.set_timer(0.3, lambda: setattr(pane, "bottom", "loading…"))
        try:
            found, cursor = await source.page()
            total = await source.total()
        except (EngineError, EngineAway) as error:
            pane.bottom = f"[$error]✗ {escape(said(error))}[/]"
            return
        finally:
            slow.stop()
        if source is not self.source:
            return
        self.cursor, self.total = cursor, total
        kept = wanted or (self.items.current.name if self.items.current else "")
        self.items.begin(source.COLUMNS, source.NUMERIC)
        self.items.add(found)
        self.items.go_to(kept)
        self._say_count()
        self.show_item(self.items.current)

    @on(ItemsTable.NearEnd)
    @work(exclusive=True, group="more")
    async def _more(self, event: ItemsTable.NearEnd) -> None:
        source, cursor = self.source, self.cursor
        if source is None or not cursor:
            return
        self.cursor = ""  # not twice
        try:
            found, following = await source.page(cursor)
        except (EngineError, EngineAway) as error:
            self.cursor = cursor
            self.pane(2).bottom = f"[$error]✗ {escape(said(error))}[/]"
            return
        if source is self.source:
            self.cursor = following
            self.items.add(found)
            self._say_count()

    def _say_count(self) -> None:
        source, shown = self.source, len(self.items.items)
        if source is None:
            return
        if not shown:
            begins = f' starts with "{escape(source.prefix)}"' if source.prefix else ""
            self.pane(2).bottom = f"no {source.NOUN}{begins}"
        elif self.cursor:
            known = self.total or self._known()
            self.pane(2).bottom = f"{count(shown)} of {known}" if known else f"first {count(shown)}"
        else:
            self.pane(2).bottom = plural(shown, source.NOUN)
        marked = len(self.items.marked)
        if marked:
            self.pane(2).bottom = f"[$accent]{marked} marked[/]  {self.pane(2).bottom}"

    def _known(self) -> str:
        """How many the tree says there are."""
        right = self.place.right if self.place is not None else ""
        return right if right[:1].isdigit() else ""

    @on(DataTable.RowHighlighted, "#items")
    @work(exclusive=True, group="row")
    async def _row_changed(self) -> None:
        await asyncio.sleep(REST)
        item = self.items.current
        if item == self.item and self.value is not None:
            return
        if self.unsaved() and not await self.dropped():
            return
        self.show_item(item)

    @on(DataTable.RowSelected, "#items")
    def _row_opened(self) -> None:
        item = self.items.current
        if item is not None and item.folder and self.place is not None and self.place.source is not None:
            self.show_place(
                Place(item.name, source=self.place.source.narrowed(item.name), guarded=self.place.guarded)
            )
        elif self.can("edit") and self.value is not None and self.value.editable and not self.svc.read_only:
            self.edit()
        else:
            self.content.focus()

    @work(exclusive=True, group="value")
    async def show_item(self, item: Item | None) -> None:
        """Read what is in an item and show it."""
        self.leave_edit()
        source, pane, below = self.source, self.pane(3), self.query_one("#below", Static)
        self.item, self.value = item, None
        if item is None or source is None:
            pane.title, pane.bottom = "", ""
            self._put("", None)
            below.display = False
            return
        pane.title = f"[b]{escape(item.name)}[/]"
        try:
            value = await source.open(item)
        except (EngineError, EngineAway) as error:
            self._put("", None)
            pane.bottom = f"[$error]✗ {escape(said(error))}[/]"
            return
        if self.item is not item:
            return
        self.value = value
        self._put(value.text, value.lexer, numbered=value.editable)
        below.display = bool(value.below or value.notice)
        parts = [f"[$warning]![/] {escape(value.notice)}"] if value.notice else []
        parts += [f"[b $muted]Metadata[/]\n{escape(value.below)}"] if value.below else []
        below.update("\n".join(parts))
        pane.bottom = "  ".join(escape(fact) for fact in value.facts)
        self.refresh_bindings()

    def _put(self, text: str, lexer: Any, numbered: bool = False) -> None:
        """Show a text; lines of code and of what can be edited have numbers, nothing and words have none."""
        self.content.show_line_numbers = bool(text) and (numbered or lexer is not None)
        self.content.load(text, lexer)

    def leave_edit(self) -> None:
        """What is shown can only be looked at."""
        self.editing = False
        self.content.read_only = True

    async def dropped(self) -> bool:
        """Whether what was typed may go."""
        question = ConfirmDialog(
            f"Drop what was typed into {escape(self.unsaved())}",
            "[$warning]◆[/] The value was not written.",
            verb="Drop",
        )
        gone: bool | None = await self.app.push_screen_wait(question)
        if gone:
            self.leave_edit()
        return gone is True
