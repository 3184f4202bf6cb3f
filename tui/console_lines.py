"""A console's lines folded to a width, the last ten thousand of them; no widget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from rich.cells import cell_len, chop_cells

from tui.run_report import CONSOLE, ConsoleLine

LONGEST = 20_000
"""Characters of one line that are shown."""
CONTROLS = str.maketrans(
    {code: "" for code in (*range(32), *range(127, 160)) if code not in (9, 10)} | {0x1B: "␛"}
)
"""What a worker logs must not reach the terminal as an order."""


def fold(text: str, width: int) -> list[str]:
    """A text's rows at a width in cells.

    Args:
        text: The text, of any length, with any characters.
        width: Cells a row has.
    """
    width = max(1, width)
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    rows: list[str] = []
    for line in shown.rstrip("\n").translate(CONTROLS).expandtabs(4).split("\n"):
        if len(line) <= width and (line.isascii() or cell_len(line) <= width):
            rows.append(line)
        elif line.isascii():
            rows += [line[start : start + width] for start in range(0, len(line), width)]
        else:
            rows += chop_cells(line, width)
    return rows


class ConsoleLines:
    """Which row of the console shows what. Adding costs what is added, not what there is."""

    def __init__(self) -> None:
        self.lines: list[ConsoleLine] = []
        self.width = 80
        self._heights: list[int] = []
        self._ends: list[int] | None = None

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def height(self) -> int:
        """Rows of all lines."""
        ends = self._row_ends()
        return ends[-1] if ends else 0

    def clear(self) -> None:
        """Begin anew."""
        self.lines, self._heights, self._ends = [], [], None

    def add(self, lines: Sequence[ConsoleLine]) -> int:
        """Put lines below the others.

        Returns:
            How many of the first ones are gone for them.
        """
        self.lines += lines
        self._heights += [self._height(line) for line in lines]
        over = max(0, len(self.lines) - CONSOLE)
        if over:
            del self.lines[:over], self._heights[:over]
        self._ends = None
        return over

    def fit(self, width: int) -> None:
        """Fold everything to another width."""
        if width != self.width:
            self.width = width
            self._heights, self._ends = [self._height(line) for line in self.lines], None

    def at(self, row: int) -> tuple[int, int] | None:
        """The line that a row shows, and which of its rows that is."""
        ends = self._row_ends()
        if not ends or not 0 <= row < ends[-1]:
            return None
        line = bisect_right(ends, row)
        return line, row - (ends[line] - self._heights[line])

    def rows_of(self, line: int) -> tuple[int, int]:
        """The first row of a line, and the one behind its last."""
        end = self._row_ends()[line]
        return end - self._heights[line], end

    def text(self, line: int) -> list[str]:
        """A line's rows."""
        return fold(whole(self.lines[line]), self.width)

    def _height(self, line: ConsoleLine) -> int:
        text = whole(line)
        if len(text) <= self.width and text.isascii() and text.isprintable():
            return 1
        return len(fold(text, self.width))

    def _row_ends(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(self._heights))
        return self._ends


def whole(line: ConsoleLine) -> str:
    """Its text and the place in the code."""
    return f"{line.text.rstrip()}  {line.where}" if line.where else line.text.rstrip()
