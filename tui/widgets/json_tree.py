"""JSON as a tree that folds, read only as far as somebody looks."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import size
from tui.json_scan import NotJson, Value, members, root
from tui.search import Query

BREATH = 0.008
"""Seconds of reading between two frames."""
MOST_ROWS = 200_000
OPEN_ALL = 40
"""A document of at most so many members of members is shown unfolded."""
LONGEST = 2_000
"""Characters of one value that are painted."""


@dataclass(slots=True)
class Row:
    """One row of the tree."""

    value: Value
    depth: int
    open: bool = False
    in_list: bool = False


class JsonTree(ScrollView, can_focus=True):
    """Objects and arrays that open; one row is painted at a time, whatever the size of the whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="json-down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="json-up"),
        Binding("g,home", "move(-1000000)", "First", show=False, id="json-first"),
        Binding("G,end", "move(1000000)", "Last", show=False, id="json-last"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="json-page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="json-page-up"),
        Binding("enter,space", "toggle_row", "Open or fold", show=False, id="json-toggle"),
        Binding("l,right", "open", "Open", show=False, id="json-open"),
        Binding("h,left", "fold", "Fold", show=False, id="json-fold"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self.rows: list[Row] = []
        self.cursor = 0
        self._query = Query("")
        self._turn = 0

    @property
    def selected_text(self) -> str:
        """Nothing is ever selected with the keyboard here."""
        return ""

    def show(self, text: str) -> bool:
        """Show a document.

        Returns:
            False when it is none, or no object or array.
        """
        try:
            whole = root(text)
        except NotJson:
            return False
        if not whole.folds:
            return False
        self._turn += 1
        self.text, self.rows, self.cursor = text, [Row(whole, 0)], 0
        self.scroll_to(0, 0, animate=False)
        self._changed()
        self.read(0, 2 if len(text) < 20_000 else 1, self._turn)
        return True

    @work(group="json")
    async def read(self, at: int, levels: int, turn: int) -> None:
        """Open a row, and what is in it down to some levels, breathing now and then."""
        if at >= len(self.rows) or self.rows[at].open or not self.rows[at].value.folds:
            return
        row = self.rows[at]
        row.open = True
        found: list[Row] = []
        opened = 0
        began = time.monotonic()
        try:
            for value in members(self.text, row.value):
                if value is not None:
                    found.append(Row(value, row.depth + 1, in_list=row.value.kind == "["))
                if time.monotonic() - began > BREATH:
                    opened += self._insert(row, opened, found)
                    found = []
                    await asyncio.sleep(0)
                    began = time.monotonic()
                    if turn != self._turn or not row.open or len(self.rows) > MOST_ROWS:
                        return
        except NotJson:
            self.border_subtitle = "not JSON from here on"
        opened += self._insert(row, opened, found)
        if levels > 1 and opened <= OPEN_ALL:
            place = self.rows.index(row)
            for below in range(place + opened, place, -1):
                child = self.rows[below].value
                if child.folds and child.end - child.start > 2:
                    self.read(below, levels - 1, turn)

    def _insert(self, row: Row, after: int, found: list[Row]) -> int:
        # Other rows may have opened and folded meanwhile: the place is looked up anew.
        place = next((n for n, known in enumerate(self.rows) if known is row), None)
        if place is None:
            return 0
        self.rows[place + 1 + after : place + 1 + after] = found
        if found:
            self._changed()
        return len(found)

    def _changed(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows))
        self.refresh()

    # ------------------------------------------------------------------ painting

    def render_line(self, y: int) -> Strip:
        """One row."""
        index = y + self.scroll_offset.y
        width = self.size.width
        if index >= len(self.rows):
            return Strip.blank(width)
        row, value = self.rows[index], self.rows[index].value
        here = index == self.cursor and self.has_focus
        quiet = "$foreground" if here else "$muted"
        key = "" if row.depth == 0 else f"[{quiet}]$key[/] " if row.in_list else "[$syn-keyword]$key[/]: "
        fold = "▾ " if row.open else "▸ "
        if value.folds and value.end - value.start > 2:
            inside = "{…}" if value.kind == "{" else "[…]"
            bracket = value.kind if row.open else f"{inside}  [{quiet}]{size(value.end - value.start)}[/]"
            bracket = (
                bracket.replace("[…]", r"\[…]") if not row.open else ("{" if value.kind == "{" else r"\[")
            )
            shown, tail = "", bracket
        else:
            shown = self.text[value.start : min(value.end, value.start + LONGEST)].replace("\n", " ")
            tone = {'"': "$syn-string", "v": "$syn-number"}.get(value.kind, "$foreground")
            fold, tail = "  ", f"[{tone}]$shown[/]"
        line = Content.from_markup(
            f"{'  ' * row.depth}[{quiet}]{fold}[/]{key}{tail}", key=value.key, shown=shown
        )
        if self._query.text:
            for match in self._query.in_line(line.plain):
                line = line.stylize("b u on $cursor-blur", match.start(), match.end())
        line = line.truncate(width, ellipsis=True, pad=True)
        base = self.visual_style
        strip = Strip(line.render_segments(base), line.cell_length).adjust_cell_length(width, self.rich_style)
        if here:
            cursor = Style(bgcolor=self.app.theme_variables["cursor"])
            strip = Strip([Segment(text, (style or Style()) + cursor) for text, style, _ in strip], width)
        return strip

    # ------------------------------------------------------------------ moving

    def action_move(self, step: int) -> None:
        """Down or up some rows."""
        self.cursor = max(0, min(len(self.rows) - 1, self.cursor + step))
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self.cursor < top + height:
            y = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=y, animate=False)
        self.refresh()

    def action_page(self, step: int) -> None:
        """Down or up one screenful."""
        self.action_move(step * max(1, self.size.height - 1))

    def action_open(self) -> None:
        """Open the row, or go to its first member."""
        if self.rows and self.rows[self.cursor].open:
            self.action_move(1)
        else:
            self.read(self.cursor, 1, self._turn)

    def action_fold(self) -> None:
        """Fold the row, or go to the one it is in."""
        if not self.rows:
            return
        row = self.rows[self.cursor]
        if row.open:
            end = self.cursor + 1
            while end < len(self.rows) and self.rows[end].depth > row.depth:
                end += 1
            del self.rows[self.cursor + 1 : end]
            row.open = False
            self._changed()
            return
        above = self.cursor
        while above > 0 and self.rows[above].depth >= row.depth:
            above -= 1
        self.action_move(above - self.cursor)

    def action_toggle_row(self) -> None:
        """Open or fold the row."""
        if self.rows and self.rows[self.cursor].open:
            self.action_fold()
        else:
            self.action_open()

    def on_click(self, event: events.Click) -> None:
        """A click goes to a row; on the arrow, or twice, it opens or folds it."""
        index = event.y + self.scroll_offset.y
        if index < len(self.rows):
            self.cursor = index
            column = event.x - 2 * self.rows[index].depth - self.gutter.left
            if event.chain == 2 or 0 <= column < 2:
                self.action_toggle_row()
            self.refresh()

    # ------------------------------------------------------------------ search

    def find(self, query: Query) -> None:
        """Mark what is sought in the rows that are open."""
        self._query = query
        self.refresh()

    def go_to_match(self, step: int = 1, include_here: bool = False) -> tuple[int, int]:
        """To the next open row that matches."""
        found = [index for index, row in enumerate(self.rows) if not row.open and self._matches(row.value)]
        if not found:
            return 0, 0
        if step > 0:
            first = self.cursor if include_here else self.cursor + 1
            index = next((n for n, row in enumerate(found) if row >= first), 0)
        else:
            index = next((n for n in reversed(range(len(found))) if found[n] < self.cursor), len(found) - 1)
        self.action_move(found[index] - self.cursor)
        return index + 1, len(found)

    def _matches(self, value: Value) -> bool:
        if next(self._query.in_line(value.key), None) is not None:
            return True
        text = self.text[value.start : value.end]
        return next(self._query.in_line(text), None) is not None
