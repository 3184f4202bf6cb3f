"""Browse's list of services: read a page at a time, kept up to date, filtered, sorted, marked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from tui import format
from tui.client import EngineAway, EngineError
from tui.commands import browse as commands
from tui.commands.base import Command
from tui.markup import escape
from tui.messages import Change, Connected
from tui.screens.base import SvcScreen
from tui.service_rows import ORDERS
from tui.widgets.activity import Activity
from tui.widgets.pane import Pane
from tui.widgets.service_tree import Place, ServiceTree

Json = dict[str, Any]
#: Changes that come together are read together.
BURST = 0.05
#: Services that changed together of which each is read alone; more of them are read with all others.
FEW = 8
#: Seconds between two looks at a list that is still arriving.
GLANCE = 0.25
ORDER_WORDS = {"name": "", "newest": "newest first", "attention": "open ends first"}


class FilterField(Input):
    """The filter's field; the arrow goes down into what it lets through."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", "To the list", show=False)]


class BrowseListing(SvcScreen[None]):
    """The part of the browse screen that knows the services."""

    def __init__(self) -> None:
        super().__init__()
        self.services: Sequence[Json] = ()
        self.loaded = False
        self._arriving = 0
        """How many services there are, while their list is still arriving."""
        self._reading = False
        self._due = False
        self._filled = asyncio.Event()
        self._changed: set[str] = set()
        """Services to be read again."""

    # ------------------------------------------------------------------ what the other parts do

    def show_place(self, place: Place | None, again: bool = False) -> None:
        """Show what is known about a row, and ask for the rest."""
        raise NotImplementedError

    async def welcome(self) -> None:
        """An account without services shows the ways to begin."""
        raise NotImplementedError

    def arrived(self) -> None:
        """The first services are on the screen."""

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

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Change):
            if event.service:
                self.query_one(Activity).add(event)
                self._changed.add(event.service)
            self._tell(event)
        if not self.loaded or isinstance(event, Connected):
            self.reload()
        elif not self._due and self._changed:
            self._due = True
            self.set_timer(BURST, self._catch_up)

    def _tell(self, change: Change) -> None:
        """Say what somebody else did; what was done here is on the screen already."""
        if change.kind == "deployment" and change.source in ("wrangler", "api", "cli"):
            place = escape(str(Place(change.service, change.environment)))
            self.notify(f"{escape(change.author)} deployed {format.version(change.version)} to {place}.")

    def _catch_up(self) -> None:
        """Read again what changed: a few services alone, many with all the others."""
        self._due = False
        if self._reading:  # what is being read may be older than the change
            self._due = True
            self.set_timer(GLANCE, self._catch_up)
        elif len(self._changed) > FEW:
            self.reload()
        else:
            self.reload_some()

    @work(exclusive=True, group="services")
    async def reload(self) -> None:
        """Read the list of services again, and the detail on the screen."""
        self._changed.clear()
        self._reading = True
        found: list[Json] = []
        shown = 0.0
        try:
            async for batch, total in self.svc.engine.service_pages():
                found += batch
                self._arriving = total if len(found) < total else 0
                # The first page is shown at once; a list that was read before stays until all is there.
                if self._arriving and len(found) > len(self.services) and time.monotonic() - shown > GLANCE:
                    await self._take(list(found))
                    shown = time.monotonic()
        except EngineAway:
            return  # the banner says so, and the feed tells when it is back
        except EngineError as error:
            self.notify(escape(error.message), severity="error")
            return
        finally:
            self._arriving, self._reading = 0, False
        await self._take(found)
        self.show_place(self.place, again=True)

    @work(group="services")
    async def reload_some(self) -> None:
        """Read the services that changed again, and the detail on the screen."""
        names = sorted(self._changed)
        self._changed.clear()
        known = {service["id"]: service for service in self.services}
        for name in names:
            try:
                known[name] = await self.svc.engine.service(name)
            except EngineAway:
                return
            except EngineError as error:
                if error.status != 404:
                    self.notify(escape(error.message), severity="error")
                    return
                known.pop(name, None)
        await self._take(sorted(known.values(), key=lambda service: str(service["id"])))
        self.show_place(self.place, again=True)

    async def _take(self, services: Sequence[Json]) -> None:
        """Show these services."""
        first, self.loaded, self.services = not self.loaded, True, services
        self.mark_unsaved()
        if first:
            self._remembered()
        self.service_tree.show(services)
        if first:
            self.query_one(Activity).begin(services)
            self._begin_at(services)
            self.arrived()
        self._show_count()
        await self.welcome()
        if services:
            self._filled.set()

    def _remembered(self) -> None:
        """Order and folds of the last time."""
        session, tree = self.svc.session, self.service_tree
        tree.rows.folded = set(session.texts("folded"))
        if (order := session.text("order")) in ORDERS:
            tree.order = order

    def _begin_at(self, services: Sequence[Json]) -> None:
        """The cursor on the row of the last time, else on the first production."""
        tree, place = self.service_tree, self.svc.session.place
        if place is not None and self.summary(place) is None and self.service(place.service) is None:
            tree.wanted = place  # it may be on a later page
            place = None
        starts = [place] if place is not None else []
        starts += [Place(services[0]["id"], "production")] if services else []
        if not any(tree.go_to(each) for each in starts):
            tree.action_cursor_first()

    @on(ServiceTree.Folded)
    def _folded(self) -> None:
        self.svc.remember("folded", sorted(self.service_tree.rows.folded)[:1000])

    async def filled(self, seconds: float) -> None:
        """Wait until there are services on the screen, or it takes too long."""
        try:
            await asyncio.wait_for(self._filled.wait(), seconds)
        except TimeoutError:
            return

    def reread(self, *services: str) -> None:
        """Read some services again, as after a change of our own."""
        self._changed.update(services)
        self._catch_up()

    def mark_unsaved(self) -> None:
        """Mark the environments with unsaved text."""
        self.service_tree.unsaved = frozenset(Place(*names) for names in self.svc.unsaved_places())

    def _show_count(self) -> None:
        pane, tree = self.query_one("#services", Pane), self.service_tree
        total = sum(len(service["environments"]) for service in self.services)
        words = format.plural(len(self.services), "service")
        if self._arriving:
            words = f"{format.count(len(self.services))} of {format.plural(self._arriving, 'service')}"
        if tree.words:
            words = f"{format.count(tree.shown)} of {format.count(total)} match"
        marked = f"[b $accent]{format.count(len(tree.marked))} marked[/]" if tree.marked else ""
        pane.bottom = "  ".join(filter(None, (marked, ORDER_WORDS[tree.order], words)))
        nothing = self.query_one("#nothing", Static)
        if tree.words and not tree.shown:
            nothing.update(f'Nothing matches "{escape(tree.words)}".  [b $accent]esc[/] clears')
        elif self.loaded and not self.services:
            nothing.update("No services yet.  [b $accent]N[/] adds one")
        nothing.display = self.loaded and not len(tree.rows) and not (not self.services and not tree.words)
        tree.display = not nothing.display

    # ------------------------------------------------------------------ filter, order, marks

    def use(self, command: type[Command]) -> None:
        """Do a command; the filter takes letters at once, or those that follow fast would be commands."""
        if command is commands.Filter:
            self._filter()
        else:
            super().use(command)

    @on(commands.Filter)
    def _filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)
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
        """Show everything again; where everything is shown, let go of what is marked."""
        field = self.query_one("#filter", Input)
        if not field.display:
            self.service_tree.marked = frozenset()
        field.value = ""
        field.display = False
        self.service_tree.focus()
        self._show_count()
        self.refresh_bindings()

    @on(commands.Sort)
    def _sort(self) -> None:
        self.set_order(ORDERS[(ORDERS.index(self.service_tree.order) + 1) % len(ORDERS)])

    def set_order(self, order: str) -> None:
        """Show the services in another order, one of `ORDERS`."""
        self.service_tree.order = order
        self.svc.remember("order", order)
        self._show_count()

    @on(commands.FoldAll)
    def _fold_all(self) -> None:
        self.service_tree.action_fold_all()

    @on(commands.Mark)
    def _mark(self) -> None:
        tree = self.service_tree
        tree.mark(tree.places_here())
        if tree.place is not None and tree.place.environment is not None:
            tree.action_cursor_down()
        self._show_count()
        self.refresh_bindings()

    @on(commands.MarkAll)
    def _mark_all(self) -> None:
        tree = self.service_tree
        tree.mark(tree.rows.places())
        self._show_count()
        self.refresh_bindings()
