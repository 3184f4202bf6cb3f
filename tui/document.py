"""A document for TextArea that does not walk all its lines at every key press, and changes none on its own.

Textual's own joins the whole text once per painted row and measures every line after every edit (fine for a
form, 45 ms a key at 10,000 lines), and splits at form feeds and U+2028, which would then be saved as line
feeds. Here the answers are kept and only what an edit touched is mended; only CR, LF and CRLF end a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import overload

from rich.cells import cell_len
from textual.geometry import Size
from textual.widgets.text_area import DocumentBase, EditResult, Location, WrappedDocument

Edited = Callable[[int, int, int], None]
"""Told after an edit: first and last row that were replaced, and the number of rows there now."""

LINE_END = re.compile(r"\r\n|\n|\r")


class CodeDocument(DocumentBase):
    """Lines of text with their joined form and widths kept.

    Args:
        text: The first content. Its first kind of line end is the document's.
        edited: Told of every edit, undo and redo included.
    """

    def __init__(self, text: str, edited: Edited | None = None) -> None:
        self._edited = edited
        end = LINE_END.search(text)
        self._newline = end[0] if end else "\n"
        self._lines = LINE_END.split(text)
        self._joined: str | None = None
        self._widths: list[int] = []
        self._tab_width = 0

    @property
    def text(self) -> str:
        """The whole text, with the document's own line ends."""
        if self._joined is None:
            self._joined = self._newline.join(self._lines)
        return self._joined

    @property
    def newline(self) -> str:  # type: ignore[override]
        """The document's line end: LF, CRLF or CR."""
        return self._newline

    @property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self._lines

    @property
    def line_count(self) -> int:
        """How many lines; an empty document has one."""
        return len(self._lines)

    @property
    def start(self) -> Location:
        """The first location."""
        return (0, 0)

    @property
    def end(self) -> Location:
        """The location after the last character."""
        return (len(self._lines) - 1, len(self._lines[-1]))

    def get_line(self, index: int) -> str:
        """One line, without its end."""
        return self._lines[index]

    @overload
    def __getitem__(self, line_index: int) -> str: ...

    @overload
    def __getitem__(self, line_index: slice) -> list[str]: ...

    def __getitem__(self, line_index: int | slice) -> str | list[str]:
        return self._lines[line_index]

    def get_text_range(self, start: Location, end: Location) -> str:
        """The text between two locations, whichever comes first."""
        (top, left), (bottom, right) = sorted((start, end))
        if top == bottom:
            return self._lines[top][left:right]
        rows = [self._lines[top][left:], *self._lines[top + 1 : bottom]]
        # TextArea asks for a whole last line by the row after it: there is no line end to add.
        if bottom < len(self._lines):
            rows.append(self._lines[bottom][:right])
        return self._newline.join(rows)

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace what lies between two locations; the only way to change the document.

        Returns:
            Where the new text ends, and the text that was there.
        """
        (top, left), (bottom, right) = sorted((start, end))
        replaced = self.get_text_range(start, end)
        before = self._lines[top][:left] if top < len(self._lines) else ""
        after = self._lines[bottom][right:] if bottom < len(self._lines) else ""
        rows = LINE_END.split(text)
        rows[0] = before + rows[0]
        column = len(rows[-1])
        rows[-1] += after
        self._lines[top : bottom + 1] = rows
        self._joined = None
        if self._widths:
            self._widths[top : bottom + 1] = [self._measure(row) for row in rows]
        if self._edited:
            self._edited(top, bottom, len(rows))
        return EditResult((top + len(rows) - 1, column), replaced)

    def get_size(self, indent_width: int) -> Size:
        """The longest line's width in cells, with tabs of `indent_width`, and the number of lines."""
        if not self._widths or indent_width != self._tab_width:
            self._tab_width = indent_width
            self._widths = [self._measure(line) for line in self._lines]
        return Size(max(self._widths), len(self._lines))

    def _measure(self, line: str) -> int:
        # Pure ASCII without tabs, nearly every line of code, is as wide as it is long.
        return (
            len(line) if line.isascii() and "\t" not in line else cell_len(line.expandtabs(self._tab_width))
        )


class CodeWrapping(WrappedDocument):
    """A WrappedDocument that knows its height without a sum as long as nothing wraps."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Wrap all lines at `width` cells; 0 wraps none."""
        self._wraps = width > 0
        super().wrap(width, tab_width)

    @property
    def height(self) -> int:
        """Rows on screen."""
        return super().height if self._wraps else self.document.line_count
