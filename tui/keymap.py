"""`[keymap]` of config.toml: whether its ids are commands', and its keys such as a terminal sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys

from tui.commands.base import Command
from tui.settings import Problem, Settings, did_you_mean, line_of, unknown

#: Keys that arrive as other keys, never arrive, or belong to the terminal (measured through tmux).
NEVER = re.compile(
    r"ctrl\+([hibm]|left_square_bracket)|alt\+(\d|b|f|enter)|(ctrl|shift)\+enter|f10|f11|shift\+f3"
)
#: Keys with names; a letter or a digit is its own.
NAMED = frozenset(
    {
        *(key.value for key in Keys if not key.value.startswith("<")),
        *KEY_NAME_REPLACEMENTS.values(),
        *KEY_TO_UNICODE_NAME,
    }
)
MODIFIERS = frozenset({"ctrl", "alt", "shift"})


def problems(settings: Settings, file: Path, commands: Iterable[type[Command]]) -> list[Problem]:
    """What is wrong in `[keymap]`.

    Args:
        settings: What config.toml says.
        file: config.toml, for the lines.
        commands: Those that may be named.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    ids = {command.id for command in commands}
    found: list[Problem] = []
    for name, keys in settings.keymap.items():
        dotted = f"keymap.{name}"
        line = line_of(text, dotted)
        if name not in ids:
            found.append(Problem(file, line, dotted, unknown(dotted, name, sorted(ids))))
        found += [Problem(file, line, dotted, f"{dotted}: {wrong}") for wrong in wrong_keys(keys)]
    return found


def wrong_keys(keys: str) -> Iterator[str]:
    """Why some of a command's keys will not work, a sentence each.

    Args:
        keys: Textual's names, separated by commas.
    """
    for key in (part.strip() for part in keys.split(",")):
        *modifiers, last = key.rsplit("+")
        if not key:
            yield 'it has no key; write one, like "ctrl+e".'
        elif NEVER.fullmatch(key):
            yield f"{key} does not arrive in a terminal, or arrives as another."
        elif odd := [one for one in modifiers if one not in MODIFIERS]:
            yield f"unknown key {key}.{did_you_mean(odd[0], MODIFIERS)}"
        elif len(last) != 1 and last not in NAMED and key not in NAMED:
            yield f"unknown key {key}.{did_you_mean(last, sorted(NAMED))}"
