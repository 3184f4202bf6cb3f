"""Pane 2 of the workbench: the modules under edit, one editor each, with tabs in the border."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pygments.token import Comment, String
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Label, TextArea

from tui.completion import complete, words_of
from tui.format import size
from tui.markup import escape
from tui.run_report import Location
from tui.widgets.code_editor import CodeEditor
from tui.widgets.completion_list import CompletionList
from tui.widgets.find_bar import FindBar
from tui.widgets.goto_line import GotoLine
from tui.widgets.pane import GAP, Pane
from tui.workspace import ModuleText, Workspace

OFFER_AFTER = 0.15
"""Seconds of rest after which words are offered."""
MOST_TEXT = 200_000
"""Characters of a module whose names are offered."""
PROSE = frozenset(("txt", "md", "html", "css", "json", "csv"))
FRAME = 8
"""Cells of the top border that are not tabs: corners, number, blanks."""


class EditorPane(Pane):
    """Edits a workspace. Every module keeps its undo history, cursor and scroll position."""

    ALLOW_MAXIMIZE = True

    current: reactive[str] = reactive("", init=False)
    """The module that is shown."""

    @dataclass
    class Edited(Message):
        """A module's text changed; the workspace has it already."""

        module: ModuleText

    @dataclass
    class Opened(Message):
        """Another module is shown."""

        name: str

    def __init__(self, indent: int = 2, id: str | None = None) -> None:
        super().__init__(number=2, tabs=["loading…"], id=id)
        self._indent = indent
        self.workspace = Workspace()
        self._editors: dict[str, CodeEditor] = {}
        self._tab_names: list[str | None] = []
        self._marks: dict[str, dict[int, str]] = {}
        self._offer_timer: Timer | None = None
        self.places: dict[str, tuple[int, int]] = {}
        """Where the cursor was in modules that were not opened yet."""
        self.bindings: Callable[[], Mapping[str, str]] = dict
        """The environment's bindings: name to type."""

    def compose(self) -> ComposeResult:
        """The editors' place, and the bars below it."""
        yield Vertical(Label(id="binary"), id="editors")
        yield CompletionList()
        yield FindBar(id="find")
        yield GotoLine(id="goto")

    def on_mount(self) -> None:
        """Nothing to say about a binary module yet."""
        self.query_one("#binary").display = False

    @property
    def editor(self) -> CodeEditor | None:
        """The editor that is shown; None for a binary module, or before anything was loaded."""
        return self._editors.get(self.current)

    def open(self, workspace: Workspace, name: str = "") -> None:
        """Edit a workspace. Editors of modules it still has take the new text as one undoable edit."""
        self.workspace = workspace
        for known in list(self._editors):
            module = workspace.modules.get(known)
            if module is None or module.text is None:
                self._editors.pop(known).remove()
            else:
                self._editors[known].replace_all(module.text)
        wanted = name or self.current
        self.show(wanted if wanted in workspace.modules else workspace.main)

    def show(self, name: str) -> None:
        """Show a module."""
        module = self.workspace.modules.get(name)
        if module is None:
            return
        if module.text is not None and name not in self._editors:
            editor = CodeEditor(name, module.text, self._indent)
            editor.completion = self.query_one(CompletionList)
            self._editors[name] = editor
            self.query_one("#editors").mount(editor)
            if name in self.places:
                editor.call_after_refresh(self._put_back, name, editor)
            editor.marks = self._marks.get(name, {})
        focused = self.has_focus_within
        for known, editor in self._editors.items():
            editor.display = known == name
        binary = self.query_one("#binary", Label)
        binary.display = module.text is None
        binary.update(
            f"[b]{escape(name)}[/]  [$muted]{module.type}, {size(module.size)}: not to be edited as text[/]"
        )
        if self.current != name and focused and (shown := self._editors.get(name)):
            shown.focus()
        self.current = name
        self.show_tabs()
        self.show_bottom()
        self.post_message(self.Opened(name))

    def put_back(self, places: Mapping[str, tuple[int, int]]) -> None:
        """Put the cursors where they were the last time; in modules that are not open yet, once they are."""
        self.places = dict(places)
        for name, editor in self._editors.items():
            self.call_after_refresh(self._put_back, name, editor)

    def _put_back(self, name: str, editor: CodeEditor) -> None:
        place = self.places.pop(name, None)
        # Somebody may have put it somewhere already.
        if place is not None and editor.cursor_location == (0, 0):
            editor.go_to((min(place[0], editor.document.line_count - 1), place[1]))

    @property
    def cursors(self) -> dict[str, tuple[int, int]]:
        """Where the cursor is in each module."""
        opened = {name: editor.cursor_location for name, editor in self._editors.items()}
        found = {**opened, **self.places}
        return {name: place for name, place in found.items() if name in self.workspace.modules}

    def step(self, by: int) -> None:
        """Show the next (1) or previous (-1) module."""
        names = list(self.workspace.modules)
        if names:
            self.show(names[(names.index(self.current) + by) % len(names)])

    def renamed(self, old: str, new: str) -> None:
        """A module has another name now; its editor goes on with its history."""
        if editor := self._editors.pop(old, None):
            self._editors[new] = editor
            editor.rename_module(new)
        if old in self._marks:
            self._marks[new] = self._marks.pop(old)
        self.show(new if self.current == old else self.current)

    def removed(self, name: str) -> None:
        """A module is gone."""
        if editor := self._editors.pop(name, None):
            editor.remove()
        if self.current == name:
            self.show(self.workspace.main)
        self.show_tabs()

    def focus_editor(self) -> None:
        """Put the focus in the text."""
        if self.editor is not None:
            self.editor.focus()

    def go_to(self, where: Location) -> bool:
        """Put the cursor at a place in the code, and the focus in the editor.

        Returns:
            False when the workspace has no such module.
        """
        if where.file not in self.workspace.modules:
            return False
        self.show(where.file)
        if self.editor is not None:
            self.editor.focus()
            self.editor.go_to((where.line - 1, where.column - 1))
        return True

    def mark(self, marks: dict[str, dict[int, str]]) -> None:
        """Mark lines: module to row (from 0) to message; what was marked before is cleared."""
        self._marks = marks
        for name, editor in self._editors.items():
            editor.marks = marks.get(name, {})
        self.show_tabs()
        self.show_bottom()

    def go_to_problem(self) -> bool:
        """To the next marked line below the cursor, then to the other modules' ones, round and round.

        Returns:
            False when nothing is marked.
        """
        if self.editor is not None:
            self._marks[self.current] = self.editor.marks
        names = list(self.workspace.modules)
        at = names.index(self.current) if self.current in names else 0
        here = self.editor.cursor_location[0] if self.editor is not None else -1
        for name in [*names[at:], *names[:at], *names[at : at + 1]]:
            rows = sorted(row for row in self._marks.get(name, {}) if row > here)
            here = -1  # whatever comes after this module begins at its top
            if rows:
                return self.go_to(Location(name, rows[0] + 1, 1))
        return False

    # ------------------------------------------------------------------ borders

    def show_tabs(self) -> None:
        """Paint the tabs: ◆ for what is not saved, as many as fit around the one that is shown."""
        names = list(self.workspace.modules)
        if not names:
            return
        labels = {name: self._tab(name) for name in names}
        widths = {name: len(name) + (2 if self.workspace.modules[name].dirty else 0) for name in names}
        first = last = names.index(self.current) if self.current in names else 0
        room = max(0, self.outer_size.width - FRAME) - widths[names[first]]
        # Grow to the right, then to the left; a side that does not fit is one more tab, `…`.
        while room > 0 and (first > 0 or last < len(names) - 1):
            right = last + 1 < len(names) and widths[names[last + 1]] + len(GAP) + 4 <= room
            left = first > 0 and widths[names[first - 1]] + len(GAP) + 4 <= room
            if right:
                last += 1
                room -= widths[names[last]] + len(GAP)
            elif left:
                first -= 1
                room -= widths[names[first]] + len(GAP)
            else:
                break
        shown: list[str | None] = [*names[first : last + 1]]
        before = [names[first - 1]] if first else []
        after = [names[last + 1]] if last + 1 < len(names) else []
        self._tab_names = [*before, *shown, *after]
        texts = [
            *("…" for _ in before),
            *(labels[name] for name in names[first : last + 1]),
            *("…" for _ in after),
        ]
        self.active = self._tab_names.index(self.current) if self.current in self._tab_names else 0
        self.tabs = tuple(texts)

    def _tab(self, name: str) -> str:
        mark = " [$warning]◆[/]" if self.workspace.modules[name].dirty else ""
        mark = " [$error]✗[/]" if self._marks.get(name) and not mark else mark
        return escape(name) + mark

    def show_bottom(self) -> None:
        """Paint the bottom border: the marked line's message, and where the cursor is."""
        editor = self.editor
        if editor is None:
            self.bottom = ""
            return
        row, column = editor.cursor_location
        marks = editor.marks
        message = marks.get(row) or (next(iter(marks.values())) if len(marks) == 1 else "")
        if not message and marks:
            message = f"{len(marks)} lines with errors"
        message = message or self._trouble_elsewhere()
        room = max(8, self.outer_size.width - 24)
        message = message if len(message) <= room else message[: room - 1] + "…"
        trouble = f"[b $error]✗ {escape(message)}[/]  " if message else ""
        chosen = len(editor.selected_text)
        count = f"[$muted]{chosen:,} selected[/]  " if chosen else ""
        self.bottom = f"{trouble}{count}[$muted]{row + 1}:{column + 1}[/]"

    def _trouble_elsewhere(self) -> str:
        """The first error of another module, and the key that leads there."""
        for name, marks in self._marks.items():
            if name != self.current and name in self.workspace.modules and marks:
                row = min(marks)
                return f"alt+e  {name}:{row + 1}  {marks[row]}"
        return ""

    def on_resize(self, event: events.Resize) -> None:
        """As many tabs as fit."""
        self.show_tabs()
        self.show_bottom()

    # ------------------------------------------------------------------ what happens inside

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        editor = event.text_area
        if not isinstance(editor, CodeEditor) or self._editors.get(editor.module) is not editor:
            return
        event.stop()
        module = self.workspace.modules.get(editor.module)
        if module is None or module.text == editor.text:
            return
        was_dirty, module.text = module.dirty, editor.text
        if module.dirty != was_dirty:
            self.show_tabs()
        self._marks[module.name] = editor.marks
        self._offer_soon(editor)
        self.post_message(self.Edited(module))

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        if event.text_area is self.editor:
            self.show_bottom()
            self.query_one(CompletionList).hide()

    def _offer_soon(self, editor: CodeEditor) -> None:
        """Offer words once the typing rests: a key press must not pay for them."""
        if self._offer_timer is not None:
            self._offer_timer.stop()
        if editor.accepted:
            editor.accepted = False
        else:
            self._offer_timer = self.set_timer(OFFER_AFTER, self._offer)

    def _offer(self) -> None:
        editor = self.editor
        if editor is None or not editor.has_focus or not editor.selection.is_empty:
            return
        kind = editor.token_at(editor.cursor_location)
        if (kind is not None and (kind in Comment or kind in String)) or editor.suffix in PROSE:
            return
        row, column = editor.cursor_location
        line = editor.document.get_line(row)
        if line[column : column + 1].isalnum():
            return
        stem, found = complete(line[:column], self._words(editor), self.bindings())
        at = editor.cursor_screen_offset
        self.query_one(CompletionList).offer(stem, found, Offset(at.x - len(stem) - 1, at.y + 1))

    def _words(self, editor: CodeEditor) -> set[str]:
        """The names in all modules but the word that is being typed."""
        found: set[str] = set()
        for module in self.workspace.modules.values():
            found |= words_of((module.text or "")[:MOST_TEXT])
        return found

    @on(Pane.TabChosen)
    def _tab_chosen(self, event: Pane.TabChosen) -> None:
        event.stop()
        name = self._tab_names[event.index] if event.index < len(self._tab_names) else None
        if name is not None:
            self.show(name)
            self.focus_editor()
