"""What the parts of the data screen share: where it is, what is shown, who has to be asked."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from tui.client import EngineAway, EngineError
from tui.data.places import Place
from tui.data.source import Item, Source, Value
from tui.markup import escape
from tui.screens.base import SvcScreen
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.widgets.code_editor import CodeEditor
from tui.widgets.data_tree import DataTree
from tui.widgets.items_table import ItemsTable, RowsTable
from tui.widgets.pane import Pane

PRODUCTION = "production"


class DataBase(SvcScreen[None]):
    """State of the data screen.

    Args:
        service: the service.
        environment: the environment whose bindings come first.
    """

    def __init__(self, service: str, environment: str) -> None:
        super().__init__()
        self.service, self.environment = service, environment
        self.place: Place | None = None
        """The row of the tree whose content is on the screen."""
        self.cursor = ""
        """Of the next page of the list; empty on the last one."""
        self.total: int | None = None
        self.item: Item | None = None
        """What pane 3 shows."""
        self.value: Value | None = None
        self.editing = False
        self.set_reactive(DataBase.production, environment == PRODUCTION)

    @property
    def data_tree(self) -> DataTree:
        """Pane 1."""
        return self.query_one(DataTree)

    @property
    def items(self) -> ItemsTable:
        """Pane 2, for all but SQL."""
        return self.query_one(ItemsTable)

    @property
    def sql(self) -> CodeEditor:
        """Pane 2, for SQL."""
        return self.query_one("#sql", CodeEditor)

    @property
    def content(self) -> CodeEditor:
        """Pane 3, for all but SQL."""
        return self.query_one("#content", CodeEditor)

    @property
    def rows(self) -> RowsTable:
        """Pane 3, for SQL."""
        return self.query_one(RowsTable)

    def pane(self, number: int) -> Pane:
        """A pane by its number."""
        return self.query_one(f"#pane-{number}", Pane)

    @property
    def source(self) -> Source | None:
        """The list on the screen; None for SQL."""
        return None if self.place is None or self.querying else self.place.source

    @property
    def querying(self) -> bool:
        """Whether SQL is on the screen."""
        return self.place is not None and self.place.database is not None and self.place.parent != "object"

    def can(self, ability: str) -> bool:
        """Whether the list on the screen knows how."""
        return self.source is not None and ability in self.source.ABILITIES

    # ------------------------------------------------------------------ asking

    @property
    def guarded(self) -> bool:
        """Whether production reads what is on the screen: then its name has to be typed."""
        return self.production or (self.place is not None and self.place.guarded)

    @property
    def guard(self) -> dict[str, Any]:
        """What dialogs that change something are given."""
        return {"typed": PRODUCTION if self.guarded else None, "production": self.guarded}

    async def agreed(self, title: str, words: str, verb: str, always: bool = True) -> bool:
        """Ask before something is changed; without `always` only where production reads it."""
        if not always and not self.guarded:
            return True
        if self.guarded:
            words += " [$production]▲ production reads this.[/]"
        dialog = ConfirmDialog(title, words, verb=verb, **self.guard)
        answer: bool | None = await self.app.push_screen_wait(dialog)
        return answer is True

    async def tried(self, call: Awaitable[Any], title: str) -> bool:
        """Do it; what went wrong is told under this title."""
        try:
            await call
        except (EngineError, EngineAway, ValueError, OSError) as error:
            self.notify(escape(said(error)), title=title, severity="error")
            return False
        return True


def said(error: Exception) -> str:
    """What went wrong, a sentence."""
    return f"The engine is away: {error.reason}." if isinstance(error, EngineAway) else str(error)
