"""Commands of the workbench's editor beyond typing: places in the code, all modules at once, files."""

from __future__ import annotations

from tui.commands.base import Command


class Replace(Command):
    """Find text in the module and replace it, one place at a time or all at once."""

    NAME = "editor: Replace"


class GoToSymbol(Command):
    """Go to a function, class or method of this module by a few letters of its name."""

    NAME = "editor: Go to symbol…"
    BINDING_KEY = "alt+s"
    HELP_TEXT = "symbol…"


class MatchBracket(Command):
    """Jump to the bracket that belongs to the one at the cursor, or to the end of the block around it."""

    NAME = "editor: Matching bracket"
    BINDING_KEY = "ctrl+right_square_bracket"
    KEY_DISPLAY = "^]"
    HELP_TEXT = "matching bracket"


class NextProblem(Command):
    """To the next line that does not compile, in this module or the next one that has any."""

    NAME = "editor: Next problem"
    BINDING_KEY = "alt+e"
    HELP_TEXT = "next problem"


class FormatModule(Command):
    """Lay the module out anew: indentation, blanks and line breaks; one undo takes it back."""

    NAME = "editor: Format"
    BINDING_KEY = "alt+p"
    HELP_TEXT = "format"


class SearchModules(Command):
    """Find text in all modules, and go to a line of them."""

    NAME = "module: Search all…"
    BINDING_KEY = "alt+g"
    HELP_TEXT = "search all modules…"


class ImportFiles(Command):
    """Take a file or the files of a folder of this machine as modules."""

    NAME = "module: Import…"


EDITING: tuple[type[Command], ...] = (
    Replace,
    GoToSymbol,
    MatchBracket,
    NextProblem,
    FormatModule,
    SearchModules,
    ImportFiles,
)
