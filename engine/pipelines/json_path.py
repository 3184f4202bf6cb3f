"""Paths into JSON: the singular queries of RFC 9535, names and indices only: ``$.notes[0]['a b']``."""

from __future__ import annotations

import re
from typing import Any, Final

_SEGMENT: Final = re.compile(
    r"""\.(?P<name>[^\s.\[\]'"]+)
    | \[(?P<index>-?\d+)\]
    | \['(?P<single>[^']*)'\]
    | \["(?P<double>[^"]*)"\]""",
    re.VERBOSE,
)

Path = tuple[str | int, ...]


class Missing(LookupError):
    """There is nothing at the path."""


def parse(text: str) -> Path:
    """The names and indices of a path.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith("$"):
        raise ValueError("begins with $, as $.notes[0].title does")
    found: list[str | int] = []
    at = 1
    while at < len(text):
        match = _SEGMENT.match(text, at)
        if match is None:
            raise ValueError(f"cannot be read from {text[at : at + 20]!r} on: use .name, [0] or ['a name']")
        index = match["index"]
        if index is not None:
            found.append(int(index))
        else:
            found.append(next(match[key] for key in ("name", "single", "double") if match[key] is not None))
        at = match.end()
    return tuple(found)


def find(value: Any, path: Path) -> Any:
    """What is at the path; raises `Missing`."""
    for segment in path:
        if (isinstance(segment, int) and isinstance(value, list) and -len(value) <= segment < len(value)) or (
            isinstance(segment, str) and isinstance(value, dict) and segment in value
        ):
            value = value[segment]  # type: ignore[index]
        else:
            raise Missing
    return value
