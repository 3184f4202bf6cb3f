"""The code that differs, line by line, as unified diffs show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from engine.cli.api import Json


def print_code(modules: Sequence[Json], file: TextIO | None = None) -> None:
    """Print the hunks of every module that is not the same; stdout unless told."""
    for module in modules:
        if module["status"] == "same":
            continue
        print(f"\n{module['name']}  {module['status']}", file=file)
        for hunk in module["hunks"]:
            print(hunk["header"], file=file)
            for line in hunk["lines"]:
                print(f"{line['op']}{line['text']}", file=file)
