"""`svc-tui config …`: where the settings are, whether they are right, and their schema for editors."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tui import keymap, paths, settings, themes
from tui.commands.known import known_commands
from tui.settings import AUTO, Problem, line_of

SCHEMA = """An editor that checks TOML (Even Better TOML, taplo) takes the schema from a file:
  svc-tui config schema > config.schema.json
and the line  #:schema ./config.schema.json  at the top of config.toml."""


def main(arguments: Sequence[str]) -> int:
    """The verb.

    Args:
        arguments: What follows `config`.

    Returns:
        The exit code: 1 when something is wrong in the settings.
    """
    parser = argparse.ArgumentParser(prog="svc-tui config", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("path", help="where config.toml is, or would be")
    check = verbs.add_parser("check", help="what is wrong in config.toml and in your own themes")
    check.add_argument("file", nargs="?", type=Path, help="another file than the one in use")
    verbs.add_parser(
        "schema",
        help="the JSON schema of config.toml",
        epilog=SCHEMA,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options = parser.parse_args(arguments)
    match options.verb:
        case "path":
            print(paths.config_file())
        case "schema":
            from tui.settings_schema import schema

            print(json.dumps(schema(known_commands()), indent=2, ensure_ascii=False))
        case "check":
            return _check(options.file or paths.config_file(), given=options.file is not None)
    return 0


def _check(file: Path, given: bool) -> int:
    if not file.is_file():
        if given:
            print(f"svc-tui: {file} is not there.", file=sys.stderr)
            return 1
        print(f"{file} is not there: the defaults hold.")
        return 0
    found = problems(file)
    for problem in found:
        print(problem)
    if not found:
        print(f"{file} is right.")
    return 1 if found else 0


def problems(file: Path) -> list[Problem]:
    """All that is wrong in a settings file, and in the themes beside it."""
    chosen, found = settings.read(file)
    found += keymap.problems(chosen, file, known_commands())
    own, broken = themes.load_all(themes.files(file.parent / "themes"))
    names = {AUTO, *(one.stem for one in themes.files(paths.THEMES)), *(theme.name for theme in own)}
    if chosen.theme not in names | textual_names():
        line = line_of(file.read_text(encoding="utf-8"), "theme")
        message = f"no theme {chosen.theme}. {themes.nearest(chosen.theme, names)}"
        found.append(Problem(file, line, "theme", message))
    return found + broken


def textual_names() -> set[str]:
    """Textual's own themes."""
    from textual.theme import BUILTIN_THEMES

    return set(BUILTIN_THEMES)
