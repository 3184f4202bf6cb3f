"""A unified diff that scrolls: the sign column carries the meaning, the tint only helps the eye."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.commands.base import CommandHost
from tui.commands.diff import VIEW, NextChange, PreviousChange
from tui.format import plural

RANGE = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@ ?")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
STATUS_WORDS = {"added": "new module", "removed": "removed module"}
QUIET_KINDS = frozenset({None, "", "setting", "text"})
"""Kinds that need no word beside the name."""
SIDEWAYS = 8
"""Cells that `h` and `l` scroll."""
NUMBER_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the view."""

    sign: str
    """`@` (a heading), a blank (unchanged), `+` or `-`."""
    number: int | None
    """The line's number on its own side, from 1; None for headings and settings."""
    text: str

    @property
    def shown(self) -> str:
        """The row as it is painted and copied."""
        if self.sign == "@":
            return f"@@ {self.text}"
        number = "" if self.number is None else str(self.number)
        return f"{number:>{NUMBER_WIDTH}} {self.sign} {self.text}"


def _clean(text: str) -> str:
    """Tabs as spaces, control characters made visible: nothing in a file may steer the terminal."""
    return CONTROL.sub("�", text.expandtabs(4))


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(part) for part in value) or "–"
    return _clean(str(value))


def diff_lines(diff: Mapping[str, Any]) -> list[Line]:
    """The rows of a diff answer: settings first (they are few), then the changed modules by hunk.

    Args:
        diff: the engine's `diff` resource, or what `tui.diff.compare` returns, or a plan's `code`.
    """
    lines: list[Line] = []
    settings = diff.get("settings") or []
    if settings:
        lines.append(Line("@", None, "settings"))
        for row in settings:
            name = str(row["key"]) + (f" {row['kind']}" if row.get("kind") not in QUIET_KINDS else "")
            lines += [
                Line(sign, None, f"{name} = {_value(row.get(side))}")
                for sign, side in (("-", "from"), ("+", "to"))
                if row.get(side) is not None
            ]
    for module in diff.get("modules") or []:
        if module["status"] == "same":
            continue
        found = module.get("hunks") or []
        if not found:
            word = STATUS_WORDS.get(module["status"], "differs, not text")
            lines.append(Line("@", None, f"{module['name']}  {word}"))
        for hunk in found:
            context = RANGE.sub("", hunk.get("header") or "").strip(" @")
            word = STATUS_WORDS.get(module["status"], context)
            # Without a function's name in the header the first line says where in the module it is.
            start = (
                ""
                if word or len(found) == 1
                else f":{hunk['lines'][0].get('new') or hunk['lines'][0].get('old')}"
            )
            lines.append(Line("@", None, f"{module['name']}{start}  {_clean(word)}".rstrip()))
            for line in hunk["lines"]:
                number = line["new"] if line["op"] == "+" else line["old"]
                if line["op"] == " " and line.get("new") is not None:
                    number = line["new"]
                lines.append(Line(line["op"], number, _clean(line["text"])))
    return lines


def summary(diff: Mapping[str, Any]) -> str:
    """How much differs: `3 modules, +42 −11`, `2 settings`, or `no difference`."""
    changed = [module for module in diff.get("modules") or [] if module["status"] != "same"]
    settings = diff.get("settings") or []
    parts = [plural(len(settings), "setting")] if settings else []
    if changed:
        parts.append(f"{plural(len(changed), 'module')}, +{diff.get('added', 0)} −{diff.get('removed', 0)}")
    return "  ".join(parts) or "no difference"


