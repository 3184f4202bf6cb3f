"""Where code uses its bindings: the names, with file and line.

Code is read as text, not run, so this errs on the side of finding a use: a promotion that would leave a
script without a binding has to stop, and a wrong stop is ended by picking the binding's row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from engine.model import CODE_TYPES, Module

MAX_LEXED: Final = 1024 * 1024
"""Larger modules (bundles) are read with comments and strings in place: lexing them would take seconds."""

_NAME = r"[A-Za-z_$][\w$]*"
_UPPER = re.compile(r"[A-Z][A-Z0-9_]*")
_HANDLER_ENV = re.compile(
    r"\b(?:fetch|scheduled|queue|email|tail|trace|constructor)\b\s*(?::\s*(?:async\s*)?(?:function\b\s*[\w$]*)?)?"
    rf"\s*\(\s*[^,(){{}}]*,\s*({_NAME}|\{{[^{{}}]*\}})"
)
_ALIAS = re.compile(rf"\b(?:const|let|var)\s+({_NAME})\s*=\s*(?:this\s*\.\s*)?env\s*[;,\n]")


def uses(modules: Iterable[Module], names: Collection[str], main_module: str) -> dict[str, str]:
    """Which of `names` the code uses, each with the place of its first use, ``worker.js:31``.

    Seen as a use: ``env.NAME``, ``env?.NAME``, ``env["NAME"]``, ``{ NAME } = env`` and ``{ NAME }`` as the
    handler's second parameter, under whatever name that parameter has; a name in capitals wherever it stands
    as an identifier; in a service worker, where bindings are globals, every name.
    """
    found: dict[str, str] = {}
    ordered = sorted(
        (module for module in modules if module.type in CODE_TYPES), key=lambda each: each.name != main_module
    )
    for module in ordered:
        text = code_only(module.content.decode("utf-8", "replace"))
        missing = [name for name in names if name not in found]
        for name, offset in _first_uses(text, missing, module.type == "script").items():
            found[name] = f"{module.name}:{text.count(chr(10), 0, offset) + 1}"
    return found


def code_only(text: str) -> str:
    """The text with comments and strings blanked, in the same places; ``["name"]`` and ``${…}`` stay."""
    if len(text) > MAX_LEXED:
        return text
    from pygments.lexers.javascript import JavascriptLexer  # late: 30 ms that only a promotion needs
    from pygments.token import Comment, String

    pieces: list[str] = []
    last = ""
    for _, kind, value in JavascriptLexer().get_tokens_unprocessed(text):
        blank = kind in Comment or (
            kind in String and kind is not String.Interpol and not (last == "[" and value[:1] in "\"'`")
        )
        pieces.append(re.sub(r"[^\n]", " ", value) if blank else value)
        if value.strip() and kind not in Comment:
            last = value.strip()[-1]
    return "".join(pieces)


def _first_uses(text: str, names: Collection[str], globals_too: bool) -> dict[str, int]:
    """The offset of each name's first use."""
    if not names:
        return {}
    receivers, patterns = {"env"}, []
    for match in _HANDLER_ENV.finditer(text):
        if match[1].startswith("{"):
            patterns.append((match.start(1), match[1]))
        else:
            receivers.add(match[1])
    receivers.update(match[1] for match in _ALIAS.finditer(text))
    env = "|".join(re.escape(each) for each in sorted(receivers))
    destructured = re.compile(
        rf"(\{{[^{{}}]*\}})\s*(?::[^={{}};]*)?=\s*(?:{_NAME}\s*\.\s*)*(?:{env})(?![\w$])(?!\s*(?:\?\.|\.|\[|\())"
    )
    patterns.extend((match.start(1), match[1]) for match in destructured.finditer(text))
    offsets: dict[str, int] = {}
    for name in names:
        escaped = re.escape(name)
        read = re.compile(
            rf"(?<![\w$])(?:{env})\s*"
            rf"(?:(?:\?\.|\.)\s*{escaped}(?![\w$])|(?:\?\.)?\[\s*[\"'`]{escaped}[\"'`]\s*\])"
        )
        found = [match.start() for match in read.finditer(text)]
        key = re.compile(rf"[{{,]\s*[\"']?({escaped})[\"']?\s*(?=[,:=}}])")
        found += [start + match.start(1) for start, inside in patterns for match in key.finditer(inside)]
        if globals_too or _UPPER.fullmatch(name):
            found += [match.start() for match in re.finditer(rf"(?<![\w$.]){escaped}(?![\w$])", text)]
        if found:
            offsets[name] = min(found)
    return offsets
