"""What can be done with the row under Browse's cursor: a dialog, then one call to the engine.

The change feed brings the result back to the tree; nothing here paints it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on, work

from tui import format
from tui.client import EngineAway, EngineError
from tui.commands import browse as commands
from tui.commands.accounts import CompareAccounts
from tui.commands.logs import OpenLogs
from tui.markup import escape
from tui.screens.browse_listing import BrowseListing, Json
from tui.widgets.activity import Activity
from tui.widgets.service_tree import Place

if TYPE_CHECKING:
    from tui.accounts import Account


class BrowseVerbs(BrowseListing):
    """The part of the browse screen that opens a dialog or another screen."""

    def __init__(self) -> None:
        super().__init__()
        self.details: dict[Place, Json] = {}
        """What was read of environments."""

    def detail(self, place: Place | None) -> Json | None:
        """An environment's detail, if it was read already."""
        return self.details.get(place) if place is not None else None

    @property
    def target(self) -> Place | None:
        """The environment that a key is about: under the cursor, or a service's production."""
        place = self.place
        if place is None or place.environment is not None:
            return place
        production = Place(place.service, "production")
        return production if self.summary(production) is not None else None

    @work(exclusive=True, group="open")
    async def open_workbench(self, place: Place) -> None:
        """Edit an environment."""
        from tui.screens.workbench import WorkbenchScreen

        if place.environment is not None:
            await self.app.push_screen(WorkbenchScreen(place.service, place.environment))

    @on(commands.History)
    def _history(self) -> None:
        from tui.screens.deployments import DeploymentsScreen

        if (place := self.target) is not None and place.environment is not None:
            self.app.push_screen(DeploymentsScreen(place.service, place.environment))

    @on(commands.OpenSettings)
    def _settings(self) -> None:
        from tui.screens.settings import SettingsScreen

        if (place := self.target) is not None and place.environment is not None:
            self.app.push_screen(SettingsScreen(place.service, place.environment))

    @on(commands.OpenData)
    def _data(self) -> None:
        from tui.screens.data import DataScreen

        if (place := self.target) is not None and place.environment is not None:
            self.app.push_screen(DataScreen(place.service, place.environment))

    @on(OpenLogs)
    def _logs(self) -> None:
        from tui.screens.logs import LogsScreen

        if (place := self.place) is not None:
            self.app.push_screen(LogsScreen(place.service, place.environment))

    @on(commands.Diff)
    @work(exclusive=True, group="verb")
    async def _diff(self) -> None:
        from tui.screens.diff import DiffScreen

        if (place := self.place) is None or place.environment is None:
            return
        asked = self.svc.engine.diff(place.service, "production", place.environment)
        if (diff := await self._ask(asked)) is not None:
            await self.app.push_screen(DiffScreen(place.service, diff))

    def forget(self) -> None:
        """Another account is looked at: nothing that is shown is of it."""
        for group in ("services", "detail"):
            self.workers.cancel_group(self, group)
        self.crumb = self.CRUMB if self.svc.account.name == "local" else "services"
        self.services, self.loaded = (), False
        self.details.clear()
        self.service_tree.marked = frozenset()
        self.service_tree.show(())
        self.query_one(Activity).forget()
        self.show_place(None)

    @on(CompareAccounts)
    def _choose_other(self) -> None:
        from tui import switching

        if (place := self.place) is not None and place.environment is not None:
            switching.offer(self.svc, partial(self._compare, place), others=True)

    @work(exclusive=True, group="verb")
    async def _compare(self, place: Place, other: Account) -> None:
        from tui import switching
        from tui.screens.diff import DiffScreen

        app = self.svc
        connecting = switching.connect(other, app.options.state, True)
        if (there := await self._ask(connecting)) is None:
            return
        try:
            asked = switching.compare(app.engine, there, place, (app.account.name, other.name))
            if (found := await self._ask(asked)) is not None:
                await app.push_screen(DiffScreen(place.service, found))
        finally:
            await there.close()

    @on(commands.Promote)
    @work(exclusive=True, group="verb")
    async def _promote(self) -> None:
        from tui.screens.dialogs.promote import PromoteDialog

        place, service = self.place, self._service()
        if place is None or place.environment is None or service is None:
            return
        if len(service["environments"]) < 2:
            self.notify(f"{place.service} has no other environment to promote to.  c clones this one.")
            return
        done = await self.app.push_screen_wait(PromoteDialog(self.svc.engine, service, place.environment))
        if done is not None:
            number = format.version(done["version"].get("number"))
            self.notify(f"Promoted {place.environment} to {done['to']}: {number} is live.")
            self._arrive(Place(place.service, done["to"]))

    @on(commands.Clone)
    @work(exclusive=True, group="verb")
    async def _clone(self) -> None:
        from tui.screens.dialogs.clone import CloneDialog

        place, summary = self.target, self.summary(self.target)
        if place is None or place.environment is None or summary is None:
            return
        detail = self.detail(place) or {"bindings": []}
        dialog = CloneDialog(
            place.service,
            place.environment,
            self._taken(),
            self._host(place.service),
            number=(summary.get("live") or {}).get("number"),
            namespaces=[
                binding.get("title") or binding["namespace_id"]
                for binding in detail["bindings"]
                if binding["type"] == "kv_namespace"
            ],
        )
        if (asked := await self.app.push_screen_wait(dialog)) is None:
            return
        call = self.svc.engine.clone(place.service, place.environment, asked.name, asked.data)
        if (made := await self._ask(call)) is not None:
            self._arrive(Place(place.service, asked.name), f"{made['hostname']} answers now.")

    @on(commands.New)
    @work(exclusive=True, group="verb")
    async def _new_environment(self) -> None:
        from tui.screens.dialogs.name import new_environment

        if (place := self.place) is None:
            return
        dialog = new_environment(place.service, self._taken(), self._host(place.service))
        if (name := await self.app.push_screen_wait(dialog)) is None:
            return
        made = await self._ask(self.svc.engine.create_environment(place.service, name))
        if made is not None:
            self._arrive(Place(place.service, name), f"{made['hostname']} answers now.")

    @on(commands.NewService)
    @work(exclusive=True, group="verb")
    async def new_service(self) -> None:
        """Ask for a name and make a service."""
        from tui.screens.dialogs.name import new_service

        if (suffix := await self._ask(self._suffix())) is None:
            return
        dialog = new_service([service["id"] for service in self.services], suffix)
        if (name := await self.app.push_screen_wait(dialog)) is None:
            return
        if await self._ask(self.svc.engine.create_service(name)) is not None:
            self._arrive(Place(name, "production"), f"{name}{suffix} answers now.")

    @on(commands.Rename)
    @work(exclusive=True, group="verb")
    async def _rename(self) -> None:
        from tui.screens.dialogs.name import rename_environment

        if (place := self.place) is None or place.environment is None:
            return
        dialog = rename_environment(
            place.service, place.environment, self._taken(), self._host(place.service)
        )
        name = await self.app.push_screen_wait(dialog)
        if name is None or name == place.environment:
            return
        made = await self._ask(self.svc.engine.rename(place.service, place.environment, name))
        if made is not None:
            self._arrive(Place(place.service, name), f"{made['hostname']} answers now.")

    @on(commands.Delete)
    @work(exclusive=True, group="verb")
    async def _delete(self) -> None:
        from tui.screens.dialogs.confirm import delete_environment, delete_service

        place, service, summary = self.place, self._service(), self.summary(self.place)
        if place is None or service is None:
            return
        if place.environment is None or summary is None:
            dialog = delete_service(place.service, len(service["environments"]))
            call = self.svc.engine.delete_service
            if await self.app.push_screen_wait(dialog):
                await self._gone(call(place.service), place)
            return
        dialog = delete_environment(
            place.service, place.environment, summary["hostname"], summary.get("versions_count")
        )
        if await self.app.push_screen_wait(dialog):
            await self._gone(self.svc.engine.delete_environment(place.service, place.environment), place)

    @on(commands.CopyUrl)
    async def _copy(self) -> None:
        if summary := self.summary(self.target):
            await self.svc.copy(summary["url"])

    @on(commands.OpenUrl)
    def _open(self) -> None:
        if summary := self.summary(self.target):
            self.svc.open_url(summary["url"])

    # ------------------------------------------------------------------ parts

    async def _ask(self, call: Awaitable[Any]) -> Any:
        """One call to the engine; what went wrong is told, and None comes back."""
        try:
            return await call
        except EngineError as error:
            self.notify(escape(error.message), severity="error")
        except EngineAway as away:
            self.notify(f"The engine is away: {escape(away.reason)}.", severity="error")
        return None

    async def _gone(self, call: Awaitable[None], place: Place) -> None:
        """Delete, and say so."""

        async def done() -> bool:
            await call
            return True

        if await self._ask(done()):
            self.notify(f"Deleted {escape(str(place))}.")
            self.reread(place.service)

    def _arrive(self, place: Place, words: str = "") -> None:
        """Say what came of it, and go to the row as soon as the tree has it."""
        if words:
            self.notify(escape(words))
        self.service_tree.wanted = place
        self.reread(place.service)

    def _service(self) -> Json | None:
        return None if self.place is None else self.service(self.place.service)

    def _taken(self) -> list[str]:
        """The names of this service's environments."""
        service = self._service()
        return [environment["environment"] for environment in service["environments"]] if service else []

    def _host(self, service: str) -> str:
        """Production's host with its port, which any environment's host ends in."""
        summary = self.summary(Place(service, "production"))
        if summary is not None:
            return str(summary["url"]).removeprefix("http://").rstrip("/")
        found = self.service(service)
        if found and found["environments"]:
            first = found["environments"][0]
            host = str(first["url"]).removeprefix("http://").rstrip("/")
            return host.removeprefix(f"{first['environment']}.")
        return service

    async def _suffix(self) -> str:
        """What follows a service's name in its host: `.dev.localhost:8787`."""
        engine = self.svc.engine
        status = await engine.status()
        return f".{status['subdomain']}.localhost:{engine.address.rpartition(':')[2]}"
