"""Loading an environment's code, keeping what was not saved, and noticing what others deploy."""

from __future__ import annotations

import asyncio
from typing import Any

from textual import events, on, work
from textual.timer import Timer

from tui.client import EngineAway, EngineError
from tui.commands import workbench as commands
from tui.drafts import Draft
from tui.format import clock, version
from tui.last_places import LastPlace, LastPlaces
from tui.markup import escape
from tui.messages import Change, Connected
from tui.requests import DraftRequest
from tui.screens.workbench.base import WorkbenchBase
from tui.widgets.editor_pane import EditorPane
from tui.widgets.request_bar import RequestBar
from tui.workspace import Workspace

KEEP_AFTER = 0.3
"""Seconds of rest after which unsaved text is written."""
CHECK_AFTER = 0.5
"""Seconds of rest after which the text is compiled for its marks."""


class KeepingScreen(WorkbenchBase):
    """Reads code from the engine and never loses a line of what was typed."""

    def __init__(self, service: str, environment: str) -> None:
        super().__init__(service, environment)
        self.turn = 0
        """Grows with every change of the text."""
        self._failed_turn = -1
        self._keep_timer: Timer | None = None
        self._check_timer: Timer | None = None
        self._request_timer: Timer | None = None
        self.request = DraftRequest()
        """What the next run sends."""
        self.live: Workspace | None = None
        """What somebody else deployed meanwhile, as far as it was read."""
        self.shift = 0
        """How far the border between code and answer was moved."""
        self.saving = asyncio.Lock()

    def on_mount(self) -> None:
        """Read the code as soon as there is an engine; follow the account."""
        self._pane = self.editor_pane  # asked once more when the screen has lost its widgets
        self.svc.account_changed.subscribe(self, self._account_changed)
        self.request = self.requests.read(self.environment)
        self.request_bar.load(self.request)
        self.request_bar.bottom = f"[$muted]{escape(self.hostname)}[/]"
        self.show_state()
        self.load()

    def on_unmount(self) -> None:
        """Whatever is not written yet is written now."""
        self.keep_now()
        self.keep_place()
        self.keep_request()

    def on_screen_suspend(self) -> None:
        """Another screen comes in front: a good moment to write."""
        self.keep_now()
        self.keep_place()

    def on_app_blur(self, event: events.AppBlur) -> None:
        """The terminal lost the focus: whatever happens there must not cost a word."""
        self.keep_now()

    @property
    def last_places(self) -> LastPlaces:
        """Where the place in the code is remembered."""
        return LastPlaces(self.svc.engine.state, self.service)

    # ------------------------------------------------------------------ loading

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        """Read code and description; put kept text over it."""
        slow = self.set_timer(0.3, lambda: setattr(self.editor_pane, "bottom", "loading…"))
        try:
            answer, self.detail = await asyncio.gather(
                self.svc.engine.modules(self.service, self.environment),
                self.svc.engine.environment(self.service, self.environment),
            )
        except EngineAway:
            return  # the banner says so; `Connected` comes here again
        except EngineError as error:
            self.notice = f"[b $error]✗[/] {escape(error.message)}  [b $accent]esc[/] back"
            return
        finally:
            slow.stop()
        self.loaded = True
        self.take(Workspace.read(answer))
        self.request_bar.bottom = f"[$muted]{escape(self.hostname)}[/]"
        self._put_back()
        if draft := await asyncio.to_thread(self.drafts.read, self.service, self.environment):
            self._restore(draft)
        if self.focused is None:
            self.editor_pane.focus_editor()
        if self.wanted is not None:
            self.arrive(*self.wanted)
            self.wanted = None
        if self.run_wanted:
            self.run_wanted = False
            self.post_message(commands.Run())

    def _put_back(self) -> None:
        """The module and the cursor of the last time, unless one comes for another place."""
        place = self.last_places.read(self.environment)
        self.shift = place.shift
        self.divide()
        self.editor_pane.put_back(place.cursors)
        if self.wanted is None:
            self.editor_pane.open(self.workspace, place.module)

    def divide(self) -> None:
        """Give code and answer their room: the screen that lays them out does it."""

    def keep_place(self) -> None:
        """Remember where one is; it is small."""
        if not self.loaded:
            return
        place = LastPlace(self._pane.current, self._pane.cursors, self.shift)
        try:
            self.last_places.keep(self.environment, place)
        except OSError as error:
            self.log.warning(f"place not kept: {error}")  # of no weight beside text, which says it loudly

    def take(self, workspace: Workspace) -> None:
        """Edit this from now on."""
        self.workspace = workspace
        self.editor_pane.open(workspace)
        self.show_state()

    def _restore(self, draft: Draft) -> None:
        live = (self.workspace.version_id, self.workspace.number)
        self.workspace.restore(draft.content)
        if not self.workspace.dirty:
            self.drafts.forget(self.service, self.environment)
            return
        base = draft.content.get("base_version")
        self.editor_pane.open(self.workspace)
        when = clock(draft.at) if draft.at else "earlier"
        if base and base != live[0]:
            # Saving has to notice that the text was not made from what is live now.
            self.workspace.version_id, self.workspace.number = base, draft.number
            made = f"was made from {version(draft.number)}; {version(live[1])} is live now."
            keys = _key("alt+r", "reload") + _key("alt+d", "compare") + _key("^s", "asks before overwriting")
        else:
            made = "is back."
            keys = _key("alt+x", "discards it") + _key("^s", "saves it")
        self.notice = f"[$warning]![/] Unsaved text of {when} {made}{keys}"
        self.show_state()

    # ------------------------------------------------------------------ keeping

    @on(EditorPane.Edited)
    def _edited(self) -> None:
        self.text_changed()

    def text_changed(self) -> None:
        """The text is another one: mark it, keep it soon, compile it soon."""
        self.show_state()
        self.turn += 1
        self._keep_timer = self._later(self._keep_timer, KEEP_AFTER, self.keep)
        if self.svc.settings.editor.check:
            self._check_timer = self._later(self._check_timer, CHECK_AFTER, self.check)

    def _later(self, timer: Timer | None, seconds: float, action: Any) -> Timer:
        if timer is not None:
            timer.stop()
        return self.set_timer(seconds, action)

    @work(group="keep")
    async def keep(self) -> None:
        """Write the unsaved text, in a thread."""
        self._keep_timer = None
        self.keep_place()
        await asyncio.to_thread(self._keep, *self._snapshot())

    def keep_now(self) -> None:
        """Write the unsaved text before anything else happens."""
        if self._keep_timer is not None:
            self._keep_timer.stop()
            self._keep_timer = None
            self._keep(*self._snapshot())

    def _snapshot(self) -> tuple[Any, int]:
        return (self.workspace.kept() if self.workspace.dirty else None), self.turn

    def _keep(self, content: Any, turn: int) -> None:
        try:
            if content is None:
                self.drafts.forget(self.service, self.environment, turn)
            else:
                self.drafts.keep(self.service, self.environment, content, turn)
        except OSError as error:
            reason = error.strerror or str(error)
            self.app.call_later(self.tell, f"Unsaved text cannot be kept: {reason}. Save it soon.", True)

    @on(RequestBar.Changed)
    def _request_changed(self) -> None:
        fault = self.request_bar.fault
        self.request = self.request_bar.request
        host = f"[$muted]{escape(self.hostname)}[/]"
        self.request_bar.bottom = f"[b $error]✗ headers, {escape(fault)}[/]" if fault else host
        self._request_timer = self._later(self._request_timer, KEEP_AFTER, self.keep_request)

    def keep_request(self) -> None:
        """Remember the request; it is small."""
        if self._request_timer is not None:
            self._request_timer.stop()
            self._request_timer = None
            try:
                self.requests.keep(self.environment, self.request)
            except OSError as error:
                self.tell(f"The request cannot be remembered: {error.strerror or error}.", True)

    @work(exclusive=True, group="check")
    async def check(self) -> None:
        """Compile what is on screen and mark the lines that do not."""
        payload, main, turn = self.workspace.payload(), self.workspace.main, self.turn
        try:
            found = await self.svc.engine.check(self.service, self.environment, payload, main)
        except (EngineAway, EngineError):
            return  # marks are a help, not a duty: running and saving tell the same
        if turn == self.turn != self._failed_turn:
            self.editor_pane.mark(marks_of(found))

    def mark_failure(self, marks: dict[str, dict[int, str]], turn: int) -> None:
        """Mark where a run or a save failed: a check of the same text, which compiles, lets that stand.

        Args:
            marks: Module to row (from 0) to message; empty when nothing failed.
            turn: Which text it was. Marks of an earlier one would be on wrong lines.
        """
        if turn == self.turn:
            self._failed_turn = turn if marks else -1
            self.editor_pane.mark(marks)

    # ------------------------------------------------------------------ others

    def _account_changed(self, event: Connected | Change) -> None:
        if isinstance(event, Connected):
            if not self.loaded:
                self.load()
            else:
                self.look()
        elif (event.service, event.environment) == (self.service, self.environment):
            if event.kind == "deployment":
                self.look(event)
            elif event.kind == "environment.deleted":
                kept = "  Your text stays here." if self.workspace.dirty else ""
                self.notice = f"[b $error]✗[/] {self.place} was deleted.{kept}  [b $accent]esc[/] back"
        elif event.kind == "environment.renamed" and event.old_environment == self.environment:
            if event.service == self.service and event.environment:
                self._renamed(event.environment)
        elif event.kind == "service.deleted" and event.service == self.service:
            self.notice = f"[b $error]✗[/] {escape(self.service)} was deleted.  [b $accent]esc[/] back"

    def _renamed(self, name: str) -> None:
        """The environment has another name: the text goes on under that one."""
        self.drafts.forget(self.service, self.environment)
        self.environment = name
        self.crumb = self._crumb()
        self.production = name == "production"
        self.tell(f"This environment is called {name} now.")
        self.text_changed()
        self.look()

    @work(exclusive=True, group="look")
    async def look(self, change: Change | None = None) -> None:
        """Look whether what is live is still what the text was made from."""
        async with self.saving:
            if change is not None and change.version == self.workspace.number:
                return
        try:
            live = Workspace.read(await self.svc.engine.modules(self.service, self.environment))
            self.detail = await self.svc.engine.environment(self.service, self.environment)
        except (EngineAway, EngineError):
            return
        self.request_bar.bottom = f"[$muted]{escape(self.hostname)}[/]"
        if live.version_id == self.workspace.version_id:
            return
        self.live = live
        who = escape(change.author if change and change.author else "somebody")
        number = version(live.number)
        if not self.workspace.dirty:
            self.take(live)
            self.tell(f"{change.author if change else 'Somebody'} deployed {number}; it is on screen now.")
            return
        keys = _key("alt+r", "reload") + _key("alt+d", "compare") + _key("^s", "asks before overwriting")
        self.notice = f"[$warning]![/] {who} deployed [b]{number}[/] while you edited.{keys}"

    @on(commands.Reload)
    async def reload(self) -> None:
        """Take what is live. The editors keep the typed text in their undo history."""
        try:
            live = Workspace.read(await self.svc.engine.modules(self.service, self.environment))
        except (EngineAway, EngineError) as error:
            self.tell(str(error), True)
            return
        self.drafts.forget(self.service, self.environment, self.turn)
        self.notice = ""
        self.live = None
        self.take(live)
        self.tell(f"{version(live.number)} is on screen. ^z brings your text back.")


def _key(key: str, words: str) -> str:
    return f"   [b $accent]{key}[/] {words}"


def marks_of(found: list[dict[str, Any]]) -> dict[str, dict[int, str]]:
    """Diagnostics as marks: module to row (from 0) to message, the first one of a row."""
    marks: dict[str, dict[int, str]] = {}
    for item in found:
        if item.get("line"):
            marks.setdefault(item["file"], {}).setdefault(item["line"] - 1, item["message"])
    return marks
