"""A module laid out anew: indentation, blanks, line breaks, and nothing else.

`jsbeautifier` does it. It knows today's JavaScript but cannot be asked to prove that, so what comes out is
compared with what went in: a token more or less, or another string, and it is refused.
"""

from __future__ import annotations

from typing import Any

from pygments.lexers.data import JsonLexer
from pygments.lexers.javascript import JavascriptLexer
from pygments.token import Comment, Whitespace

SUFFIXES = {"js": JavascriptLexer, "mjs": JavascriptLexer, "cjs": JavascriptLexer, "json": JsonLexer}
"""What can be laid out, and what tells its tokens apart."""
MOST = 200_000
"""Characters; these take about ten seconds."""


class NotFormatted(Exception):
    """Why a module stays as it is, in one sentence."""


def formatted(text: str, suffix: str, indent: int) -> str:
    """The text laid out anew; takes a while, so call it in a thread.

    Args:
        text: JavaScript or JSON.
        suffix: Its file's suffix without the dot.
        indent: Spaces a level.

    Raises:
        NotFormatted: It is something else, too long, or would not be the same program.
    """
    if suffix not in SUFFIXES:
        raise NotFormatted(f"Only {', '.join(SUFFIXES)} can be laid out, not {suffix or 'this'}.")
    if len(text) > MOST:
        raise NotFormatted(f"More than {MOST:,} characters are not laid out here. f4 opens $EDITOR.")
    from jsbeautifier import beautify, default_options

    options = default_options()
    options.indent_size = indent
    options.end_with_newline = True
    options.brace_style = "collapse,preserve-inline"
    options.space_after_anon_function = True
    options.max_preserve_newlines = 2
    try:
        found = str(beautify(text, options))
    except Exception as error:  # whatever a library meets in code that is half written
        raise NotFormatted(f"It could not be laid out: {type(error).__name__}.") from error
    lexer = SUFFIXES[suffix]()
    if _tokens(text, lexer) != _tokens(found, lexer):
        raise NotFormatted("Laid out it would not be the same program, so it stays as it is.")
    return found


def _tokens(text: str, lexer: Any) -> str:
    """The code without blanks between its tokens; in strings and templates every blank counts."""
    return "".join(
        "".join(value.split()) if kind in Comment else value
        for kind, value in lexer.get_tokens(text)
        if kind not in Whitespace and value.strip()
    )
