"""The words, numbers, texts and signs of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.analytics.errors import QueryError

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<text>'(?:[^'\\]|\\.|'')*')
    |(?P<quoted>"(?:[^"\\]|\\.)+"|`(?:[^`\\]|\\.)+`)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign><=|>=|<>|!=|==|[-+*/%=<>(),;])""",
    re.VERBOSE | re.DOTALL,
)
#: Words that are no names, unless they are quoted.
RESERVED: Final = frozenset(
    {"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FORMAT", "AS", "AND", "OR"}
    | {"NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "BY", "ASC", "DESC", "UNION", "JOIN", "DISTINCT"}
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: `kind` is word, number, text, quoted, sign or end; it stands at `start` up to `end`."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """In upper case when it is a word, itself when it is a sign, else ""."""
        return self.text.upper() if self.kind == "word" else self.text if self.kind == "sign" else ""


def tokens(text: str) -> list[Token]:
    """The pieces of a text, without space and comments, and one for its end; raises QueryError."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or "\0" in match[0]:
            raise QueryError(f"Line {text.count(chr(10), 0, at) + 1}: {text[at : at + 20]!r} is no SQL")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], at, match.end()))
        at = match.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def unquote(text: str) -> str:
    """What a text or a name in quotes means."""
    quote, inner = text[0], text[1:-1]
    if quote == "'":
        inner = inner.replace("''", "\\'")
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), inner, flags=re.DOTALL)
