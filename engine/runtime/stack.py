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

    def original(self, file: str, line: int, column: int) -> tuple[str, int, int]:
        """The file, line and column that the user wrote."""
        ...


def parse(stack: str, files: frozenset[str], places: Places) -> list[Frame]:
    """The frames in the user's files, innermost first.

    Args:
        stack: ``error.stack``, its message included.
        files: The names of the user's modules; frames elsewhere are the runtime's own and left out.
        places: Tells where they are.
    """
    frames: list[Frame] = []
    for text in stack.splitlines():
        match = _LINE.match(text)
        if match is None:
            continue
        file = unquote(match["file"])
        if file not in files:
            continue
        place = places.original(file, int(match["line"]), int(match["column"]))
        function = match["function"] or ""
        frames.append(Frame("" if _SCOPE.search(function) else function, *place))
    return frames


def rewrite(text: str, files: frozenset[str], places: Places) -> str:
    """A text with stacks in it, as the console has of an error, with the places that the user wrote.

    Args:
        text: Any.
        files: The names of the user's modules.
        places: Tells where.
    """
    if "\n    at " not in text:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        bare = line.removesuffix(" {")  # an error's own properties follow
        match = _LINE.match(bare)
        if match is None:
            lines.append(line)
            continue
        file = unquote(match["file"])
        if file.startswith("internal:"):  # the runtime's
            lines[-1] += line[len(bare) :]
        elif file in files:
            found, number, column = places.original(file, int(match["line"]), int(match["column"]))
            lines.append(
                f"{line[: match.start('file')]}{found}:{number}:{column}{line[match.end('column') :]}"
            )
        else:
            lines.append(line)
    return "\n".join(lines)
