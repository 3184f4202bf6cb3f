"""Commands of the workbench: the draft, its modules, its request, its answer."""

from __future__ import annotations

from tui.commands.base import Command
from tui.commands.places import PLACES


class Run(Command):
    """Run what is on screen, saved or not, with the environment's bindings; running again starts over."""

    NAME = "draft: Run"
    BINDING_KEY = "f5,ctrl+r"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Run"
    HELP_TEXT = "run draft"


class Save(Command):
    """Save: a new version, live at the environment's hostname with the next request."""

    NAME = "draft: Save"
    BINDING_KEY = "ctrl+s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Save"
    HELP_TEXT = "save, makes a version"
    CHANGES = True


class FocusUrl(Command):
    """To the request's URL; pressed there, open its headers and body."""

    NAME = "request: URL"
    BINDING_KEY = "ctrl+l"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "URL"
    HELP_TEXT = "URL, again: headers, body"


class Find(Command):
    """Find text in the module, or in the answer when that has the focus."""

    NAME = "editor: Find"
    BINDING_KEY = "ctrl+f"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Find"
    HELP_TEXT = "find"


class ExternalEditor(Command):
    """Edit the module in $VISUAL or $EDITOR, and come back."""

    NAME = "editor: Open in $EDITOR"
    BINDING_KEY = "f4"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "$EDITOR"
    HELP_TEXT = "open in $EDITOR"


class OnlyThisPane(Command):
    """Give the focused pane the whole screen; escape brings the others back."""

    BINDING_KEY = "f12"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Maximise"
    HELP_TEXT = "only this pane"
    ACTION = "app.command('maximise')"


class LeaveWorkbench(Command):
    """One step back: stop the run, close the bar, leave the editor, go back to the services."""

    NAME = "draft: Back to the services"
    BINDING_KEY = "escape"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "stop, close, leave, back"


class ShowKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "f1"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"
    ACTION = "app.command('keys')"


class FindNext(Command):
    """To the next place that matches."""

    NAME = "editor: Find next"
    BINDING_KEY = "f3"
    HELP_TEXT = "find next"


class GoToLine(Command):
    """Go to a line, or to line:column."""

    NAME = "editor: Go to line…"
    BINDING_KEY = "ctrl+g"
    HELP_TEXT = "go to line"


class ToggleComment(Command):
    """Comment the selected lines out, or back in."""

    NAME = "editor: Toggle comment"
    BINDING_KEY = "ctrl+underscore"
    KEY_DISPLAY = "^/"
    HELP_TEXT = "comment"


class NextModule(Command):
    """Edit the next module."""

    NAME = "module: Next"
    BINDING_KEY = "ctrl+pagedown"
    KEY_DISPLAY = "^pgdn"
    HELP_TEXT = "next module"


class PreviousModule(Command):
    """Edit the previous module."""

    NAME = "module: Previous"
    BINDING_KEY = "ctrl+pageup"
    KEY_DISPLAY = "^pgup"
    HELP_TEXT = "previous module"


class OpenModule(Command):
    """Open a module by a few letters of its name."""

    NAME = "module: Open…"
    BINDING_KEY = "ctrl+n"
    HELP_TEXT = "module…"


class AddModule(Command):
    """Add a module; it is live with the next save."""

    NAME = "module: Add…"


class RenameModule(Command):
    """Rename this module. Imports of it are yours to change."""

    NAME = "module: Rename…"


class DeleteModule(Command):
    """Delete this module with the next save."""

    NAME = "module: Delete…"


class ShowConsole(Command):
    """Show what the draft wrote to the console; pressed again, the answer."""

    NAME = "answer: Console"
    BINDING_KEY = "f8"
    HELP_TEXT = "console"


class ShowResponse(Command):
    """Show the answer."""

    NAME = "answer: Response"


class ShowHeaders(Command):
    """Show the answer's headers."""

    NAME = "answer: Headers"


class ShowCalls(Command):
    """Show every binding call of the run."""

    NAME = "answer: Calls"


class RequestHeaders(Command):
    """Edit the request's headers."""

    NAME = "request: Headers"


class RequestBody(Command):
    """Edit the request's body."""

    NAME = "request: Body"


class AllowWrites(Command):
    """Let the next run, and only that one, really write; used again, keep it in the sandbox."""

    NAME = "draft: Let the next run write"
    CHANGES = True


class Reload(Command):
    """Take what is live; what was typed is dropped, undo brings it back."""

    NAME = "draft: Reload what is live"
    BINDING_KEY = "alt+r"
    HELP_TEXT = "reload what is live"


class Compare(Command):
    """Compare what is on screen with what is live."""

    NAME = "draft: Compare with what is live"
    BINDING_KEY = "alt+d"
    HELP_TEXT = "compare with what is live"


class Discard(Command):
    """Drop what was not saved."""

    NAME = "draft: Discard changes…"
    BINDING_KEY = "alt+x"
    HELP_TEXT = "discard changes…"


class PaneModules(Command):
    """To the modules."""

    NAME = "pane: Modules"
    BINDING_KEY = "1"
    HELP_TEXT = "the modules"


class PaneEditor(Command):
    """To the editor."""

    NAME = "pane: Editor"
    BINDING_KEY = "2"
    HELP_TEXT = "the editor"


class PaneRequest(Command):
    """To the request."""

    NAME = "pane: Request"
    BINDING_KEY = "3"
    HELP_TEXT = "the request"


class PaneAnswer(Command):
    """To the answer."""

    NAME = "pane: Answer"
    BINDING_KEY = "4"
    HELP_TEXT = "the answer"


class PaneCalls(Command):
    """To the calls."""

    NAME = "pane: Calls"
    BINDING_KEY = "5"
    HELP_TEXT = "the calls"


WORKBENCH: tuple[type[Command], ...] = (
    Run,
    Save,
    FocusUrl,
    Find,
    ExternalEditor,
    OnlyThisPane,
    LeaveWorkbench,
    ShowKeys,
    FindNext,
    GoToLine,
    ToggleComment,
    OpenModule,
    NextModule,
    PreviousModule,
    AddModule,
    RenameModule,
    DeleteModule,
    ShowConsole,
    ShowResponse,
    ShowHeaders,
    ShowCalls,
    RequestHeaders,
    RequestBody,
    AllowWrites,
    Reload,
    Compare,
    Discard,
    PaneModules,
    PaneEditor,
    PaneRequest,
    PaneAnswer,
    PaneCalls,
    *PLACES,
)
