"""The tree of services and their environments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.commands.base import Command, CommandHost
from tui.commands.lists import TREE
from tui.service_rows import Group, Place, ServiceRows
from tui.widgets.service_row import of_environment, of_service

if TYPE_CHECKING:
    from tui.traffic import Traffic

Json = dict[str, Any]
#: Cells of a row from which on requests a second have a column.
ROOM = 30

__all__ = ["Place", "ServiceTree"]


@lru_cache(2048)
def _content(markup: str) -> Content:
    """Parsed once: while one types in the filter the same rows come again and again."""
    return Content.from_markup(markup)


class ServiceTree(CommandHost, ScrollView, can_focus=True):
    """Services, and below each its environments with state, version and age.

    Nothing is made for a row before it is painted, so that 20,000 environments are as quick as twenty.
    `show` and setting `unsaved`, `words` or `order` repaint; the cursor and what is folded stay.
    """

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = TREE
    HELP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "cursor_page(1)", "Page down", show=False, id="tree-page-down"),
        Binding("pageup", "cursor_page(-1)", "Page up", show=False, id="tree-page-up"),
    ]

    unsaved: reactive[frozenset[Place]] = reactive(frozenset(), init=False)
    """Environments that have text which was never saved."""
    words: reactive[str] = reactive("", init=False)
    """The filter: only rows whose name has all of these words, and the services above them."""
    order: reactive[str] = reactive("name", init=False)
    """One of `service_rows.ORDERS`."""
    marked: reactive[frozenset[Place]] = reactive(frozenset(), init=False)
    """Environments that were marked, to do something with all of them."""
    traffic: reactive[Mapping[Place, Traffic]] = reactive(dict, init=False)
    """What was asked lately, by environment; those that are missing were asked nothing."""

    @dataclass
    class Chosen(Message):
        """An environment was opened (enter, double click)."""

        place: Place

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        place: Place | None

    @dataclass
    class Folded(Message):
        """A service was folded or unfolded."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows = ServiceRows()
        self.cursor = 0
        self._services: Sequence[Json] = ()
        self._told: Place | None = None
        self._ages: list[str] = []
        self.wanted: Place | None = None
        """A row that is expected: the cursor goes there when it comes."""

    @property
    def place(self) -> Place | None:
        """The row under the cursor."""
        return self.rows.place(self.cursor)

    @property
    def shown(self) -> int:
        """How many environments the filter lets through."""
        return self.rows.environments

    def show(self, services: Sequence[Json]) -> None:
        """Show these services, as the engine lists them."""
        self._services = services
        self._fill(again=True)

    def watch_unsaved(self, unsaved: frozenset[Place]) -> None:
        """Mark what is unsaved."""
        self.rows.unsaved = unsaved
        self._fill(again=self.order == "attention")

    def watch_words(self) -> None:
        """Show what the filter lets through."""
        self._fill()

    def watch_order(self, order: str) -> None:
        """Show the rows in another order."""
        self.rows.order = order
        self._fill(again=True)

    def watch_traffic(self, traffic: Mapping[Place, Traffic]) -> None:
        """Show what is asked, and what fails."""
        failing = frozenset(place for place, each in traffic.items() if each.errors)
        changed, self.rows.failing = failing != self.rows.failing, failing
        if changed and self.order == "attention":
            self._fill(again=True)
        else:
            self.refresh()

    def watch_marked(self) -> None:
        """Show what is marked."""
        self.refresh()

    def watch_has_focus(self, focused: bool) -> None:
        """The cursor's colour says whether the keys come here."""
        super().watch_has_focus(focused)
        self.refresh_line(self.cursor)

    def go_to(self, place: Place) -> bool:
        """Put the cursor on a row; whether it is there."""
        line = self.rows.line_of(place, unfold=True)
        if line is None:
            return False
        self._resize()
        self._move(line)
        return True

    def _fill(self, again: bool = False) -> None:
        """Show the rows anew, with the cursor where it was or on the row next to it."""
        before, line = self.place, self.cursor
        offset = line - self.scroll_offset.y
        self.rows.words = tuple(self.words.lower().split())
        if again:
            self.rows.fill(self._services)
            self._forget_marks()
        else:
            self.rows.filter(self.rows.words)
        found = self.rows.line_of(self.wanted, unfold=True) if self.wanted is not None else None
        if found is not None:
            self.wanted = None
        elif before is not None:
            found = self.rows.line_of(before)
        self.cursor = found if found is not None else max(0, min(line, len(self.rows) - 1))
        self._resize()
        if 0 <= offset < self.size.height:  # the row under the cursor stays where the eye is
            self.scroll_to(y=self.cursor - offset, animate=False)
        self._keep_in_sight()
        self._tell()

    def grow_older(self) -> None:
        """Paint the rows again if an age that they show is another one by now."""
        top = self.scroll_offset.y
        ages = [self.rows.age(line) for line in range(top, top + self.size.height)]
        if ages != self._ages:
            self._ages = ages
            self.refresh()

    def _forget_marks(self) -> None:
        if self.marked:
            self.marked = frozenset(place for place in self.marked if self.rows.knows(place))

    def _resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows))
        self.refresh()

    def on_resize(self) -> None:
        """The rows are as wide as the pane."""
        self._resize()
        self._keep_in_sight()

    def _move(self, line: int) -> None:
        """Put the cursor on a line."""
        self.refresh_line(self.cursor)
        self.cursor = max(0, min(line, len(self.rows) - 1))
        self.refresh_line(self.cursor)
        self._keep_in_sight()
        self._tell()

    def _keep_in_sight(self) -> None:
        top, height = self.scroll_offset.y, self.size.height
        if height and not top <= self.cursor < top + height:
            y = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=y, animate=False)

    def _tell(self) -> None:
        """Say where the cursor is, once."""
        if self.place != self._told:
            self._told = self.place
            self.post_message(self.Moved(self._told))

    # ------------------------------------------------------------------ painting

    def render_line(self, y: int) -> Strip:
        """One row: state and name; on the right the version and its age, or how many there are."""
        line, width = y + self.scroll_offset.y, self.size.width
        found = self.rows.at(line)
        if found is None:
            return Strip.blank(width, self.rich_style)
        group, position = found
        here = line == self.cursor
        if position < 0:
            left, right = of_service(group, self.rows, self.marked)
        else:
            traffic = self.traffic if width >= ROOM else {}
            left, right = of_environment(group, position, self.rows, self.marked, traffic, quiet=not here)
        if here:  # grey on the cursor's colour would be under 4.5:1
            left, right = (re.sub(r"\$(faint|muted)\b", "$foreground", text) for text in (left, right))
        end = _content(right)
        start = _content(left).truncate(max(4, width - end.cell_length - (1 if right else 0)), ellipsis=True)
        gap = Content(" " * max(0, width - start.cell_length - end.cell_length))
        row = Content.assemble(start, gap, end)
        strip = Strip(row.render_segments(self.visual_style), row.cell_length)
        strip = strip.adjust_cell_length(width, self.rich_style)
        if here:
            known = self.app.theme_variables
            cursor = Style(bgcolor=known["cursor" if self.has_focus else "cursor-blur"])
            strip = Strip([Segment(text, (style or Style()) + cursor) for text, style, _ in strip], width)
        return strip

    # ------------------------------------------------------------------ keys and mouse

    def action_cursor_down(self) -> None:
        """Down one row."""
        self._move(self.cursor + 1)

    def action_cursor_up(self) -> None:
        """Up one row."""
        self._move(self.cursor - 1)

    def action_cursor_first(self) -> None:
        """To the first row."""
        self._move(0)

    def action_cursor_last(self) -> None:
        """To the last row."""
        self._move(len(self.rows) - 1)

    def action_cursor_page(self, step: int) -> None:
        """Down or up one screenful."""
        self._move(self.cursor + step * max(1, self.size.height - 1))

    def action_fold(self) -> None:
        """Fold the service; an environment or a folded one goes to its service."""
        if (found := self.rows.at(self.cursor)) is None:
            return
        group, position = found
        if position >= 0:
            self.go_to(Place(group.name))
        elif group.open:
            self._fold(group, True)

    def action_unfold(self) -> None:
        """Unfold the service; an unfolded one goes to its first environment."""
        if (found := self.rows.at(self.cursor)) is None or found[1] >= 0:
            return
        if not found[0].open:
            self._fold(found[0], False)
        elif found[0].shown:
            self._move(self.cursor + 1)

    def action_select_cursor(self) -> None:
        """Open the environment; fold or unfold the service."""
        if (found := self.rows.at(self.cursor)) is None:
            return
        if found[1] < 0:
            self._fold(found[0], found[0].open)
        elif (place := self.place) is not None:
            self.post_message(self.Chosen(place))

    def action_fold_all(self) -> None:
        """Fold every service; when all are, unfold them."""
        before = self.place
        folded = any(group.open for group in self.rows.groups)
        self.rows.fold_all(folded)
        self._resize()
        if before is not None:
            line = self.rows.line_of(before)
            self._move(line if line is not None else self.rows.line_of(Place(before.service)) or 0)
        self.post_message(self.Folded())

    def _fold(self, group: Group, folded: bool) -> None:
        self.rows.fold(group, folded)
        self._resize()
        self._keep_in_sight()
        self.post_message(self.Folded())

    def mark(self, places: Sequence[Place]) -> None:
        """Mark environments; when all of them are marked already, let them go."""
        chosen = frozenset(places)
        self.marked = self.marked - chosen if chosen <= self.marked else self.marked | chosen

    def places_here(self) -> list[Place]:
        """The environment under the cursor, or those of the service under it."""
        if (found := self.rows.at(self.cursor)) is None:
            return []
        group, position = found
        positions = group.shown if position < 0 else [position]
        return [Place(group.name, group.environments[one]["environment"]) for one in positions]

    def on_click(self, event: events.Click) -> None:
        """One click moves the cursor, a click on the arrow folds, a double click is enter."""
        offset = event.get_content_offset(self)
        line = offset.y + self.scroll_offset.y if offset is not None else -1
        if offset is None or (found := self.rows.at(line)) is None:
            return
        self._move(line)
        if event.chain == 2:
            self.action_select_cursor()
        elif found[1] < 0 and offset.x < 2:
            self._fold(found[0], found[0].open)
        elif event.ctrl or event.shift:
            self.mark(self.places_here())
