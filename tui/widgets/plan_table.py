"""What a promotion would do, row by row: the thing, what either side has, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import DataTable

from tui.commands.plan import PLAN
from tui.widgets.table import Column, Table

KINDS_WITHOUT_WORD = frozenset({"", "code", "setting", "text"})
"""Kinds that the label says already, or that need no word: a plain variable is the usual case."""
AFTER = Column("after", rigid=True)
"""What becomes of a row, and where it is used: never cut for the sake of a long name."""


class PlanTable(Table):
    """The rows of a plan; space moves the row under the cursor too, or leaves it."""

    COMMAND_CLASSES = PLAN
    HELP_TITLE = "Plan"

    @dataclass
    class Toggled(Message):
        """A row shall move now, or shall not any more."""

        key: str
        """The row's key in the plan."""

    @dataclass
    class Refused(Message):
        """A row that cannot move was asked to."""

        reason: str
        """Why, as a sentence."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        columns = (Column(""), Column("source"), Column("target"), AFTER)
        super().__init__(columns, cursor_colours="renderable", id=id, classes=classes)
        self.plan: Mapping[str, Any] = {}
        self._hinted: int | None = None

    def show(self, plan: Mapping[str, Any]) -> None:
        """Paint a plan (the engine's answer to `promotions/plan`)."""
        self.plan = plan
        titles = ("", plan["from"]["environment"], plan["to"]["environment"])
        self.table_columns = (*(Column(title) for title in titles), AFTER)
        self._hinted = None
        self.repaint()

    @property
    def plan_rows(self) -> list[Mapping[str, Any]]:
        """The plan's rows, as the engine gave them."""
        return list(self.plan.get("rows") or [])

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        return [(row["key"], self._cells(n, row)) for n, row in enumerate(self.plan_rows)]

    def _cells(self, index: int, row: Mapping[str, Any]) -> list[Text]:
        stops, moves = row["after"] == "stops", row["after"] == "moves"
        label, kind = str(row["label"]), str(row.get("kind") or "")
        name = self.text(
            ("✗ ", "bold error") if stops else "", (label, "bold error" if stops else "bold" if moves else "")
        )
        if kind.lower() not in {*KINDS_WITHOUT_WORD, label.lower()}:
            name.append_text(self.text((f" {kind}", "muted")))
        missing = ("missing", "error") if stops else ("–", "muted")
        return [
            name,
            self.text(row["source"] if row["source"] is not None else ("–", "muted")),
            self.text(row["target"] if row["target"] is not None else missing),
            self._after(row, hint=index == self.cursor_row and self.has_focus),
        ]

    def _after(self, row: Mapping[str, Any], hint: bool) -> Text:
        after, code = row["after"], self.plan.get("code") or {}
        if after == "stops":
            return self.text(("stops it", "bold error"), f"  {row.get('location') or ''}".rstrip())
        if after == "moves":
            size = f"  +{code.get('added', 0)} −{code.get('removed', 0)}" if row.get("kind") == "code" else ""
            leave = ("  space: leave it", "muted") if hint and row.get("movable") else ""
            return self.text(("→ moves", "success"), size, leave)
        word = "= same" if after == "same" else "= stays"
        return self.text(
            (word, "muted"), ("  space: move it", "muted") if hint and row.get("movable") else ""
        )

    @on(DataTable.RowHighlighted)
    def hint(self) -> None:
        """Say beside the row under the cursor what space does to it, and nowhere else."""
        rows, current = self.plan_rows, self.cursor_row if self.has_focus else None
        for index in {self._hinted, current} - {None}:
            if index is not None and index < len(rows) and index < self.row_count:
                cell = self._after(rows[index], hint=index == current)
                self.update_cell_at((index, 3), cell)  # type: ignore[arg-type]
        self._hinted = current

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        if self.is_attached and self.row_count:
            self.hint()

    def action_toggle_row(self) -> None:
        """Move the row under the cursor too, or let it stay."""
        key = self.current_key
        row = next((row for row in self.plan_rows if row["key"] == key), None)
        if row is None:
            return
        if row.get("movable"):
            self.post_message(self.Toggled(row["key"]))
            return
        if row["after"] == "same":
            self.post_message(self.Refused(f"{row['label']} is the same on both sides."))
        elif row.get("reason"):
            self.post_message(self.Refused(str(row["reason"])))
        else:
            moves = "always moves" if row["after"] == "moves" else "cannot move"
            self.post_message(self.Refused(f"{row['label']} {moves}."))
