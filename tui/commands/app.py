"""Commands that work everywhere."""

from __future__ import annotations

from tui.commands.accounts import SwitchAccount
from tui.commands.base import Command


class ServiceOpen(Command):
    """Open a service, environment, module or binding by a few letters of its name."""

    NAME = "go: Open by name…"
    BINDING_KEY = "ctrl+o"
    HELP_TEXT = "open by name…"


class GoBack(Command):
    """Go back to where you were before."""

    NAME = "go: Back"
    BINDING_KEY = "alt+left"
    KEY_DISPLAY = "alt+←"
    HELP_TEXT = "back"


class GoForward(Command):
    """Go forward again."""

    NAME = "go: Forward"
    BINDING_KEY = "alt+right"
    KEY_DISPLAY = "alt+→"
    HELP_TEXT = "forward"


class Keys(Command):
    """Show the keys that work where you are."""

    NAME = "app: Keys"
    BINDING_KEY = "f1"
    HELP_TEXT = "these keys"


class ChooseTheme(Command):
    """Choose the colours, and keep them."""

    NAME = "app: Theme…"
    BINDING_KEY = "f2"
    HELP_TEXT = "theme…"


class Maximise(Command):
    """Give the focused pane the whole screen; escape brings the others back."""

    NAME = "pane: Maximise"
    BINDING_KEY = "f12"
    HELP_TEXT = "only this pane"


class EngineStart(Command):
    """Start the engine again now."""

    NAME = "engine: Start again"


class EngineLog(Command):
    """Show the end of the engine's log."""

    NAME = "engine: Show log"


class Screenshot(Command):
    """Save a picture of this screen (SVG) in the downloads folder."""

    NAME = "app: Save a picture of the screen"


class Tour(Command):
    """Show how it works, in six steps."""

    NAME = "app: Tour"


class Quit(Command):
    """Leave svc-tui; the engine goes on answering."""

    NAME = "app: Quit"
    BINDING_KEY = "ctrl+q"
    HELP_TEXT = "quit"
    PRIORITY = True


EVERYWHERE: tuple[type[Command], ...] = (
    ServiceOpen,
    GoBack,
    GoForward,
    Keys,
    ChooseTheme,
    SwitchAccount,
    Maximise,
    EngineStart,
    EngineLog,
    Screenshot,
    Tour,
    Quit,
)
