"""Settings of an environment: the list, the value under edit, what is live."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widgets import DataTable, Input, Static, TextArea

from tui import environment_settings
from tui.client import EngineAway, EngineError
from tui.commands import settings as commands
from tui.commands.base import Command
from tui.environment_settings import EnvironmentSettings, Row
from tui.format import plural, version
from tui.lexers import lexer_for_name
from tui.markup import escape
from tui.messages import Change, Connected
from tui.screens.base import SvcScreen
from tui.screens.settings.verbs import SettingsVerbs
from tui.setting_values import HINTS
from tui.widgets.code_editor import CodeEditor
from tui.widgets.pane import Pane
from tui.widgets.settings_table import SettingsTable

Json = dict[str, Any]
PRODUCTION = "production"
#: Kinds whose text is JSON.
AS_JSON = frozenset({"json", "limits", "observability"})


class SettingsScreen(SettingsVerbs, SvcScreen[None]):
    """Reads the settings of one environment and of production, and saves what was changed."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = commands.SETTINGS
    HELP_TITLE = "Here: settings"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../../styles/parts.tcss", "../../styles/settings.tcss"]
    AUTO_FOCUS = "SettingsTable"

    def __init__(self, service: str, environment: str) -> None:
        """Args:
        service: the service.
        environment: the environment whose settings are shown.
        """
        super().__init__()
        self.service, self.environment = service, environment
        self.settings = EnvironmentSettings({})
        self.hostname, self.number = "", None
        self.loaded = False
        self.shown: str | None = None
        """The key of the setting whose value is on the screen."""
        self.wanted = ""
        """The variable, secret or binding to begin at."""
        self.set_reactive(SettingsScreen.production, environment == PRODUCTION)
        name = escape(environment)
        place = name if environment == PRODUCTION else f"[b]{name}[/]"
        self.set_reactive(SettingsScreen.crumb, f"{escape(service)} › {place} › settings")

    def body(self) -> ComposeResult:
        """The list, and the value beside or below it."""
        with Grid(id="settings-split"):
            with Pane(number=1, title="Settings", id="settings"):
                yield SettingsTable(compared=not self.production, id="settings-table")
            with Pane(number=2, title="Value", id="value-pane"):
                yield Static(id="about")
                yield CodeEditor("value", id="value", show_line_numbers=False)
                yield Input(id="secret", password=True, compact=True, placeholder="a new text")

    def on_mount(self) -> None:
        """Read them, and follow what happens to them."""
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.load()

    def unsaved(self) -> str:
        """Named when leaving would lose changes."""
        return f"settings of {self.service} › {self.environment}" if self.settings.dirty else ""

    # ------------------------------------------------------------------ reading

    @work(exclusive=True, group="settings")
    async def load(self) -> None:
        """Read what is live; changes that were not saved stay on top of it."""
        try:
            fresh = await self.fetch()
        except (EngineError, EngineAway) as error:
            self.query_one("#settings", Pane).bottom = f"[$error]✗ {escape(self.said(error))}[/]"
            return
        self.settings = self.settings.rebased(fresh) if self.loaded else fresh
        self.loaded, self.notice = True, ""
        if fresh.version_id is None:
            self.notice = (
                "[$warning]![/] Nothing is deployed here. Settings are part of a version: deploy code first."
            )
        self.refresh_rows()
        if self.wanted:
            self.table.go_to(environment_settings.BINDING + self.wanted)
            self.wanted = ""
        self.show_value(again=True)

    async def fetch(self) -> EnvironmentSettings:
        """What is live now, here and on production."""
        engine = self.svc.engine
        detail = await engine.environment(self.service, self.environment)
        live = await self._settings_of(self.environment)
        names = environment_settings.labels(detail["bindings"])
        theirs: Json | None = None
        if self.environment != PRODUCTION:
            try:
                other = await engine.environment(self.service, PRODUCTION)
                theirs = await self._settings_of(PRODUCTION)
                names |= environment_settings.labels(other["bindings"])
            except EngineError:
                theirs = None  # a service may have no production: then there is nothing to compare with
        found = detail.get("live") or {}
        self.hostname, self.number = detail["hostname"], found.get("number")
        return EnvironmentSettings(live, theirs, found.get("version_id"), {**self.settings.labels, **names})

    async def _settings_of(self, environment: str) -> Json:
        engine, service = self.svc.engine, self.service
        settings, schedules, routes, domains = await asyncio.gather(
            engine.settings(service, environment),
            engine.schedules(service, environment),
            engine.routes(service, environment),
            engine.domains(service, environment),
        )
        return environment_settings.read(settings, schedules, routes, domains)

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Change):
            if event.service != self.service:
                return
            if event.kind.endswith(".deleted") and event.environment in (None, self.environment):
                self.notify(f"{self.service} › {self.environment} was deleted.", severity="warning")
                self.dismiss()
                return
            if event.old_environment == self.environment and event.environment:
                self.environment = event.environment
                self.crumb = f"{escape(self.service)} › [b]{escape(self.environment)}[/] › settings"
            own = event.environment == self.environment and not self.saving
            if own and self.settings.dirty and event.kind == "deployment":
                self.notice = (
                    f"[$warning]![/] {escape(event.author)} deployed {version(event.version)} "
                    "while you edited.  "
                    "[b $accent]r[/] reload  [b $accent]^s[/] asks before overwriting"
                )
                return
        if not self.saving:
            self.load()

    # ------------------------------------------------------------------ showing

    @property
    def table(self) -> SettingsTable:
        """The list."""
        return self.query_one(SettingsTable)

    def refresh_rows(self) -> None:
        """Paint the list and the marks anew."""
        self.table.show(self.settings.rows())
        edits, faults = len(self.settings.edits()), len(self.settings.faults)
        pane = self.query_one("#settings", Pane)
        if edits or faults:
            self.marks = f"◆ {plural(max(edits, faults), 'change')}"
            if not self.production:
                self.marks = f"[$warning]{self.marks}[/]"
            pane.bottom = f"{plural(edits, 'change')}, [b]^s[/] saves"
        else:
            self.marks = ""
            pane.bottom = f"{version(self.number)}  {plural(len(self.table.settings), 'setting')}"
        self.refresh_bindings()

    @on(DataTable.RowHighlighted)
    def _row_changed(self) -> None:
        self.show_value()
        self.refresh_bindings()

    def show_value(self, again: bool = False) -> None:
        """Show the value of the setting under the cursor.

        Args:
            again: also when it is on the screen already: it may have changed.
        """
        row = self.table.current
        key = row.key if row else None
        if key == self.shown and not again:
            return
        self.shown = key
        editor, secret = self.query_one("#value", CodeEditor), self.query_one("#secret", Input)
        pane = self.query_one("#value-pane", Pane)
        typed = row is not None and not row.binding and row.kind != "secret"
        editor.display, secret.display = typed, row is not None and row.kind == "secret"
        if row is None:
            pane.title = "Value"
            self.query_one("#about", Static).update("")
            return
        pane.title = escape(row.name)
        self.query_one("#about", Static).update(self._about(row))
        self._show_fault(row)
        text = self.settings.text(row.key)
        if typed and editor.text != text:
            editor.load(text, lexer_for_name("value.json" if row.kind in AS_JSON else "value.txt"))
        elif row.kind == "secret" and secret.value != text:
            secret.value = text

    def _about(self, row: Row) -> str:
        kind = {"KV": "KV namespace", "D1": "D1 database", "R2": "R2 bucket"}.get(row.kind, row.kind)
        words = [f"[$muted]{escape(kind)}[/]"]
        if row.standing in ("own", "missing") and row.theirs:
            words.append(f"[$muted]production[/] {escape(row.theirs)}")
        elif row.standing == "same":
            words.append("[$muted]= as production[/]")
        elif row.standing == "only here":
            words.append("[$muted]production has none[/]")
        if row.key in HINTS:
            words.append(f"[$faint]{escape(HINTS[row.key])}[/]")
        if row.kind == "secret":
            words.append("\n[$muted]A secret is never shown. What is typed here replaces it.[/]")
        elif row.binding:
            words.append(f"\n{escape(row.shown) or '[$faint]–[/]'}")
            words.append("\n\n[b $accent]enter[/] [$muted]picks another[/]")
        elif row.standing == "missing":
            words.append("\n[b $accent]p[/] [$muted]takes production's value[/]")
        return "  ".join(words)

    def _show_fault(self, row: Row) -> None:
        fault = self.settings.faults.get(row.key, "")
        before = self.settings.line(row.key, self.settings.live.get(row.key)) or "–"
        changed = f"[$warning]◆[/] was {escape(before)}"
        pane = self.query_one("#value-pane", Pane)
        pane.bottom = f"[$error]✗ {escape(fault)}[/]" if fault else changed if row.changed else ""

    # ------------------------------------------------------------------ typing

    @on(TextArea.Changed, "#value")
    def _text_typed(self) -> None:
        self._typed(self.query_one("#value", CodeEditor).text)

    @on(Input.Changed, "#secret")
    def _secret_typed(self) -> None:
        self._typed(self.query_one("#secret", Input).value)

    def _typed(self, text: str) -> None:
        row = self.table.current
        # A text that was put there by us is the one that is known.
        if row is None or row.key != self.shown or text == self.settings.text(row.key):
            return
        self.settings.type(row.key, text)
        self.refresh_rows()
        if (now := self.table.current) is not None:
            self._show_fault(now)
