"""Commands of the deployments screen: what can be done with an environment's history."""

from __future__ import annotations

from tui.commands.base import Command


class MarkRow(Command):
    """Mark the row as A, to compare others with it; again takes the mark away."""

    NAME = "history: Mark A/B"
    BINDING_KEY = "space"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Mark A/B"
    HELP_TEXT = "mark A, B follows"


class RollBack(Command):
    """Make the version of this row live again, after a look at the difference."""

    NAME = "history: Roll back…"
    BINDING_KEY = "R"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Roll back…"
    HELP_TEXT = "roll back to this…"
    CHANGES = True


class ShareTraffic(Command):
    """Give the version of this row a part of the requests; what is live keeps the rest."""

    NAME = "history: Share traffic…"
    BINDING_KEY = "percent_sign"
    KEY_DISPLAY = "%"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Share…"
    HELP_TEXT = "share traffic…"
    CHANGES = True


class WholeDiff(Command):
    """Show the difference of A and B on the whole screen."""

    NAME = "history: Show the whole difference"
    BINDING_KEY = "d"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Diff"
    HELP_TEXT = "difference, full screen"


class OpenPipelines(Command):
    """Show the service's pipelines: gates, approvals and gradual steps."""

    NAME = "history: Pipelines"
    BINDING_KEY = "p"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Pipelines"
    HELP_TEXT = "pipelines"


class CopyId(Command):
    """Copy the version's id."""

    NAME = "history: Copy version id"
    BINDING_KEY = "y"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Copy id"
    HELP_TEXT = "copy version id"


class LeaveHistory(Command):
    """Go back to where you came from."""

    BINDING_KEY = "escape,q"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "back"


class HistoryKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"


class PaneHistory(Command):
    """Go to the history."""

    BINDING_KEY = "2"
    HELP_TEXT = "history"


class PaneDifference(Command):
    """Go to the difference."""

    BINDING_KEY = "3"
    HELP_TEXT = "difference"


DEPLOYMENTS: tuple[type[Command], ...] = (
    MarkRow,
    RollBack,
    ShareTraffic,
    WholeDiff,
    OpenPipelines,
    CopyId,
    LeaveHistory,
    HistoryKeys,
    PaneHistory,
    PaneDifference,
)
