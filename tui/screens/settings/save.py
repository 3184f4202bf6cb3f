"""The question before settings are saved: every change, and what happened elsewhere meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget

from tui.environment_settings import Edit
from tui.format import plural
from tui.markup import escape
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.widgets.facts import Block, Facts


class SaveSettingsDialog(ConfirmDialog):
    """Dismissed with True, or None: nothing was saved."""

    MIDDLE = (("#edits", 2),)

    def __init__(
        self,
        service: str,
        environment: str,
        hostname: str,
        edits: Sequence[Edit],
        elsewhere: str = "",
        clashes: Sequence[str] = (),
    ) -> None:
        """Args:
        service: the service.
        environment: the environment.
        hostname: where it answers.
        edits: what is changed.
        elsewhere: what somebody else did since these settings were read, a sentence.
        clashes: names of what both changed.
        """
        production = environment == "production"
        mark = "[$production]▲ production[/]" if production else escape(environment)
        words = f"A new version of the same code answers at [b]{escape(hostname)}[/]."
        if elsewhere:
            words += f"\n[$warning]![/] {escape(elsewhere)} "
            words += (
                f"[b]{escape(', '.join(clashes))}[/] changed there, too: yours replaces it."
                if clashes
                else "These changes go on top of it."
            )
        super().__init__(
            f"Save {plural(len(edits), 'setting')} of {escape(service)} › {mark}",
            words,
            verb="Save",
            typed="production" if production else None,
            production=production,
        )
        self.edits = edits

    def compose_middle(self) -> ComposeResult:
        with VerticalScroll(id="edits", can_focus=False):
            yield Facts(id="edit-rows")

    def opened(self) -> None:
        rows = [
            (
                f"[b]{escape(edit.name)}[/]",
                f"[$muted]{escape(edit.before)}[/]",
                "[$success]→[/]",
                escape(edit.after) if edit.after != "–" else "[$error]removed[/]",
            )
            for edit in self.edits
        ]
        self.query_one(Facts).show(Block(rows, rigid=frozenset({0, 2})))

    def most_rows(self, widget: Widget) -> int:
        return 16 if self.has_class("-tall") else 9
