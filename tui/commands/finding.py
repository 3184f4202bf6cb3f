"""ctrl+o and ctrl+p: any service, environment, module or binding by a few letters of its name."""

from __future__ import annotations

from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.app import SvcApp
from tui.finding import MOST, environments
from tui.markup import escape
from tui.screens.browse import BrowseScreen


class PlacesProvider(Provider):
    """What there is to open, found by name; beside the commands in the palette."""

    @property
    def svc(self) -> SvcApp:
        """The app."""
        return cast("SvcApp", self.app)

    @property
    def browse(self) -> BrowseScreen:
        """The screen that has the list of services."""
        return cast("BrowseScreen", self.app.screen_stack[0])

    async def startup(self) -> None:
        """Read modules and bindings beside: what is known by then is found."""
        app, browse = self.svc, self.browse
        app.run_worker(
            app.finder.read(app.engine, browse.services, browse.place),
            group="finder",
            exclusive=True,
            exit_on_error=False,
        )

    async def search(self, query: str) -> Hits:
        """What matches the letters typed."""
        matcher = self.matcher(query)
        async for score, target in self.svc.finder.find(query, self.browse.services, matcher.match):
            yield Hit(
                score,
                matcher.highlight(str(target)),
                partial(self.svc.open_target, target),
                text=str(target),
                help=escape(target.hint),
            )


class OpenProvider(PlacesProvider):
    """The same by itself, and the environments before a letter is typed."""

    async def discover(self) -> Hits:
        """Environments in the order of their names."""
        shown = 0
        for service in self.browse.services:
            for target in environments(service):
                yield DiscoveryHit(
                    str(target), partial(self.svc.open_target, target), help=escape(target.hint)
                )
                shown += 1
                if shown >= MOST:
                    return
