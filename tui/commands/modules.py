"""Commands of the list of modules, for the module under its cursor, and of how the panes are divided."""

from __future__ import annotations

from tui.commands.base import Command
from tui.commands.lists import TREE


class ListAddModule(Command):
    """Add a module."""

    BINDING_KEY = "n"
    HELP_TEXT = "add a module…"


class ListRenameModule(Command):
    """Rename the module under the cursor."""

    BINDING_KEY = "R"
    HELP_TEXT = "rename…"


class ListDeleteModule(Command):
    """Delete the module under the cursor with the next save."""

    BINDING_KEY = "x"
    HELP_TEXT = "delete…"


class ListImportFiles(Command):
    """Take a file or a folder of this machine as modules."""

    BINDING_KEY = "i"
    HELP_TEXT = "import…"


class CodeWider(Command):
    """Give the code more room, the answer less; kept for the next time."""

    NAME = "editor: Wider"
    BINDING_KEY = "alt+m"
    HELP_TEXT = "more room for the code"


class CodeNarrower(Command):
    """Give the code less room, the answer more; kept for the next time."""

    NAME = "editor: Narrower"
    BINDING_KEY = "alt+n"
    HELP_TEXT = "less room for the code"


LIST_OF_MODULES: tuple[type[Command], ...] = (
    *TREE,
    ListAddModule,
    ListRenameModule,
    ListDeleteModule,
    ListImportFiles,
)
DIVIDING: tuple[type[Command], ...] = (CodeWider, CodeNarrower)
