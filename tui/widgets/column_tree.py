"""A tree whose rows have columns: a name on the left, numbers on the right, nothing scrolls sideways."""

from __future__ import annotations

import re
from typing import ClassVar, Generic, TypeVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.commands.base import Command, CommandHost
from tui.commands.lists import TREE

Row = TypeVar("Row")


class ColumnTree(CommandHost, Tree[Row], Generic[Row]):
    """A `Tree` that subclasses paint with two pieces of markup a row: `left` and `right`.

    The markup may use theme variables (`[$muted]3 h[/]`). When both sides collide the left one is cut.
    """

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = TREE
    HELP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_node", "Fold or unfold", show=False, id="toggle-node"),
    ]

    LEAF: ClassVar[str] = ""
    """What a leaf has where others have the fold arrow."""

    guide_depth = 2
    show_root = False
    show_guides = False

    def left(self, node: TreeNode[Row]) -> str:
        """The row's name, markup."""
        return str(node.label)

    def right(self, node: TreeNode[Row], width: int) -> str:
        """The row's right-aligned columns, markup.

        Args:
            node: The row.
            width: The cells the whole row has.
        """
        return ""

    def rich(self, markup: str) -> Text:
        """Markup with theme variables as Rich text: tree labels know no variables by themselves."""
        known = self.app.theme_variables
        return Text.from_markup(
            re.sub(r"\$([a-z-]+)", lambda match: known.get(match[1], match[0]), markup), end=""
        )

    def get_label_width(self, node: TreeNode[Row]) -> int:
        """One cell: labels fit the width by themselves, so there is nothing to scroll to."""
        return 1

    def render_label(self, node: TreeNode[Row], base_style: Style, style: Style) -> Text:
        """Paint one row."""
        depth, up = 0, node.parent
        while up and not up.is_root:
            depth, up = depth + 1, up.parent
        width = self.scrollable_content_region.width - depth * self.guide_depth
        fold = self.LEAF if not node.allow_expand else "▾ " if node.is_expanded else "▸ "
        left, right = f"[$faint]{fold}[/]{self.left(node)}", self.right(node, width)
        if node is self.cursor_node:  # grey on the cursor's colour would be under 4.5:1
            left, right = (re.sub(r"\$(faint|muted)\b", "$foreground", text) for text in (left, right))
        label = _row(self.rich(left), self.rich(right), width)
        label.stylize_before(style)
        return label

    def action_cursor_first(self) -> None:
        """To the first row."""
        self.cursor_line = 0

    def action_cursor_last(self) -> None:
        """To the last row."""
        self.cursor_line = self.last_line

    def action_fold(self) -> None:
        """Fold the row; a leaf or a folded one goes to its parent."""
        node = self.cursor_node
        if node is None:
            return
        if node.allow_expand and node.is_expanded:
            node.collapse()
        elif node.parent is not None and not node.parent.is_root:
            self.move_cursor(node.parent)

    def action_unfold(self) -> None:
        """Unfold the row; an unfolded one goes to its first child."""
        node = self.cursor_node
        if node is None or not node.allow_expand:
            return
        if not node.is_expanded:
            node.expand()
        elif node.children:
            self.move_cursor(node.children[0])

    async def on_click(self, event: events.Click) -> None:
        """One click moves the cursor, a click on the arrow folds, a double click is enter."""
        event.prevent_default()  # Tree's own handler opens at the first click
        line = event.style.meta.get("line")
        if line is None or (node := self.get_node_at_line(line)) is None:
            return
        self.cursor_line = line
        if event.chain == 2:
            await self.run_action("select_cursor")
        elif node.allow_expand and event.style.meta.get("toggle"):
            node.toggle()


def _row(left: Text, right: Text, width: int) -> Text:
    """Left text, right text, and spaces between; the left one is cut when they collide."""
    room = width - right.cell_len - (1 if right.cell_len else 0)
    left.truncate(max(4, room), overflow="ellipsis")
    row = Text(end="", no_wrap=True)
    return (
        row.append_text(left).append(" " * max(0, width - left.cell_len - right.cell_len)).append_text(right)
    )
