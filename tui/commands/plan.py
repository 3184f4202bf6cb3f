"""Commands of a promotion's plan."""

from __future__ import annotations

from tui.commands.base import Command


class MoveRow(Command):
    """Move the row under the cursor too, or let it stay."""

    BINDING_KEY = "space"
    ACTION = "toggle_row"
    HELP_TEXT = "move it too"


PLAN: tuple[type[Command], ...] = (MoveRow,)
