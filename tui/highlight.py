"""Syntax colours for an editor: lexed line by line, only as far as the screen shows, resumed where one types.

A line's tokens depend on its text and on the lexer's state stack at its start (see lexers.py). After an edit
the lexer resumes at the edited line and stops as soon as it meets a line whose text and state it has seen:
usually one line is lexed for a key press, whatever the size of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pygments.lexer import ExtendedRegexLexer, LexerContext
from pygments.token import Comment, Keyword, Name, Number, Operator, String
from rich.style import Style
from rich.text import Span

Stack = tuple[str, ...]
"""Names of lexer states, the current one last."""
Token = tuple[int, int, Any]
"""Start column, end column (exclusive), Pygments token type."""

START: Stack = ("root",)
LONGEST_LINE = 4_000
"""Columns of a line that are coloured. Longer lines are bundles: lexing them would stall every key."""

FAR = 600
"""Lines lexed while somebody waits, 40 ms; what is further down is guessed until lexing got there."""
RUN_UP = 40
"""Lines above a guessed one where guessing begins, as if they were code at the top level."""

VARIABLES: Mapping[Any, str] = {
    Comment: "syn-comment",
    Keyword: "syn-keyword",
    Operator.Word: "syn-keyword",
    String: "syn-string",
    Number: "syn-number",
    Name.Function: "syn-function",
    Name.Class: "syn-function",
    Name.Tag: "syn-function",
    Name.Builtin: "syn-function",
    Name.Exception: "syn-function",
    Name.Decorator: "syn-function",
    Name.Attribute: "syn-keyword",
    Name.Entity: "syn-number",
    Name.Other: "syn-name",
}


class Palette:
    """Token types to Rich styles, from a theme's variables.

    Args:
        variables: The app's theme variables (`App.theme_variables`); a missing `syn-*` leaves the text plain.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._styles: dict[Any, Style | None] = {}

    def style(self, token: Any) -> Style | None:
        """The style of a token type or of its nearest ancestor, None for plain text."""
        if token not in self._styles:
            self._styles[token] = self._find(token)
        return self._styles[token]

    def _find(self, token: Any) -> Style | None:
        while token is not None:
            if (variable := VARIABLES.get(token)) and (color := self._variables.get(variable)):
                return Style(color=color, italic=True if token is Comment else None)
            token = token.parent
        return None


def lex_line(lexer: Any, line: str, stack: Stack) -> tuple[list[Token], Stack]:
    """Tokens of one line and the states after it.

    Args:
        lexer: One of lexers.py.
        line: Text without its line end.
        stack: States at the line's start.
    """
    context = LexerContext(line[:LONGEST_LINE] + "\n", 0, list(stack))
    tokens: list[Token] = []
    for position, kind, value in ExtendedRegexLexer.get_tokens_unprocessed(lexer, context=context):
        if value and value != "\n":
            tokens.append((position, position + len(value.rstrip("\n")), kind))
    return tokens, tuple(context.stack)


