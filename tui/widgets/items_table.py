"""A list that is read a page at a time: keys, objects, messages; and the rows of a query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.message import Message

from tui.data.source import Item
from tui.data.sql import cell
from tui.widgets.table import Column, Table

#: Rows before the end at which the next page is asked for.
AHEAD = 20


class PagedTable(Table):
    """A table that says when its end comes near."""

    class NearEnd(Message):
        """The next page is wanted."""

    _painting = False

    def repaint(self) -> None:
        """Build the table again: meanwhile its end comes near by itself, which means nothing."""
        self._painting = True
        try:
            super().repaint()
        finally:
            self._painting = False

    def watch_cursor_coordinate(self, old: Any, new: Any) -> None:
        super().watch_cursor_coordinate(old, new)
        if not self._painting and new != old and self.row_count and self.cursor_row >= self.row_count - AHEAD:
            self.post_message(self.NearEnd())

    def on_mouse_scroll_down(self) -> None:
        """The wheel reads on, too."""
        if self.max_scroll_y - self.scroll_y < AHEAD:
            self.post_message(self.NearEnd())


class ItemsTable(PagedTable):
    """Items of a source. Space marks some, for what is done to several."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__([Column("")], drives=True, id=id)
        self.items: list[Item] = []
        self.marked: set[str] = set()

    def begin(self, columns: Sequence[str], numeric: frozenset[int]) -> None:
        """Another list: empty, with these columns."""
        self.table_columns = tuple(
            Column(title, numeric=number in numeric, rigid=number in numeric)
            for number, title in enumerate(columns)
        )
        self.items, self.marked = [], set()
        self.repaint()

    def add(self, items: Sequence[Item]) -> None:
        """Put a page of items at the end."""
        known = {item.name for item in self.items}
        self.items += [item for item in items if item.name not in known]
        self.repaint()

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        row = self.cursor_row
        return self.items[row] if 0 <= row < len(self.items) else None

    @property
    def chosen(self) -> list[Item]:
        """The marked ones, else the one under the cursor."""
        marked = [item for item in self.items if item.name in self.marked]
        return marked or ([self.current] if self.current is not None else [])

    def toggle_mark(self) -> None:
        """Mark the row, or take its mark away; on to the next one."""
        if (item := self.current) is not None:
            self.marked ^= {item.name}
            row = self.cursor_row
            self.repaint()
            self.move_cursor(row=min(row + 1, len(self.items) - 1), animate=False)

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        """A row an item."""
        return [(item.name, self._cells(item)) for item in self.items]

    def _cells(self, item: Item) -> list[Text]:
        first, *rest = item.cells
        mark = ("◆ ", "accent") if item.name in self.marked else ""
        name = (
            self.text(mark, (first, "accent" if item.folder else ""))
            if mark
            else self.text((first, "accent" if item.folder else ""))
        )
        titles = [column.title for column in self.table_columns[1:]]
        return [
            name,
            *(self.text((each, _tone(each, title))) for each, title in zip(rest, titles, strict=False)),
        ]


def _tone(text: str, column: str) -> str:
    # What ends within hours is worth a look; what is as old as that is not.
    soon = column in ("expires", "alarm") and text[-1:] in ("h", "m", "s") and text[:-1].isdigit()
    return "warning" if soon else "muted"


class RowsTable(PagedTable):
    """The rows of a query."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__([Column("")], drives=False, id=id)
        self.columns_shown: tuple[str, ...] = ()
        self.rows_shown: list[list[Any]] = []

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Show an answer from its first row."""
        numeric = {
            number
            for number in range(len(columns))
            if rows and all(isinstance(row[number], int | float | None) for row in rows)
        }
        self.columns_shown = tuple(columns)
        self.table_columns = tuple(
            Column(title, numeric=number in numeric) for number, title in enumerate(columns)
        ) or (Column(""),)
        self.rows_shown = [list(row) for row in rows]
        self.repaint()
        self.move_cursor(row=0, animate=False)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Put the next page at the end."""
        self.rows_shown += [list(row) for row in rows]
        self.repaint()

    @property
    def current(self) -> dict[str, Any] | None:
        """The row under the cursor."""
        row = self.cursor_row
        if not 0 <= row < len(self.rows_shown):
            return None
        return dict(zip(self.columns_shown, self.rows_shown[row], strict=True))

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        """A row a row."""
        return [
            (str(number), [self.text(cell(value)) for value in row])
            for number, row in enumerate(self.rows_shown)
            if row
        ]
