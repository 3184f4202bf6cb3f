"""Commands of the workbench's answer: what can be done with a response's body."""

from __future__ import annotations

from tui.commands.base import Command


class SaveBody(Command):
    """Save the whole body in the downloads folder."""

    NAME = "answer: Save body"
    BINDING_KEY = "s"
    HELP_TEXT = "save body"


class CopyBody(Command):
    """Copy the body."""

    NAME = "answer: Copy body"
    BINDING_KEY = "y"
    HELP_TEXT = "copy body"


class WrapBody(Command):
    """Wrap long lines, or not."""

    NAME = "answer: Wrap lines"
    BINDING_KEY = "w"
    HELP_TEXT = "wrap"


class NextView(Command):
    """Show the body another way: pretty, as a folded tree, as it came; a page as its source or its text."""

    NAME = "answer: Next view of the body"
    BINDING_KEY = "t"
    HELP_TEXT = "tree, text, source"


class OpenPager(Command):
    """Read the whole body in $PAGER."""

    NAME = "answer: Open in $PAGER"
    BINDING_KEY = "v"
    HELP_TEXT = "pager"


class FindInBody(Command):
    """Find text in the body."""

    BINDING_KEY = "slash"
    HELP_TEXT = "find"


class NextMatch(Command):
    """To the next place that matches."""

    BINDING_KEY = "n"
    HELP_TEXT = "next match"


class PreviousMatch(Command):
    """To the previous place that matches."""

    BINDING_KEY = "N"
    HELP_TEXT = "previous match"


ANSWER: tuple[type[Command], ...] = (
    CopyBody,
    SaveBody,
    WrapBody,
    NextView,
    OpenPager,
    FindInBody,
    NextMatch,
    PreviousMatch,
)
