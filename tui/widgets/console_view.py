"""What the draft wrote to its console, as it writes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.theme import Theme

from tui.commands.base import Command, CommandHost
from tui.commands.lists import LIST
from tui.console_lines import ConsoleLines
from tui.run_report import ConsoleLine, Location, RunReport

TONES = {"error": "error", "warn": "warning", "info": "accent", "debug": "muted", "trace": "muted"}
SIGNS = {"error": "✗", "warn": "!"}
MARGIN = 16
"""Cells before the text: the time, the level."""
NARROW = 48
"""Below so many cells the text gets them all but the sign's."""


@lru_cache(256)
def _style(color: str) -> Style:
    return Style.parse(color)


class ConsoleView(CommandHost, ScrollView, can_focus=True):
    """One row a call of `console.*`: level, text (objects laid out), place. Enter goes to the place.

    Only rows on the screen are painted, so that 10,000 lines a second are no more work than ten.
    """

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = LIST
    HELP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Go there", show=False, id="console-choose"),
        Binding("pagedown", "cursor_page(1)", "Page down", show=False, id="console-page-down"),
        Binding("pageup", "cursor_page(-1)", "Page up", show=False, id="console-page-up"),
    ]

    @dataclass
    class Chosen(Message):
        """A row with a place in the code was opened."""

        where: Location

    def __init__(self, service: str, environment: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._home = (service, environment)
        self._report: RunReport | None = None
        self._shown = 0
        self.kept = ConsoleLines()
        self.cursor: int | None = None
        """The line under the cursor; None follows the end."""
        self.words = ""
        """What stands here instead of lines."""

    def show(self, report: RunReport | None) -> None:
        """Show a run's console; lines that came since the last call are added below."""
        if report is not self._report:
            self._report, self._shown, self.cursor = report, 0, None
            self.kept.clear()
            self._resize()
        if report is None:
            self._say("What the draft writes to its console shows up here.")
            return
        if not report.console_count:
            self._say("" if report.running else "Nothing was written to the console.")
        fresh = report.console_count - self._shown
        if not fresh:
            return
        self._shown = report.console_count
        at_end = self.scroll_offset.y >= self.max_scroll_y
        gone = self.kept.add(report.console[-fresh:])
        if self.cursor is not None:
            self.cursor = max(0, self.cursor - gone)
        self._resize()
        if at_end and self.cursor is None:
            self.scroll_end(animate=False, immediate=True)

    def _say(self, words: str) -> None:
        """Words instead of lines."""
        if words != self.words:
            self.words = words
            self.refresh()

    def _resize(self) -> None:
        self.virtual_size = Size(self.size.width, self.kept.height)
        self.refresh()

    def on_mount(self) -> None:
        """Nothing has run yet."""
        self.show(None)
        self.app.theme_changed_signal.subscribe(self, self._recolor)

    def on_resize(self) -> None:
        """Lines are folded to the width."""
        self.kept.fit(self._room())
        self._resize()

    def _recolor(self, _: Theme) -> None:
        self.refresh()

    def _room(self) -> int:
        return max(8, self.size.width - (MARGIN if self.size.width >= NARROW else 2))

    # ------------------------------------------------------------------ painting

    def render_line(self, y: int) -> Strip:
        """One row: time, level, text; of a folded line's later rows only the text."""
        width, base = self.size.width, self.rich_style
        known = self.app.theme_variables
        found = self.kept.at(y + self.scroll_offset.y)
        if found is None:
            words = self.words if not y and not len(self.kept) else ""
            return Strip([Segment(words, base + _style(known["muted"]))]).adjust_cell_length(width, base)
        number, row = found
        line, here = self.kept.lines[number], number == self.cursor and self.has_focus
        tone = base + _style(known[TONES.get(line.level, "foreground")])
        faint = base + _style(known["foreground" if here else "faint"])
        segments = self._start(line, row, tone, faint)
        rows = self.kept.text(number)
        text = rows[row] if row < len(rows) else ""
        place = f"  {line.where}" if line.where and row == len(rows) - 1 else ""
        if place and text.endswith(place):
            segments += [Segment(text.removesuffix(place), tone), Segment(place, faint)]
        else:
            segments.append(Segment(text, tone))
        strip = Strip(segments).adjust_cell_length(width, base)
        if here:
            cursor = Style(bgcolor=known["cursor"])
            strip = Strip([Segment(text, (style or Style()) + cursor) for text, style, _ in strip], width)
        return strip

    def _start(self, line: ConsoleLine, row: int, tone: Style, faint: Style) -> list[Segment]:
        sign = SIGNS.get(line.level, " ")
        if self.size.width < NARROW:
            return [Segment(f"{sign if not row else ' '} ", tone)]
        if row:
            return [Segment(" " * MARGIN, tone)]
        at = f"{line.at:,.1f}" if line.at < 99_999 else f"{line.at / 1000:,.0f} s"
        return [Segment(f"{at:>7} ", faint), Segment(f"{sign} {line.level[:5]:<5} ", tone)]

    # ------------------------------------------------------------------ keys and mouse

    def action_cursor_down(self) -> None:
        """Down one line; from the last one on, follow the end."""
        if self.cursor is not None:
            self._move(self.cursor + 1)

    def action_cursor_up(self) -> None:
        """Up one line; from following the end, to the last one."""
        self._move(len(self.kept) - 1 if self.cursor is None else self.cursor - 1)

    def action_cursor_first(self) -> None:
        """To the first line."""
        self._move(0)

    def action_cursor_last(self) -> None:
        """To the last line, and follow what comes."""
        self.cursor = None
        self.scroll_end(animate=False)
        self.refresh()

    def action_cursor_page(self, step: int) -> None:
        """Down or up one screenful."""
        at = len(self.kept) if self.cursor is None else self.cursor
        self._move(at + step * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        """Go to the place in the code that wrote the line."""
        if not len(self.kept):
            return
        line = self.kept.lines[-1 if self.cursor is None else self.cursor]
        other = (line.service, line.environment)
        if any(other) and other != self._home:
            # Its file may well have the name of one of ours.
            self.notify(f"That is in the code of {' › '.join(other)}.")
        elif line.where:
            self.post_message(self.Chosen(line.where))

    def on_focus(self) -> None:
        """The cursor is on the last line."""
        if self.cursor is None and len(self.kept) and not self._live:
            self._move(len(self.kept) - 1)

    @property
    def _live(self) -> bool:
        return self._report is not None and self._report.running

    def on_click(self, event: events.Click) -> None:
        """A click goes to a line, a second one to its place in the code."""
        offset = event.get_content_offset(self)
        found = self.kept.at(offset.y + self.scroll_offset.y) if offset is not None else None
        if found is not None:
            self._move(found[0])
            if event.chain == 2:
                self.action_choose()

    def _move(self, line: int) -> None:
        if not len(self.kept):
            return
        if line >= len(self.kept) and self._live:
            self.action_cursor_last()
            return
        self.cursor = max(0, min(line, len(self.kept) - 1))
        first, end = self.kept.rows_of(self.cursor)
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if first < top or end > top + height:
            self.scroll_to(y=first if first < top else end - height, animate=False)
        self.refresh()
