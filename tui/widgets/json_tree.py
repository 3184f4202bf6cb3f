"""JSON as a tree that folds, read only as far as somebody looks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import size
from tui.json_scan import NotJson, Value, members, root
from tui.json_search import Matches, row_of
from tui.search import Query

BREATH = 0.008
"""Seconds of reading between two frames."""
MOST_ROWS = 200_000
GONE = 4_000
"""Rows that are thrown away between two frames."""
OPEN_ALL = 40
"""A document of at most so many members of members is shown unfolded."""
LONGEST = 2_000
"""Characters of one value that are painted."""


PLAIN = str.maketrans({code: " " for code in (*range(32), *range(127, 160))})
"""What stands in a value must not reach the terminal as an order."""


@lru_cache(64)
def _style(color: str) -> Style:
    return Style(color=color)


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

    @dataclass
    class Found(Message):
        """All of a long document was searched."""

        number: int
        total: int

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self.rows: list[Row] = []
        self.cursor = 0
        self._query = Query("")
        self._matches = Matches("", self._query)
        self._sought = (1, True)
        self._ends: list[int] | None = None
        self._place: int | None = None
        """Where the row was that got its members last."""
        self._turn = 0
        self._base: Style | None = None

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
        self._matches = Matches(text, self._query)
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
        if opened == 1:
            levels = 2  # `{"items": […]}`: what one looks for is in there
        if levels > 1 and opened <= OPEN_ALL:
            place = next(n for n, known in enumerate(self.rows) if known is row)
            for below in range(place + opened, place, -1):
                child = self.rows[below].value
                if child.folds and child.end - child.start > 2:
                    # What there is already is painted first.
                    self.call_after_refresh(self.read, below, levels - 1, turn)

    def _insert(self, row: Row, after: int, found: list[Row]) -> int:
        # Other rows may have opened and folded meanwhile: the place is looked up anew where it moved.
        place: int | None = self._place
        if place is None or place >= len(self.rows) or self.rows[place] is not row:
            place = next((n for n, known in enumerate(self.rows) if known is row), None)
        self._place = place
        if place is None:
            return 0
        self.rows[place + 1 + after : place + 1 + after] = found
        if found:
            self._changed()
        return len(found)

    def _changed(self) -> None:
        self._ends = None
        self.virtual_size = Size(self.size.width, len(self.rows))
        self.refresh()

    # ------------------------------------------------------------------ painting

    def notify_style_update(self) -> None:
        """Other colours: asking for them costs more than a row."""
        super().notify_style_update()
        self._base = None

    def render_line(self, y: int) -> Strip:
        """One row."""
        index = y + self.scroll_offset.y
        width = self.size.width
        base = self._base = self._base or self.rich_style
        if index >= len(self.rows):
            return Strip.blank(width, base)
        here = index == self.cursor and self.has_focus
        known = self.app.theme_variables
        parts = self._parts(self.rows[index], "foreground" if here else "muted")
        if here:
            base += Style(bgcolor=known["cursor"])
        segments = [Segment(text, base + _style(known[tone])) for text, tone in parts]
        if self._query.text:
            segments = self._marked(segments, known)
        strip = Strip(segments)
        if strip.cell_length > width:
            strip = Strip([*strip.crop(0, width - 1), Segment("…", base)])
        return strip.adjust_cell_length(width, base)

    def _parts(self, row: Row, quiet: str) -> list[tuple[str, str]]:
        """A row's texts, each with its tone."""
        value = row.value
        folds = value.folds and value.end - value.start > 2
        parts = [(f"{'  ' * row.depth}{('▾ ' if row.open else '▸ ') if folds else '  '}", quiet)]
        if row.depth:
            parts.append(
                (f"{value.key} " if row.in_list else value.key, quiet if row.in_list else "syn-keyword")
            )
            if not row.in_list:
                parts.append((": ", "foreground"))
        if not folds:
            shown = self.text[value.start : min(value.end, value.start + LONGEST)].translate(PLAIN)
            tone = {'"': "syn-string", "v": "syn-number"}.get(value.kind, "foreground")
            parts.append((shown, tone))
        elif row.open:
            parts.append((value.kind, "foreground"))
        else:
            parts.append(("{…}  " if value.kind == "{" else "[…]  ", "foreground"))
            parts.append((size(value.end - value.start), quiet))
        return parts

    def _marked(self, segments: list[Segment], known: Mapping[str, str]) -> list[Segment]:
        """The same with what is sought marked."""
        text = "".join(each.text for each in segments)
        spans = [(match.start(), match.end()) for match in self._query.in_line(text)]
        if not spans:
            return segments
        mark = Style(bold=True, underline=True, bgcolor=known["cursor-blur"])
        found: list[Segment] = []
        at = 0
        for content, style, _ in segments:
            edges = {0, len(content)}
            edges |= {edge - at for span in spans for edge in span if 0 < edge - at < len(content)}
            cuts = sorted(edges)
            for first, last in pairwise(cuts):
                inside = any(start <= at + first < end for start, end in spans)
                found.append(Segment(content[first:last], (style or Style()) + mark if inside else style))
            at += len(content)
        return found

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
            self._let_go(self.rows[self.cursor + 1 : end])
            del self.rows[self.cursor + 1 : end]
            row.open = False
            self._changed()
            return
        above = self.cursor
        while above > 0 and self.rows[above].depth >= row.depth:
            above -= 1
        self.action_move(above - self.cursor)

    @work(group="json-let-go")
    async def _let_go(self, rows: list[Row]) -> None:
        """A hundred thousand rows are not even thrown away in one go."""
        while rows:
            del rows[-GONE:]
            await asyncio.sleep(0)

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
        """Mark what is sought, and begin to look for it in the whole document, folded rows too."""
        self._query = query
        self._matches = Matches(self.text, query)
        self._matches.read(BREATH)
        if not self._matches.complete:
            self._read_matches(self._matches)
        self.refresh()

    @work(group="json-find", exclusive=True)
    async def _read_matches(self, matches: Matches) -> None:
        while not matches.complete and matches is self._matches:
            await asyncio.sleep(0)
            matches.read(BREATH)
        if matches is self._matches:
            step, here = self._sought
            self.post_message(self.Found(*self.go_to_match(step, here)))

    def go_to_match(self, step: int = 1, include_here: bool = False) -> tuple[int, int]:
        """To the row that shows the next match, unfolded as far as it is.

        Returns:
            Which match that is, from 1, and how many there are; `Found` tells the same when all was read.
        """
        matches, ends = self._matches, self._row_ends()
        self._sought = (step, True)  # when all is read, the match that was found first stays where it is
        if not matches.starts:
            self._sought = (step, include_here)
            return 0, 0
        above = ends[self.cursor - 1] if self.cursor else 0
        number = (
            matches.after(above if include_here else ends[self.cursor]) if step > 0 else matches.before(above)
        )
        if number is None:
            number = 0 if step > 0 else len(matches.starts) - 1
        self.action_move(row_of(ends, matches.starts[number]) - self.cursor)
        return number + 1, len(matches.starts)

    def _row_ends(self) -> list[int]:
        """Where each row's own text ends."""
        if self._ends is None:
            self._ends = [row.value.start + 1 if row.open else row.value.end for row in self.rows]
        return self._ends
