"""`svc-tui keys`: every command with its key and its id, from the commands themselves."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from textual.keys import REPLACED_KEYS, key_to_character

from tui import paths, settings
from tui.commands.base import Command
from tui.commands.known import all_commands

#: Modules of tui/commands and where their commands work, in the table's order; others stand at the end.
PLACES = {
    "app": "everywhere",
    "accounts": "everywhere",
    "lists": "lists",
    "browse": "services",
    "workbench": "workbench",
    "editing": "workbench",
    "places": "workbench",
    "requests": "request",
    "answer": "answer",
    "settings": "settings",
    "data": "data",
    "deployments": "history",
    "pipelines": "pipelines",
    "diff": "difference",
    "plan": "promotion",
}
HEAD = ("where", "key", "does", "id")
#: Commands without a key of their own.
PALETTE = "ctrl+p"

Row = tuple[str, str, str, str]
BEGIN, END = "<!-- keys -->", "<!-- /keys -->"


def main(arguments: Sequence[str]) -> int:
    """The verb.

    Args:
        arguments: What follows `keys`.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        prog="svc-tui keys", description="Every command: where it works, its key, what it does, its id."
    )
    parser.add_argument("--markdown", action="store_true", help="a table for a README")
    parser.add_argument("--own", action="store_true", help="the keys without config.toml's [keymap]")
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help=f"the table between {BEGIN} and {END} in it"
    )
    options = parser.parse_args(arguments)
    keymap = {} if options.own else settings.read(paths.config_file())[0].keymap
    found = rows(all_commands(), keymap, short=not (options.markdown or options.into))
    if options.into:
        return _put(options.into, markdown(found))
    sys.stdout.write(markdown(found) if options.markdown else plain(found))
    return 0


def _put(file: Path, table: str) -> int:
    """Write the table between the two marks of a file."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        print(f"svc-tui: {file} cannot be read ({error.strerror}).", file=sys.stderr)
        return 1
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        print(f"svc-tui: {file} has no {BEGIN} … {END}.", file=sys.stderr)
        return 1
    file.write_text(f"{before}{begin}\n\n{table}\n{end}{after}", encoding="utf-8")
    return 0


def rows(commands: Iterable[type[Command]], keymap: Mapping[str, str], short: bool = False) -> list[Row]:
    """A row for each command, grouped by where it works.

    Args:
        commands: The commands.
        keymap: Keys that config.toml gives them.
        short: Say what they do in the few words of the keys help.
    """
    order = {place: number for number, place in enumerate(dict.fromkeys(PLACES.values()))}
    found = [
        (
            place(command),
            keys(keymap.get(command.id, command.BINDING_KEY)),
            command.help_text() if short else command.sentence().split(". ")[0].rstrip("."),
            command.id,
        )
        for command in commands
    ]
    return sorted(found, key=lambda row: order.get(row[0], len(order)))


def place(command: type[Command]) -> str:
    """Where a command works."""
    module = command.__module__.rpartition(".")[2]
    return PLACES.get(module, module.replace("_", " "))


def keys(names: str) -> str:
    """Keys as people write them: `ctrl+]`, `j ↓`."""
    found = [key(name.strip()) for name in names.split(",") if name.strip()]
    return " ".join(dict.fromkeys(found)) or PALETTE


def key(name: str) -> str:
    """One key, from Textual's name for it."""
    arrows = {"up": "↑", "down": "↓", "left": "←", "right": "→", "escape": "esc"}
    *modifiers, last = name.split("+")
    if last == "underscore" and modifiers == ["ctrl"]:
        last = "slash"  # what is pressed; terminals send the other
    sign = arrows.get(last) or (key_to_character(REPLACED_KEYS.get(last, last)) if "_" in last else None)
    return "+".join([*modifiers, sign or {"slash": "/", "minus": "-", "asterisk": "*"}.get(last, last)])


def markdown(found: Sequence[Row]) -> str:
    """The table as Markdown; the place stands once."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    before = ""
    for where, keys_, does, id_ in found:
        pressed = " ".join(_code(one) for one in keys_.split())
        cell = "" if where == before else where
        lines.append(f"| {cell} | {pressed} | {does.replace('|', chr(92) + '|')} | `{id_}` |")
        before = where
    return "\n".join(lines) + "\n"


def plain(found: Sequence[Row]) -> str:
    """The table in columns, a heading for each place."""
    widths = [max(len(row[column]) for row in found) for column in (1, 3)]
    lines: list[str] = []
    before = ""
    for where, keys_, does, id_ in found:
        if where != before:
            lines += ["", where] if lines else [where]
        lines.append(f"  {keys_:<{widths[0]}}  {id_:<{widths[1]}}  {does}")
        before = where
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Inline code, also of a key that is written with a backquote or a bar."""
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"
