"""Places in the code, all modules at once, and files of this machine as modules."""

from __future__ import annotations

import asyncio
from functools import partial

from textual import on, work
from textual.suggester import Suggester

from tui.commands import editing as commands
from tui.commands.modules import ListImportFiles
from tui.format import plural
from tui.import_files import FoundFile, ImportRefused, find, suggest
from tui.screens.workbench.ask import AskDialog
from tui.screens.workbench.modules import ModulesScreen
from tui.screens.workbench.search_modules import SearchDialog
from tui.symbols import symbols
from tui.widgets.find_bar import FindBar
from tui.workspace import ModuleText, type_for_name


class PathSuggester(Suggester):
    """Completes the path of a file."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that begins so."""
        return next(iter(await asyncio.to_thread(suggest, value, 1)), None) if value else None


class EditingScreen(ModulesScreen):
    """What an editor does besides typing."""

    def on_mount(self) -> None:
        """Let the editor know the bindings, as they are when a word is typed; wrap as config.toml says."""
        self.answer.body.soft_wrap = self.svc.settings.answer.wrap
        self.editor_pane.bindings = lambda: {
            str(each["name"]): str(each["type"]) for each in self.detail.get("bindings") or ()
        }

    @on(commands.Replace)
    def _replace(self) -> None:
        if self.editor_pane.editor is not None:
            self.editor_pane.query_one(FindBar).open(self.editor_pane.editor, replace=True)

    @on(commands.GoToSymbol)
    async def _go_to_symbol(self) -> None:
        editor = self.editor_pane.editor
        if editor is None:
            return
        found = [
            (
                f"{'  ' * min(symbol.depth // 2, 4)}{symbol.name}",
                partial(self._show_place, (symbol.row, symbol.column)),
                f"{symbol.kind}, line {symbol.row + 1}",
            )
            for symbol in symbols(editor.document.lines, editor.suffix)
        ]
        if found:
            await self.app.search_commands(found, placeholder=f"Symbol of {editor.module}")
        else:
            self.tell(f"{editor.module} has no functions or classes.")

    def _show_place(self, location: tuple[int, int]) -> None:
        if self.editor_pane.editor is not None:
            self.editor_pane.editor.focus()
            self.editor_pane.editor.go_to(location)

    @on(commands.MatchBracket)
    def _match_bracket(self) -> None:
        if self.editor_pane.editor is not None and not self.editor_pane.editor.go_to_bracket():
            self.tell("No bracket here, and none around it.")

    @on(commands.NextProblem)
    def _next_problem(self) -> None:
        if not self.editor_pane.go_to_problem():
            self.tell("Everything compiles.")

    @on(commands.FormatModule)
    @work(exclusive=True, group="format")
    async def _format(self) -> None:
        from tui.code_format import NotFormatted, formatted

        if (editor := self.editor_pane.editor) is None:
            return
        text, indent = editor.text, self.svc.settings.editor.indent
        slow = self.set_timer(
            0.3, lambda: setattr(self.editor_pane, "bottom", "formatting…  [$muted]esc stops[/]")
        )
        try:
            found = await asyncio.to_thread(formatted, text, editor.suffix, indent)
        except NotFormatted as why:
            self.tell(str(why))
        else:
            if editor.text != text:
                self.tell("The text changed meanwhile and stays as it is.")
            elif found == text:
                self.tell("It is laid out like that already.")
            else:
                editor.replace_all(found)
        finally:
            slow.stop()
            self.editor_pane.show_bottom()

    def stop_formatting(self) -> bool:
        """Leave the text as it is; the thread ends by itself, unheard.

        Returns:
            Whether it was being formatted.
        """
        return bool(self.workers.cancel_group(self, "format"))

    @on(commands.SearchModules)
    @work(exclusive=True, group="search")
    async def _search(self) -> None:
        texts = {name: m.text for name, m in self.workspace.modules.items() if m.text is not None}
        editor = self.editor_pane.editor
        chosen = editor.selected_text if editor is not None else ""
        where = await self.app.push_screen_wait(SearchDialog(texts, "" if "\n" in chosen else chosen))
        if where is not None:
            self.go_to(where)

    @on(ListImportFiles)
    @on(commands.ImportFiles)
    @work(exclusive=True, group="module")
    async def _import(self) -> None:
        dialog = AskDialog(
            f"Import modules into {self.place}",
            "A file, or a folder with all that is below it. What has the same name is replaced; nothing is "
            "saved until [b]ctrl+s[/].",
            "Import",
            "Path",
            lambda typed: ("", ""),
            suggester=PathSuggester(),
        )
        if (path := await self.app.push_screen_wait(dialog)) is None:
            return
        try:
            found = await asyncio.to_thread(find, path.strip())
        except ImportRefused as refused:
            self.tell(str(refused), True)
            return
        new = sum(file.name not in self.workspace.modules for file in found)
        for file in found:
            self._take_file(file)
        self.editor_pane.open(self.workspace, found[0].name)
        self.text_changed()
        words = ", ".join(
            f"{number} {what}" for number, what in ((new, "new"), (len(found) - new, "replaced")) if number
        )
        self.tell(f"{plural(len(found), 'module')} imported: {words}.")

    def _take_file(self, file: FoundFile) -> None:
        known = self.workspace.modules.get(file.name)
        if known is not None and file.text is not None and known.text is not None:
            known.text = file.text
        elif file.text is not None:
            self.workspace.add(file.name, file.text)
        else:
            kind = type_for_name(file.name)
            kind = kind if kind in ("wasm", "data") else "data"
            self.workspace.modules[file.name] = ModuleText(
                file.name, kind, None, base64=file.base64, bytes=file.bytes
            )
