"""What every screen has: top bar, banner, its own panes, key row."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.reactive import reactive
from textual.screen import Screen, ScreenResultType

from tui.commands.base import CommandHost
from tui.messages import EngineState
from tui.widgets.banner import Banner
from tui.widgets.key_bar import KeyBar
from tui.widgets.pane import Pane
from tui.widgets.top_bar import TopBar


class SvcScreen(CommandHost, Screen[ScreenResultType]):
    """A full screen. Subclasses write `body` and set `crumb`, `marks`, `production`, `notice`."""

    CRUMB: ClassVar[str] = ""
    """Where this screen is before anything is known."""

    crumb: reactive[str] = reactive("", init=False)
    """Where this is, markup, the last part bold."""
    marks: reactive[str] = reactive("", init=False)
    """What holds here, markup: unsaved, then the mode's badge."""
    production: reactive[bool] = reactive(False, init=False)
    """Whether one can change production here: fills the top bar, makes the focused border heavy."""
    notice: reactive[str] = reactive("", init=False)
    """A row under the top bar, markup: `! ana deployed v42 while you edited.`"""

    def compose(self) -> ComposeResult:
        """The frame; the panes come from `body`."""
        yield TopBar()
        yield Banner(id="banner")
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """What stands between the top bar and the keys."""
        yield from ()

    def on_mount(self) -> None:
        """Show the frame's state. Textual calls this beside a subclass's own `on_mount`."""
        top = self.query_one(TopBar)
        top.crumb = self.crumb or self.CRUMB
        top.marks, top.production = self.marks, self.production
        self.query_one(Banner).text = self.notice
        self.set_class(self.production, "-production")
        self.watch(self.app, "engine_state", self._engine)

    def on_screen_resume(self) -> None:
        """It is in front: back and forward come here."""
        self.svc.came(self)

    def watch_crumb(self, crumb: str) -> None:
        """Repaint the top bar."""
        if self.is_mounted:
            self.query_one(TopBar).crumb = crumb

    def watch_marks(self, marks: str) -> None:
        """Repaint the top bar."""
        if self.is_mounted:
            self.query_one(TopBar).marks = marks

    def watch_production(self, production: bool) -> None:
        """Fill the top bar, or empty it."""
        self.set_class(production, "-production")
        if self.is_mounted:
            self.query_one(TopBar).production = production

    def watch_notice(self, notice: str) -> None:
        """Show or hide the row under the top bar."""
        if self.is_mounted:
            self.query_one(Banner).text = notice

    def _engine(self, state: EngineState) -> None:
        """Old data keeps its contrast; dashed borders say that it is old."""
        self.set_class(state.stale, "-stale")

    def unsaved(self) -> str:
        """What would be lost by leaving, as a name (`notes › staging`); empty when nothing."""
        return ""

    def focus_pane(self, number: int) -> None:
        """Focus what can have it in the pane with this number; nothing when it is hidden."""
        for pane in self.query(Pane):
            if pane.number == number and pane.display:
                target = next((widget for widget in pane.query("*") if widget.focusable), None)
                if target is not None:
                    target.focus()
