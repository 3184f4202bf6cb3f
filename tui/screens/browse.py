"""Browse: the tree of services and environments, and everything about the one under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from tui import format
from tui.client import EngineAway, EngineError
from tui.commands import browse as commands
from tui.commands.base import Command
from tui.markup import escape
from tui.messages import Change, Connected
from tui.screens.base import SvcScreen
from tui.screens.browse_verbs import BrowseVerbs
from tui.screens.dialogs.welcome import Welcome
from tui.widgets.activity import Activity
from tui.widgets.environment_detail import EnvironmentDetail
from tui.widgets.pane import Pane
from tui.widgets.service_tree import Place, ServiceTree

Json = dict[str, Any]
#: Seconds the cursor rests on a row before its detail is asked for: holding j does not ask for each.
REST = 0.08
#: Seconds before `loading…` is shown.
PATIENCE = 0.3
#: Changes that come together are read together.
BURST = 0.05


class BrowseScreen(BrowseVerbs, SvcScreen[None]):
    """The first screen."""

    AUTO_FOCUS = "ServiceTree"
    CRUMB = "this machine"
    HELP_TITLE = "Here: services"
    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = commands.BROWSE

    def __init__(self) -> None:
        super().__init__()
        self.services: Sequence[Json] = ()
        self.loaded = False
        self._details: dict[Place, Json] = {}
        self._reload_due = False
        self._shown: Place | None = None

    def body(self) -> ComposeResult:
        """Services ∥ detail ∥ (wide) activity."""
        with Horizontal(id="browse"):
            with Pane(id="services", number=1, title="Services"):
                yield FilterField(id="filter", placeholder="filter by name", compact=True)
                yield ServiceTree()
                yield Static(id="nothing")
            with Pane(id="detail", number=2, title=""):
                yield EnvironmentDetail()
            with Pane(id="activity", number=3, title="Activity", bottom="all services"):
                yield Activity()

    def on_mount(self) -> None:
        """Follow the account."""
        self.query_one("#filter").display = False
        self.query_one("#nothing").display = False
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.set_interval(30, self._grow_older)
        if self.svc.engine_state.ready:
            self.reload()

    def on_screen_resume(self) -> None:
        """Back from another screen: text may be unsaved there now, or saved."""
        self.mark_unsaved()

    # ------------------------------------------------------------------ the account

    @property
    def service_tree(self) -> ServiceTree:
        """The tree."""
        return self.query_one(ServiceTree)

    @property
    def place(self) -> Place | None:
        """The row under the cursor."""
        return self.service_tree.place if self.is_mounted else None

    def service(self, name: str) -> Json | None:
        """A service as the engine lists it."""
        return next((service for service in self.services if service["id"] == name), None)

    def summary(self, place: Place | None) -> Json | None:
        """An environment as the engine lists it; None for a service or nothing."""
        service = self.service(place.service) if place is not None else None
        environments: list[Json] = service["environments"] if service is not None else []
        return next((one for one in environments if place and one["environment"] == place.environment), None)

    def detail(self, place: Place | None) -> Json | None:
        """An environment's detail, if it was read already."""
        return self._details.get(place) if place is not None else None

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Change):
            if event.service:
                self.query_one(Activity).add(event)
            self._tell(event)
        if not self.loaded:
            self.reload()
        elif not self._reload_due:
            self._reload_due = True
            self.set_timer(BURST, self.reload)

    def _tell(self, change: Change) -> None:
        """Say what somebody else did; what was done here is on the screen already."""
        if change.kind == "deployment" and change.source in ("wrangler", "api", "cli"):
            place = escape(str(Place(change.service, change.environment)))
            self.notify(f"{escape(change.author)} deployed {format.version(change.version)} to {place}.")

    @work(exclusive=True, group="services")
    async def reload(self) -> None:
        """Read the list of services again, and the detail on the screen."""
        self._reload_due = False
        try:
            self.services = await self.svc.engine.services()
        except EngineAway:
            return  # the banner says so, and the feed tells when it is back
        except EngineError as error:
            self.notify(escape(error.message), severity="error")
            return
        first, self.loaded = not self.loaded, True
        self.mark_unsaved()
        tree = self.service_tree
        tree.services = self.services
        if first:
            self.query_one(Activity).begin(self.services)
            if self.services and not tree.go_to(Place(self.services[0]["id"], "production")):
                tree.action_cursor_first()
        self._show_count()
        self._show_place(tree.place, again=True)
        await self._welcome()

    async def _welcome(self) -> None:
        """An account without services shows the ways to begin instead of empty panes."""
        panes, shown = self.query_one("#browse"), self.query("Welcome")
        panes.display = bool(self.services)
        if self.services and shown:
            await shown.remove()
            self.service_tree.focus()
        elif not self.services and not shown:
            await self.mount(Welcome(), after=panes)
            self.query_one("Welcome OptionList").focus()

    def mark_unsaved(self) -> None:
        """Mark the environments with unsaved text."""
        self.service_tree.unsaved = frozenset(Place(*names) for names in self.svc.unsaved_places())

    def _grow_older(self) -> None:
        """Ages are of now."""
        self.service_tree.refresh()

    def _show_count(self) -> None:
        pane, words = self.query_one("#services", Pane), self.service_tree.words
        total = sum(len(service["environments"]) for service in self.services)
        pane.bottom = (
            f"{self.service_tree.shown} of {total} match"
            if words
            else format.plural(len(self.services), "service")
        )
        nothing = self.query_one("#nothing", Static)
        if words and not self.service_tree.shown:
            nothing.update(f'Nothing matches "{escape(words)}".  [b $accent]esc[/] clears')
        elif self.loaded and not self.services:
            nothing.update("No services yet.  [b $accent]N[/] adds one")
        nothing.display = self.loaded and not self.service_tree.shown and not (self.services and not words)
        self.service_tree.display = not nothing.display

    # ------------------------------------------------------------------ the detail

    @on(ServiceTree.Moved)
    def _moved(self, event: ServiceTree.Moved) -> None:
        if event.place != self._shown:
            self._show_place(event.place)

    def _show_place(self, place: Place | None, again: bool = False) -> None:
        """Show what is known about a row at once, and ask for the rest."""
        pane, detail = self.query_one("#detail", Pane), self.query_one(EnvironmentDetail)
        self._shown = place
        self.refresh_bindings()
        pane.set_class(place is not None and place.production, "prod")
        pane.bottom = "[b]▲ PRODUCTION[/]" if place is not None and place.production else ""
        if place is None:
            pane.title = ""
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
        if known := self._details.get(place):
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
            self._details.pop(place, None)
            return
        finally:
            slow.stop()
        self._details[place] = found
        if self.place == place:
            detail.show_environment(found)
            pane.bottom = "[b]▲ PRODUCTION[/]" if place.production else f"modified {_when(found)}"

    # ------------------------------------------------------------------ filter

    @on(commands.Filter)
    def _filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()
        self.refresh_bindings()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.service_tree.words = event.value
        self._show_count()

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        if not self.query_one("#filter", Input).value:
            self.clear_filter()
        else:
            self.service_tree.focus()

    @on(commands.ClearFilter)
    def clear_filter(self) -> None:
        """Show everything again."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self.service_tree.focus()
        self.refresh_bindings()

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
        if self.place is not None:
            self.open_workbench(self.place)

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
        if command is commands.ClearFilter:
            return bool(self.query_one("#filter").display)
        place = self.place
        if command in NEEDS_ENVIRONMENT and (place is None or place.environment is None):
            return None
        if command in (commands.New, commands.Delete) and place is None:
            return None
        if command in (commands.Diff, commands.Rename) and place is not None and place.production:
            return None
        return True


class FilterField(Input):
    """The filter's field; the arrow goes down into what it lets through."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", "To the list", show=False)]


NEEDS_ENVIRONMENT = frozenset(
    {
        commands.Edit,
        commands.Promote,
        commands.Diff,
        commands.Clone,
        commands.History,
        commands.OpenSettings,
        commands.OpenData,
        commands.Rename,
        commands.CopyUrl,
        commands.OpenUrl,
    }
)


def _when(detail: Json) -> str:
    return format.day(detail.get("modified_on"))
