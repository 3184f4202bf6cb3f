"""What can be done with settings: edit, add, bind, remove, save."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.screen import Screen
from textual.widgets import DataTable, Input

from tui import offers
from tui.client import EngineAway, EngineError
from tui.commands import settings as commands
from tui.commands.base import Command, CommandHost
from tui.environment_settings import BINDING, SINGLE, EnvironmentSettings
from tui.format import version
from tui.markup import escape
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.settings.bind import BindDialog, Bound
from tui.screens.settings.crons import CronsDialog
from tui.screens.settings.new import NewSettingDialog
from tui.screens.settings.save import SaveSettingsDialog
from tui.widgets.code_editor import CodeEditor

if TYPE_CHECKING:
    from tui.widgets.settings_table import SettingsTable

    class _Settings(Screen[None]):
        service: str
        environment: str
        hostname: str
        number: int | None
        settings: EnvironmentSettings
        loaded: bool
        production: bool
        notice: str

        @property
        def table(self) -> SettingsTable: ...

        def load(self) -> object: ...
        async def fetch(self) -> EnvironmentSettings: ...
        def refresh_rows(self) -> None: ...
        def show_value(self, again: bool = False) -> None: ...

else:
    # A DOMNode at run time: Textual collects `@on` handlers only from classes of its own kind.
    _Settings = Screen

Json = dict[str, Any]
#: Settings apart from versions, and the client's method that replaces each.
APART = {"schedules": "put_schedules", "routes": "put_routes", "domains": "put_domains"}


class SettingsVerbs(CommandHost, _Settings):
    """Mix-in of the settings screen: its commands."""

    saving = False
    """Whether changes are on their way: what the feed tells then is our own."""

    @property
    def place(self) -> str:
        """`notes › staging`, production with its mark; markup."""
        mark = "[$production]▲ production[/]" if self.production else escape(self.environment)
        return f"{escape(self.service)} › {mark}"

    # ------------------------------------------------------------------ one setting

    @on(commands.SettingEdit)
    @on(DataTable.RowSelected)
    def edit(self) -> None:
        """To the value; for a binding, to what there is to bind."""
        row = self.table.current
        if row is None:
            return
        if row.standing == "missing" and row.kind == "secret":
            self.settings.put(row.name, {"type": "secret_text", "text": ""})
            self.changed(row.key)
            self.call_after_refresh(self.query_one("#secret", Input).focus)
        elif row.standing == "missing" and row.key not in SINGLE:
            self.inherit()
        elif row.kind == "secret":
            self.query_one("#secret", Input).focus()
        elif row.binding:
            if row.kind in ("assets", "version"):
                self.notify(f"{row.name} is made by each deployment: there is nothing to pick.")
            else:
                self.bind_to(row.name)
        else:
            self.query_one("#value", CodeEditor).focus()

    @on(commands.SettingUndo)
    def _undo(self) -> None:
        if (row := self.table.current) is not None:
            self.settings.undo(row.key)
            self.changed(row.key)

    @on(commands.SettingRemove)
    def _remove(self) -> None:
        if (row := self.table.current) is None:
            return
        if row.key == "compatibility_date":
            self.notify("A compatibility date stays: type another one.", severity="warning")
            return
        gone = row.key not in self.settings.live and not row.theirs
        self.settings.remove(row.key)
        self.changed(row.key)
        if not gone:
            self.notify(f"{row.name} goes with the next save.  u takes it back.")

    @on(commands.SettingInherit)
    def inherit(self) -> None:
        """Production's value."""
        if (row := self.table.current) is None:
            return
        if self.production:
            self.notify("This is production.")
        elif why := self.settings.inherit(row.key):
            self.notify(why, severity="warning")
        else:
            self.changed(row.key)

    def changed(self, key: str) -> None:
        """Paint a change that was not typed, with the cursor on it."""
        self.refresh_rows()
        self.table.go_to(key)
        self.show_value(again=True)

    # ------------------------------------------------------------------ new ones

    @on(commands.SettingNew)
    @work(exclusive=True, group="verb")
    async def _new(self) -> None:
        asked = await self.app.push_screen_wait(NewSettingDialog(self.place, self.settings.now))
        if asked is None:
            return
        self.changed(self.settings.put(asked.name, asked.binding))
        self.edit()

    @on(commands.SettingBind)
    def _bind(self) -> None:
        self.bind_to("")

    @work(exclusive=True, group="verb")
    async def bind_to(self, name: str) -> None:
        """Pick what a binding points to, a new one's when it has no name yet."""
        try:
            found = await offers.gather(self.svc.engine, self.service, self.environment)
        except (EngineError, EngineAway) as error:
            self.notify(escape(self.said(error)), severity="error")
            return
        now = self.settings.now
        kind = now.get(BINDING + name, {}).get("type", "") if name else ""
        bound = await self.app.push_screen_wait(BindDialog(self.place, found, now, name, kind))
        if bound is not None and (binding := await self._made(bound)) is not None:
            self.changed(self.settings.put(bound.name, binding))

    async def _made(self, bound: Bound) -> Json | None:
        offer = bound.offer
        binding = offer.binding
        if binding is None:
            try:
                binding = await offers.create(self.svc.engine, offer.type, bound.title)
            except (EngineError, EngineAway) as error:
                self.notify(escape(self.said(error)), title="Not made", severity="error")
                return None
            self.notify(f"Made {offers.THINGS[offer.type]} {escape(bound.title)}.")
        label = bound.title if offer.binding is None else offer.label
        self.settings.labels[offer.type, str(binding.get("namespace_id") or binding.get("id") or "")] = label
        return binding

    @on(commands.SettingRun)
    @work(exclusive=True, group="verb")
    async def _run_crons(self) -> None:
        crons = self.settings.live.get("schedules") or []
        dialog = CronsDialog(self.svc.engine, (self.service, self.environment), self.place, crons)
        await self.app.push_screen_wait(dialog)

    # ------------------------------------------------------------------ all of them

    @on(commands.SettingsSave)
    @work(exclusive=True, group="save")
    async def _save(self) -> None:
        if self.settings.faults:
            key, fault = next(iter(self.settings.faults.items()))
            self.table.go_to(key)
            self.notify(
                f"{self.settings.row(key).name}: {escape(fault)}", title="Not saved", severity="error"
            )
            return
        if not self.settings.dirty:
            self.notify("Nothing was changed.")
            return
        try:
            fresh = await self.fetch()
        except (EngineError, EngineAway) as error:
            self.notify(escape(self.said(error)), title="Not saved", severity="error")
            return
        mine = self.settings
        elsewhere, clashes = "", mine.clashes(fresh)
        if fresh.version_id != mine.version_id or clashes:
            elsewhere = f"{version(self.number)} went live while you edited."
        merged = mine.rebased(fresh)
        dialog = SaveSettingsDialog(
            self.service, self.environment, self.hostname, merged.edits(), elsewhere, clashes
        )
        if not await self.app.push_screen_wait(dialog):
            return
        self.saving = True
        try:
            await self._send(merged)
        except (EngineError, EngineAway) as error:
            self.notify(escape(self.said(error)), title="Not saved", severity="error")
        else:
            self.settings = EnvironmentSettings({})
            self.loaded = False
            self.notify(f"Saved {len(merged.edits())} of {escape(self.environment)}: live now.")
        finally:
            self.saving = False
        self.load()

    async def _send(self, merged: EnvironmentSettings) -> None:
        """The version first, so that what it refuses leaves everything as it was."""
        engine, place = self.svc.engine, (self.service, self.environment)
        if patch := merged.patch():
            await engine.change_settings(*place, patch, if_match=merged.version_id)
        for key, value in merged.apart().items():
            if key in APART:
                await getattr(engine, APART[key])(*place, value)
            else:
                await engine.change_script_settings(*place, {key: value})

    @on(commands.SettingsReload)
    @work(exclusive=True, group="verb")
    async def _reload(self) -> None:
        edits = len(self.settings.edits())
        if self.settings.dirty:
            words = (
                f"{edits} that were not saved are dropped."
                if edits != 1
                else "1 that was not saved is dropped."
            )
            question = ConfirmDialog(f"Reload the settings of {self.place}", words, verb="Reload")
            if not await self.app.push_screen_wait(question):
                return
        self.loaded = False
        self.load()

    # ------------------------------------------------------------------ moving about

    @on(commands.PaneSettings)
    def _to_list(self) -> None:
        self.table.focus()

    @on(commands.PaneValue)
    def _to_value(self) -> None:
        self.edit()

    @on(commands.SettingsKeys)
    def _keys(self) -> None:
        self.svc.show_keys()

    @on(Input.Submitted, "#secret")
    def _submitted(self) -> None:
        self.table.focus()

    @on(commands.SettingsLeave)
    @work(exclusive=True, group="verb")
    async def _leave(self) -> None:
        if not self.table.has_focus:
            self.table.focus()
            return
        if self.settings.dirty:
            question = ConfirmDialog(
                f"Leave the settings of {self.place}",
                "[$warning]◆[/] Changes were not saved, and are dropped.",
                verb="Leave",
            )
            if not await self.app.push_screen_wait(question):
                return
        self.dismiss()

    def allows(self, command: type[Command]) -> bool | None:
        """Letters belong to the value while one types."""
        if not self.is_mounted:
            return True
        row = self.table.current
        if command is commands.SettingUndo:
            return True if row is not None and row.changed else None
        if command is commands.SettingInherit:
            if self.production:
                return False
            return True if row is not None and row.standing in ("own", "missing") else None
        if command is commands.SettingRun:
            return bool(self.settings.live.get("schedules"))
        if command is commands.SettingsSave:
            return True if self.settings.dirty else None
        if command in (commands.SettingEdit, commands.SettingRemove):
            return True if row is not None else None
        return True

    @staticmethod
    def said(error: EngineError | EngineAway) -> str:
        """What went wrong, a sentence."""
        return error.message if isinstance(error, EngineError) else f"The engine is away: {error.reason}."
