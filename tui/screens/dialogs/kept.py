"""Text that was not saved was found at the start: open it, drop it, or decide later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button

from tui.drafts import Draft
from tui.format import ago, moment, plural
from tui.screens.dialogs.dialog import Dialog

Choice = Literal["open", "discard"]
FRESH = timedelta(minutes=2)
"""Text kept so lately may be on somebody's screen."""
SHOWN = 8
"""Rows that are listed; the rest is counted."""


class KeptDialog(Dialog[Choice]):
    """Dismissed with what to do, or None: it is kept and offered again at the next start."""

    AUTO_FOCUS = "#open"
    KEYS = "o opens  x discards  esc keeps it for later"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "choose('open')", "Open", show=False, id="kept-open"),
        Binding("x", "choose('discard')", "Discard", show=False, id="kept-discard"),
    ]

    def __init__(self, found: Sequence[Draft]) -> None:
        """Args:
        found: what was found, the newest first.
        """
        super().__init__("Unsaved text")
        self.found = list(found)

    def words(self) -> str:
        rows = [
            f"  [$warning]◆[/] [b]{kept.service} › {kept.environment}[/]  "
            f"[$muted]{plural(kept.modules, 'module')}, {ago(kept.at)} ago"
            + (f", from v{kept.number}" if kept.number is not None else "")
            + "[/]"
            for kept in self.found[:SHOWN]
        ]
        if len(self.found) > SHOWN:
            rows.append(f"  [$muted]and {len(self.found) - SHOWN} more[/]")
        one = len(self.found) == 1
        newest = max((moment(kept.at) for kept in self.found if kept.at), default=None)
        if newest is not None and timedelta() <= datetime.now(UTC) - newest < FRESH:
            words = "[$warning]![/] Not saved, and kept just now: another window may be editing it."
        else:
            words = "The last session ended before this was saved."
        return (
            f"{words}\n\n"
            + "\n".join(rows)
            + (
                "\n\n[b]Open[/] shows it in the workbench."
                if one
                else "\n\n[b]Open[/] shows the first in the workbench; the others keep their [$warning]◆[/]."
            )
        )

    def compose_buttons(self) -> ComposeResult:
        yield Button("Later", id="cancel", compact=True)
        yield Button("Discard", id="discard", compact=True)
        yield Button("Open", id="open", compact=True)

    @on(Button.Pressed, "#open, #discard")
    def _chosen(self, event: Button.Pressed) -> None:
        self.action_choose(str(event.button.id))

    def action_choose(self, choice: str) -> None:
        """Close with a choice."""
        choices: dict[str, Choice] = {"open": "open", "discard": "discard"}
        self.dismiss(choices[choice])
