"""The list of the log: bounded, painted line by line, and never while nothing comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.commands.base import Command, CommandHost
from tui.commands.logs import TAIL
from tui.log_records import Detail, LogRecord
from tui.run_report import Location
from tui.widgets import log_row

#: Records kept, and how many more may come before the oldest go: then they go together.
KEPT = 10_000
SLACK = 1_000
#: Seconds between two paints.
TICK = 0.1


@dataclass(slots=True)
class Row:
    """A row: a record, or a detail of it."""

    record: LogRecord
    detail: Detail | None = None


class LogView(CommandHost, ScrollView, can_focus=True):
    """Records, oldest on top. The cursor stays on the newest until it is moved away."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = TAIL
    HELP_TITLE = "The list"

    cursor: reactive[int] = reactive(0, init=False)
    """The row under the cursor."""

    @dataclass
    class Chosen(Message):
        """A place in the code was chosen."""

        record: LogRecord
        where: Location

    @dataclass
    class Moved(Message):
        """The cursor is on another record, or the number of rows has changed."""

    @dataclass
    class Older(Message):
        """What was before the oldest record is wanted."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: list[Row] = []
        self.count = 0
        """Records in the list."""
        self.follows = True
        """Whether the newest record keeps the cursor."""
        self.names = 0
        """Cells for the environment's name; 0 shows none."""
        self.empty = ""
        """What is said when there is none, markup."""
        self._open: set[int] = set()

    # ------------------------------------------------------------------ what is in it

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def records(self) -> list[LogRecord]:
        """What is in the list, oldest first."""
        return [row.record for row in self.rows if row.detail is None]

    def show(self, records: Sequence[LogRecord]) -> None:
        """Have these instead of what was there; the cursor stays on its record if that is one of them."""
        before = None if self.follows or self.row is None else self.row.record.seq
        self.rows, self.count = [], 0
        self._add(records[-KEPT:])
        self._sized()
        found = next((n for n, row in enumerate(self.rows) if row.record.seq == before), None)
        self.follows = found is None
        self.cursor = len(self.rows) - 1 if found is None else found
        self._settle()

    def extend(self, records: Sequence[LogRecord]) -> None:
        """Put newer ones below; the oldest go where it gets too many."""
        self._add(records[-KEPT:])
        gone = 0
        if self.count > KEPT + SLACK:
            while self.count > KEPT and gone < len(self.rows):
                self.count -= self.rows[gone].detail is None
                gone += 1
            while gone < len(self.rows) and self.rows[gone].detail is not None:
                gone += 1
            del self.rows[:gone]
        self._sized()
        if self.follows:
            self.cursor = len(self.rows) - 1
        elif gone:
            self.set_reactive(LogView.cursor, max(0, self.cursor - gone))
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True, immediate=True)
        self._settle()

    def put_before(self, records: Sequence[LogRecord]) -> None:
        """Put older ones above; the row under the cursor stays where it is on the screen."""
        kept, self.rows = self.rows, []
        self._add(records)
        added = len(self.rows)
        self.rows += kept
        self._sized()
        self.set_reactive(LogView.cursor, self.cursor + added)
        self.scroll_to(y=self.scroll_offset.y + added, animate=False, force=True, immediate=True)
        self._settle()

    def clear(self) -> None:
        """Empty the list."""
        self._open.clear()
        self.show(())

    def _add(self, records: Iterable[LogRecord]) -> None:
        for record in records:
            self.rows.append(Row(record))
            self.count += 1
            if record.seq in self._open:
                self.rows += [Row(record, detail) for detail in record.details()]

    def _sized(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.rows))

    def _settle(self) -> None:
        """Scroll to where it has to be, and paint."""
        if self.follows:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    # ------------------------------------------------------------------ the cursor

    def watch_cursor(self) -> None:
        """Bring the row into sight."""
        if self.rows and not self.follows:
            top, height = self.scroll_offset.y, self.scrollable_content_region.height
            if self.cursor < top:
                self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
            elif self.cursor >= top + height:
                self.scroll_to(y=self.cursor - height + 1, animate=False, force=True, immediate=True)
        self.refresh()

    def move(self, to: int) -> None:
        """Put the cursor on a row."""
        last = len(self.rows) - 1
        if last < 0:
            return
        self.follows = to >= last
        self.cursor = max(0, min(to, last))
        if self.follows:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        self.post_message(self.Moved())

    def action_cursor_down(self) -> None:
        """Down one row."""
        self.move(self.cursor + 1)

    def action_cursor_up(self) -> None:
        """Up one row; above the first one older ones are read."""
        if self.cursor == 0:
            self.post_message(self.Older())
        self.move(self.cursor - 1)

    def action_cursor_first(self) -> None:
        """To the oldest; there, read older ones."""
        if self.cursor == 0:
            self.post_message(self.Older())
        self.move(0)

    def action_cursor_last(self) -> None:
        """To the newest, and stay there."""
        self.move(len(self.rows) - 1)

    def action_page_up(self) -> None:
        """Up a page."""
        if self.cursor == 0:
            self.post_message(self.Older())
        self.move(self.cursor - max(1, self.scrollable_content_region.height - 1))

    def action_page_down(self) -> None:
        """Down a page."""
        self.move(self.cursor + max(1, self.scrollable_content_region.height - 1))

    def go_to_error(self, step: int) -> bool:
        """To the next record that went wrong in a direction; whether there is one."""
        place = self.cursor + step
        while 0 <= place < len(self.rows):
            if self.rows[place].detail is None and self.rows[place].record.failed:
                self.move(place)
                return True
            place += step
        return False

    # ------------------------------------------------------------------ folding

    def action_select_cursor(self) -> None:
        """Fold or unfold the record; on a line of the code, go there."""
        row = self.row
        if row is None:
            return
        if row.detail is not None and row.detail.where is not None:
            self.post_message(self.Chosen(row.record, row.detail.where))
        elif row.record.seq in self._open:
            self.action_fold()
        else:
            self.action_unfold()

    def action_unfold(self) -> None:
        """Show what is in the record."""
        row = self.row
        if row is None or row.record.seq in self._open:
            return
        self._open.add(row.record.seq)
        self.rows[self.cursor + 1 : self.cursor + 1] = [
            Row(row.record, each) for each in row.record.details()
        ]
        self.follows = False
        self._sized()
        end = self.cursor + len(row.record.details())
        bottom = self.scroll_offset.y + self.scrollable_content_region.height - 1
        if end > bottom:  # as much of it as fits, the record itself in any case
            self.scroll_to(
                y=min(self.cursor, self.scroll_offset.y + end - bottom),
                animate=False,
                force=True,
                immediate=True,
            )
        self._settle()

    def action_fold(self) -> None:
        """Hide it again."""
        row = self.row
        if row is None or row.record.seq not in self._open:
            return
        self._open.discard(row.record.seq)
        first = self.cursor
        while self.rows[first].detail is not None:
            first -= 1
        end = first + 1
        while end < len(self.rows) and self.rows[end].detail is not None:
            end += 1
        del self.rows[first + 1 : end]
        self._sized()
        self.cursor = first
        self.follows = first == len(self.rows) - 1
        self._settle()

    # ------------------------------------------------------------------ painting

    def on_resize(self) -> None:
        """Rows are as wide as the list."""
        self._sized()
        if self.follows:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def on_focus(self) -> None:
        """The cursor's row has another colour."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor's row has another colour."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of what is in sight."""
        width = self.scrollable_content_region.width
        place = self.scroll_offset.y + y
        base = self.rich_style
        if not self.rows and y == 0 and self.empty:
            return self._strip(Text.from_markup(self._resolved(self.empty)), width, base)
        if place >= len(self.rows):
            return Strip.blank(width, base)
        known = dict(self.app.theme_variables)
        on_cursor = place == self.cursor
        if on_cursor:
            known["faint"] = known["muted"] = known["foreground"]  # grey would be under 4.5:1 there
        row = self.rows[place]
        look = log_row.Look(known, width, self.names, self.app.size.width >= 100)
        if row.detail is not None:
            text = log_row.of_detail(row.detail, look)
        else:
            text = log_row.of_record(row.record, row.record.seq in self._open, look)
        if on_cursor:
            base += Style(bgcolor=known["cursor" if self.has_focus else "cursor-blur"])
        return self._strip(text, width, base + Style(meta={"row": place}))

    def _strip(self, text: Text, width: int, base: Style) -> Strip:
        text.truncate(width, overflow="ellipsis")
        segments = text.render(self.app.console)
        return Strip(segments).apply_style(base).adjust_cell_length(width, base)

    def _resolved(self, markup: str) -> str:
        for name in ("muted", "accent", "faint"):
            markup = markup.replace(f"${name}", self.app.theme_variables[name])
        return markup

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a click on a place goes there, a double click unfolds."""
        place = event.style.meta.get("row")
        if place is None or place >= len(self.rows):
            return
        self.move(place)
        row = self.rows[place]
        if event.style.meta.get("place"):
            where = row.detail.where if row.detail is not None else row.record.headline()[2]
            if where is not None:
                self.post_message(self.Chosen(row.record, where))
        elif event.chain == 2:
            self.action_select_cursor()

    def on_mouse_scroll_up(self) -> None:
        """Reading older ones: the newest do not take the list away any more."""
        self.follows = False
