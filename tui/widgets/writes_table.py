"""Writes that a run kept back, row by row: what, what it makes of the value, what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import DataTable

from tui.commands.writes import WRITES
from tui.format import size
from tui.widgets.table import Column, Table

Json = Mapping[str, Any]
HEAD = 12
"""Characters that are the same and still shown before two texts differ."""


class WritesTable(Table):
    """Space marks a row; rows that cannot be applied say why and take no mark."""

    COMMAND_CLASSES = WRITES
    HELP_TITLE = "Writes"

    class Marked(Message):
        """Other rows are marked now."""

    class Wanted(Message):
        """What is marked shall be applied."""

    def __init__(self, *, id: str | None = None) -> None:
        columns = (Column("", rigid=True), Column("write"), Column("now"), Column("then"))
        super().__init__(columns, cursor_colours="renderable", id=id)
        self.items: Sequence[Json] = ()
        self.marked: set[int] = set()

    def show(self, items: Sequence[Json]) -> None:
        """Show these, as the engine lists them."""
        self.items = items
        self.marked &= self.possible
        self.repaint()
        self.post_message(self.Marked())

    @property
    def chosen(self) -> list[int]:
        """The marked ones, else the one under the cursor, when it can be applied."""
        if self.marked:
            return sorted(self.marked)
        current = self._current()
        return [current["id"]] if current is not None and can(current) else []

    @property
    def possible(self) -> set[int]:
        """Those that can be applied."""
        return {item["id"] for item in self.items if can(item)}

    @property
    def conflicts(self) -> list[int]:
        """Those that overwrite what somebody else wrote meanwhile; their rows say so."""
        return [item["id"] for item in self.items if item["conflict"]]

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        return [(str(item["id"]), self._cells(item)) for item in self.items]

    def _cells(self, item: Json) -> list[Text]:
        mark = self.text(("✓", "bold success")) if item["id"] in self.marked else self.text(("·", "faint"))
        name = self.text(
            (f"{item['binding']}", "bold"), f".{item['operation']} ", (item["subject"] or "", "muted")
        )
        change = from_difference(item["change"] or {})
        before = self._value(change.get("before")) if item["change"] else self.text()
        if item["refusal"]:
            then = self.text(("✗ ", "bold error"), (item["refusal"], "error"))
        elif item["superseded"]:
            then = self.text(("a later write replaces it", "faint"))
        elif item["change"] and change.get("before") == change.get("after") is not None:
            then = self.text(("the same", "faint"))
        elif item["change"]:
            then = self._value(change.get("after"))
        else:
            then = self.text((size(item["size"]) if item["size"] is not None else "done", "muted"))
        if item["conflict"]:
            then = self.text(("! ", "bold warning"), (f"{item['conflict']}  ", "warning")) + then
        return [mark, name, before, then]

    def _value(self, value: Json | None) -> Text:
        if value is None:
            return self.text(("nothing", "faint"))
        return (
            self.text((size(value["size"]), "muted")) if value["text"] is None else self.text(value["text"])
        )

    def _current(self) -> Json | None:
        key = self.current_key
        return next((item for item in self.items if str(item["id"]) == key), None)

    def action_toggle_row(self) -> None:
        """Mark the row under the cursor, or take its mark away; and on to the next one."""
        current = self._current()
        if current is None or not can(current):
            return
        self.marked ^= {current["id"]}
        self.repaint()
        self.action_cursor_down()
        self.post_message(self.Marked())

    def action_toggle_all(self) -> None:
        """Mark all that can be applied; when they are, none."""
        every = self.possible
        self.marked = set() if self.marked == every else every
        self.repaint()
        self.post_message(self.Marked())

    def action_apply(self) -> None:
        """Apply what is marked."""
        self.post_message(self.Wanted())

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self.post_message(self.Marked())


def from_difference(change: Json) -> Json:
    """A change whose texts begin shortly before they differ: that is what one looks for."""
    before, after = change.get("before") or {}, change.get("after") or {}
    one, other = before.get("text"), after.get("text")
    if one is None or other is None:
        return change
    pairs = enumerate(zip(one, other, strict=False))
    same = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
    if same <= HEAD:
        return change
    cut = same - HEAD
    return {
        "before": {**before, "text": "…" + one[cut:]},
        "after": {**after, "text": "…" + other[cut:]},
    }


def can(item: Json) -> bool:
    """Whether a write can be applied."""
    return not item["refusal"] and not item["superseded"]
