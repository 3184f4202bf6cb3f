"""What every screen has: top bar, banner, its own panes, key row."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.reactive import reactive
from textual.screen import ScreenResultType
from textual.widget import Widget

from tui.commands.base import CommandHost
from tui.messages import EngineState
from tui.screens.styled_once import StyledOnce
from tui.widgets.banner import Banner
from tui.widgets.key_bar import KeyBar
from tui.widgets.pane import Pane
from tui.widgets.top_bar import TopBar

#: Below either there is room for one pane.
LEAST_WIDTH, LEAST_HEIGHT = 60, 16


class SvcScreen(CommandHost, StyledOnce[ScreenResultType]):
    """A full screen. Subclasses write `body` and set `crumb`, `marks`, `production`, `notice`."""

    CRUMB: ClassVar[str] = ""
    """Where this screen is before anything is known."""

    def __init__(self) -> None:
        super().__init__()
        self._set_aside: set[Pane] = set()
        """Panes that are hidden because there is no room for them."""

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

    # ------------------------------------------------------------------ one pane at a time

    def on_resize(self) -> None:
        """Below 60 columns or 16 rows there is room for one pane: the digits change which."""
        tiny = self.app.size.width < LEAST_WIDTH or self.app.size.height < LEAST_HEIGHT
        if tiny != self.has_class("-single"):
            self.set_class(tiny, "-single")
            self._show_one() if tiny else self._show_all()

    def _show_one(self, front: Pane | None = None) -> None:
        """Hide all panes but one: that with the focus, or the first, if it is not said which."""
        panes = [pane for pane in self.query(Pane) if pane.display or pane in self._set_aside]
        focused = self.focused.ancestors_with_self if self.focused is not None else ()
        front = front or next((pane for pane in panes if pane in focused), panes[0] if panes else None)
        for pane in panes:
            if pane is front:
                pane.display = True
                self._set_aside.discard(pane)
            else:
                pane.display = False
                self._set_aside.add(pane)

    def _show_all(self) -> None:
        for pane in self._set_aside:
            pane.styles.clear_rule("display")
        self._set_aside.clear()

    def set_focus(
        self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False
    ) -> None:
        """Focus a widget; where there is room for one pane, its pane comes to the front."""
        if widget is not None and self._set_aside:
            for pane in self._set_aside & {*widget.ancestors_with_self}:
                self._show_one(pane)
                break
        super().set_focus(widget, scroll_visible, from_app_focus)

    def focus_pane(self, number: int) -> None:
        """Focus what can have it in the pane with this number; nothing when it is hidden."""
        for pane in self.query(Pane):
            if pane.number == number and (pane.display or pane in self._set_aside):
                target = next((widget for widget in pane.query("*") if widget.focusable), None)
                if target is not None:
                    target.focus()
