"""A TextArea with syntax colours, marks on lines and search: what the editor and the viewers share."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from rich.segment import Segment
from rich.style import Style
from rich.text import Span, Text
from textual.filter import LineFilter
from textual.geometry import Offset
from textual.strip import Strip
from textual.theme import Theme
from textual.timer import Timer
from textual.widgets import TextArea
from textual.widgets.text_area import DocumentNavigator, Location, Selection

from tui.document import CodeDocument, CodeWrapping
from tui.highlight import Highlighter, Palette
from tui.search import Query, replace_lines

Found = tuple[int, int, int]
"""Row, first column and the column behind a match."""
END = 1 << 30
IDLE_ROWS = 400
"""Lines lexed in one idle slice: about 25 ms, below what one notices."""


class CodeArea(TextArea):
    """Text with colours.

    Args:
        text: The content.
        lexer: A lexer of tui.lexers, None for plain text.
        **options: Of TextArea.
    """

    def __init__(self, text: str = "", lexer: Any | None = None, **options: Any) -> None:
        self._highlighter = Highlighter(lexer, lambda: self.document.lines)
        self._marks: dict[int, str] = {}
        self._mark_styles: tuple[Style, Style, Style] | None = None
        self._query = Query("")
        self._found: list[Found] | None = None
        self._lexing: Timer | None = None
        options.setdefault("soft_wrap", False)
        super().__init__(text, theme="css", **options)
        self.cursor_blink = False
        self._adopt(text)

    def on_mount(self) -> None:
        """Take the theme's colours, now and whenever they change."""
        self._recolor(self.app.current_theme)
        self.app.theme_changed_signal.subscribe(self, self._recolor)
        # Colours further down are made ready while nobody types: ctrl+end then has nothing to wait for.
        self._lexing = self.set_interval(0.1, self._lex_ahead)

    def load(self, text: str, lexer: Any | None) -> None:
        """Show another text, with another lexer; the history begins anew."""
        self.relex(lexer)
        self._marks.clear()
        self.load_text(text)

    def relex(self, lexer: Any | None) -> None:
        """Colour the same text by another lexer."""
        self._highlighter = Highlighter(lexer, lambda: self.document.lines)
        if self.is_mounted:
            self._recolor(self.app.current_theme)

    def load_text(self, text: str) -> None:
        """Replace the whole text; forgets the undo history."""
        super().load_text(text)
        self._adopt(text)

    def _adopt(self, text: str) -> None:
        """Put our documents, which are cheaper per key press, in place of Textual's."""
        self.document = CodeDocument(text, self._on_edit)
        self.wrapped_document = CodeWrapping(self.document, self.wrap_width, self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._highlighter.reset()
        self._found = None

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Scroll to the cursor, and back to column 0 as soon as the cursor is in sight from there."""
        if self.cursor_location[0] >= self.document.line_count:
            return Offset(0, 0)  # undo has taken the text away already, and puts the cursor right next
        offset = super().scroll_cursor_visible(center, animate)
        if self.scroll_x and not self.soft_wrap:
            room = self.scrollable_content_region.width - 2 * self.gutter_width
            if self.get_column_width(*self.cursor_location) < room:
                self.scroll_to(x=0, animate=False)
        return offset

    # ------------------------------------------------------------------ colours

    def get_line(self, line_index: int) -> Text:
        """One line with its colours (TextArea's hook for highlighting)."""
        line = self.document.get_line(line_index)
        if self._lexing is not None and not self._highlighter.done:
            self._lexing.resume()
        spans = self._highlighter.spans(line_index)
        if self._query.text:
            spans += self._found_in(line)
        return Text(line, spans=spans, end="", no_wrap=True)

    def token_at(self, location: Location) -> Any | None:
        """The Pygments token type left of a location, None for plain text."""
        row, column = location
        for start, end, kind in self._highlighter.tokens(row):
            if start < column <= end:
                return kind
        return None

    def _on_edit(self, top: int, bottom: int, count: int) -> None:
        self._highlighter.replace(top, bottom, count)
        self._found = None
        if self._marks:
            moved = count - (bottom - top + 1)
            # A changed line's mark no longer says the truth; those below move with their text.
            self._marks = {
                row + (moved if row > bottom else 0): message
                for row, message in self._marks.items()
                if not top <= row <= bottom
            }

    def _recolor(self, _: Theme) -> None:
        self._highlighter.recolor(Palette(self.app.theme_variables))
        self._mark_styles = None
        self.notify_style_update()
        self.refresh()

    def _lex_ahead(self) -> None:
        if not self._highlighter.done and self.display:
            self._highlighter.advance(self.document.line_count, most=IDLE_ROWS)
            if self._highlighter.forget_guesses():
                self.notify_style_update()
                self.refresh()
        elif self._lexing is not None:
            self._lexing.pause()  # until something is painted that is not lexed: an idle app does nothing

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Code is shown as it is, whatever signs are in it; its own marks are `_marked`'s."""
        return [one for one in super().get_line_filters() if not getattr(one, "FOR_SIGNS", False)]

    # ------------------------------------------------------------------ marks

    @property
    def marks(self) -> dict[int, str]:
        """Marked lines: row (from 0) to message."""
        return self._marks

    @marks.setter
    def marks(self, marks: dict[int, str]) -> None:
        if marks != self._marks:
            self._marks = dict(marks)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row; marked lines are tinted, ✗ in the gutter, the message after the text where it fits."""
        strip = super().render_line(y)
        if not self._marks:
            return strip
        row = y + self.scroll_offset.y
        if self.soft_wrap or row not in self._marks:
            return strip
        return self._marked(strip, row, self._marks[row])

    def _marked(self, strip: Strip, row: int, message: str) -> Strip:
        tint, bold, panel = self._styles_of_marks()
        gutter, width = self.gutter_width, strip.cell_length
        plain = {None, self.rich_style.bgcolor, panel.bgcolor}
        body = [
            # The cursor and the selection keep their own background.
            Segment(text, (style or Style()) + tint if not style or style.bgcolor in plain else style)
            for text, style, _ in strip.crop(gutter, width)
        ]
        line = self.document.get_line(row).expandtabs(self.indent_width)
        used = max(0, len(line) + 1 - self.scroll_offset.x)
        visible = self.scrollable_content_region.width - gutter
        sign = "x" if getattr(self.app, "ascii", False) else "✗"
        tail = f" {sign} {message}"
        after = Strip(body)
        if visible - used >= len(tail):
            rest = [Segment(tail, bold), Segment(" " * max(0, width - gutter - used - len(tail)), tint)]
            after = Strip([*after.crop(0, used), *rest])
        number = f"{row + self.line_number_start:>{gutter - 2}}{sign} " if gutter else ""
        return Strip([Segment(number, bold), *after], width)

    def _styles_of_marks(self) -> tuple[Style, Style, Style]:
        if self._mark_styles is None:
            known = self.app.theme_variables
            tint = Style(bgcolor=known["del"])
            bold = Style(color=known["error"], bgcolor=known["del"], bold=True)
            self._mark_styles = tint, bold, Style(bgcolor=known["panel"])
        return self._mark_styles

    # ------------------------------------------------------------------ search

    def find(self, query: Query) -> None:
        """Show where it stands, everywhere in sight; an empty query shows nothing."""
        if query != self._query:
            self._query = query
            self._found = None
            self.notify_style_update()
            self.refresh()

    def matches(self) -> list[Found]:
        """What is sought, top to bottom."""
        if self._found is None:
            self._found = [
                (row, match.start(), match.end())
                for row, line in enumerate(self.document.lines)
                for match in self._query.in_line(line)
            ]
        return self._found

    def go_to_match(self, step: int = 1, include_here: bool = False) -> tuple[int, int]:
        """Select the next match (step 1) or the one before (step -1), around the end if need be.

        Args:
            step: 1 or -1.
            include_here: A match that begins where the selection begins counts as the next one.

        Returns:
            Its number (from 1) and how many there are; (0, 0) for none.
        """
        found = self.matches()
        if not found:
            return 0, 0
        start = min(self.selection)
        if step > 0:
            at = bisect_left(found, (*start, 0)) if include_here else bisect_right(found, (*start, END))
            index = at if at < len(found) else 0
        else:
            index = bisect_left(found, (*start, 0)) - 1
        row, column, end = found[index]
        self.go_to((row, column), length=end - column)
        return index % len(found) + 1, len(found)

    def replace_match(self, template: str) -> bool:
        """Replace the match that is selected.

        Returns:
            False when none is.
        """
        (row, column), (bottom, end) = sorted(self.selection)
        line = self.document.get_line(row)
        match = next((found for found in self._query.in_line(line) if found.start() == column), None)
        if self.read_only or match is None or row != bottom or match.end() != end:
            return False
        new = self._query.replaced(match, template)
        self.history.checkpoint()
        self.replace(new, (row, column), (row, end), maintain_selection_offset=False)
        self.history.checkpoint()
        self.selection = Selection.cursor((row, column + len(new)))
        return True

    def replace_matches(self, template: str) -> int:
        """Replace all matches, as one step of the undo history.

        Returns:
            How many there were.
        """
        if self.read_only:
            return 0
        first, last, rows, count = replace_lines(self.document.lines, self._query, template)
        if count:
            cursor = self.cursor_location
            self.history.checkpoint()
            end = (last, len(self.document.get_line(last)))
            self.replace("\n".join(rows), (first, 0), end, maintain_selection_offset=False)
            self.history.checkpoint()
            self.move_cursor(self.clamp_visitable(cursor))
        return count

    def go_to(self, location: Location, length: int = 0) -> None:
        """Put the cursor at a location (row and column from 0), scrolled into the middle if out of sight."""
        row, column = self.clamp_visitable(location)
        top = self.scroll_offset.y
        away = not top + 1 <= row < top + max(2, self.scrollable_content_region.height - 2)
        # The cursor goes to the match's beginning: what follows is then in sight, too.
        self.selection = Selection((row, column + length), (row, column))
        if away:
            self.scroll_cursor_visible(center=True)
        self.history.checkpoint()

    def _found_in(self, line: str) -> list[Span]:
        style = Style(bgcolor=self.app.theme_variables["cursor-blur"], bold=True, underline=True)
        return [Span(match.start(), match.end(), style) for match in self._query.in_line(line)]
