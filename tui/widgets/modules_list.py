"""The modules of the workbench, folders as a tree, with sizes and what was changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.markup import escape
from textual import on
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.commands.base import Command
from tui.commands.modules import LIST_OF_MODULES
from tui.format import size
from tui.widgets.column_tree import ColumnTree
from tui.workspace import ModuleText


def plain(text: str) -> str:
    """Text that people wrote, as markup of ColumnTree: neither tags nor `$variables` are seen in it."""
    return escape(text).replace("$", "$[i][/i]")


class ModulesList(ColumnTree[ModuleText | None]):
    """All modules, in folders by their names. Enter or a click opens one."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = LIST_OF_MODULES
    HELP_TITLE = "Modules"

    @dataclass
    class Chosen(Message):
        """A module was opened."""

        name: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id)
        self.main = ""
        self._filled: list[tuple[str, bool]] | None = None
        self._sizes: dict[str, str] = {}
        self._leaves: dict[str, TreeNode[ModuleText | None]] = {}

    @property
    def under_cursor(self) -> str:
        """The name of the module under the cursor; empty on a folder."""
        node = self.cursor_node
        return node.data.name if node is not None and node.data is not None else ""

    def fill(self, modules: Iterable[ModuleText], main: str, current: str) -> None:
        """Show these modules; the cursor goes to the one under edit."""
        modules = list(modules)
        state = [(module.name, module.dirty) for module in modules] + [(main, False), (current, False)]
        if state == self._filled:
            # Asked at every key press: only a size is news then.
            for module in modules:
                if self._sizes[module.name] != size(module.size):
                    self._sizes[module.name] = size(module.size)
                    self._leaves[module.name].refresh()
            return
        self._filled = state
        self._sizes = {module.name: size(module.size) for module in modules}
        self.main = main
        self.clear()
        folders: dict[str, TreeNode[ModuleText | None]] = {"": self.root}
        for module in modules:
            folder, _, _ = module.name.rpartition("/")
            self._leaves[module.name] = self._folder(folder, folders).add_leaf(module.name, data=module)
        self.root.expand()
        if current in self._sizes:
            # Line numbers are those of the old tree until it was drawn again.
            self.call_after_refresh(self.move_cursor, self._leaves[current])

    def _folder(
        self, path: str, folders: dict[str, TreeNode[ModuleText | None]]
    ) -> TreeNode[ModuleText | None]:
        if path not in folders:
            parent, _, name = path.rpartition("/")
            folders[path] = self._folder(parent, folders).add(name, expand=True)
        return folders[path]

    def left(self, node: TreeNode[ModuleText | None]) -> str:
        """The module's name, the main one bold, ◆ when it is not saved."""
        module = node.data
        if module is None:
            return plain(str(node.label))
        name = plain(module.name.rpartition("/")[2])
        name = f"[b]{name}[/]" if module.name == self.main else name
        return f"{name} [$warning]◆[/]" if module.dirty else name

    def right(self, node: TreeNode[ModuleText | None], width: int) -> str:
        """Its size."""
        return f"[$faint]{size(node.data.size)}[/]" if node.data is not None else ""

    @on(Tree.NodeSelected)
    def _selected(self, event: Tree.NodeSelected[ModuleText | None]) -> None:
        event.stop()
        if event.node.data is not None:
            self.post_message(self.Chosen(event.node.data.name))
