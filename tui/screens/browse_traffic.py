"""What is asked of the environments, beside their rows and in the detail; looked at while somebody sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui.client import EngineAway, EngineError
from tui.messages import Connected
from tui.screens.browse_listing import Json
from tui.screens.browse_marked import BrowseMarked
from tui.widgets.environment_detail import EnvironmentDetail
from tui.widgets.service_tree import Place

if TYPE_CHECKING:
    from tui.messages import Change
    from tui.traffic import Failure

#: Seconds between two looks while something is asked; the engine counts in steps of five.
LOOK = 5.0
#: Looks that are left out after each one that found nothing: nobody hurries while nothing happens.
SKIPPED = 2
#: Records that are read to tell which errors there were.
RECORDS = 200


class BrowseTraffic(BrowseMarked):
    """The part of the browse screen that follows requests and errors."""

    def __init__(self) -> None:
        super().__init__()
        self._failures: tuple[Place, list[Failure]] | None = None
        self._skip = 0
        self._counted = True
        """Whether this account counts requests: Cloudflare's API has no such numbers."""

    def on_mount(self) -> None:
        """Look now and then. Textual calls this beside a subclass's own `on_mount`."""
        self.set_interval(LOOK, self._look)
        self.svc.account_changed.subscribe(self, self.traffic_changed)

    def arrived(self) -> None:
        """The first services are on the screen."""
        self.look()

    def on_screen_resume(self) -> None:
        """Back from another screen."""
        self.look()

    def traffic_changed(self, event: Connected | Change) -> None:
        """Another engine may count where the one before did not."""
        if isinstance(event, Connected):
            self._counted = True
            self.look()

    def look(self) -> None:
        """Look at once."""
        self._skip = 0
        self._look()

    def _look(self) -> None:
        if self._skip:
            self._skip -= 1
        elif self.is_current and self.loaded and self._counted and not self.svc.engine_state.stale:
            self._count()

    @work(exclusive=True, group="traffic")
    async def _count(self) -> None:
        from tui.traffic import traffic

        try:
            rows = await self.svc.engine.metrics(recent=True)
        except EngineAway:
            return
        except EngineError:
            self._counted = False
            return
        found, tree = traffic(rows), self.service_tree
        self._skip = 0 if found else SKIPPED
        if found == tree.traffic == {}:
            return  # nothing was asked, then as now: nothing to paint
        if found != tree.traffic:
            tree.traffic = found
        if self.place is not None:
            await self.show_traffic(self.place)

    async def show_traffic(self, place: Place) -> None:
        """Show what an environment was asked, and its errors, in the detail."""
        detail, asked = self.query_one(EnvironmentDetail), self.service_tree.traffic.get(place)
        if asked is None:
            self._failures = None
            await detail.show_traffic(None)
            return
        from tui.traffic import failures
        from tui.widgets.numbers import Minutes

        engine, errors = self.svc.engine, list[Json]()
        try:
            rows = await engine.metrics(place.service)
            if asked.errors:
                errors, _ = await engine.logs(
                    place.service, place.environment, filters=[{"least": "error"}], limit=RECORDS
                )
        except (EngineAway, EngineError):
            return  # what is wrong is told by what asks for more
        if self.place != place:
            return
        mine = [row for row in rows if row["environment"] == place.environment]
        self._failures = place, failures(errors)
        await detail.show_traffic(Minutes.read(mine), self._failures[1])

    async def action_source(self, number: int) -> None:
        """What a click on an error's line runs: the workbench, at that line."""
        if self._failures is None or self._failures[0] != self.place:
            return
        place, found = self._failures
        failure = found[number]
        if failure.where is not None and place.environment is not None:
            from tui.screens.workbench import WorkbenchScreen

            bench = WorkbenchScreen(place.service, place.environment)
            bench.wanted = failure.where, failure.version_id
            await self.app.push_screen(bench)
