"""The tree of what there is: groups, namespaces and databases, prefixes and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.data.places import Place
from tui.widgets.column_tree import ColumnTree
from tui.widgets.modules_list import plain

Node = TreeNode[Place]


class DataTree(ColumnTree[Place]):
    """Children are asked for when a row is unfolded; a page of them at a time."""

    LEAF = "  "

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        place: Place | None

    @dataclass
    class Wanted(Message):
        """A row was unfolded whose children nobody knows, or the row that says there are more."""

        node: Node

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id)
        self.asked: set[int] = set()

    def fill(self, groups: Sequence[Place]) -> None:
        """Show these groups, unfolded; the cursor goes to the first thing in them."""
        self.clear()
        self.asked.clear()
        for group in groups:
            above = self.root.add(group.label, data=group, expand=True)
            for place in group.children:
                self._add(above, place)
        self.root.expand()
        self.call_after_refresh(self._to_first)

    def _to_first(self) -> None:
        if self.root.children and self.root.children[0].children:
            self.move_cursor(self.root.children[0].children[0])

    def add_children(self, node: Node, places: Sequence[Place]) -> None:
        """Put children below a row; a row that said there are more makes way for them."""
        above = node.parent if node.data is not None and node.data.cursor else node
        if above is None:
            return
        if above is not node:
            node.remove()
        for place in places:
            self._add(above, place)
        if above is node and not places:
            node.allow_expand = False

    def add_place(self, node: Node, place: Place) -> Node:
        """Put one row below another, unfolded and under the cursor."""
        made = self._add(node, place)
        node.expand()
        self.call_after_refresh(self.move_cursor, made)
        return made

    def _add(self, above: Node, place: Place) -> Node:
        leaf = not place.parent or bool(place.cursor)
        return above.add_leaf(place.label, data=place) if leaf else above.add(place.label, data=place)

    @property
    def place(self) -> Place | None:
        """The row under the cursor."""
        return self.cursor_node.data if self.cursor_node is not None else None

    def left(self, node: Node) -> str:
        """Its name; what this environment binds is bold."""
        place = node.data
        if place is None:
            return plain(str(node.label))
        name = plain(place.label)
        if place.children:
            return f"[b $muted]{name}[/]"
        name = f"[b]{name}[/]" if place.bound else name
        # Said once, at the store: what is in it is production's as well.
        store = node.parent is not None and node.parent.parent is self.root
        return f"[$production]▲[/] {name}" if place.guarded and store else name

    def right(self, node: Node, width: int) -> str:
        """Its binding's name, or how much is in it."""
        return f"[$faint]{plain(node.data.right)}[/]" if node.data is not None and node.data.right else ""

    @on(Tree.NodeHighlighted)
    def _moved(self, event: Tree.NodeHighlighted[Place]) -> None:
        event.stop()
        self.post_message(self.Moved(event.node.data))

    @on(Tree.NodeExpanded)
    def _expanded(self, event: Tree.NodeExpanded[Place]) -> None:
        event.stop()
        node = event.node
        if node.data is not None and node.data.parent and node.id not in self.asked:
            self.asked.add(node.id)
            self.post_message(self.Wanted(node))

    @on(Tree.NodeSelected)
    def _selected(self, event: Tree.NodeSelected[Place]) -> None:
        if event.node.data is not None and event.node.data.cursor:
            event.stop()
            self.post_message(self.Wanted(event.node))
