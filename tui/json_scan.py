"""The members of a JSON object or array, found without reading what is inside of them.

A parser would hold the whole app for a quarter of a second at 5 MB (its C code keeps the interpreter), and
would round numbers. Here the text is only scanned, a slice at a time, and numbers stay as they were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

BLANKS = re.compile(r"[ \t\r\n]*")
STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_FLAT = r'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+'
_SHALLOW = rf"[\[{{]{_FLAT}[\]}}]"
_SMALL = rf"[\[{{]{_FLAT}(?:{_SHALLOW}{_FLAT}){{0,64}}+[\]}}]"
OVER = re.compile(rf"{_FLAT}(?:{_SMALL}{_FLAT}){{0,64}}+", re.DOTALL)
"""Text, strings and whole small values in one go: what is left begins with a bracket, or with more of it."""
SLICE = 128 * 1024
"""Characters of one nested value between two breaths: about 3 ms."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value in the text."""

    key: str
    """Its name in an object, its number in an array; as written, without quotes."""
    start: int
    end: int
    kind: str
    """`{`, `[`, `"`, or `v` for numbers, true, false and null."""

    @property
    def folds(self) -> bool:
        """Whether it may have members."""
        return self.kind in "{["


class NotJson(ValueError):
    """The text is not what it claims to be."""


def root(text: str) -> Value:
    """The text's value as a whole; only its first and last characters are looked at.

    Raises:
        NotJson: It begins or ends as no JSON does.
    """
    start = BLANKS.match(text).end()  # type: ignore[union-attr]
    end = len(text.rstrip(" \t\r\n"))
    pair = text[start : start + 1] + text[end - 1 : end]
    if pair in ("{}", "[]") and end - start > 1:
        return Value("", start, end, pair[0])
    if (match := STRING.match(text, start) or PLAIN.match(text, start)) and match.end() == end:
        return Value("", start, end, '"' if match[0][0] == '"' else "v")
    raise NotJson


def members(text: str, value: Value) -> Iterator[Value | None]:
    """An object's or array's members, in order; None now and then, for a breath in a long one.

    Raises:
        NotJson: The text is broken there.
    """
    at = BLANKS.match(text, value.start + 1).end()  # type: ignore[union-attr]
    closer = "}" if value.kind == "{" else "]"
    number = 0
    if text[at : at + 1] == closer:
        return
    while True:
        key = str(number)
        if value.kind == "{":
            name = STRING.match(text, at)
            if name is None:
                raise NotJson
            key = name[0][1:-1]
            at = BLANKS.match(text, name.end()).end()  # type: ignore[union-attr]
            if text[at : at + 1] != ":":
                raise NotJson
            at = BLANKS.match(text, at + 1).end()  # type: ignore[union-attr]
        start, first = at, text[at : at + 1]
        if first in ("{", "["):
            for found in _closing(text, at):
                if found:
                    at = found
                else:
                    yield None
            yield Value(key, start, at, first)
        else:
            match = STRING.match(text, at) or PLAIN.match(text, at)
            if match is None:
                raise NotJson
            at = match.end()
            yield Value(key, start, at, '"' if first == '"' else "v")
        number += 1
        at = BLANKS.match(text, at).end()  # type: ignore[union-attr]
        if text[at : at + 1] == closer:
            return
        if text[at : at + 1] != ",":
            raise NotJson
        at = BLANKS.match(text, at + 1).end()  # type: ignore[union-attr]


def _closing(text: str, at: int) -> Iterator[int]:
    """The position behind the bracket that closes the one at `at`; zeros before it, for breaths."""
    size = len(text)
    depth, breath = 1, at + SLICE
    at += 1
    while True:
        before = at
        at = OVER.match(text, at).end()  # type: ignore[union-attr]
        bracket = text[at : at + 1]
        if bracket and bracket in "{}[]":
            # One that closes, or opens more than is gone over in one go.
            depth += 1 if bracket in "{[" else -1
            at += 1
            if not depth:
                yield at
                return
        elif at >= size or at == before:
            raise NotJson
        if at > breath:
            breath = at + SLICE
            yield 0


def string(text: str, value: Value) -> str:
    """A string's text, unescaped."""
    try:
        return str(json.loads(text[value.start : value.end]))
    except ValueError:
        return text[value.start + 1 : value.end - 1]
