"""The tree of services and their environments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.message import Message
from textual.reactive import reactive
from textual.widgets.tree import TreeNode

from tui import format
from tui.widgets.column_tree import ColumnTree

Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A row: a service, or one of its environments."""

    service: str
    environment: str | None = None

    @property
    def production(self) -> bool:
        """Whether it is a production environment."""
        return self.environment == "production"

    def __str__(self) -> str:
        return self.service if self.environment is None else f"{self.service} › {self.environment}"


@dataclass(frozen=True)
class _Row:
    """What a row shows; everything but the place comes from the engine's list."""

    place: Place
    version: int | None = None
    created_on: str | None = None
    rolling_out: bool = False
    unsaved: bool = False
    count: int = 0
    worst: str = ""


class ServiceTree(ColumnTree[_Row]):
    """Services, and below each its environments with state, version and age.

    Setting `services`, `unsaved` or `words` repaints it; the cursor and what is folded stay.
    """

    services: reactive[Sequence[Json]] = reactive((), init=False)
    """As the engine lists them."""
    unsaved: reactive[frozenset[Place]] = reactive(frozenset(), init=False)
    """Environments that have text which was never saved."""
    words: reactive[str] = reactive("", init=False)
    """The filter: only rows whose name has all of these words, and the services above them."""

    @dataclass
    class Chosen(Message):
        """An environment was opened (enter, double click)."""

        place: Place

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        place: Place | None

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._folded: set[str] = set()
        self._told: Place | None = None
        self.wanted: Place | None = None
        """A row that is expected: the cursor goes there when it comes."""

    @property
    def place(self) -> Place | None:
        """The row under the cursor."""
        node = self.cursor_node
        return node.data.place if node is not None and node.data is not None else None

    @property
    def shown(self) -> int:
        """How many environments the filter lets through."""
        return sum(len(node.children) for node in self.root.children)

    def watch_services(self) -> None:
        """Show the new list."""
        self._fill()

    def watch_unsaved(self) -> None:
        """Mark what is unsaved."""
        self._fill()

    def watch_words(self) -> None:
        """Show what the filter lets through."""
        self._fill()

    def go_to(self, place: Place) -> bool:
        """Put the cursor on a row; whether it is there."""
        for node in self.root.children:
            for candidate in (node, *node.children):
                if candidate.data is not None and candidate.data.place == place:
                    if candidate is not node:
                        node.expand()
                    _ = self.last_line  # numbers the lines, which the cursor needs
                    self.move_cursor(candidate)
                    self._tell()
                    return True
        return False

    def left(self, node: TreeNode[_Row]) -> str:
        """State and name."""
        row = node.data
        if row is None:
            return ""
        dirty = " [$warning]◆[/]" if row.unsaved else ""
        if row.place.environment is None:
            state = f" {row.worst}" if row.worst and not node.is_expanded else ""
            return f"[b]{row.place.service}[/]{state}{dirty if not node.is_expanded else ''}"
        mark, _ = _state(row)
        if row.place.production:
            name = "production" if node is self.cursor_node else "[$production]production[/]"
            return f"[$production]▲[/] {name}{'' if mark == LIVE else ' ' + mark}{dirty}"
        return f"{mark} {row.place.environment}{dirty}"

    def right(self, node: TreeNode[_Row], width: int) -> str:
        """Version and age, or how many environments there are."""
        row = node.data
        if row is None:
            return ""
        if row.place.environment is None:
            return f"[$faint]{row.count}[/]"
        return f"[$muted]{format.version(row.version):>3}[/] [$faint]{format.age(row.created_on):>3}[/]"

    def on_tree_node_highlighted(self) -> None:
        """The cursor moved."""
        self._tell()

    def on_tree_node_collapsed(self, event: ColumnTree.NodeCollapsed[_Row]) -> None:
        """Remember what is folded."""
        if event.node.data is not None:
            self._folded.add(event.node.data.place.service)

    def on_tree_node_expanded(self, event: ColumnTree.NodeExpanded[_Row]) -> None:
        """Forget that it was folded."""
        if event.node.data is not None:
            self._folded.discard(event.node.data.place.service)

    def on_tree_node_selected(self, event: ColumnTree.NodeSelected[_Row]) -> None:
        """Enter on an environment opens it; on a service Tree folds it by itself."""
        if event.node.data is not None and event.node.data.place.environment is not None:
            self.post_message(self.Chosen(event.node.data.place))

    def _tell(self) -> None:
        """Say where the cursor is, once."""
        if self.place != self._told:
            self._told = self.place
            self.post_message(self.Moved(self._told))

    def _fill(self) -> None:
        """Build the tree again, with the cursor where it was or on the row next to it."""
        if not self.is_mounted:
            return
        before, line, top = self.place, self.cursor_line, self.scroll_offset.y
        words = self.words.lower().split()
        with self.app.batch_update():
            self.clear()
            for service in self.services:
                self._add(service, words)
            last = self.last_line  # numbers the lines, which the cursor needs
            if self.wanted is not None and self.go_to(self.wanted):
                self.wanted = None
            elif before is None or not self.go_to(before):
                self.cursor_line = -1
                self.cursor_line = max(0, min(line, last)) if last >= 0 else -1
            self.scroll_to(y=top, animate=False)
        self._tell()

    def _add(self, service: Json, words: list[str]) -> None:
        name = service["id"]
        rows = [self._row(name, environment) for environment in service["environments"]]
        if words and not all(word in name for word in words):
            rows = [row for row in rows if all(word in f"{name} {row.place.environment}" for word in words)]
            if not rows:
                return
        worst = max((_state(row) for row in rows), key=lambda state: state[1], default=("", 0))
        node = self.root.add(
            name,
            data=_Row(
                Place(name),
                count=len(service["environments"]),
                unsaved=any(row.unsaved for row in rows),
                worst=worst[0] if worst[1] else "",
            ),
            expand=bool(words) or name not in self._folded,
        )
        for row in rows:
            node.add_leaf(str(row.place.environment), data=row)

    def _row(self, service: str, environment: Json) -> _Row:
        place, live = Place(service, environment["environment"]), environment.get("live") or {}
        return _Row(
            place,
            version=live.get("number"),
            created_on=live.get("created_on"),
            rolling_out=bool(live) and live.get("percentage", 100) < 100,
            unsaved=place in self.unsaved,
        )


LIVE = "[$success]●[/]"


def _state(row: _Row) -> tuple[str, int]:
    """A row's mark, and how much it wants to be looked at (0 not at all)."""
    if row.version is None:
        return "[$faint]○[/]", 1
    if row.rolling_out:
        return "[$accent]◐[/]", 2
    return LIVE, 0
