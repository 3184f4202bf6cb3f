"""ctrl+o: any service or environment by a few letters of its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tui import format
from tui.screens.browse import BrowseScreen
from tui.widgets.service_tree import Place

if TYPE_CHECKING:
    from tui.app import SvcApp

Json = dict[str, Any]


def offer(app: SvcApp) -> None:
    """Show the list; choosing goes to the row in Browse and opens an environment's workbench."""
    browse = next((screen for screen in app.screen_stack if isinstance(screen, BrowseScreen)), None)
    if browse is None:
        return
    items = [(str(place), partial(_go, app, browse, place), hint) for place, hint in places(browse.services)]
    app.search_commands(items, placeholder="Service or environment")


def places(services: Sequence[Json]) -> list[tuple[Place, str]]:
    """Environments, then services, each with a line about it."""
    found: list[tuple[Place, str]] = []
    for service in services:
        for environment in service["environments"]:
            live = environment.get("live") or {}
            number = format.version(live.get("number")) if live else "nothing live"
            hint = f"environment, {number}, {format.age(live.get('created_on'))}"
            found.append((Place(service["id"], environment["environment"]), hint))
    found += [
        (Place(service["id"]), f"service, {format.plural(len(service['environments']), 'environment')}")
        for service in services
    ]
    return found


def _go(app: SvcApp, browse: BrowseScreen, place: Place) -> None:
    while app.screen is not browse:
        app.pop_screen()
    browse.clear_filter()
    browse.service_tree.go_to(place)
    if place.environment is not None:
        browse.open_workbench(place)
