"""Commands of the browse screen: what can be done with services and environments."""

from __future__ import annotations

from tui.commands.accounts import CompareAccounts
from tui.commands.base import Command
from tui.commands.logs import OpenLogs


class Edit(Command):
    """Edit the environment's code and run it."""

    NAME = "environment: Edit"
    BINDING_KEY = "e"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Edit"
    HELP_TEXT = "edit and run the code"


class Promote(Command):
    """Move this environment's code to another one, after a look at the difference."""

    NAME = "environment: Promote…"
    BINDING_KEY = "P"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Promote…"
    HELP_TEXT = "promote…"
    CHANGES = True


class Diff(Command):
    """Compare this environment with production: code and settings."""

    NAME = "environment: Compare with production"
    BINDING_KEY = "d"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Diff"
    HELP_TEXT = "diff with production"


class Clone(Command):
    """Make a new environment with this one's code and settings."""

    NAME = "environment: Clone…"
    BINDING_KEY = "c"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Clone…"
    HELP_TEXT = "clone…"
    CHANGES = True


class Filter(Command):
    """Show only what has these words in its name."""

    NAME = "services: Filter"
    BINDING_KEY = "slash"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Filter"
    HELP_TEXT = "filter by name"


class ClearFilter(Command):
    """Show everything again; where everything is shown, let go of what is marked."""

    BINDING_KEY = "escape"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Clear"


class Sort(Command):
    """Sort the services: by name, what was deployed last first, what wants to be looked at first."""

    NAME = "services: Sort"
    BINDING_KEY = "S"
    HELP_TEXT = "another order"


class Mark(Command):
    """Mark the environment, or all of a service; delete, clone, copy and compare then take what is marked."""

    NAME = "services: Mark"
    BINDING_KEY = "space"
    HELP_TEXT = "mark, for x c d y"


class MarkAll(Command):
    """Mark every environment that the filter lets through; used again, none."""

    NAME = "services: Mark all"
    BINDING_KEY = "asterisk"
    HELP_TEXT = "mark all shown"


class DeleteMarked(Command):
    """Delete every environment that is marked, after a question."""

    NAME = "marked: Delete…"
    CHANGES = True


class CloneMarked(Command):
    """Copy every environment that is marked, each inside its own service, under one new name."""

    NAME = "marked: Clone…"
    CHANGES = True


class CompareMarked(Command):
    """Compare the two marked environments of a service."""

    NAME = "marked: Compare"


class CopyMarked(Command):
    """Copy the addresses of everything that is marked."""

    NAME = "marked: Copy URLs"


class FoldAll(Command):
    """Fold every service; when all are, unfold them."""

    NAME = "services: Fold or unfold all"
    BINDING_KEY = "minus"
    HELP_TEXT = "fold, unfold all"


class History(Command):
    """Show all deployments, compare them, roll back to one."""

    NAME = "environment: History"
    BINDING_KEY = "H"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "History"
    HELP_TEXT = "history, roll back…"


class OpenSettings(Command):
    """Show and change the environment's settings: variables, secrets, bindings, triggers."""

    NAME = "environment: Settings"
    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Settings"
    HELP_TEXT = "settings"


class OpenData(Command):
    """Look at what the environment's bindings hold, and change it: KV, D1, R2, Durable Objects, queues,
    workflows."""

    NAME = "environment: Data"
    BINDING_KEY = "D"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Data"
    HELP_TEXT = "data"


class New(Command):
    """Make a new environment in this service."""

    NAME = "environment: New…"
    BINDING_KEY = "n"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "New…"
    HELP_TEXT = "new environment…"
    CHANGES = True


class NewService(Command):
    """Make a new service that says hello."""

    NAME = "service: New…"
    BINDING_KEY = "N"
    HELP_TEXT = "new service…"
    CHANGES = True


class Rename(Command):
    """Give the environment another name, and with it another hostname."""

    NAME = "environment: Rename…"
    BINDING_KEY = "R"
    HELP_TEXT = "rename…"
    CHANGES = True


class Delete(Command):
    """Delete the environment, or the service with all of its environments."""

    NAME = "environment: Delete…"
    BINDING_KEY = "x"
    HELP_TEXT = "delete…"
    CHANGES = True


class CopyUrl(Command):
    """Copy the environment's address."""

    NAME = "environment: Copy URL"
    BINDING_KEY = "y"
    HELP_TEXT = "copy URL"


class OpenUrl(Command):
    """Open the environment in the web browser."""

    NAME = "environment: Open in browser"
    BINDING_KEY = "o"
    HELP_TEXT = "open in browser"


class ListKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"
    HELP_TEXT = "these keys"


class Leave(Command):
    """Leave svc-tui; the engine goes on answering."""

    BINDING_KEY = "q"
    HELP_TEXT = "quit"


class WiderList(Command):
    """Give the list of services more room; kept for the next start."""

    NAME = "pane: Wider list"
    BINDING_KEY = "greater_than_sign"
    KEY_DISPLAY = ">"
    HELP_TEXT = "wider list"


class NarrowerList(Command):
    """Give the list of services less room; kept for the next start."""

    NAME = "pane: Narrower list"
    BINDING_KEY = "less_than_sign"
    KEY_DISPLAY = "<"
    HELP_TEXT = "narrower list"


class LogOfEngine(Command):
    """Show the end of the engine's log."""

    BINDING_KEY = "E"
    HELP_TEXT = "engine's log"


class PaneServices(Command):
    """Go to the services."""

    BINDING_KEY = "1"
    HELP_TEXT = "services"


class PaneDetail(Command):
    """Go to what is known about the service or environment."""

    BINDING_KEY = "2"
    HELP_TEXT = "detail"


class PaneActivity(Command):
    """Go to what happened lately (in a wide terminal)."""

    BINDING_KEY = "3"
    HELP_TEXT = "activity, if wide"


BROWSE: tuple[type[Command], ...] = (
    Edit,
    Promote,
    Diff,
    Clone,
    Filter,
    ClearFilter,
    OpenLogs,
    Sort,
    Mark,
    MarkAll,
    FoldAll,
    DeleteMarked,
    CloneMarked,
    CompareMarked,
    CopyMarked,
    History,
    OpenSettings,
    OpenData,
    New,
    ListKeys,
    NewService,
    Rename,
    Delete,
    CopyUrl,
    OpenUrl,
    PaneServices,
    PaneDetail,
    PaneActivity,
    WiderList,
    NarrowerList,
    LogOfEngine,
    CompareAccounts,
    Leave,
)
