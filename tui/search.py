"""What find, replace and the search in all modules seek: plain text or a regular expression, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

LONGEST_LINE = 20_000
"""Columns of a line that an expression is tried on: a bundle's line could keep it busy for minutes."""


@dataclass(frozen=True)
class Query:
    """What is sought."""

    text: str
    regex: bool = False
    case: bool = False
    """Match the case always; else only when the text has a capital letter."""

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str] | None, str]:
        if not self.text:
            return None, ""
        source = self.text if self.regex else re.escape(self.text)
        # `\B`, `\S`, `\D`, `\W` are no capital letters of the text that is sought.
        letters = re.sub(r"\\.", "", self.text) if self.regex else self.text
        exact = self.case or letters != letters.lower()
        try:
            return re.compile(source, 0 if exact else re.IGNORECASE), ""
        except re.error as error:
            return None, f"{error.msg} at {error.pos}" if error.pos is not None else error.msg

    @property
    def fault(self) -> str:
        """What is wrong with the expression; empty when all is well."""
        return self._compiled[1]

    def in_line(self, line: str) -> Iterator[re.Match[str]]:
        """The matches in one line, left to right; empty ones (`x*`) are passed over."""
        pattern = self._compiled[0]
        if pattern is not None:
            for match in pattern.finditer(line, 0, LONGEST_LINE if self.regex else len(line)):
                if match.end() > match.start():
                    yield match

    def spans(self, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """The matches in a part of a long text; empty ones are passed over."""
        pattern = self._compiled[0]
        if pattern is not None:
            yield from (match for match in pattern.finditer(text, start, end) if match.end() > match.start())

    def replaced(self, match: re.Match[str], template: str) -> str:
        """What a match becomes.

        Args:
            match: One of `in_line`.
            template: The new text; with `regex` also `$1`, `$<name>`, `$&` and `$$`, as in JavaScript.
        """
        if not self.regex:
            return template

        def part(found: re.Match[str]) -> str:
            what = found[1] or found[2]
            if what == "$":
                return "$"
            if what == "&":
                return match[0]
            try:
                return match[int(what) if what.isdigit() else what] or ""
            except IndexError:
                return found[0]  # there is no such group: it means itself

        return re.sub(r"\$(?:([$&]|\d{1,2})|<(\w+)>)", part, template)


@dataclass(frozen=True)
class Hit:
    """One line of a module that matches."""

    module: str
    row: int
    """From 0."""
    column: int
    length: int
    line: str


def in_modules(texts: Mapping[str, str], query: Query, most: int = 500) -> tuple[list[Hit], int]:
    """Search all modules.

    Args:
        texts: Module to text.
        query: What is sought.
        most: Hits returned at most.

    Returns:
        The first match of every matching line, and how many matches there are in all.
    """
    hits: list[Hit] = []
    total = 0
    for module, text in texts.items():
        for row, line in enumerate(text.split("\n")):
            first = None
            for match in query.in_line(line):
                first = first or match
                total += 1
            if first is not None and len(hits) < most:
                hits.append(Hit(module, row, first.start(), len(first[0]), line.rstrip("\r")))
    return hits, total


def replace_lines(lines: Iterable[str], query: Query, template: str) -> tuple[int, int, list[str], int]:
    """All matches replaced.

    Returns:
        First and last row that change, the new text of these and the rows between, and how many matches
        there were; (0, -1, [], 0) for none.
    """
    first, last, count = 0, -1, 0
    rows: list[str] = []
    for row, line in enumerate(lines):
        parts: list[str] = []
        at = 0
        for match in query.in_line(line):
            parts += [line[at : match.start()], query.replaced(match, template)]
            at = match.end()
            count += 1
        if parts:
            first = row if last < 0 else first
            last = row
            line = "".join(parts) + line[at:]
        if last >= 0:
            rows.append(line)
    return first, last, rows[: last - first + 1], count
