"""Browse: the tree of services and environments, and everything about the one under the cursor."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui import format
from tui.client import EngineAway, EngineError
from tui.commands import browse as commands
from tui.commands.base import Command
from tui.markup import escape
from tui.screens.browse_listing import FilterField, Json
from tui.screens.browse_marked import OF_MARKED
from tui.screens.browse_traffic import BrowseTraffic
from tui.screens.dialogs.welcome import Welcome
from tui.widgets.activity import Activity
from tui.widgets.environment_detail import EnvironmentDetail
from tui.widgets.pane import Pane
from tui.widgets.service_tree import Place, ServiceTree

#: Seconds the cursor rests on a row before its detail is asked for: holding j does not ask for each.
REST = 0.08
#: Seconds before `loading…` is shown.
PATIENCE = 0.3

#: Columns by which the list of services gets wider or narrower, and the least that it and the detail have.
STEP, LEAST_LIST, LEAST_DETAIL = 4, 20, 30


class BrowseScreen(BrowseTraffic):
    """The first screen."""

    AUTO_FOCUS = "ServiceTree"
    CRUMB = "this machine"
    HELP_TITLE = "Here: services"
    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = commands.BROWSE

    def __init__(self) -> None:
        super().__init__()
        self._shown: Place | None = None

    def body(self) -> ComposeResult:
        """Services ∥ detail ∥ (wide) activity."""
        with Horizontal(id="browse"):
            with Pane(id="services", number=1, title="Services"):
                yield FilterField(id="filter", placeholder="filter by name", compact=True)
                yield ServiceTree()
                yield Static(id="nothing")
            with Pane(id="detail", number=2, title="Detail"):
                yield EnvironmentDetail()
            with Pane(id="activity", number=3, title="Activity", bottom="all services"):
                yield Activity()

    def on_mount(self) -> None:
        """Follow the account."""
        self.query_one("#filter").display = False
        self.query_one("#nothing").display = False
        self.set_class(not self.svc.settings.layout.activity, "-without-activity")
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.set_interval(30, self._grow_older)
        self.set_timer(PATIENCE, self._say_loading)
        if self.svc.engine_state.ready:
            self.reload()

    def _say_loading(self) -> None:
        """Until the first services are here the empty pane says what one waits for."""
        if not self.loaded:
            ready = self.svc.engine_state.ready
            self.query_one("#services", Pane).bottom = "loading…" if ready else "the engine starts…"

    def on_screen_resume(self) -> None:
        """Back from another screen: text may be unsaved there now, or saved; and it is later."""
        self.mark_unsaved()
        self._grow_older()

    async def welcome(self) -> None:
        """An account without services shows the ways to begin instead of empty panes."""
        panes, shown = self.query_one("#browse"), self.query("Welcome")
        panes.display = bool(self.services)
        if self.services and shown:
            await shown.remove()
            self.service_tree.focus()
        elif not self.services and not shown:
            await self.mount(Welcome(), after=panes)
            self.query_one("Welcome OptionList").focus()

    def _grow_older(self) -> None:
        """Ages are of now; what shows the same as before is not painted again."""
        if not self.is_mounted or not self.loaded:
            return
        self.service_tree.grow_older()
        if (place := self.place) is not None and place == self._shown and (known := self.details.get(place)):
            self.query_one(EnvironmentDetail).grow_older(known)

    # ------------------------------------------------------------------ the detail

    @on(ServiceTree.Moved)
    def _moved(self, event: ServiceTree.Moved) -> None:
        if event.place != self._shown:
            self.show_place(event.place)
        self.svc.came(self)
        if (place := event.place) is not None and self.loaded:
            self.svc.remember("place", [place.service, place.environment])

    def show_place(self, place: Place | None, again: bool = False) -> None:
        """Show what is known about a row at once, and ask for the rest."""
        pane, detail = self.query_one("#detail", Pane), self.query_one(EnvironmentDetail)
        if place != self._shown:
            self.call_later(detail.show_traffic, None)
        self._shown = place
        self.refresh_bindings()
        pane.set_class(place is not None and place.production, "prod")
        pane.bottom = "[b]▲ PRODUCTION[/]" if place is not None and place.production else ""
        if place is None:
            pane.title = "Detail"
            detail.clear()
            return
        mark = "▲ " if place.production else ""
        pane.title = mark + escape(str(place))
        service = self.service(place.service)
        if place.environment is None:
            self.workers.cancel_group(self, "detail")
            if service is not None:
                detail.show_service(service)
            return
        if known := self.details.get(place):
            detail.show_environment(known)
        elif not again:
            detail.clear()
        self._load_detail(place, 0 if again or not known else REST)

    @work(exclusive=True, group="detail")
    async def _load_detail(self, place: Place, rest: float) -> None:
        await asyncio.sleep(rest)
        pane, detail = self.query_one("#detail", Pane), self.query_one(EnvironmentDetail)
        slow = self.set_timer(PATIENCE, lambda: setattr(pane, "bottom", "loading…"))
        try:
            found = await self.svc.engine.environment(place.service, str(place.environment))
        except EngineAway:
            return
        except EngineError as error:
            detail.clear(f"[$error]✗[/] {escape(error.message)}")
            self.details.pop(place, None)
            return
        finally:
            slow.stop()
        self.details[place] = found
        if self.place == place:
            detail.show_environment(found)
            pane.bottom = "[b]▲ PRODUCTION[/]" if place.production else f"modified {_when(found)}"
            await self.show_traffic(place)

    # ------------------------------------------------------------------ the list's width

    def on_resize(self) -> None:
        """The width that was chosen for a terminal like this one, as far as there is room."""
        # Textual calls this beside the base's own: that hides panes where there is room for one.
        width = self.svc.session.number(self._width_name) or self.svc.settings.layout.list
        if width:
            self.query_one("#services").styles.width = self._in_bounds(width)
        else:
            self.query_one("#services").styles.clear_rule("width")

    @property
    def _width_name(self) -> str:
        size = next((each for each in ("wide", "normal") if self.has_class(f"-{each}")), "narrow")
        return f"browse-{size}"

    def _in_bounds(self, width: int) -> int:
        return max(LEAST_LIST, min(width, self.app.size.width - LEAST_DETAIL))

    @on(commands.WiderList)
    def _wider(self) -> None:
        self._resize_list(STEP)

    @on(commands.NarrowerList)
    def _narrower(self) -> None:
        self._resize_list(-STEP)

    def _resize_list(self, by: int) -> None:
        pane = self.query_one("#services")
        width = self._in_bounds(pane.outer_size.width + by)
        pane.styles.width = width
        self.svc.remember(self._width_name, width)

    # ------------------------------------------------------------------ keys that need no dialog

    @on(commands.PaneServices)
    def _go_to_services(self) -> None:
        self.service_tree.focus()

    @on(commands.PaneDetail)
    def _go_to_detail(self) -> None:
        self.query_one(EnvironmentDetail).focus()

    @on(commands.PaneActivity)
    def _go_to_activity(self) -> None:
        if self.query_one("#activity").display:
            self.query_one(Activity).focus()

    @on(commands.ListKeys)
    def _keys(self) -> None:
        self.svc.show_keys()

    @on(commands.LogOfEngine)
    def _log(self) -> None:
        self.svc.show_engine_log()

    @on(commands.Leave)
    async def _leave(self) -> None:
        await self.svc.action_quit()

    @on(commands.Edit)
    def _edit(self) -> None:
        if self.target is not None:
            self.open_workbench(self.target)

    @on(ServiceTree.Chosen)
    def _chosen(self, event: ServiceTree.Chosen) -> None:
        self.open_workbench(event.place)

    @on(Welcome.Chosen)
    async def _begin(self, event: Welcome.Chosen) -> None:
        if event.choice == "hello":
            self.new_service()
        else:
            await self.svc.copy(self.svc.engine.wrangler_settings(), "the settings that wrangler needs")

    def action_visit(self, url: str) -> None:
        """What a click on an address runs."""
        self.svc.open_url(url)

    def allows(self, command: type[Command]) -> bool | None:
        """Most commands want an environment under the cursor."""
        if not self.is_mounted:
            return True
        if (meant := self.meant(command)) is not command or meant in OF_MARKED.values():
            return super().allows(meant)
        if command is commands.ClearFilter:
            return bool(self.query_one("#filter").display or self.service_tree.marked)
        place = self.place
        if command in NEEDS_ENVIRONMENT and (place is None or place.environment is None):
            return None
        if command in TAKES_PRODUCTION and self.target is None:
            return None
        if command in (commands.New, commands.Delete) and place is None:
            return None
        if command in (commands.Diff, commands.Rename) and place is not None and place.production:
            return None
        return True


NEEDS_ENVIRONMENT = frozenset({commands.Promote, commands.Diff, commands.Rename})
#: On a service's row these are about its production.
TAKES_PRODUCTION = frozenset(
    {
        commands.Edit,
        commands.Clone,
        commands.History,
        commands.OpenSettings,
        commands.OpenData,
        commands.CopyUrl,
        commands.OpenUrl,
    }
)


def _when(detail: Json) -> str:
    return format.day(detail.get("modified_on"))
