"""Asking before something is changed that people rely on."""

from __future__ import annotations

import sys

from engine.cli.errors import NOT_CONFIRMED, CliError


def ask(question: str) -> None:
    """Go on only after "y"; the question goes to stderr, so that stdout stays the verb's own.

    Raises:
        CliError: exit code 4, the answer was another one, or nobody is there to answer.
    """
    if _answer(f"{question} [y/N] ").lower() not in {"y", "yes"}:
        raise CliError("not confirmed, nothing was changed; answer y, or give --yes", NOT_CONFIRMED)


def type_name(name: str, what: str) -> None:
    """Go on only after the name was typed, letter by letter.

    Raises:
        CliError: exit code 4, something else was typed.
    """
    if _answer(f"{what} Type {name}: ") != name:
        raise CliError(f"not confirmed, nothing was changed; type {name}, or give --yes", NOT_CONFIRMED)


def _answer(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
    return line.strip()
