"""A `DataTable` that fits its pane: columns as wide as their content, cut with an ellipsis when they must be.

Textual's table scrolls sideways and cuts cells hard. Here the last column takes what is left, the widest
ones give way first in a narrow pane, and the colours follow the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from tui.commands.base import CommandHost
from tui.commands.lists import LIST
from tui.widgets.fit import fit


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    numeric: bool = False
    """Numbers are aligned to the right."""
    rigid: bool = False
    """Never cut: marks, numbers, dates."""


class Table(CommandHost, DataTable[Text]):
    """Row cursor, no stripes. Subclasses say what the rows are in `table_rows`, in words and theme tones."""

    COMMAND_CLASSES = LIST
    HELP_TITLE = "Lists"

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        header: bool = True,
        drives: bool = False,
        cursor_colours: Literal["css", "renderable"] = "css",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Args:
        columns: what stands in each column; the last one takes the rest of the width.
        header: whether the titles are shown; only where the columns need names.
        drives: whether the row under the cursor decides what another pane shows, so that the cursor
            stays visible without the focus.
        cursor_colours: whether the row under the cursor keeps its own colours (`renderable`).
        id: the widget's id.
        classes: its CSS classes.
        """
        super().__init__(
            cursor_type="row",
            show_header=header,
            cursor_foreground_priority=cursor_colours,
            id=id,
            classes=classes,
        )
        self.table_columns = tuple(columns)
        self.drives = drives
        self._fitted_to: int | None = None

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        """The rows to paint: a key that stays the same, and one text a column."""
        return []

    def text(self, *parts: str | tuple[str, str]) -> Text:
        """A cell: plain strings and `(string, tones)` pairs, tones as in `bold muted`."""
        known = self.app.theme_variables
        cell = Text(no_wrap=True, overflow="ellipsis", end="")
        for part in parts:
            words, tones = (part, "") if isinstance(part, str) else part
            cell.append(words, " ".join(known.get(tone, tone) for tone in tones.split()))
        return cell

    def on_mount(self) -> None:
        self.show_cursor = self.drives
        self.app.theme_changed_signal.subscribe(self, lambda _: self.repaint())
        self.repaint()

    def on_resize(self, event: events.Resize) -> None:
        # Our own rows may resize us (a scrollbar comes or goes): only another width is news.
        if self._fitted_to != self.scrollable_content_region.width:
            self.repaint()

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self.show_cursor = focused or self.drives

    @property
    def current_key(self) -> str | None:
        """The key of the row under the cursor; None in an empty table."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        if key in {row.value for row in self.rows}:
            self.move_cursor(row=self.get_row_index(key), animate=False)

    def repaint(self) -> None:
        """Build the table again from `table_rows`, with the cursor on the row it was on."""
        width = self.scrollable_content_region.width
        self._fitted_to = width
        kept, top, row = self.current_key, self.scroll_y, self.cursor_row
        table = self.table_rows()
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for column, fitted in zip(self.table_columns, self._widths(table, width), strict=True):
                justify: Literal["right", "left"] = "right" if column.numeric else "left"
                self.add_column(Text(column.title, justify=justify), width=fitted)
            for key, cells in table:
                for column, cell in zip(self.table_columns, cells, strict=True):
                    cell.justify = "right" if column.numeric else "left"
                self.add_row(*cells, key=key)
            if kept is not None:
                self.move_cursor(row=min(row, len(table) - 1), animate=False)
                self.go_to(kept)
        self.scroll_to(y=top, animate=False)

    def _widths(self, table: list[tuple[str, list[Text]]], width: int) -> list[int]:
        wanted = [
            max(
                [cells[n].cell_len for _, cells in table]
                + [len(column.title) if self.show_header else 0]
                + [1]
            )
            for n, column in enumerate(self.table_columns)
        ]
        if not width:  # not laid out yet
            return wanted
        room = width - 2 * self.cell_padding * len(wanted)
        fitted = fit(wanted, room, [column.rigid for column in self.table_columns])
        if not self.table_columns[-1].numeric:
            fitted[-1] += max(0, room - sum(fitted))
        return fitted

    def action_cursor_first(self) -> None:
        """Go to the first row."""
        self.move_cursor(row=0, animate=False)

    def action_cursor_last(self) -> None:
        """Go to the last row."""
        self.move_cursor(row=max(0, self.row_count - 1), animate=False)
