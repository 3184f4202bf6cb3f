"""The editor of one module: what a code editor does by itself, on top of TextArea."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.token import Comment, String
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets.text_area import Location, Selection

from tui import editing
from tui.lexers import lexer_for_name
from tui.widgets.code_area import CodeArea
from tui.widgets.completion_list import CompletionList

BLOCK_ROWS = 20_000
"""Rows that are looked at for the end of a block."""


class CodeEditor(CodeArea):
    """One module's text under edit. It keeps its own undo history, cursor and scroll position.

    Args:
        module: The module's name; its suffix chooses the colours and the comment marks.
        text: The module's text.
        indent: Blanks of one level, for a text that does not show its own.
        **options: Of TextArea.
    """

    HELP = """\
## Editor

Brackets and quotes close themselves; enter indents; tab and shift+tab shift the selected lines.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+up", "move_lines(-1)", "Move lines up", show=False, id="lines-up"),
        Binding("alt+down", "move_lines(1)", "Move lines down", show=False, id="lines-down"),
        Binding("home", "smart_home", "Start of text or line", show=False),
        Binding("ctrl+home", "document_start", "Start of module", show=False),
        Binding("ctrl+end", "document_end", "End of module", show=False),
    ]

    def __init__(self, module: str, text: str = "", indent: int = 2, **options: Any) -> None:
        self.module = module
        options = {"show_line_numbers": True, "max_checkpoints": 500, **options}
        super().__init__(text, lexer_for_name(module), **options)
        self._unit = editing.indent_unit(self.document.lines, " " * indent)
        self.indent_width = 4 if self._unit == "\t" else len(self._unit)
        self.tooltip = None
        self.completion: CompletionList | None = None
        """The words offered beside the cursor."""
        self.accepted = False
        """Whether the last change was a word that was taken: nothing more is offered for it."""

    @property
    def suffix(self) -> str:
        """The module name's suffix without its dot, empty for none."""
        return self.module.rpartition(".")[2] if "." in self.module else ""

    def rename_module(self, module: str) -> None:
        """Go on under another name; the suffix may bring other colours. Text and history stay."""
        self.module = module
        self.relex(lexer_for_name(module))

    def replace_all(self, text: str) -> None:
        """Take another text as one undoable edit (an external editor's, a reload's)."""
        if text == self.text:
            return
        cursor = self.cursor_location
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()
        self.move_cursor(self.clamp_visitable(cursor))

    # ------------------------------------------------------------------ keys

    def on_key(self, event: events.Key) -> None:
        """Enter, tab, brackets and quotes mean more in code than in prose."""
        if self.read_only:
            return
        handled = False
        if self.completion is not None and self.completion.display and self._complete(event.key):
            handled = True
        elif event.key == "enter":
            handled = self._enter()
        elif event.key == "tab":
            handled = self._tab()
        elif event.key == "shift+tab":
            handled = self._shift(outward=True)
        elif event.character and event.is_printable:
            handled = self._type(event.character)
        if handled:
            event.stop()
            event.prevent_default()

    def _complete(self, key: str) -> bool:
        """What a key means while words are offered: tab takes one, the arrows choose, escape drops them."""
        words = self.completion
        if words is None:
            return False
        if key in ("up", "down"):
            words.move(1 if key == "down" else -1)
            return True
        # Enter ends the line as always, unless the arrows have just chosen a word.
        if key == "tab" or (key == "enter" and words.picked):
            word, (row, column) = words.candidates[words.chosen].word, self.cursor_location
            words.hide()
            self.history.checkpoint()
            start = (row, column - len(words.stem))
            self.replace(word, start, (row, column), maintain_selection_offset=False)
            self.accepted = True
            return True
        words.hide()
        return key == "escape"

    def action_delete_left(self) -> None:
        """Delete the character before the cursor; between a fresh pair, both; in blanks, one level."""
        if not self.read_only and self.selection.is_empty:
            (row, column), line = self.cursor_location, self._line
            before, after = line[:column], line[column:]
            twins = before[-1:] + after[:1]
            if len(twins) == 2 and (editing.OPENERS.get(twins[0]) == twins[1] or twins in ("''", '""', "``")):
                self.delete((row, column - 1), (row, column + 1), maintain_selection_offset=False)
                return
            if before and not before.strip(" ") and self._unit != "\t":
                width = (len(before) - 1) % len(self._unit) + 1
                self.delete((row, column - width), (row, column), maintain_selection_offset=False)
                return
        super().action_delete_left()

    def action_toggle_comment(self) -> None:
        """Comment the selected lines out, or back in."""
        top, bottom = self._selected_rows()
        if (lines := editing.toggle_comment(self.document.lines[top : bottom + 1], self.suffix)) is not None:
            self._replace_rows(top, bottom, lines)
        else:
            self.notify(f"{self.module} has no comments.", severity="warning")

    def action_move_lines(self, step: int) -> None:
        """Move the selected lines up (-1) or down (1)."""
        top, bottom = self._selected_rows()
        if self.read_only or top + step < 0 or bottom + step >= self.document.line_count:
            return
        first, last = min(top, top + step), max(bottom, bottom + step)
        rows = self.document.lines[first : last + 1]
        rows = rows[1:] + rows[:1] if step < 0 else rows[-1:] + rows[:-1]
        start, end = self.selection
        self.replace("\n".join(rows), (first, 0), (last, len(self.document[last])))
        self.selection = Selection((start[0] + step, start[1]), (end[0] + step, end[1]))

    def action_smart_home(self) -> None:
        """To the first character of the line; from there to its very beginning."""
        row, column = self.cursor_location
        first = len(editing.indentation(self._line))
        self.move_cursor((row, 0 if column == first else first))

    def action_document_start(self) -> None:
        """To the first character."""
        self.move_cursor((0, 0))

    def action_document_end(self) -> None:
        """Behind the last character."""
        self.move_cursor(self.document.end)

    def _enter(self) -> bool:
        (top, left), (bottom, right) = sorted(self.selection)
        before, after = self.document[top][:left], self.document[bottom][right:]
        lead, tail = editing.line_break(
            before, after, self._unit, self._kind_at((top, left)) in Comment.Multiline
        )
        # Behind text, blanks before the remainder would add to the new indentation.
        blanks = len(after) - len(after.lstrip(" \t")) if before.strip() else 0
        result = self.replace(lead, (top, left), (bottom, right + blanks), maintain_selection_offset=False)
        if tail:
            self.insert(tail, result.end_location, maintain_selection_offset=False)
        self.selection = Selection.cursor(result.end_location)
        return True

    def _tab(self) -> bool:
        (top, _), (bottom, _) = sorted(self.selection)
        if top != bottom:
            return self._shift(outward=False)
        width = self.indent_width - self.get_column_width(*min(self.selection)) % self.indent_width
        self._put("\t" if self._unit == "\t" else " " * width)
        return True

    def _shift(self, outward: bool) -> bool:
        top, bottom = self._selected_rows()
        self._replace_rows(
            top, bottom, editing.shift(self.document.lines[top : bottom + 1], self._unit, outward)
        )
        return True

    def _type(self, character: str) -> bool:
        start, end = sorted(self.selection)
        if start != end:
            closer = editing.OPENERS.get(character) or (character if character in editing.QUOTES else None)
            return bool(closer) and self._surround(character, closer or "")
        row, column = end
        before, after = self._line[:column], self._line[column:]
        if after[:1] == character and (character in editing.CLOSERS or character in editing.QUOTES):
            self.selection = Selection.cursor((row, column + 1))
            return True
        if character in editing.CLOSERS and not before.strip():
            return self._close_block(character)
        kind = self._kind_at(end)
        in_text = kind is not None and (kind in Comment or kind in String)
        closer = editing.pairs_with(character, before, after, in_text)
        if closer is None or (in_text and kind in Comment):
            return False
        self._put(character + closer)
        self.selection = Selection.cursor((row, column + 1))
        return True

    def _surround(self, opener: str, closer: str) -> bool:
        start, end = sorted(self.selection)
        self.replace(opener + self.get_text_range(start, end) + closer, start, end)
        shift = 1 if start[0] == end[0] else 0
        self.selection = Selection((start[0], start[1] + 1), (end[0], end[1] + shift))
        return True

    def _close_block(self, character: str) -> bool:
        """A closer that begins its line goes below the line that opened the block."""
        row, column = self.cursor_location
        self._put(character)
        opened = self.find_matching_bracket(character, (row, column))
        if opened is not None:
            lead = editing.indentation(self.document[opened[0]])
            self.replace(lead, (row, 0), (row, column))
            self.selection = Selection.cursor((row, len(lead) + 1))
        return True

    def go_to_bracket(self) -> bool:
        """To the bracket that belongs to the one at the cursor, else to the end of the block around it.

        Returns:
            False when there is none.
        """
        row, column = self.cursor_location
        line = self._line
        for at in (column, column - 1):
            if 0 <= at < len(line) and (line[at] in editing.OPENERS or line[at] in editing.CLOSERS):
                other = self.find_matching_bracket(line[at], (row, at))
                if other is not None:
                    self.go_to(other)
                    return True
        depth = 0
        for below in range(row, min(row + BLOCK_ROWS, self.document.line_count)):
            text = self.document.get_line(below)
            for at in range(column if below == row else 0, len(text)):
                if text[at] in editing.OPENERS:
                    depth += 1
                elif text[at] in editing.CLOSERS:
                    depth -= 1
                    if depth < 0:
                        self.go_to((below, at))
                        return True
        return False

    # ------------------------------------------------------------------ helpers

    @property
    def _line(self) -> str:
        return self.document[self.cursor_location[0]]

    def _kind_at(self, location: Location) -> Any:
        """The token type left of a location; at a line's start, of what the line goes on with."""
        row, column = location
        return self.token_at((row, column or 1)) if column or row else None

    def _put(self, text: str) -> None:
        self.replace(text, *self.selection, maintain_selection_offset=False)

    def _selected_rows(self) -> tuple[int, int]:
        (top, _), (bottom, column) = sorted(self.selection)
        # A selection of whole lines ends at the start of the next one, which is not meant.
        return top, bottom - 1 if bottom > top and column == 0 else bottom

    def _replace_rows(self, top: int, bottom: int, lines: list[str]) -> None:
        """Replace whole lines as one edit; the selection stays on the same text."""
        old = self.document.lines[top : bottom + 1]
        if self.read_only or old == lines:
            return

        def moved(location: Location) -> Location:
            row, column = location
            if not top <= row <= bottom:
                return location
            grown = len(lines[row - top]) - len(old[row - top])
            return row, max(0, column + grown) if column else 0

        start, end = self.selection
        self.replace("\n".join(lines), (top, 0), (bottom, len(old[-1])))
        self.selection = Selection(moved(start), moved(end))
