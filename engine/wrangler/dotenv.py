"""`.dev.vars`: secrets for work on the own machine, in dotenv form.

Source: developers.cloudflare.com/workers/configuration/secrets. A line is `NAME=value`, perhaps behind
`export`. A value in single or double quotes may span lines; in double quotes `\\n` is a line break. Behind
an unquoted value ` #` begins a comment. There is no interpolation, as in wrangler.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.wrangler.errors import ProjectError

_NAME = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[ \t]*")
_QUOTED = re.compile(r"""'([^']*)'|`([^`]*)`|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
_PLAIN = re.compile(r"[^\n]*")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")
_BLANK = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?:#[^\n]*)?")


def parse(text: str, file: Path) -> dict[str, str]:
    """The variables of a file, later ones winning.

    Raises:
        ProjectError: a line is no assignment, or a quote stays open.
    """
    text = text.replace("\r\n", "\n")
    found: dict[str, str] = {}
    at = _end(_BLANK, text, 0)
    while at < len(text):
        name = _NAME.match(text, at)
        if name is None:
            raise ProjectError(file, "write NAME=value, one a line", _line(text, at))
        value, at = _value(text, name.end(), file)
        found[name[1]] = value
        at = _end(_BLANK, text, at)
    return found


def _value(text: str, at: int, file: Path) -> tuple[str, int]:
    if text[at : at + 1] in {'"', "'", "`"}:
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            raise ProjectError(file, "the value's quote is not closed", _line(text, at))
        rest = _REST.match(text, quoted.end())
        if rest is None:
            raise ProjectError(file, "there is text behind the value's quote", _line(text, quoted.end()))
        if quoted[3] is not None:
            return re.sub(r"\\([nr\"\\])", _unescape, quoted[3]), rest.end()
        return quoted[1] if quoted[1] is not None else quoted[2], rest.end()
    plain = _PLAIN.match(text, at)
    assert plain is not None  # it matches nothing as well
    value = re.split(r"(?:^|\s)#", plain[0], maxsplit=1)[0].strip()
    return value, plain.end() + 1


def _unescape(match: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r"}.get(match[1], match[1])


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _line(text: str, at: int) -> str:
    return str(text.count("\n", 0, at) + 1)
