"""config.toml: what a person may choose, read once at the start.

    theme = "paper"

    [editor]
    indent = 4
    command = "hx"

    [keymap]
    promote = "ctrl+e"

A mistake never stops the app: it is told in one line with file, line, key and the nearest valid one, and
the default holds.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import tomli


@dataclass(frozen=True)
class EditorSettings:
    """`[editor]`."""

    indent: int = 2
    """Spaces a tab key press inserts in the editor, 1 to 8."""
    command: str = ""
    """The editor f4 opens; `$VISUAL`, then `$EDITOR`, when empty."""


@dataclass(frozen=True)
class Settings:
    """All of config.toml."""

    theme: str = "dusk"
    """A theme's name: one that comes with the app, one of `themes/` beside config.toml, or Textual's own."""
    editor: EditorSettings = field(default_factory=EditorSettings)
    """How the code editor behaves."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Command ids and the keys they get instead of their own, `"promote" = "ctrl+e"`."""


@dataclass(frozen=True)
class Problem:
    """Something in a file that could not be taken."""

    file: Path
    line: int | None
    """From 1; None when it is nowhere in particular."""
    key: str
    """Dotted, `editor.indent`; empty when it is the file as a whole."""
    message: str
    """What is wrong and what holds instead."""

    def __str__(self) -> str:
        place = self.file.name if self.line is None else f"{self.file.name}:{self.line}"
        return f"{place}: {self.message}"


def read(file: Path) -> tuple[Settings, list[Problem]]:
    """Read a settings file.

    Args:
        file: config.toml; one that is not there is the same as an empty one.

    Returns:
        The settings, with the default wherever a value could not be taken, and what was wrong.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), []
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return Settings(), [Problem(file, None, "", f"cannot be read ({reason}). The defaults hold.")]
    try:
        table = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        message = f"{error.msg}. The defaults hold until it is mended."
        return Settings(), [Problem(file, error.lineno, "", message)]
    problems: list[Problem] = []
    return _fill(Settings(), table, "", file, text, problems), problems


def keymap_problems(settings: Settings, file: Path, known: Iterable[str]) -> list[Problem]:
    """Ids in `[keymap]` that no command has."""
    ids, text = sorted(known), _text(file)
    return [
        Problem(
            file, line_of(text, f"keymap.{name}"), f"keymap.{name}", _unknown(f"keymap.{name}", name, ids)
        )
        for name in settings.keymap
        if name not in ids
    ]


def remember_theme(file: Path, name: str) -> None:
    """Write the theme to config.toml, and nothing else: comments and order stay.

    Args:
        file: config.toml; made when it is not there.
        name: The theme's name.

    Raises:
        OSError: It cannot be written.
    """
    text, entry = _text(file), f'theme = "{name}"'
    top, _, rest = (text, "", "") if not re.search(r"(?m)^\s*\[", text) else _cut_at_first_table(text)
    top, changed = re.subn(r"(?m)^\s*theme\s*=[^\n]*", entry, top, count=1)
    if not changed:
        top = f"{entry}\n{top}"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_suffix(".tmp")
    beside.write_text(top + rest, encoding="utf-8")
    os.replace(beside, file)


def line_of(text: str, dotted: str) -> int | None:
    """The line (from 1) on which a dotted key is given, as far as plain TOML goes."""
    *table, key = dotted.split(".")
    current: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            current = [part.strip().strip("\"'") for part in header[1].split(".")]
            if current == [*table, key]:
                return number
        elif current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return number
    return None


def _fill(
    settings: Any, table: Mapping[str, Any], at: str, file: Path, text: str, problems: list[Problem]
) -> Any:
    """A copy of a settings object with what the table has for it."""
    known = {item.name: getattr(settings, item.name) for item in fields(settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{at}{key}"
        line = line_of(text, dotted)
        if key not in known:
            problems.append(Problem(file, line, dotted, _unknown(dotted, key, known)))
        elif is_dataclass(known[key]) and isinstance(value, dict):
            values[key] = _fill(known[key], value, f"{dotted}.", file, text, problems)
        elif wrong := _wrong(dotted, known[key], value):
            problems.append(Problem(file, line, dotted, wrong))
        else:
            values[key] = value
    return replace(settings, **values)


def _wrong(dotted: str, default: Any, value: Any) -> str:
    """Why a value cannot be taken; empty when it can."""
    if isinstance(default, Mapping) or is_dataclass(default):
        if not isinstance(value, dict):
            return f"{dotted} must be a table, [{dotted}]."
        if bad := next((key for key, item in value.items() if not isinstance(item, str)), None):
            return f'{dotted}.{bad} must be a key in quotes, like "ctrl+e".'
        return ""
    kinds = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
    if type(value) is not type(default):
        return f"{dotted} must be {kinds[type(default)]}; {default!r} holds."
    if dotted == "editor.indent" and not 1 <= value <= 8:
        return f"{dotted} must be from 1 to 8; {default} holds."
    return ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean …?` with the known word that is nearest; empty when none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _unknown(dotted: str, key: str, known: Iterable[str]) -> str:
    return f"unknown key {dotted}.{did_you_mean(key, known)}"


def _cut_at_first_table(text: str) -> tuple[str, str, str]:
    at = next(re.finditer(r"(?m)^\s*\[", text)).start()
    return text[:at], "", text[at:]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
