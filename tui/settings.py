"""config.toml: what a person may choose, read once at the start.

    theme = "paper"

    [editor]
    indent = 4
    command = "hx"

    [layout]
    stacked = true

    [keymap]
    promote = "ctrl+e"

A mistake never stops the app: it is told in one line with file, line, key and the nearest valid one, and
the default holds. The fields below are the one definition: what is read, what is checked, and the JSON
schema (settings_schema.py) come from them.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import tomli

AUTO = "auto"
"""The theme that fits what the terminal can show (see themed.py)."""


def _setting(default: Any, words: str, **rules: int) -> Any:
    """A field of config.toml.

    Args:
        default: What holds when the file does not say.
        words: What it does, for people; the schema's description.
        **rules: `minimum` and `maximum` of a number.
    """
    return field(default=default, metadata={"words": words, **rules})


@dataclass(frozen=True)
class EditorSettings:
    """`[editor]`: how the code editor behaves."""

    indent: int = _setting(2, "Spaces that the tab key inserts.", minimum=1, maximum=8)
    command: str = _setting("", "The editor that f4 opens; $VISUAL, then $EDITOR, when empty.")
    check: bool = _setting(True, "Whether code is compiled, and its mistakes marked, as one pauses.")


@dataclass(frozen=True)
class AnswerSettings:
    """`[answer]`: how the workbench shows what a draft answers."""

    wrap: bool = _setting(False, "Whether long lines of a body are wrapped at first; w changes it.")


@dataclass(frozen=True)
class LayoutSettings:
    """`[layout]`: how screens are divided before anything is moved with keys."""

    list: int = _setting(
        0,
        "Columns of the list of services; 0 fits it to the terminal. < and > change it.",
        minimum=0,
        maximum=120,
    )
    split: int = _setting(
        0,
        "Steps of more (or, below 0, less) room for the code. alt+m and alt+n change it.",
        minimum=-5,
        maximum=5,
    )
    stacked: bool = _setting(
        False, "Whether the answer is below the code even where there is room beside it."
    )
    modules: bool = _setting(True, "Whether a wide terminal shows the modules beside the code.")
    activity: bool = _setting(True, "Whether a wide terminal shows what happened lately beside the services.")


@dataclass(frozen=True)
class Settings:
    """All of config.toml."""

    theme: str = _setting(
        AUTO,
        "A theme's name: one that comes with the app, the file name of one in themes/ beside config.toml, "
        "one of Textual's own, or auto: the one that fits what the terminal can show.",
    )
    ascii: bool = _setting(
        False, "Paint with ASCII signs alone: for screen readers, and for fonts that have no others."
    )
    tour: bool = _setting(True, "Whether the first start shows how it works, in six steps.")
    editor: EditorSettings = field(
        default_factory=EditorSettings, metadata={"words": "How the code editor behaves."}
    )
    answer: AnswerSettings = field(
        default_factory=AnswerSettings, metadata={"words": "How the workbench shows what a draft answers."}
    )
    layout: LayoutSettings = field(
        default_factory=LayoutSettings, metadata={"words": "How screens are divided at first."}
    )
    keymap: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"words": "Commands and the keys they get instead of their own; `svc-tui keys` lists them."},
    )


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
    known = {item.name: item for item in fields(settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{at}{key}"
        line = line_of(text, dotted)
        if key not in known:
            problems.append(Problem(file, line, dotted, unknown(dotted, key, known)))
            continue
        default = getattr(settings, key)
        if is_dataclass(default) and isinstance(value, dict):
            values[key] = _fill(default, value, f"{dotted}.", file, text, problems)
        elif wrong := _wrong(dotted, known[key], default, value):
            problems.append(Problem(file, line, dotted, wrong))
        else:
            values[key] = value
    return replace(settings, **values)


def _wrong(dotted: str, item: Field[Any], default: Any, value: Any) -> str:
    """Why a value cannot be taken; empty when it can."""
    if isinstance(default, Mapping) or is_dataclass(default):
        if not isinstance(value, dict):
            return f"{dotted} must be a table, [{dotted}]."
        if bad := next((key for key, item in value.items() if not isinstance(item, str)), None):
            return f'{dotted}.{bad} must be a key in quotes, like "ctrl+e".'
        return ""
    kinds = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
    holds = str(default).lower() if isinstance(default, bool) else repr(default)
    if type(value) is not type(default):
        return f"{dotted} must be {kinds[type(default)]}; {holds} holds."
    low, high = item.metadata.get("minimum", value), item.metadata.get("maximum", value)
    if not low <= value <= high:
        return f"{dotted} must be from {low} to {high}; {holds} holds."
    return ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean …?` with the known word that is nearest; empty when none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def unknown(dotted: str, key: str, known: Iterable[str]) -> str:
    """The sentence about a key that is not known."""
    return f"unknown key {dotted}.{did_you_mean(key, known)}"


def _cut_at_first_table(text: str) -> tuple[str, str, str]:
    at = next(re.finditer(r"(?m)^\s*\[", text)).start()
    return text[:at], "", text[at:]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
