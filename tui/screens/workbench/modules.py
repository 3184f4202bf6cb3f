"""Modules: open, add, rename, delete, and edit one in another editor."""

from __future__ import annotations

import os
import shlex
import tempfile
from functools import partial
from pathlib import Path

from textual import on, work

from tui.commands import modules as of_list
from tui.commands import workbench as commands
from tui.format import size
from tui.markup import escape
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.workbench.module_name import ModuleNameDialog
from tui.screens.workbench.running import RunningScreen
from tui.widgets.editor_pane import EditorPane
from tui.widgets.modules_list import ModulesList


class ModulesScreen(RunningScreen):
    """What can be done with the modules of the workspace; all of it is unsaved until ctrl+s."""

    @on(ModulesList.Chosen)
    def _module_chosen(self, event: ModulesList.Chosen) -> None:
        self.editor_pane.show(event.name)
        self.editor_pane.focus_editor()

    @on(EditorPane.Opened)
    def _module_opened(self) -> None:
        self.show_state()
        self.keep_place()

    @on(commands.NextModule)
    def _next(self) -> None:
        self.editor_pane.step(1)

    @on(commands.PreviousModule)
    def _previous(self) -> None:
        self.editor_pane.step(-1)

    def open_module(self, name: str) -> None:
        """Show a module, with the focus in it."""
        self.editor_pane.show(name)
        self.editor_pane.focus_editor()

    @on(commands.OpenModule)
    async def _open(self) -> None:
        found = [
            (
                module.name,
                partial(self.open_module, module.name),
                f"{size(module.size)}{'  ◆' if module.dirty else ''}",
            )
            for module in self.workspace.modules.values()
        ]
        await self.app.search_commands(found, placeholder="Module")

    @on(of_list.ListAddModule)
    @on(commands.AddModule)
    @work(exclusive=True, group="module")
    async def _add(self) -> None:
        dialog = ModuleNameDialog(f"Add a module to {self.place}", "Add", list(self.workspace.modules))
        if name := await self.app.push_screen_wait(dialog):
            self.workspace.add(name)
            self.open_module(name)
            self.text_changed()

    @on(of_list.ListRenameModule)
    def _rename_listed(self) -> None:
        if name := self.query_one(ModulesList).under_cursor:
            self.editor_pane.show(name)
            self.rename_module()

    @on(of_list.ListDeleteModule)
    def _delete_listed(self) -> None:
        if name := self.query_one(ModulesList).under_cursor:
            self.editor_pane.show(name)
            self.delete_module()

    @on(commands.RenameModule)
    @work(exclusive=True, group="module")
    async def rename_module(self) -> None:
        """Rename the module that is shown, after its dialog."""
        old = self.editor_pane.current
        if old not in self.workspace.modules:
            return
        dialog = ModuleNameDialog(f"Rename {escape(old)}", "Rename", list(self.workspace.modules), old)
        if name := await self.app.push_screen_wait(dialog):
            self.workspace.rename(old, name)
            self.editor_pane.renamed(old, name)
            self.text_changed()

    @on(commands.DeleteModule)
    @work(exclusive=True, group="module")
    async def delete_module(self) -> None:
        """Delete the module that is shown, after its dialog."""
        name = self.editor_pane.current
        if name == self.workspace.main:
            self.tell(f"{name} is the main module: it cannot be deleted.")
            return
        if name not in self.workspace.modules:
            return
        dialog = ConfirmDialog(
            f"Delete {escape(name)}",
            f"It goes with the next save of {self.place}. Imports of it are yours to change.",
            verb="Delete",
        )
        if await self.app.push_screen_wait(dialog):
            self.workspace.remove(name)
            self.editor_pane.removed(name)
            self.text_changed()

    @on(commands.ExternalEditor)
    def _external_editor(self) -> None:
        """Hand the text to another editor in a file with the right suffix, and take it back as one edit."""
        editor = self.editor_pane.editor
        if editor is None:
            return
        chosen = self.svc.settings.editor.command or os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not chosen:
            self.tell("No editor is set. Set $EDITOR, or editor.command in config.toml.", True)
            return
        row = editor.cursor_location[0] + 1
        with tempfile.TemporaryDirectory(prefix="svc-tui-") as folder:
            file = Path(folder, Path(editor.module).name)
            file.write_text(editor.text, encoding="utf-8", newline="")
            words = shlex.split(chosen)
            # vi, nano, emacs, helix (as file:line) all take +line before the file, but not every editor does.
            at = (
                [f"+{row}"]
                if Path(words[0]).name in ("vi", "vim", "nvim", "nano", "emacs", "kak", "micro")
                else []
            )
            if self.run_outside([*words, *at, str(file)], "$EDITOR"):
                with file.open(encoding="utf-8", errors="replace", newline="") as edited:
                    editor.replace_all(edited.read())
        editor.focus()
