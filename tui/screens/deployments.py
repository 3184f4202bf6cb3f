"""The history of an environment: what is live, every deployment, what differs, and the way back."""

from __future__ import annotations

from pathlib import PurePath
from time import monotonic
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widgets import DataTable, Static

from tui.client import EngineAway, EngineError
from tui.clipboard import copy
from tui.commands.deployments import (
    DEPLOYMENTS,
    CopyId,
    HistoryKeys,
    LeaveHistory,
    MarkRow,
    OpenPipelines,
    PaneDifference,
    PaneHistory,
    RollBack,
    ShareTraffic,
    WholeDiff,
)
from tui.format import duration, plural, version
from tui.markup import escape
from tui.messages import Change, Connected
from tui.screens.base import SvcScreen
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.dialogs.rollback import RollbackDialog
from tui.screens.diff import DiffScreen
from tui.screens.pipelines import PipelinesScreen
from tui.widgets.diff_view import DiffView, summary
from tui.widgets.history_table import Entry, HistoryTable, entries
from tui.widgets.pane import Pane
from tui.widgets.share_bars import ShareBars

Diff = dict[str, Any]
SECRETS_CHANGED = 10220
"""The engine's answer when secrets were changed after the version was made."""


class DeploymentsScreen(SvcScreen[None]):
    """Reads the history of one environment and follows it; rolls back to any row of it."""

    COMMAND_CLASSES = DEPLOYMENTS
    HELP_TITLE = "Here: deployments"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/parts.tcss", "../styles/deployments.tcss"]
    AUTO_FOCUS = "HistoryTable"

    def __init__(self, service: str, environment: str) -> None:
        """Args:
        service: the service.
        environment: the environment whose history is shown.
        """
        super().__init__()
        self.service, self.environment = service, environment
        self.hostname = ""
        # Versions never change: what was compared once is known for good.
        self.known: dict[tuple[str, str], Diff] = {}

    # ------------------------------------------------------------------ what is shown

    def body(self) -> ComposeResult:
        """Live versions above; history and difference below, or side by side in a wide terminal."""
        with Pane(number=1, title="Live", bottom="[$muted]R rolls back[/]", id="rollout"):
            yield ShareBars(id="shares")
            yield Static(id="hosts")
        with Grid(id="split"):
            yield Pane(HistoryTable(id="history-table"), number=2, title="History", id="history")
            yield Pane(DiffView(id="history-diff"), number=3, title="Difference", id="difference")

    def on_mount(self) -> None:
        """Read it, and follow what happens to it."""
        self.production = self.environment == "production"
        self._say_where()
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.load()

    def _say_where(self) -> None:
        name = self.environment if self.production else f"[b]{self.environment}[/]"
        self.crumb = f"{self.service} › {name} › deployments"

    @property
    def table(self) -> HistoryTable:
        """The history."""
        return self.query_one(HistoryTable)

    @work(exclusive=True, group="history")
    async def load(self) -> None:
        """Read the history and show it, with the cursor on the row it was on."""
        engine = self.svc.engine
        try:
            detail = await engine.environment(self.service, self.environment)
            deployments = await engine.deployments(self.service, self.environment)
            versions = await engine.versions(self.service, self.environment)
        except (EngineError, EngineAway) as error:
            self.query_one("#history", Pane).bottom = f"[$error]✗ {escape(_said(error))}[/]"
            return
        self.hostname = detail["hostname"]
        rows = entries(deployments, versions)
        live = [entry for entry in rows if entry.live]
        self.query_one(ShareBars).show(live)
        urls = "  ".join(f"[$accent u]{url}[/]" for url in detail.get("urls") or [detail["url"]])
        self.query_one("#hosts", Static).update(f"[$muted]answers at[/] {urls}")
        self.table.show(rows)
        self.query_one("#history", Pane).bottom = plural(len(deployments), "deployment")
        self.compare()

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Change) and event.service != self.service:
            return
        if isinstance(event, Change) and event.kind.endswith(".deleted"):
            if event.kind == "service.deleted" or event.environment == self.environment:
                self.notify(f"{self.service} › {self.environment} was deleted.", severity="warning")
                self.dismiss()
            return
        if isinstance(event, Change) and event.old_environment == self.environment and event.environment:
            self.environment = event.environment
            self._say_where()
        self.load()

    # ------------------------------------------------------------------ the difference of A and B

    @on(DataTable.RowHighlighted)
    def _row_changed(self) -> None:
        self.table.refresh_marks()
        self.compare()

    @on(MarkRow)
    def mark(self) -> None:
        """A is this row, or follows B again."""
        self.table.toggle_mark()
        self.compare()

    @work(exclusive=True, group="compare")
    async def compare(self) -> None:
        """Show what differs between A and B; a newer question takes the place of an older one."""
        pane, view = self.query_one("#difference", Pane), self.query_one(DiffView)
        newer, older = self.table.current, self.table.other
        if newer is None:
            pane.title, pane.bottom = "Difference", ""
            view.show(None)
            return
        if older is None:
            pane.title, pane.bottom = f"B {version(newer.number)}", ""
            view.show({}, f"{version(newer.number)} is the first version: nothing came before it.")
            return
        pane.title = f"A {version(older.number)} → B {version(newer.number)}"
        try:
            diff = await self.difference(older, newer)
        except (EngineError, EngineAway) as error:
            pane.bottom = f"[$error]✗ {escape(_said(error))}[/]"
            return
        pane.bottom = summary(diff)
        view.show(diff, "Code and settings are the same.")

    async def difference(self, older: Entry, newer: Entry) -> Diff:
        """What differs between two versions, asked once."""
        pair = (older.version_id, newer.version_id)
        if pair not in self.known:
            self.known[pair] = await self.svc.engine.diff(self.service, *pair)
        return self.known[pair]

    @on(WholeDiff)
    @on(DataTable.RowSelected)
    async def whole(self) -> None:
        """A and B on the whole screen."""
        newer, older = self.table.current, self.table.other
        if newer is None or older is None:
            self.notify("There is nothing to compare it with.")
            return
        try:
            diff = await self.difference(older, newer)
        except (EngineError, EngineAway) as error:
            self.notify(escape(_said(error)), severity="error")
            return
        self.app.push_screen(DiffScreen(self.service, diff))

    # ------------------------------------------------------------------ the way back

    @on(RollBack)
    @work(exclusive=True, group="rollback")
    async def roll_back(self) -> None:
        """Ask, then make the version of this row live again."""
        target = self.table.current
        live = next((entry for entry in self.table.entries if entry.live), None)
        if target is None or live is None:
            self.notify("Nothing was deployed here yet.")
            return
        if target.version_id == live.version_id and live.share == 100:
            self.notify(f"{version(target.number)} is live now. Choose another row to roll back to.")
            return
        try:
            diff = await self.difference(live, target)
        except (EngineError, EngineAway):
            diff = None  # the question can be answered without it
        dialog = RollbackDialog(self.service, self.environment, self.hostname, live, target, diff)
        if not await self.app.push_screen_wait(dialog):
            return
        await self._roll_back(target, force=False)

    async def _roll_back(self, target: Entry, force: bool) -> None:
        began = monotonic()
        try:
            await self.svc.engine.roll_back(self.service, self.environment, target.version_id, force=force)
        except (EngineError, EngineAway) as error:
            if isinstance(error, EngineError) and error.code == SECRETS_CHANGED and not force:
                if await self.app.push_screen_wait(self._secrets_question(target, error.message)):
                    await self._roll_back(target, force=True)
                return
            self.notify(escape(_said(error)), title="Not rolled back", severity="error")
            return
        self.notify(f"Rolled back to {version(target.number)} in {duration((monotonic() - began) * 1000)}.")
        self.load()
        self.table.move_cursor(row=0, animate=False)

    def _secrets_question(self, target: Entry, message: str) -> ConfirmDialog:
        """An old version brings its old secrets back: that is asked about by itself."""
        return ConfirmDialog(
            f"Roll back to {version(target.number)} with its old secrets",
            f"{escape(message)}. {version(target.number)} brings back the values of its own time.",
            verb="Roll back",
            production=self.production,
        )

    @on(ShareTraffic)
    @work(exclusive=True, group="rollback")
    async def share(self) -> None:
        """Ask how much, then let the version of this row answer beside what is live."""
        from tui.screens.dialogs.share import ShareDialog

        target = self.table.current
        live = [entry for entry in self.table.entries if entry.live]
        if target is None or not live:
            self.notify("Nothing was deployed here yet.")
            return
        others = [entry for entry in live if entry.version_id != target.version_id]
        if not others:
            self.notify(f"{version(target.number)} answers alone. Choose the row of another version.")
            return
        dialog = ShareDialog(self.service, self.environment, self.hostname, target, others)
        if (percent := await self.app.push_screen_wait(dialog)) is None:
            return
        rest = max(others, key=lambda entry: entry.share)
        shares = [(target.version_id, percent), (rest.version_id, 100 - percent)]
        words = f"{percent:g} % to {version(target.number)}"
        try:
            await self.svc.engine.share_traffic(
                self.service, self.environment, [each for each in shares if each[1]], words
            )
        except (EngineError, EngineAway) as error:
            self.notify(escape(_said(error)), title="Not shared", severity="error")
            return
        self.notify(f"{version(target.number)} gets {percent:g} % now.")
        self.load()

    # ------------------------------------------------------------------ the rest

    @on(CopyId)
    async def copy_id(self) -> None:
        """The id of the version, for the API and for wrangler."""
        entry = self.table.current
        if entry is not None and await copy(self.app, entry.version_id):
            self.notify(f"Copied {entry.version_id}.")

    @on(OpenPipelines)
    def pipelines(self) -> None:
        """The service's pipelines."""
        self.app.push_screen(PipelinesScreen(self.service))

    @on(PaneHistory)
    def go_to_history(self) -> None:
        """Focus the history."""
        self.focus_pane(2)

    @on(PaneDifference)
    def go_to_difference(self) -> None:
        """Focus the difference."""
        self.focus_pane(3)

    @on(LeaveHistory)
    def leave(self) -> None:
        """Back to where it was opened."""
        self.dismiss()

    @on(HistoryKeys)
    def keys(self) -> None:
        """The keys of this screen."""
        self.svc.show_keys()


def _said(error: EngineError | EngineAway) -> str:
    return error.message if isinstance(error, EngineError) else f"The engine is away: {error.reason}."
