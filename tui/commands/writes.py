"""Commands about the writes that a run kept back."""

from __future__ import annotations

from tui.commands.base import Command
from tui.commands.lists import LIST


class KeptWrites(Command):
    """Show the writes that the last run kept back, and do some of them for real."""

    NAME = "draft: Writes kept back…"
    BINDING_KEY = "alt+a"
    HELP_TEXT = "writes kept back: apply…"


class MarkWrite(Command):
    """Mark the write under the cursor, or take the mark away."""

    BINDING_KEY = "space"
    ACTION = "toggle_row"
    HELP_TEXT = "mark"


class MarkAllWrites(Command):
    """Mark every write that can be applied, or none."""

    BINDING_KEY = "a"
    ACTION = "toggle_all"
    HELP_TEXT = "mark all"


class ApplyWrites(Command):
    """Apply what is marked, or the write under the cursor when nothing is."""

    BINDING_KEY = "enter"
    KEY_DISPLAY = "enter"
    ACTION = "apply"
    HELP_TEXT = "apply"


WRITES: tuple[type[Command], ...] = (*LIST, MarkWrite, MarkAllWrites, ApplyWrites)
