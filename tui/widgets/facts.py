"""Blocks of short facts in columns: what is shown, not chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.widgets.fit import fit

#: Cells between two columns.
GAP = 2
#: Rows of the screen from which on there is a blank line before a heading.
TALL = 36


@dataclass(frozen=True)
class Block:
    """Rows under a heading; all cells are markup."""

    rows: Sequence[Sequence[str]]
    """All with the same number of cells."""
    heading: str = ""
    """None when empty."""
    count: str = ""
    """Beside the heading, fainter."""
    right: frozenset[int] = field(default_factory=frozenset)
    """Columns aligned to the right: numbers. Never cut."""
    rigid: frozenset[int] = field(default_factory=frozenset)
    """Other columns that are never cut: marks, ages."""

    def lines(self, width: int) -> list[Content]:
        """The heading and the rows, columns aligned and cut to a width."""
        lines: list[Content] = []
        if self.heading:
            count = f" [$faint]{self.count}[/]" if self.count else ""
            lines.append(Content.from_markup(f"[b $muted]{self.heading}[/]{count}"))
        table = [[Content.from_markup(cell) for cell in row] for row in self.rows]
        if not table:
            return lines
        columns = range(len(table[0]))
        wanted = [max(row[n].cell_length for row in table) for n in columns]
        rigid = [n in self.rigid or n in self.right for n in columns]
        widths = fit(wanted, width - GAP * (len(wanted) - 1), rigid)
        return lines + [self._line(row, widths) for row in table]

    def _line(self, row: Sequence[Content], widths: Sequence[int]) -> Content:
        parts: list[Content] = []
        for n, (cell, width) in enumerate(zip(row, widths, strict=True)):
            cut = cell.truncate(width, ellipsis=True)
            space = width - cut.cell_length
            parts.append(cut.pad_left(space) if n in self.right else cut.pad_right(space))
        return Content(" " * GAP).join(parts).rstrip()


class Facts(Widget):
    """Blocks of facts in one widget: as wide as its parent, one line a row, cut with `…` where it is narrow.

    Lighter than tables: no cursor, nothing to lay out but text.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._blocks: Sequence[Block] = ()

    def show(self, *blocks: Block) -> None:
        """Show these blocks; those without rows are left out."""
        self._blocks = [block for block in blocks if block.rows]
        self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """All there is."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a row."""
        rows = sum(len(block.rows) + bool(block.heading) for block in self._blocks)
        return rows + (sum(bool(block.heading) for block in self._blocks) if self._airy else 0)

    def render(self) -> Content:
        """Fit the columns to the width there is now."""
        lines: list[Content] = []
        for block in self._blocks:
            if block.heading and self._airy:
                lines.append(Content())
            lines += block.lines(self.size.width)
        return Content("\n").join(lines)

    @property
    def _airy(self) -> bool:
        return self.app.size.height >= TALL
