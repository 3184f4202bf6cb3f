"""How one gets about: by name, back and forward, by the way that the top bar shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual import events, on, work

from tui.commands import app as commands
from tui.markup import escape
from tui.service_rows import Place
from tui.themed import ThemedApp
from tui.visits import BROWSE, Visit, Visits, visit_of
from tui.widgets.service_tree import ServiceTree

if TYPE_CHECKING:
    from tui.finding import Finder, Target
    from tui.screens.base import SvcScreen
    from tui.screens.browse import BrowseScreen


class NavigatingApp(ThemedApp):
    """An app whose first screen is Browse; all others are opened on top of it."""

    def __init__(self) -> None:
        super().__init__()
        self.visits = Visits()
        self._finder: Finder | None = None
        self._travelling = False

    @property
    def browse(self) -> BrowseScreen:
        """The first screen."""
        return cast("BrowseScreen", self.screen_stack[0])

    @property
    def finder(self) -> Finder:
        """What is inside the environments, read when it is first asked for."""
        if self._finder is None:
            from tui.finding import Finder

            self._finder = Finder()
        return self._finder

    def forget_places(self) -> None:
        """Another account is looked at."""
        self.visits, self._finder = Visits(), None

    def came(self, screen: SvcScreen[Any]) -> None:
        """A screen is in front now, or shows something else."""
        if not self._travelling and screen.is_current and (visit := visit_of(screen)) is not None:
            self.visits.came(visit)

    async def on_event(self, event: events.Event) -> None:
        """Do what a key of the tree means before the next key is looked at.

        Textual hands a key to the focused widget and from there up to the app before it looks for a
        binding. Letters that follow a `/` fast (a loaded machine, ssh) would be on the same way already, and
        never reach the filter.
        """
        if isinstance(event, events.Key) and not event.is_forwarded and isinstance(self.focused, ServiceTree):
            found = self.screen.active_bindings.get(event.key)
            if found is not None and found.enabled:
                await self.run_action(found.binding.action, found.node)
                return
        await super().on_event(event)

    # ------------------------------------------------------------------ by name

    @on(commands.ServiceOpen)
    def _open_by_name(self) -> None:
        from textual.command import CommandPalette

        from tui.commands.finding import OpenProvider

        self.push_screen(
            CommandPalette(providers=[OpenProvider], placeholder="Service, environment, module or binding")
        )

    @work(exclusive=True, group="navigation")
    async def open_target(self, target: Target) -> None:
        """Open what was found: code in the workbench, bindings where they are set."""
        if not await self.return_to(target.place):
            return
        if target.kind == "service":
            return
        if target.kind == "binding":
            from tui.screens.settings import SettingsScreen

            settings = SettingsScreen(target.place.service, str(target.place.environment))
            settings.wanted = target.name
            await self.push_screen(settings)
            return
        from tui.screens.workbench import WorkbenchScreen

        bench = WorkbenchScreen(target.place.service, str(target.place.environment))
        if target.kind == "module":
            from tui.run_report import Location

            bench.wanted = Location(target.name, 1, 1), None
        await self.push_screen(bench)

    async def return_to(self, place: Place | None) -> bool:
        """Back to Browse, with the cursor on a row.

        Args:
            place: The row; None leaves the cursor where it is.

        Returns:
            False when something would be lost: that is said, and nothing happens.
        """
        for screen in self.screen_stack:
            visit = visit_of(screen)
            if visit is None or visit.screen == "workbench":  # its text is kept all the while
                continue
            if lost := cast("SvcScreen[Any]", screen).unsaved():
                self.notify(f"{escape(lost)} is not saved: save it, or leave its screen first.")
                return False
        browse = self.browse
        while self.screen is not browse:
            await self.pop_screen()
        if place is not None:
            if browse.service_tree.words:
                browse.clear_filter()
            browse.service_tree.go_to(place)
        return True

    # ------------------------------------------------------------------ back and forward

    @on(commands.GoBack)
    def _back(self) -> None:
        self._travel(-1)

    @on(commands.GoForward)
    def _forward(self) -> None:
        self._travel(1)

    @work(exclusive=True, group="navigation")
    async def _travel(self, step: int) -> None:
        visit = self.visits.peek(step)
        if visit is None:
            self.notify("This is where you began." if step < 0 else "There is nothing further on.")
            return
        self._travelling = True  # Browse comes to the front on the way, and that is no visit
        try:
            if await self.return_to(visit.place):
                self.visits.go(step)
                await self._show(visit)
        finally:
            self._travelling = False

    async def _show(self, visit: Visit) -> None:
        place = visit.place
        if place is not None and self.browse.loaded:
            gone = self.browse.service(place.service) is None or (
                place.environment is not None and self.browse.summary(place) is None
            )
            if gone:
                self.notify(f"{escape(str(place))} is gone.", severity="warning")
                return
        if visit.screen != BROWSE:
            await self.push_screen(visit.open())
