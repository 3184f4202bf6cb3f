"""Stacks as V8 writes them, and the frames in the user's files."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import unquote

from .errors import Frame

# "    at async Class.method [as name] (file:line:column)", or without a function "    at file:line:column".
_LINE = re.compile(
    r"^\s+at (?:async )?(?:(?P<function>.*?) \()?(?P<file>[^()]*?):(?P<line>\d+):(?P<column>\d+)\)?$"
)
# The generator that a module is evaluated as; to the user it is the module's own scope.
_SCOPE = re.compile(r"(?:^|\.)(?:next|<anonymous>|eval)$")


class Places(Protocol):
    """Where code that was transformed stood in the user's files (``program.Program``)."""

    def original_column(self, file: str, line: int, column: int) -> int:
        """The column in the user's file."""
        ...


def parse(stack: str, files: frozenset[str], places: Places) -> list[Frame]:
    """The frames in the user's files, innermost first.

    Args:
        stack: ``error.stack``, its message included.
        files: The names of the user's modules; frames elsewhere are the runtime's own and left out.
        places: Tells the columns.
    """
    frames: list[Frame] = []
    for text in stack.splitlines():
        match = _LINE.match(text)
        if match is None:
            continue
        file = unquote(match["file"])
        if file not in files:
            continue
        line = int(match["line"])
        column = places.original_column(file, line, int(match["column"]))
        function = match["function"] or ""
        frames.append(Frame("" if _SCOPE.search(function) else function, file, line, column))
    return frames
