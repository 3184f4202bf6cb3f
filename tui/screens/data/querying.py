"""The SQL side of the data screen: run, page, history."""

from __future__ import annotations

from functools import partial

from textual import on, work

from tui.client import EngineAway, EngineError
from tui.commands import data as commands
from tui.data import sql as questions
from tui.data.places import Place
from tui.data.sql import Answer, History
from tui.format import plural
from tui.lexers import lexer_for_name
from tui.markup import escape
from tui.screens.data.base import DataBase, said
from tui.widgets.items_table import RowsTable


class Querying(DataBase):
    """Runs what stands in the editor. A question that only reads comes in pages."""

    asked = ""
    """The question whose rows are on the screen."""
    more = False
    """Whether there is another page of them."""

    def show_sql(self, place: Place) -> None:
        """The console of a database; a table's rows are asked for at once."""
        assert place.database is not None
        self.pane(2).title = f"SQL on [b]{escape(place.database.label)}[/]"
        self.pane(2).bottom = "[$muted]f5 runs[/]"
        self.pane(3).title, self.pane(3).bottom = "Rows", ""
        text = place.query or self.sql.text
        if place.query and place.query != self.sql.text:
            self.sql.load(place.query, lexer_for_name("query.sql"))
        self.rows.show((), ())
        self.asked, self.more = "", False
        if place.query:
            self.ask(text, remember=False)

    @on(commands.DataRun)
    @work(exclusive=True, group="ask-first")
    async def _run(self) -> None:
        selected = self.sql.selected_text.strip()
        text = selected or self.sql.text
        if not text.strip():
            self.notify("There is nothing to run.")
            return
        if questions.writes(text):
            if self.svc.read_only:
                self.notify("svc-tui was started with --read-only: this may change data.", severity="warning")
                return
            first = " ".join(text.split())[:160]
            if not await self.agreed(
                f"Run SQL on {self.pane(2).title.removeprefix('SQL on ')}",
                f"It changes data: {escape(first)}",
                "Run",
                always=False,
            ):
                return
        self.ask(text)

    @work(exclusive=True, group="ask")
    async def ask(self, text: str, remember: bool = True) -> None:
        """Run it and show its first page."""
        place, pane = self.place, self.pane(3)
        if place is None or place.database is None:
            return
        slow = self.set_timer(0.3, lambda: setattr(pane, "bottom", "◐ running  esc stops"))
        try:
            found = await questions.answer(place.database, text)
            if remember:
                History(self.svc.engine.state, place.database.key).add(text.strip())
        except (EngineError, EngineAway, OSError) as error:
            pane.bottom = f"[$error]✗ {escape(said(error))}[/]"
            return
        finally:
            slow.stop()
        if self.place is not place:
            return
        self.asked, self.more = text, found.more
        self.rows.show(found.columns, found.rows)
        self._say(found)

    @on(RowsTable.NearEnd)
    @work(exclusive=True, group="more-rows")
    async def _more_rows(self, event: RowsTable.NearEnd) -> None:
        place, asked = self.place, self.asked
        if not self.more or place is None or place.database is None or not self.querying:
            return
        self.more = False  # not twice
        try:
            found = await questions.answer(place.database, asked, len(self.rows.rows_shown))
        except (EngineError, EngineAway) as error:
            self.pane(3).bottom = f"[$error]✗ {escape(said(error))}[/]"
            return
        if self.place is place and self.asked == asked:
            self.rows.add(found.rows)
            self.more = found.more
            self._say(found)

    def _say(self, found: Answer) -> None:
        shown = len(self.rows.rows_shown)
        count = f"first {plural(shown, 'row')}" if found.more else plural(shown, "row")
        self.pane(3).bottom = f"{count}  {found.facts}"

    @on(commands.DataHistory)
    def _history(self) -> None:
        if self.place is None or self.place.database is None:
            return
        known = History(self.svc.engine.state, self.place.database.key).read()
        if not known:
            self.notify("Nothing was asked here so far.")
            return
        items = [(" ".join(each.split()), partial(self._take, each)) for each in known]
        self.app.search_commands(items, placeholder="An earlier query")

    def _take(self, text: str) -> None:
        self.sql.replace_all(text)
        self.sql.focus()
