"""The functions, classes and methods of a JavaScript or TypeScript module, found line by line.

No parser: what a person calls a symbol stands at the beginning of its line in all code that was formatted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

EXPORT = r"(?:export\s+)?(?:default\s+)?(?:declare\s+)?"
NAME = r"(?P<name>[#$\w]+)"
RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("function", re.compile(rf"\s*{EXPORT}(?:async\s+)?function\b\s*\*?\s*{NAME}")),
    ("class", re.compile(rf"\s*{EXPORT}(?:abstract\s+)?class\s+{NAME}")),
    ("type", re.compile(rf"\s*{EXPORT}(?:interface|type|enum|namespace)\s+{NAME}\s*(?:[<={{]|extends)")),
    (
        "function",
        re.compile(
            rf"\s*{EXPORT}(?:const|let|var)\s+{NAME}\s*(?::[^=]+)?=\s*(?:async\s*)?"
            r"(?:function\b|\([^()]*\)\s*(?::[^=]+)?=>|\w+\s*=>)"
        ),
    ),
    ("constant", re.compile(rf"{EXPORT}(?:const|let|var)\s+{NAME}\s*(?::[^=]+)?=")),
    ("function", re.compile(rf"\s+{NAME}\s*:\s*(?:async\s*)?(?:function\b|\([^()]*\)\s*=>)")),
    (
        "method",
        re.compile(
            rf"\s+(?:(?:static|async|get|set|public|private|protected)\s+)*\*?\s*{NAME}\s*\(.*\)[^;]*\{{\s*$"
        ),
    ),
)
NO_METHODS = frozenset(
    ("if", "for", "while", "switch", "catch", "function", "return", "with", "await", "super")
)
CODE = frozenset(("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", ""))


@dataclass(frozen=True)
class Symbol:
    """One symbol."""

    name: str
    kind: str
    """`function`, `class`, `method`, `constant`, `type`; `section` in Markdown."""
    row: int
    """From 0."""
    column: int
    depth: int
    """Blanks before it."""


def symbols(lines: Sequence[str], suffix: str) -> Iterator[Symbol]:
    """A module's symbols, top to bottom.

    Args:
        lines: The text.
        suffix: The module name's suffix without its dot.
    """
    if suffix == "md":
        yield from _sections(lines)
    if suffix.lower() not in CODE:
        return
    comment = False
    for row, line in enumerate(lines):
        text = line.lstrip()
        comment = comment or text.startswith("/*")
        if comment:
            comment = "*/" not in line
            continue
        if not text or text.startswith("//"):
            continue
        for kind, rule in RULES:
            match = rule.match(line)
            if match is not None and not (kind == "method" and match["name"] in NO_METHODS):
                yield Symbol(match["name"], kind, row, match.start("name"), len(line) - len(text))
                break


def _sections(lines: Sequence[str]) -> Iterator[Symbol]:
    for row, line in enumerate(lines):
        if match := re.match(r"(#{1,6})\s+(.+)", line):
            yield Symbol(match[2], "section", row, match.start(2), len(match[1]) - 1)
