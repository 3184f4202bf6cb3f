"""The list of an environment's settings, in groups, each beside production's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from tui.environment_settings import SINGLE, Row, Standing
from tui.widgets.table import Column, Table

STANDINGS: Final[dict[Standing, tuple[str, str]]] = {
    "": ("", ""),
    "same": ("= inherited", "muted"),
    "own": ("≠", "accent"),
    "only here": ("+ only here", "accent"),
    "missing": ("✗ not here", "warning"),
}
"""How a setting stands against production's: a word for everybody, a colour for those who see it."""
COLUMNS = (
    Column("", rigid=True),
    Column("  setting", rigid=True),
    Column("kind", rigid=True),
    Column("value"),
)


class SettingsTable(Table):
    """One row a setting; the group's name stands before its first one."""

    def __init__(self, compared: bool, id: str | None = None) -> None:
        """Args:
        compared: whether production is another environment than this one.
        id: the widget's id.
        """
        self.compared = compared
        columns = (*COLUMNS, Column("production")) if compared else COLUMNS
        super().__init__(columns, drives=True, id=id)
        self.settings: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Paint them; the cursor stays on its row."""
        self.settings = rows
        self.repaint()

    @property
    def current(self) -> Row | None:
        """The setting under the cursor."""
        key = self.current_key
        return next((row for row in self.settings if row.key == key), None)

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        """A row a setting."""
        rows: list[tuple[str, list[Text]]] = []
        before = ""
        for row in self.settings:
            group, before = (row.group if row.group != before else ""), row.group
            mark = ("◆ ", "bold warning") if row.changed else "  "
            name = self.text(mark, (row.name, "bold" if row.standing in ("own", "only here") else ""))
            value = (row.shown, "") if row.shown else ("–", "faint")
            cells = [
                self.text((group, "bold muted")),
                name,
                self.text(("" if row.key in SINGLE else row.kind, "muted")),
                self.text(value),
            ]
            if self.compared:
                cells.append(self._standing(row))
            rows.append((row.key, cells))
        return rows

    def _standing(self, row: Row) -> Text:
        words, tone = STANDINGS[row.standing]
        if row.standing in ("own", "missing") and row.theirs is not None:
            return self.text((words, tone), " ", (row.theirs, "muted"))
        return self.text((words, tone))
