"""Commands of the logs screen: what can be done with what deployed workers say."""

from __future__ import annotations

from tui.commands.base import Command
from tui.commands.lists import CursorDown, CursorUp


class OpenLogs(Command):
    """Show what the environment's deployed worker says, live, with its numbers; of a service, all of it."""

    NAME = "environment: Logs"
    BINDING_KEY = "L"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Logs"
    HELP_TEXT = "logs and numbers"


class WorkbenchLogs(Command):
    """Show what this environment's deployed worker says, live, with its numbers."""

    NAME = "environment: Logs"
    BINDING_KEY = "alt+w"
    HELP_TEXT = "logs and numbers"


class PauseLogs(Command):
    """Hold the list still while you read; used again, go on with what came meanwhile."""

    NAME = "logs: Pause"
    BINDING_KEY = "space"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Pause"
    HELP_TEXT = "pause, go on"


class FilterLogs(Command):
    """Show only what fits: words, `status>=400`, `method:POST`, `level:warn`, `env:NAME`, `ray:ID`."""

    NAME = "logs: Filter"
    BINDING_KEY = "slash"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Filter"
    HELP_TEXT = "filter"


class GoToSource(Command):
    """Open the workbench at the line of the code that this row is about."""

    NAME = "logs: Go to source"
    BINDING_KEY = "o,g"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Go to source"
    HELP_TEXT = "the line in the workbench"


class ErrorsOnly(Command):
    """Show only what went wrong; used again, everything."""

    NAME = "logs: Errors only"
    BINDING_KEY = "x"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Errors only"
    HELP_TEXT = "errors only"


class LogLevels(Command):
    """Show everything, then warnings and errors, then errors."""

    NAME = "logs: Level"
    BINDING_KEY = "v"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Level"
    HELP_TEXT = "all, warnings, errors"


class SaveLogs(Command):
    """Save what the filter lets through as a file, one JSON object a line."""

    NAME = "logs: Save"
    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Save"
    HELP_TEXT = "save as a file"


class LeaveLogs(Command):
    """Clear the filter, or go back to where you came from."""

    BINDING_KEY = "escape,q"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "back"


class LogKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"


class WholeService(Command):
    """Show every environment of the service, or this one alone."""

    NAME = "logs: All environments"
    BINDING_KEY = "a"
    HELP_TEXT = "all environments, this one"


class CopyLog(Command):
    """Copy the record with its console lines and stack; in an unfolded one, the row."""

    NAME = "logs: Copy"
    BINDING_KEY = "y"
    HELP_TEXT = "copy"


class ClearLogs(Command):
    """Empty the list; the engine keeps what it has, and the filter brings it back."""

    NAME = "logs: Clear"
    BINDING_KEY = "c"
    HELP_TEXT = "clear the list"


class NextError(Command):
    """To the next record that went wrong."""

    NAME = "logs: Next error"
    BINDING_KEY = "n"
    HELP_TEXT = "next error"


class PreviousError(Command):
    """To the record before this one that went wrong."""

    NAME = "logs: Previous error"
    BINDING_KEY = "N"
    HELP_TEXT = "previous error"


class FirstLog(Command):
    """To the oldest record that is here; there, older ones are read."""

    BINDING_KEY = "home"
    ACTION = "cursor_first"
    HELP_TEXT = "oldest; again: older"


class LastLog(Command):
    """To the newest record, and stay there."""

    BINDING_KEY = "G,end"
    ACTION = "cursor_last"
    HELP_TEXT = "newest, follow"


class UnfoldLog(Command):
    """Show a record's console lines, exceptions and stack; on a line of the code, go there."""

    BINDING_KEY = "enter"
    KEY_DISPLAY = "enter"
    ACTION = "select_cursor"
    HELP_TEXT = "unfold; go to the line"


class OpenLog(Command):
    """Unfold the record."""

    BINDING_KEY = "l,right"
    ACTION = "unfold"
    HELP_TEXT = "unfold"


class FoldLog(Command):
    """Fold the record."""

    BINDING_KEY = "h,left"
    ACTION = "fold"
    HELP_TEXT = "fold"


LOGS: tuple[type[Command], ...] = (
    PauseLogs,
    FilterLogs,
    GoToSource,
    ErrorsOnly,
    LogLevels,
    SaveLogs,
    LeaveLogs,
    LogKeys,
    WholeService,
    CopyLog,
    ClearLogs,
    NextError,
    PreviousError,
)
TAIL: tuple[type[Command], ...] = (CursorDown, CursorUp, FirstLog, LastLog, UnfoldLog, OpenLog, FoldLog)
