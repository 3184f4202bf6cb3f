"""The data screen: the tree, the list or the query, the value or the rows."""

from __future__ import annotations

import asyncio
import json
from pathlib import PurePath
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid, Horizontal
from textual.widgets import Static, Tree

from tui.client import EngineAway, EngineError
from tui.commands import data as commands
from tui.commands.base import Command
from tui.data.places import Place, children, roots
from tui.format import plural
from tui.markup import escape
from tui.messages import Change, Connected
from tui.screens.data.base import PRODUCTION, said
from tui.screens.data.fields import Field, FieldsDialog
from tui.screens.data.listing import REST, Listing
from tui.screens.data.querying import Querying
from tui.widgets.code_editor import CodeEditor
from tui.widgets.data_tree import DataTree
from tui.widgets.items_table import ItemsTable, RowsTable
from tui.widgets.pane import Pane


class DataScreen(Listing, Querying):
    """Everything that an environment's bindings hold, a page at a time."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = commands.DATA
    HELP_TITLE = "Here: data"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../../styles/parts.tcss", "../../styles/data.tcss"]
    AUTO_FOCUS = "DataTree"

    def body(self) -> ComposeResult:
        """Tree ∥ list or query ∥ value or rows."""
        with Horizontal(id="data"):
            with Pane(number=1, title="Data", id="pane-1"):
                yield DataTree(id="data-tree")
                yield Static(id="no-data")
            with Grid(id="data-split"):
                with Pane(number=2, title="", id="pane-2"):
                    yield ItemsTable(id="items")
                    yield CodeEditor("query.sql", id="sql")
                with Pane(number=3, title="", id="pane-3"):
                    yield CodeEditor("value", id="content", read_only=True, soft_wrap=True)
                    yield Static(id="below")
                    yield RowsTable(id="rows")

    def on_mount(self) -> None:
        """Read what there is."""
        self.show_crumb()
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.load()

    def show_crumb(self) -> None:
        """Where this is, with the kind of thing on the screen."""
        name = escape(self.environment)
        where = name if self.production else f"[b]{name}[/]"
        kind = self.source.KIND if self.source else "SQL" if self.querying else ""
        self.crumb = f"{escape(self.service)} › {where} › data" + (f" › {kind}" if kind else "")

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Connected):
            self.renew()
        elif (
            event.service == self.service
            and event.kind.endswith(".deleted")
            and event.environment in (None, self.environment)
        ):
            self.notify(f"{self.service} › {self.environment} was deleted.", severity="warning")
            self.dismiss()

    # ------------------------------------------------------------------ the tree

    @work(exclusive=True, group="tree")
    async def load(self) -> None:
        """Read what there is, and show the first of it."""
        engine, pane = self.svc.engine, self.pane(1)
        try:
            detail = await engine.environment(self.service, self.environment)
            theirs = detail
            if self.environment != PRODUCTION:
                try:
                    theirs = await engine.environment(self.service, PRODUCTION)
                except EngineError:
                    theirs = {"bindings": []}  # a service may have no production
            groups = await roots(engine, detail["bindings"], theirs["bindings"])
        except (EngineError, EngineAway) as error:
            pane.bottom = f"[$error]✗ {escape(said(error))}[/]"
            return
        self.data_tree.fill(groups)
        pane.bottom = plural(sum(len(group.children) for group in groups), "store")
        nothing = self.query_one("#no-data", Static)
        nothing.display = not groups
        nothing.update(
            "[$muted]Nothing to look into yet. Settings ([/][b $accent]s[/][$muted]) bind something.[/]"
        )
        if not groups:
            self.pane(2).title = ""

    @on(DataTree.Wanted)
    @work(group="children")
    async def _children(self, event: DataTree.Wanted) -> None:
        place = event.node.data
        if place is None:
            return
        try:
            found = await children(place)
        except (EngineError, EngineAway) as error:
            self.data_tree.asked.discard(event.node.id)
            self.notify(escape(said(error)), severity="error")
            return
        self.data_tree.add_children(event.node, found)

    @on(DataTree.Moved)
    @work(exclusive=True, group="moved")
    async def _moved(self, event: DataTree.Moved) -> None:
        await asyncio.sleep(REST)
        place = event.place
        if place is None or place.children or place.cursor or place is self.place:
            return
        if self.unsaved() and not await self.dropped():
            return
        self.show_place(place)

    @on(Tree.NodeSelected)
    def _opened(self) -> None:
        if self.place is not None and not self.place.children:
            (self.sql if self.querying else self.items).focus()

    def show_place(self, place: Place) -> None:
        """Show a row's content."""
        self.place, self.item, self.value = place, None, None
        self.leave_edit()
        querying = self.querying
        self.query_one("#data-split").set_class(querying, "-sql")
        self.items.display = self.content.display = not querying
        self.sql.display = self.rows.display = querying
        self.query_one("#below").display = False
        self.show_crumb()
        if querying:
            self.show_sql(place)
        else:
            self.renew()
        self.refresh_bindings()

    # ------------------------------------------------------------------ small commands

    @on(commands.DataMark)
    def _mark(self) -> None:
        if self.can("delete"):
            self.items.toggle_mark()
            self._say_count()

    @on(commands.DataPrefix)
    @work(exclusive=True, group="change")
    async def _prefix(self) -> None:
        source, place = self.source, self.place
        if source is None or place is None:
            return
        fields = [Field("prefix", "Prefix", source.prefix, "note:")]
        words = f"Only what begins so, of [b]{escape(source.label)}[/]; nothing shows all."
        asked = await self.app.push_screen_wait(FieldsDialog("Prefix", words, fields, verb="Show"))
        if asked is not None:
            self.show_place(
                Place(place.label, source=source.narrowed(asked["prefix"]), guarded=place.guarded)
            )
            self.items.focus()

    @on(commands.DataCopy)
    async def _copy(self) -> None:
        if self.querying:
            if (row := self.rows.current) is not None:
                await self.svc.copy(json.dumps(row, ensure_ascii=False), "the row")
        elif self.value is not None and self.item is not None:
            await self.svc.copy(self.value.written or self.value.text, self.item.name)

    @on(commands.DataReload)
    def _reload(self) -> None:
        if self.querying:
            self.ask(self.asked or self.sql.text, remember=False)
        else:
            self.renew()

    @on(commands.PaneTree)
    def _to_tree(self) -> None:
        self.data_tree.focus()

    @on(commands.PaneList)
    def _to_list(self) -> None:
        (self.sql if self.querying else self.items).focus()

    @on(commands.PaneContent)
    def _to_content(self) -> None:
        (self.rows if self.querying else self.content).focus()

    @on(commands.DataKeys)
    def _keys(self) -> None:
        self.svc.show_keys()

    @on(commands.DataLeave)
    @work(exclusive=True, group="change")
    async def _leave(self) -> None:
        if self.unsaved() and not await self.dropped():
            return
        if self.editing or self.content.has_focus or self.rows.has_focus:
            self.leave_edit()
            self.show_item(self.items.current) if not self.querying else None
            (self.sql if self.querying else self.items).focus()
        elif not self.data_tree.has_focus:
            self.data_tree.focus()
        else:
            self.dismiss()

    def allows(self, command: type[Command]) -> bool | None:
        """What the thing on the screen has no use for is not shown."""
        if not self.is_mounted:
            return True
        if command in (commands.DataRun, commands.DataHistory):
            return self.querying
        if command is commands.DataSave:
            return self.editing
        if command in NEEDS:
            return self.can(NEEDS[command]) and not self.editing
        return True


NEEDS: dict[type[Command], str] = {
    commands.DataEdit: "edit",
    commands.DataNew: "new",
    commands.DataEntry: "entry",
    commands.DataDelete: "delete",
    commands.DataMark: "delete",
    commands.DataPrefix: "prefix",
    commands.DataImport: "import",
    commands.DataUpload: "upload",
    commands.DataDownload: "download",
    commands.DataAlarm: "alarm",
    commands.DataFind: "find",
    commands.DataPurge: "purge",
}
"""What a list must know how to do."""
