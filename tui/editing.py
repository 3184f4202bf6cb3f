"""What an editor does to text by itself: indentation, pairs, comments. Pure functions over strings."""

from __future__ import annotations

import re
from collections.abc import Sequence

OPENERS = {"{": "}", "[": "]", "(": ")"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
QUOTES = frozenset("\"'`")

LINE_COMMENTS = {
    **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "json", "jsonc"), "//"),
    **dict.fromkeys(("toml", "yaml", "yml", "sh", "py", "txt"), "#"),
}
BLOCK_COMMENTS = {"css": ("/*", "*/"), **dict.fromkeys(("html", "htm", "xml", "svg", "md"), ("<!--", "-->"))}


def indentation(line: str) -> str:
    """The blanks a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_unit(lines: Sequence[str], default: str = "  ") -> str:
    """One level of indentation as the text itself has it: a tab, or 2 or 4 blanks.

    Args:
        lines: The text; only the first 500 lines are looked at.
        default: For a text that shows none.
    """
    counts: dict[str, int] = {}
    before = 0
    for line in lines[:500]:
        if not line.strip() or line.lstrip().startswith("*"):
            continue
        if line.startswith("\t"):
            return "\t"
        width = len(indentation(line))
        if width - before in (2, 4):
            unit = " " * (width - before)
            counts[unit] = counts.get(unit, 0) + 1
        before = width
    return max(counts, key=lambda unit: counts[unit]) if counts else default


def line_break(before: str, after: str, unit: str, in_comment: bool = False) -> tuple[str, str]:
    """What enter inserts.

    Args:
        before: The line left of the cursor.
        after: The line right of it.
        unit: One level of indentation.
        in_comment: The cursor stands in a comment of several lines.

    Returns:
        What goes before the cursor and what goes after it (`}` on a line of its own, say).
    """
    lead = indentation(before)
    text = before.strip()
    if in_comment and (text.startswith("/**") or re.match(r"\*(?!/)", text)):
        star = lead + (" * " if text.startswith("/**") else "* ")
        # A fresh /** gets its end too.
        closing = "" if not text.startswith("/**") or after.strip() else f"\n{lead} */"
        return "\n" + star, closing
    opener = text[-1:]
    if opener in OPENERS:
        inner = "\n" + lead + unit
        return inner, ("\n" + lead if after.lstrip().startswith(OPENERS[opener]) else "")
    return "\n" + lead, ""


def pairs_with(character: str, before: str, after: str, in_text: bool) -> str | None:
    """What closes a typed character at once, None when nothing should.

    Args:
        character: What was typed.
        before: The line left of the cursor.
        after: The line right of it.
        in_text: The cursor stands in a string or comment.
    """
    following = after[:1]
    if character in OPENERS:
        return OPENERS[character] if not following or following in " \t)]},;:" else None
    if character not in QUOTES or in_text:
        return None
    word = before[-1:].isalnum() or before[-1:] in {"_", character} or following.isalnum() or following == "_"
    return None if word else character


def toggle_comment(lines: Sequence[str], suffix: str) -> list[str] | None:
    """Comment lines out, or back in when all of them are; None when the language has no comments.

    Args:
        lines: Whole lines.
        suffix: The module name's suffix without its dot; empty is JavaScript.
    """
    suffix = suffix.lower() or "js"
    if suffix in BLOCK_COMMENTS:
        return _toggle_block(lines, *BLOCK_COMMENTS[suffix])
    if suffix not in LINE_COMMENTS:
        return None
    mark = LINE_COMMENTS[suffix]
    filled = [line for line in lines if line.strip()]
    if filled and all(line.lstrip().startswith(mark) for line in filled):
        return [re.sub(rf"^([ \t]*){re.escape(mark)} ?", r"\1", line) for line in lines]
    # All marks stand in one column, the leftmost of the text.
    column = min((len(indentation(line)) for line in filled), default=0)
    return [
        f"{line[:column]}{mark} {line[column:]}" if line.strip() or not filled else line for line in lines
    ]


def _toggle_block(lines: Sequence[str], opener: str, closer: str) -> list[str]:
    wrapped = re.compile(rf"^(\s*){re.escape(opener)} ?(.*?) ?{re.escape(closer)}(\s*)$")
    filled = [line for line in lines if line.strip()]
    if filled and all(wrapped.match(line) for line in filled):
        return [wrapped.sub(r"\1\2\3", line) for line in lines]
    return [
        f"{indentation(line)}{opener} {line.strip()} {closer}" if line.strip() else line for line in lines
    ]


def shift(lines: Sequence[str], unit: str, outward: bool) -> list[str]:
    """Lines one level further in, or out."""
    if not outward:
        return [unit + line if line.strip() else line for line in lines]
    width = 4 if unit == "\t" else len(unit)
    return [line[1:] if line.startswith("\t") else re.sub(rf"^ {{1,{width}}}", "", line) for line in lines]
