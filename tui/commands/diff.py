"""Commands of a difference: moving about in it, and leaving its screen."""

from __future__ import annotations

from tui.commands.base import Command


class DiffDown(Command):
    """Down one line."""

    BINDING_KEY = "j,down"
    ACTION = "scroll_down"
    HELP_TEXT = "down"


class DiffUp(Command):
    """Up one line."""

    BINDING_KEY = "k,up"
    ACTION = "scroll_up"
    HELP_TEXT = "up"


class DiffLeft(Command):
    """Left, in lines that are too long."""

    BINDING_KEY = "h,left"
    ACTION = "scroll_left"
    HELP_TEXT = "left"


class DiffRight(Command):
    """Right, in lines that are too long."""

    BINDING_KEY = "l,right"
    ACTION = "scroll_right"
    HELP_TEXT = "right"


class DiffFirst(Command):
    """To the first line."""

    BINDING_KEY = "g,home"
    ACTION = "scroll_home"
    HELP_TEXT = "first line"


class DiffLast(Command):
    """To the last line."""

    BINDING_KEY = "G,end"
    ACTION = "scroll_end"
    HELP_TEXT = "last line"


class NextChange(Command):
    """To the next change."""

    NAME = "difference: Next change"
    BINDING_KEY = "n"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Next change"


class PreviousChange(Command):
    """To the previous change."""

    NAME = "difference: Previous change"
    BINDING_KEY = "N"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Previous"
    HELP_TEXT = "previous change"


class CopyDiff(Command):
    """Copy the whole difference as text."""

    NAME = "difference: Copy"
    BINDING_KEY = "y"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Copy"
    HELP_TEXT = "copy it all"


class SwapSides(Command):
    """Look at it from the other side: what was added is removed."""

    NAME = "difference: Swap sides"
    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Swap sides"


class LeaveDiff(Command):
    """Go back to where you came from."""

    BINDING_KEY = "escape,q"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "back"


class DiffKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"


VIEW: tuple[type[Command], ...] = (
    NextChange,
    PreviousChange,
    DiffDown,
    DiffUp,
    DiffLeft,
    DiffRight,
    DiffFirst,
    DiffLast,
)
"""What the widget answers to, wherever it stands."""

SCREEN: tuple[type[Command], ...] = (SwapSides, CopyDiff, LeaveDiff, DiffKeys)
"""What the full screen adds."""
