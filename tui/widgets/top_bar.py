"""Row 0: where you are, and what holds right now."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive
from textual.widgets import Label

from tui.accounts import LOCAL
from tui.format import clock
from tui.markup import escape
from tui.messages import EngineState
from tui.service_rows import Place
from tui.visits import BROWSE, visit_of

if TYPE_CHECKING:
    from tui.app import SvcApp


class TopBar(Horizontal):
    """Left the way to here (last part bold), right unsaved, mode and the engine's state.

    Filled, and beginning with `▲ PRODUCTION`, on a screen that can change production: the screen's
    class `-production` does both. The engine's state is the app's, screens need not set it.
    """

    crumb: reactive[str] = reactive("", init=False)
    """Where this screen is, markup: `notes › [b]staging[/]`."""

    marks: reactive[str] = reactive("", init=False)
    """What holds here besides the engine, markup: `◆ unsaved`."""

    production: reactive[bool] = reactive(False, init=False)
    """Whether this screen can change production."""

    def compose(self) -> ComposeResult:
        """Two labels."""
        yield Label(id="crumb")
        yield Label(id="state")

    def on_mount(self) -> None:
        """Follow the engine."""
        self.watch(self.app, "engine_state", self._show)
        self._show()

    def watch_crumb(self) -> None:
        """Repaint."""
        self._show()

    def watch_marks(self) -> None:
        """Repaint."""
        self._show()

    def watch_production(self) -> None:
        """Repaint."""
        self._show()

    def on_click(self, event: events.Click) -> None:
        """A click on a part of the way goes there: to the services, or to a row of theirs."""
        crumb = self.query_one("#crumb", Label)
        if event.screen_x >= crumb.region.right:
            return
        app = cast("SvcApp", self.app)
        visit, text = visit_of(self.screen), str(crumb.visual)
        place = visit.place if visit is not None else None
        parts = text[: event.screen_x - crumb.region.x + 1].count(" › ")
        first = int(app.account.name != LOCAL)
        if visit is None or visit.screen == BROWSE or place is None or parts < first:
            place = None
        elif parts == first:
            place = Place(place.service)
        # Beside: this widget goes with the screen.
        app.run_worker(app.return_to(place), group="navigation")

    def _show(self) -> None:
        if not self.is_mounted:
            return
        app = cast("SvcApp", self.app)
        lead = "▲ PRODUCTION  " if self.production else "[b $accent]svc[/]  "
        if app.account.name != LOCAL:
            lead += f"[b]{escape(app.account.name)}[/] › "
        self.query_one("#crumb", Label).update(lead + self.crumb)
        parts = [
            self.marks,
            "[b] read only [/]" if app.read_only else "",
            *_engine(app.engine_state, self.production),
        ]
        self.query_one("#state", Label).update("  ".join(part for part in parts if part))


def _engine(state: EngineState, plain: bool) -> list[str]:
    """The engine's part. `plain` on a filled bar, where a colour of its own could not be read."""

    def tone(name: str, text: str) -> str:
        return text if plain else f"[{name}]{text}[/]"

    port = tone("$muted", f" :{state.port}") if state.port else ""
    age = [tone("$muted", f"data of {clock(state.since)}")] if state.stale and state.since else []
    match state.phase:
        case "ready":
            return [tone("$success", "●") + " engine" + port]
        case "starting":
            return [tone("$accent", "◐") + " engine starting"]
        case _:
            return [*age, tone("$error", "✗ engine") + port]
