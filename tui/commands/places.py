"""From the workbench to the other screens of the same environment."""

from __future__ import annotations

from tui.commands.base import Command
from tui.commands.logs import WorkbenchLogs


class WorkbenchSettings(Command):
    """Show and change this environment's settings; the draft stays as it is."""

    NAME = "environment: Settings"
    BINDING_KEY = "alt+v"
    HELP_TEXT = "settings"


class WorkbenchData(Command):
    """Look at what this environment's bindings hold; the draft stays as it is."""

    NAME = "environment: Data"
    BINDING_KEY = "alt+t"
    HELP_TEXT = "data"


PLACES: tuple[type[Command], ...] = (WorkbenchSettings, WorkbenchData, WorkbenchLogs)