class Highlighter:
    """Tokens of a document's lines, computed when asked for and kept until an edit makes them wrong.

    Args:
        lexer: A lexer of lexers.py, None for plain text.
        lines: Gives the document's lines now (without line ends); called whenever lexing goes on.
    """

    def __init__(self, lexer: Any | None, lines: Callable[[], Sequence[str]]) -> None:
        self._lexer = lexer
        self._lines = lines
        self._rows: list[_Row] = []
        self._known = 0
        """Rows before this one are right; later ones are too if their text and first state still match."""
        self._palette: Palette | None = None
        self._guessed: dict[int, _Row] = {}

    @property
    def guessing(self) -> bool:
        """Whether lines were asked for whose colours may still turn out to be others."""
        return bool(self._guessed)

    @property
    def done(self) -> bool:
        """True when every line has been lexed."""
        return self._lexer is None or self._known >= len(self._lines())

    def replace(self, top: int, bottom: int, count: int) -> None:
        """Tell of an edit: rows `top` to `bottom` (inclusive) were replaced by `count` new ones."""
        if top < len(self._rows):
            # Later rows only move; they are taken up again if the states still fit.
            self._rows[top : bottom + 1] = [_Row.unknown() for _ in range(count)]
        self._known = min(self._known, top)
        self._guessed.clear()

    def reset(self) -> None:
        """Forget everything: the document was replaced."""
        self._rows.clear()
        self._known = 0
        self._guessed.clear()

    def recolor(self, palette: Palette) -> None:
        """Use other colours from now on (the theme changed)."""
        self._palette = palette
        for row in (*self._rows, *self._guessed.values()):
            row.spans = None

    def tokens(self, row: int) -> list[Token]:
        """The tokens of one line, lexing down to it if it is not too far."""
        found = self._row(row)
        return found.tokens if found is not None else []

    def spans(self, row: int) -> list[Span]:
        """The styled spans of one line, for `rich.text.Text(spans=…)`; a new list every time."""
        found = self._row(row)
        if found is None or not found.tokens or self._palette is None:
            return []
        if found.spans is None:
            found.spans = self._paint(found.tokens, self._palette)
        return found.spans.copy()

    def _row(self, row: int) -> _Row | None:
        if self._lexer is None:
            return None
        if row >= self._known + FAR:
            return self._guess(row)
        self.advance(row + 1)
        return self._rows[row] if row < len(self._rows) else None

    def _guess(self, row: int) -> _Row | None:
        """A line far below all that was lexed, as it looks from a little above: nobody waits for that."""
        lines = self._lines()
        if row >= len(lines):
            return None
        if row not in self._guessed:
            first = row if row - 1 in self._guessed else row - RUN_UP
            stack = self._guessed[row - 1].after if row - 1 in self._guessed else START
            for number in range(first, row + 1):
                tokens, after = lex_line(self._lexer, lines[number], stack)
                self._guessed[number] = _Row(lines[number], stack, after, tokens)
                stack = after
        return self._guessed[row]

    def forget_guesses(self) -> bool:
        """Drop the guesses that are known by now; whether there were any."""
        known = [row for row in self._guessed if row < self._known]
        for row in known:
            del self._guessed[row]
        return bool(known)

    def advance(self, until: int, most: int | None = None) -> None:
        """Lex down to line `until` (exclusive), at most `most` lines now."""
        if self._lexer is None or until <= self._known:
            return
        lines = self._lines()
        until = min(until, len(lines))
        lexed = 0
        stack = self._rows[self._known - 1].after if self._known else START
        while self._known < until and (most is None or lexed < most):
            line = lines[self._known]
            row = self._rows[self._known] if self._known < len(self._rows) else None
            if row is None or row.before != stack or row.text != line:
                tokens, after = lex_line(self._lexer, line, stack)
                row = _Row(line, stack, after, tokens)
                if self._known < len(self._rows):
                    self._rows[self._known] = row
                else:
                    self._rows.append(row)
                lexed += 1
            stack = row.after
            self._known += 1

    @staticmethod
    def _paint(tokens: list[Token], palette: Palette) -> list[Span]:
        """Neighbours of one style become one span: half the work for Rich at every repaint."""
        spans: list[Span] = []
        for start, end, kind in tokens:
            style = palette.style(kind)
            if style is None:
                continue
            if spans and spans[-1].end == start and spans[-1].style is style:
                spans[-1] = Span(spans[-1].start, end, style)
            else:
                spans.append(Span(start, end, style))
        return spans


class _Row:
    """One lexed line: its text, the states around it, its tokens, and its spans in the current colours."""

    __slots__ = ("after", "before", "spans", "text", "tokens")

    def __init__(self, text: str | None, before: Stack, after: Stack, tokens: list[Token]) -> None:
        self.text = text
        self.before = before
        self.after = after
        self.tokens = tokens
        self.spans: list[Span] | None = None

    @classmethod
    def unknown(cls) -> _Row:
        """A place for a line that has not been lexed since it changed."""
        return cls(None, (), (), [])
