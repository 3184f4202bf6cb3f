"""A service's pipelines: name, way, last run and how that stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from tui.format import ago
from tui.widgets.table import Column, Table

Json = Mapping[str, Any]
#: Sign, its tone and the words of each state.
STATES = {
    "running": ("◐", "accent", "running"),
    "waiting": ("◌", "warning", "waits for approval"),
    "succeeded": ("✓", "success", "succeeded"),
    "failed": ("✗", "error", "failed"),
    "rolled_back": ("✗", "error", "rolled back"),
    "aborted": ("✗", "error", "aborted"),
    "stale": ("!", "warning", "stale"),
}


class PipelinesTable(Table):
    """The pipelines; the one under the cursor is shown below."""

    def __init__(self, *, id: str | None = None) -> None:
        columns = (
            Column("pipeline"),
            Column("run", rigid=True),
            Column("state", rigid=True),
            Column("since", rigid=True),
            Column("stages"),
        )
        super().__init__(columns, drives=True, id=id)
        self.pipelines: Sequence[Json] = ()

    def show(self, pipelines: Sequence[Json]) -> None:
        """Paint the pipelines, as the engine lists them."""
        self.pipelines = list(pipelines)
        self.repaint()

    @property
    def current(self) -> Json | None:
        """The pipeline under the cursor."""
        return next((each for each in self.pipelines if each["name"] == self.current_key), None)

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        """One row a pipeline."""
        return [(each["name"], self._cells(each)) for each in self.pipelines]

    def _cells(self, pipeline: Json) -> list[Text]:
        run = pipeline["run"]
        way = self.text(" → ".join(stage["environment"] for stage in pipeline["definition"]["stages"]))
        name = self.text((pipeline["name"], "bold"))
        if run is None:
            return [name, self.text(""), self.text(("never ran", "muted")), self.text(""), way]
        sign, tone, words = STATES[run["state"]]
        since = self.text((ago(run["ended_on"] or run["started_on"]), "muted"))
        return [name, self.text(f"#{run['number']}"), self.text((sign, tone), f" {words}"), since, way]
