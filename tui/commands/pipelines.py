"""Commands of the pipelines screen: what can be done with a pipeline and its run."""

from __future__ import annotations

from tui.commands.base import Command


class ApproveRun(Command):
    """Let the run through the approval it waits for, after a question."""

    NAME = "pipeline: Approve…"
    BINDING_KEY = "a"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Approve…"
    HELP_TEXT = "approve…"
    CHANGES = True


class StartRun(Command):
    """Start the pipeline, after a question."""

    NAME = "pipeline: Start…"
    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Start…"
    HELP_TEXT = "start…"
    CHANGES = True


class AbortRun(Command):
    """End the run, after a question; a step that is not over is taken back."""

    NAME = "pipeline: Abort…"
    BINDING_KEY = "x"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Abort…"
    HELP_TEXT = "abort…"
    CHANGES = True


class LeavePipelines(Command):
    """Go back to where you came from."""

    BINDING_KEY = "escape,q"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "back"


class PipelineKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"


class PanePipelines(Command):
    """Go to the pipelines."""

    BINDING_KEY = "1"
    HELP_TEXT = "pipelines"


class PaneStages(Command):
    """Go to the stages."""

    BINDING_KEY = "2"
    HELP_TEXT = "stages"


class PaneEvents(Command):
    """Go to what happened."""

    BINDING_KEY = "3"
    HELP_TEXT = "what happened"


PIPELINES: tuple[type[Command], ...] = (
    ApproveRun,
    StartRun,
    AbortRun,
    LeavePipelines,
    PipelineKeys,
    PanePipelines,
    PaneStages,
    PaneEvents,
)
