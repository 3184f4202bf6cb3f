"""Roll back to a row of the history: what comes back, and the typed name where it is production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from tui.format import ago, version
from tui.markup import escape
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.widgets.diff_view import DiffView, summary
from tui.widgets.history_table import Entry


class RollbackDialog(ConfirmDialog):
    """A question before an earlier version answers again. Dismissed with True, or None."""

    MIDDLE = (("#difference", 3),)

    def __init__(
        self,
        service: str,
        environment: str,
        hostname: str,
        live: Entry,
        target: Entry,
        diff: Mapping[str, Any] | None,
    ) -> None:
        """Args:
        service: the service.
        environment: the environment that is rolled back.
        hostname: where it answers.
        live: what is live now.
        target: the row of the history to return to.
        diff: the difference from `live` to `target`, if it is known.
        """
        production = environment == "production"
        mark = "[$production]▲ production[/]" if production else environment
        said = f", {escape(target.what)}" if target.what else ""
        super().__init__(
            f"Roll back {service} › {mark} to {version(target.number)}",
            f"[b]{version(target.number)}[/] ({ago(target.when)} old, {escape(target.who)}{said}) replaces "
            f"[b]{version(live.number)}[/] at {hostname}. Code, variables and bindings go back; data stays.",
            verb="Roll back",
            typed="production" if production else None,
            production=production,
        )
        self.diff = diff

    def compose_middle(self) -> ComposeResult:
        if self.diff is not None:
            yield Static(
                f"[b $muted]Difference[/] [$faint]{summary(self.diff)}[/]", id="code", classes="section"
            )
            yield DiffView(self.diff, id="difference")

    def most_rows(self, widget: Widget) -> int:
        return 16 if self.has_class("-tall") else 9
