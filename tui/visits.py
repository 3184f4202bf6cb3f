"""Where one was, to go back and forward like a browser."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui.service_rows import Place

if TYPE_CHECKING:
    from tui.screens.base import SvcScreen

#: Screens by their names, and the classes that show them.
SCREENS = {
    "workbench": ("tui.screens.workbench", "WorkbenchScreen"),
    "settings": ("tui.screens.settings", "SettingsScreen"),
    "data": ("tui.screens.data", "DataScreen"),
    "deployments": ("tui.screens.deployments", "DeploymentsScreen"),
    "logs": ("tui.screens.logs", "LogsScreen"),
    "pipelines": ("tui.screens.pipelines", "PipelinesScreen"),
}
BROWSE = "browse"
#: Visits that are remembered.
KEPT = 100


@dataclass(frozen=True, slots=True)
class Visit:
    """A screen, and what it showed."""

    screen: str
    """`browse`, or one of `SCREENS`."""
    place: Place | None

    def open(self) -> SvcScreen[Any]:
        """The screen anew; not for Browse, which is always there."""
        module, name = SCREENS[self.screen]
        made = getattr(import_module(module), name)
        assert self.place is not None
        found: SvcScreen[Any] = (
            made(self.place.service)
            if self.screen == "pipelines"
            else made(self.place.service, self.place.environment)
        )
        return found

    def __str__(self) -> str:
        return f"{self.place} › {self.screen}" if self.place else self.screen


def visit_of(screen: object) -> Visit | None:
    """The visit that a screen is; None for what is not gone back to: a difference, a dialog."""
    name = type(screen).__name__
    kind = next((kind for kind, (_, made) in SCREENS.items() if made == name), None)
    if kind is not None:
        return Visit(kind, Place(getattr(screen, "service", ""), getattr(screen, "environment", None)))
    if name == "BrowseScreen":
        return Visit(BROWSE, getattr(screen, "place", None))
    return None


class Visits:
    """The way so far, and where on it one is."""

    def __init__(self) -> None:
        self._way: list[Visit] = []
        self._at = -1

    def came(self, visit: Visit) -> None:
        """Somebody came here by another way than back and forward; what was ahead is forgotten."""
        if self.here is not None and self.here == visit:
            return
        if self.here is not None and self.here.screen == visit.screen == BROWSE:
            self._way[self._at] = visit  # the cursor went elsewhere in the same list
            return
        self._way = [*self._way[: self._at + 1], visit][-KEPT:]
        self._at = len(self._way) - 1

    @property
    def here(self) -> Visit | None:
        """Where one is."""
        return self._way[self._at] if self._way else None

    def peek(self, step: int) -> Visit | None:
        """The visit so many steps away, back where negative; None when there is none."""
        at = self._at + step
        return self._way[at] if 0 <= at < len(self._way) else None

    def go(self, step: int) -> None:
        """One is there now."""
        self._at += step
