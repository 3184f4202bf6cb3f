"""Commands of the workbench's request: saved and sent ones, curl, the deployed answer beside the draft's."""

from __future__ import annotations

from tui.commands.base import Command


class SaveRequest(Command):
    """Save this request under a name, as a readable file in the state folder."""

    NAME = "request: Save…"
    BINDING_KEY = "alt+k"
    HELP_TEXT = "keep request…"


class OpenRequest(Command):
    """Take a saved request, or one that was sent before."""

    NAME = "request: Open…"
    BINDING_KEY = "alt+o"
    HELP_TEXT = "saved, sent requests…"


class DeleteRequest(Command):
    """Delete a saved request."""

    NAME = "request: Delete saved…"


class CopyCurl(Command):
    """Copy the request as a curl command line; one that is pasted into the URL is taken apart."""

    NAME = "request: Copy as curl"
    BINDING_KEY = "alt+u"
    HELP_TEXT = "copy as curl"


class CompareLive(Command):
    """Send the same request to what is deployed, and compare its answer with the draft's."""

    NAME = "answer: Compare with the deployed answer"
    BINDING_KEY = "alt+l"
    HELP_TEXT = "compare with deployed answer"


REQUESTS: tuple[type[Command], ...] = (SaveRequest, OpenRequest, DeleteRequest, CopyCurl, CompareLive)