class DiffView(CommandHost, ScrollView, can_focus=True):
    """Paints only the rows that are on screen, so that a diff of 20,000 lines opens at once."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff-view--added",
        "diff-view--added-sign",
        "diff-view--removed",
        "diff-view--removed-sign",
        "diff-view--heading",
        "diff-view--number",
    }

    COMMAND_CLASSES = VIEW
    HELP_TITLE = "Difference"

    diff: reactive[Mapping[str, Any] | None] = reactive(None, init=False)
    """The diff to paint; None paints nothing."""

    def __init__(
        self,
        diff: Mapping[str, Any] | None = None,
        *,
        empty: str = "Nothing differs.",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.lines: Sequence[Line] = ()
        self._styles_of: dict[str, Style] = {}
        self.set_reactive(DiffView.diff, diff)

    def on_mount(self) -> None:
        self._take()

    def show(self, diff: Mapping[str, Any] | None, empty: str | None = None) -> None:
        """Paint another diff.

        Args:
            diff: the diff; None paints nothing.
            empty: the words for a diff without a difference.
        """
        if empty is not None:
            self.empty = empty
        self.set_reactive(DiffView.diff, diff)
        self.watch_diff()

    def watch_diff(self) -> None:
        self.scroll_to(0, 0, animate=False)
        self._take()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def _take(self) -> None:
        self.lines = [] if self.diff is None else diff_lines(self.diff)
        width = max((len(line.shown) for line in self.lines), default=0)
        shown = len(self.lines) if self.diff is None else max(1, len(self.lines))
        self.virtual_size = Size(width, shown)
        self.refresh(layout=True)

    def _style(self, name: str) -> Style:
        if name not in self._styles_of:
            self._styles_of[name] = self.get_component_rich_style(f"diff-view--{name}", partial=True)
        return self._styles_of[name]

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        width, row = self.size.width, top + y
        base = self.rich_style
        if row >= len(self.lines):
            if row == 0 and self.diff is not None:
                segments = [Segment(self.empty, base + self._style("heading"))]
                return Strip(segments).crop_extend(0, width, base).apply_offsets(0, row)
            return Strip.blank(width, base)
        line = self.lines[row]
        strip = Strip(self._segments(line, base))
        tint = base + self._style({"+": "added", "-": "removed"}.get(line.sign, "number"))
        selected = self.text_selection
        span = None if selected is None else selected.get_span(row)
        if span is not None:
            start, end = span
            length = strip.cell_length
            end = length if end == -1 else min(end, length)
            marked = self.screen.get_component_rich_style("screen--selection")
            parts = [
                strip.crop(0, start),
                strip.crop(start, end).apply_style(marked),
                strip.crop(end, length),
            ]
            strip = Strip.join(parts)
        # The tint goes on to the right edge: a changed line is a bar, not a ragged patch.
        return strip.crop_extend(left, left + width, tint if line.sign in "+-" else base).apply_offsets(
            left, row
        )

    def _segments(self, line: Line, base: Style) -> list[Segment]:
        if line.sign == "@":
            return [Segment(line.shown, base + self._style("heading"))]
        text, number = line.shown, self._style("number")
        if line.sign == " ":
            return [Segment(text[: NUMBER_WIDTH + 1], base + number), Segment(text[NUMBER_WIDTH + 1 :], base)]
        name = "added" if line.sign == "+" else "removed"
        tint = base + self._style(name)
        return [
            Segment(text[: NUMBER_WIDTH + 1], tint),
            Segment(text[NUMBER_WIDTH + 1], tint + self._style(f"{name}-sign")),
            Segment(text[NUMBER_WIDTH + 2 :], tint),
        ]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under a mouse selection, for copying."""
        return selection.extract(self.text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint as the selection grows."""
        self.refresh()

    @property
    def text(self) -> str:
        """The whole diff as plain text."""
        return "\n".join(line.shown for line in self.lines)

    def action_scroll_left(self) -> None:
        """Some letters to the left."""
        self.scroll_relative(x=-SIDEWAYS, animate=False)

    def action_scroll_right(self) -> None:
        """Some letters to the right: by single ones nobody gets to the end of a long line."""
        self.scroll_relative(x=SIDEWAYS, animate=False)

    @on(NextChange)
    def next_change(self) -> None:
        """Scroll so that the next stretch of changes is at the top."""
        self._go(1)

    @on(PreviousChange)
    def previous_change(self) -> None:
        """Scroll so that the previous stretch of changes is at the top."""
        self._go(-1)

    def _go(self, step: int) -> None:
        starts = [
            n
            for n, line in enumerate(self.lines)
            if line.sign in "+-" and (n == 0 or self.lines[n - 1].sign not in "+-")
        ]
        # One row of what is before a change stays in sight.
        here = self.scroll_offset.y + 1
        rows = [n for n in starts if (n > here if step > 0 else n < here)]
        if rows:
            self.scroll_to(y=max(0, (rows[0] if step > 0 else rows[-1]) - 1), animate=False)
