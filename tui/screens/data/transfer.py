"""Something that takes its time: how far it is, and the way to stop it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.widgets import Button, ProgressBar

from tui.client import EngineAway, EngineError
from tui.data.source import Progress
from tui.format import count, size
from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogButton


class TransferDialog(Dialog[bool]):
    """Dismissed with True when it is done, None when it was stopped or failed."""

    KEYS: ClassVar[str] = "esc stops"

    def __init__(
        self, title: str, text: str, task: Callable[[Progress], Awaitable[object]], unit: str = "bytes"
    ) -> None:
        """Args:
        title: verb and thing, as markup.
        text: what happens, as markup.
        task: does it, and tells how far it is.
        unit: what is counted: `bytes`, or a noun.
        """
        super().__init__(title)
        self.text, self.work, self.unit = text, task, unit

    def words(self) -> str:
        return self.text

    def compose_middle(self) -> ComposeResult:
        yield ProgressBar(id="progress", show_percentage=False, show_eta=False)

    def compose_buttons(self) -> ComposeResult:
        yield DialogButton("Stop", id="cancel")

    def opened(self) -> None:
        self.transfer()

    def tell(self, done: int, total: int) -> None:
        """Paint how far it is."""
        if not self.is_mounted:
            return
        self.query_one(ProgressBar).update(total=max(1, total), progress=done)
        shown = (
            f"{size(done)} of {size(total)}"
            if self.unit == "bytes"
            else f"{count(done)} of {count(total)} {self.unit}"
        )
        self.say(f"[$muted]{shown}[/]")

    @work(exclusive=True, group="transfer")
    async def transfer(self) -> None:
        """Do it; leaving the dialog cancels it."""
        try:
            await self.work(self.tell)
        except (EngineError, EngineAway, OSError, ValueError) as error:
            said = f"The engine is away: {error.reason}." if isinstance(error, EngineAway) else str(error)
            self.say(f"[$error]✗ {escape(said)}[/]")
            self.query_one("#cancel", Button).label = "Close"
            return
        self.dismiss(True)

    def action_cancel(self) -> None:
        """Stop it."""
        self.workers.cancel_group(self, "transfer")
        self.dismiss(None)
