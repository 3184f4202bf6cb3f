"""Moving about in trees and lists. These are widgets' own actions; only their keys are declared here."""

from __future__ import annotations

from tui.commands.base import Command


class CursorDown(Command):
    """Down one row."""

    BINDING_KEY = "j,down"
    ACTION = "cursor_down"
    HELP_TEXT = "down"


class CursorUp(Command):
    """Up one row."""

    BINDING_KEY = "k,up"
    ACTION = "cursor_up"
    HELP_TEXT = "up"


class CursorFirst(Command):
    """To the first row."""

    BINDING_KEY = "g,home"
    ACTION = "cursor_first"
    HELP_TEXT = "first row"


class CursorLast(Command):
    """To the last row."""

    BINDING_KEY = "G,end"
    ACTION = "cursor_last"
    HELP_TEXT = "last row"


class Fold(Command):
    """Fold the row, or go to the row above it in the tree."""

    BINDING_KEY = "h,left"
    ACTION = "fold"
    HELP_TEXT = "fold"


class Unfold(Command):
    """Unfold the row, or go to the first row in it."""

    BINDING_KEY = "l,right"
    ACTION = "unfold"
    HELP_TEXT = "unfold"


class Select(Command):
    """Open the row."""

    BINDING_KEY = "enter"
    KEY_DISPLAY = "enter"
    ACTION = "select_cursor"
    HELP_TEXT = "open, fold"


LIST: tuple[type[Command], ...] = (CursorDown, CursorUp, CursorFirst, CursorLast)
TREE: tuple[type[Command], ...] = (*LIST, Fold, Unfold, Select)
