"""The end of the engine's log, for when it does not start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.format import size
from tui.widgets.pane import Pane

#: Bytes of the log that are read, from its end.
TAIL = 32_768


class EngineLogDialog(ModalScreen[None]):
    """Shows the last lines of a log file.

    Args:
        file: The log.
    """

    CSS_PATH = "../../styles/keys.tcss"
    AUTO_FOCUS = "#log-scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("r,f5", "read", "Read again", show=False),
    ]

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def compose(self) -> ComposeResult:
        """A pane with the text."""
        bottom = "[$muted]r reads it again  esc closes[/]"
        with Pane(id="engine-log", title="Engine's log", bottom=bottom), VerticalScroll(id="log-scroll"):
            yield Static(id="log-text")

    def on_mount(self) -> None:
        """Read it."""
        self.action_read()

    @work(exclusive=True)
    async def action_read(self) -> None:
        """Read the end of the file and go there."""
        text = await asyncio.to_thread(tail, self.file)
        self.query_one("#log-text", Static).update(Content(text))
        self.call_after_refresh(self.query_one("#log-scroll").scroll_end, animate=False)

    def action_scroll(self, rows: int) -> None:
        """Scroll."""
        self.query_one("#log-scroll").scroll_relative(y=rows, animate=False)


def tail(file: Path) -> str:
    """The last whole lines of a file, or a sentence why there are none."""
    try:
        with file.open("rb") as log:
            length = log.seek(0, 2)
            log.seek(max(0, length - TAIL))
            text = log.read().decode("utf-8", "replace")
    except OSError as error:
        return f"{file} cannot be read ({error.strerror})."
    if length > TAIL:
        text = f"the last {size(TAIL)} of {size(length)}\n" + text.partition("\n")[2]
    return text.rstrip() or f"{file} is empty."
