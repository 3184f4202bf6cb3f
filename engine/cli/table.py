"""Columns for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], file: TextIO | None = None) -> None:
    """Print rows under a head, columns two spaces apart, the last one as long as it is."""
    everything = [head, *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(len(head))]
    for row in everything:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip(), file=file or sys.stdout)
