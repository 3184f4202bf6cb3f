"""Commands of the data screen. Those that the thing on the screen has no use for are not shown."""

from __future__ import annotations

from tui.commands.base import Command


class DataEdit(Command):
    """Edit the value; ^s writes it."""

    NAME = "data: Edit value"
    BINDING_KEY = "e"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Edit"
    HELP_TEXT = "edit value"


class DataSave(Command):
    """Write the value under edit."""

    NAME = "data: Write value"
    BINDING_KEY = "ctrl+s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Write"
    HELP_TEXT = "write value"
    CHANGES = True


class DataRun(Command):
    """Run the SQL."""

    NAME = "sql: Run"
    BINDING_KEY = "f5"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Run query"
    HELP_TEXT = "run query"


class DataHistory(Command):
    """Take a query that was run before."""

    NAME = "sql: History…"
    BINDING_KEY = "ctrl+l"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "History"
    HELP_TEXT = "earlier queries…"


class DataNew(Command):
    """Add a key."""

    NAME = "data: New key…"
    BINDING_KEY = "n"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "New key…"
    HELP_TEXT = "new key…"
    CHANGES = True


class DataUpload(Command):
    """Upload a file into the bucket."""

    NAME = "data: Upload…"
    BINDING_KEY = "U"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Upload…"
    HELP_TEXT = "upload a file…"
    CHANGES = True


class DataDownload(Command):
    """Download the object into a file."""

    NAME = "data: Download…"
    BINDING_KEY = "w"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Download…"
    HELP_TEXT = "download to a file…"


class DataFind(Command):
    """Find an object by the name that code gave it."""

    NAME = "data: Find object by name…"
    BINDING_KEY = "o"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "By name…"
    HELP_TEXT = "find object by name…"


class DataDelete(Command):
    """Delete the row, or all that are marked."""

    NAME = "data: Delete…"
    BINDING_KEY = "x"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Delete…"
    HELP_TEXT = "delete…"
    CHANGES = True


class DataPrefix(Command):
    """Show only what begins with these letters."""

    NAME = "data: Prefix…"
    BINDING_KEY = "slash"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Prefix"
    HELP_TEXT = "only what begins with…"


class DataMark(Command):
    """Mark the row, to delete several at once; again takes the mark away."""

    NAME = "data: Mark"
    BINDING_KEY = "space"
    HELP_TEXT = "mark for deleting"


class DataEntry(Command):
    """Change when the key expires, and its metadata."""

    NAME = "data: Expiry and metadata…"
    BINDING_KEY = "t"
    HELP_TEXT = "expiry, metadata…"
    CHANGES = True


class DataAlarm(Command):
    """Set the object's alarm, or take it away."""

    NAME = "data: Alarm…"
    BINDING_KEY = "A"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Alarm…"
    HELP_TEXT = "alarm…"
    CHANGES = True


class DataImport(Command):
    """Write the keys of a JSON file."""

    NAME = "data: Import…"
    BINDING_KEY = "i"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Import…"
    HELP_TEXT = "import from JSON…"
    CHANGES = True


class DataPurge(Command):
    """Remove all messages of the queue."""

    NAME = "data: Purge…"
    BINDING_KEY = "P"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Purge…"
    HELP_TEXT = "remove all messages…"
    CHANGES = True


class DataCopy(Command):
    """Copy the value, or the row of an answer."""

    NAME = "data: Copy"
    BINDING_KEY = "y"
    HELP_TEXT = "copy value, row"


class DataReload(Command):
    """Read what is on the screen again."""

    NAME = "data: Reload"
    BINDING_KEY = "r"
    HELP_TEXT = "reload"


class DataLeave(Command):
    """One step back: from the value to the list, to the tree, to where you came from."""

    BINDING_KEY = "escape"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "back"


class DataKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"
    HELP_TEXT = "these keys"


class PaneTree(Command):
    """Go to the tree."""

    BINDING_KEY = "1"
    HELP_TEXT = "tree"


class PaneList(Command):
    """Go to the list, or to the query."""

    BINDING_KEY = "2"
    HELP_TEXT = "list, query"


class PaneContent(Command):
    """Go to the value, or to the rows."""

    BINDING_KEY = "3"
    HELP_TEXT = "value, rows"


DATA: tuple[type[Command], ...] = (
    DataEdit,
    DataSave,
    DataRun,
    DataHistory,
    DataNew,
    DataUpload,
    DataDownload,
    DataFind,
    DataDelete,
    DataPrefix,
    DataAlarm,
    DataImport,
    DataPurge,
    DataLeave,
    DataKeys,
    DataMark,
    DataEntry,
    DataCopy,
    DataReload,
    PaneTree,
    PaneList,
    PaneContent,
)
