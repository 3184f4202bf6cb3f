"""Source maps: where a place in a bundle was in the files it was made of (https://tc39.es/ecma426/).

A map is decoded when an error first needs it, and no further than the line that is asked for. No package on
PyPI that decodes them is kept up.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, unquote_to_bytes

import orjson

from engine.model import Module

_DIGITS: Final = {
    letter: value
    for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_COMMENT: Final = re.compile(r"[/\*][/\*][#@][ \t]*sourceMappingURL=([^\s'\"*]+)[ \t]*(?:\*/)?\s*$")
_SCHEME: Final = re.compile(r"^[a-zA-Z][\w+.-]*://(?:[^/]*/)?")
_KEPT_MAPS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an original file.

    Attributes:
        file: As the map names it, without scheme and without leading "..".
        line: From 1.
        column: From 1.
    """

    file: str
    line: int
    column: int


_Segment = tuple[int, int, int, int]  # column in the bundle; source (-1: none), line and column there, from 0


class _Section:
    """The mappings of one plain map, decoded line by line."""

    def __init__(self, value: dict[str, Any]) -> None:
        root = value.get("sourceRoot") or ""
        self._sources = [_clean(root, each or "") for each in value["sources"]]
        self._texts: list[str] = value["mappings"].split(";")
        self._lines: list[list[_Segment]] = []
        self._source = self._line = self._column = 0
        self._known: dict[str, tuple[int, ...]] = {}

    def find(self, line: int, column: int) -> Place | None:
        """The place of a line and a column, from 0."""
        if line >= len(self._texts):
            return None
        while len(self._lines) <= line:
            self._lines.append(self._decode(self._texts[len(self._lines)]))
        segments = self._lines[line]
        index = bisect_right(segments, column, key=lambda segment: segment[0]) - 1
        if index < 0 or not 0 <= segments[index][1] < len(self._sources):
            return None
        _, source, original, at = segments[index]
        return Place(self._sources[source], original + 1, at + 1)

    def _decode(self, text: str) -> list[_Segment]:
        segments: list[_Segment] = []
        generated = 0
        known = self._known
        for piece in text.split(",") if text else ():
            deltas = known.get(piece)  # a bundle of megabytes has a few thousand different ones
            if deltas is None:
                deltas = known[piece] = _numbers(piece)
            generated += deltas[0]
            if len(deltas) < 4:
                segments.append((generated, -1, 0, 0))
                continue
            self._source += deltas[1]
            self._line += deltas[2]
            self._column += deltas[3]
            segments.append((generated, self._source, self._line, self._column))
        segments.sort(key=lambda segment: segment[0])
        return segments


class SourceMap:
    """A source map, plain or of sections.

    Raises:
        ValueError: It is none.
    """

    def __init__(self, text: bytes) -> None:
        try:
            value = orjson.loads(text.removeprefix(b")]}'").strip())
            sections = value.get("sections")
            if sections is None:
                self._sections = [(0, 0, _Section(value))]
            else:
                self._sections = [
                    (each["offset"]["line"], each["offset"]["column"], _Section(each["map"]))
                    for each in sections
                ]
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a source map: {error!r}") from error

    def original(self, line: int, column: int) -> Place | None:
        """Where a place of the bundle was; None where the map does not say.

        Args:
            line: From 1.
            column: From 1.
        """
        row, at = line - 1, column - 1
        index = bisect_right(self._sections, (row, at), key=lambda section: section[:2]) - 1
        if index < 0:
            return None
        first, indent, section = self._sections[index]
        return section.find(row - first, at - indent if row == first else at)


@lru_cache(_KEPT_MAPS)
def decoded(text: bytes) -> SourceMap | None:
    """The map of a text; None when it is none, since an error is worth showing without one."""
    try:
        return SourceMap(text)
    except ValueError:
        return None


def maps_of(modules: Sequence[Module]) -> dict[str, str]:
    """The texts of the maps that are modules of their own, by the name of the module they belong to.

    A module names its map in a comment at its end; without one it is the module's name with ``.map``.
    """
    maps = {posixpath.normpath(each.name): each for each in modules if each.type == "sourcemap"}
    found: dict[str, str] = {}
    for module in modules if maps else ():
        if module.type not in ("esm", "commonjs", "script"):
            continue
        address = url_of(module.content[-4096:].decode("utf-8", "replace")) or ""
        named = posixpath.normpath(posixpath.join(posixpath.dirname(module.name), unquote(address)))
        each = maps.get(named) or maps.get(posixpath.normpath(f"{module.name}.map"))
        if each is not None:
            found[module.name] = each.content.decode("utf-8", "replace")
    return found


def inline_map(code: str) -> bytes | None:
    """The map that a module's last comment has as a ``data:`` URL."""
    address = url_of(code) if "sourceMappingURL=data:" in code else None
    if address is None or not address.startswith("data:"):
        return None
    head, _, data = address.partition(",")
    try:
        return base64.b64decode(data) if head.endswith(";base64") else unquote_to_bytes(data)
    except binascii.Error:
        return None


def url_of(code: str) -> str | None:
    """What the last comment that names a source map says."""
    at = max(code.rfind(f"{mark} sourceMappingURL=") for mark in ("//#", "//@", "/*#"))
    match = _COMMENT.match(code[at:].removesuffix("\n})").rstrip()) if at >= 0 else None
    return match[1] if match is not None else None


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of a segment, in base64 VLQ.

    Raises:
        ValueError: A letter is not of that alphabet, or the segment is empty or unfinished.
    """
    numbers: list[int] = []
    value = shift = 0
    for letter in text:
        digit = _DIGITS.get(letter, -1)
        if digit < 0:
            raise ValueError(f"{letter!r} in the mappings of a source map")
        value += (digit & 31) << shift
        shift += 5
        if digit < 32:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if not numbers or shift:
        raise ValueError("an unfinished number in the mappings of a source map")
    return tuple(numbers)


def _clean(root: str, source: str) -> str:
    """A source's path as a person reads it: src/a.ts of ``webpack://app/./src/a.ts`` and ``../src/a.ts``."""
    path = source if not root or _SCHEME.match(source) else posixpath.join(root, source)
    parts: Iterable[str] = posixpath.normpath(_SCHEME.sub("", path)).split("/")
    return "/".join(part for part in parts if part not in ("..", "")) or source
