"""One row under the top bar, there only when something has to be said."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widgets import Label

from tui.markup import escape
from tui.messages import EngineState

TRIES = 5


class Banner(Label):
    """What keeps the app from being up to date, and what is done about it; hidden while all is well."""

    text: reactive[str] = reactive("", init=False)
    """What a screen has to say itself (`! ana deployed v42 while you edited.`); the engine goes first."""

    def on_mount(self) -> None:
        """Follow the engine."""
        self.watch(self.app, "engine_state", self._engine)

    def watch_text(self) -> None:
        """Show it."""
        self._engine(self.app.engine_state)  # type: ignore[attr-defined]  # SvcApp's, watched above

    def _engine(self, state: EngineState) -> None:
        text = engine_banner(state) or self.text
        self.display = bool(text)
        self.update(text)


def engine_banner(state: EngineState) -> str:
    """The words for an engine that is away, markup; empty while it is there or starts for the first time."""
    log = "   [b $accent]^p[/] [@click=app.command('engine-log')]engine: Show log[/]"
    match state.phase:
        case "away":
            attempt = f"Starting it again, try {max(1, state.attempt)} of {TRIES}"
            return f"[b $error]✗ Engine stopped: {escape(state.reason)}.[/] {attempt}{log}"
        case "failed":
            return f"[b $error]✗ Engine does not start: {escape(state.reason)}.[/] Trying again{log}"
        case _:
            return ""
