"""Saving: a new version, unless somebody else was faster."""

from __future__ import annotations

import re
from typing import Any

from textual import on, work

from tui import diff
from tui.client import EngineAway, EngineError
from tui.commands import workbench as commands
from tui.format import plural, version
from tui.markup import escape
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.dialogs.conflict import ConflictDialog
from tui.screens.diff import DiffScreen
from tui.screens.workbench.keeping import KeepingScreen
from tui.workspace import Workspace

CHANGED_ELSEWHERE = 10412
PLACE = re.compile(r"\(?([\w./-]+\.\w+):(\d+)(?::(\d+))?\)?")


class SavingScreen(KeepingScreen):
    """ctrl+s and what can come in its way."""

    @on(commands.Save)
    @work(exclusive=True, group="save")
    async def save(self) -> None:
        """Deploy what is on screen."""
        if not self.loaded:
            return
        if not self.workspace.dirty:
            self.tell(f"Nothing to save: {self.based_on()} is what is on screen.")
            return
        if self.production and not await self.app.push_screen_wait(self._question()):
            return
        await self._deploy(overwrite=False)

    def _question(self) -> ConfirmDialog:
        """Production is asked about in words: what replaces what, where."""
        changed = len(self.workspace.changed) + len(self.workspace.dropped)
        names = ", ".join(escape(module.name) for module in self.workspace.changed[:4])
        return ConfirmDialog(
            f"Save {self.place}",
            f"A new version replaces [b]{self.based_on()}[/] at [b]{escape(self.hostname)}[/] "
            f"with the next request.\n"
            f"[$muted]{plural(changed, 'module')} changed: {names}[/]",
            verb="Save",
            production=True,
        )

    async def _deploy(self, overwrite: bool) -> None:
        texts = {module.name: module.text for module in self.workspace.modules.values()}
        base = None if overwrite else self.workspace.version_id
        payload, main, turn = self.workspace.payload(), self.workspace.main, self.turn
        try:
            # Our own deployment is announced before its answer arrives: `look` waits for this lock.
            async with self.saving:
                result = await self.svc.engine.save(self.service, self.environment, payload, main, base)
                saved = result["version"]
                self.workspace.saved(saved["id"], saved.get("number"), texts)
        except EngineError as error:
            if error.code == CHANGED_ELSEWHERE:
                await self._conflict(error.message)
            else:
                self._refused(error, turn)
            return
        except EngineAway as away:
            self.tell(f"Not saved: {away.reason}. Your text is kept.", True)
            return
        self.notice = ""
        self.live = None
        self.text_changed()
        self.editor_pane.show_tabs()
        self.tell(f"Saved {version(saved.get('number'))}.")

    def _refused(self, error: EngineError, turn: int) -> None:
        """The code does not compile, say: nothing changed, and the line is marked."""
        message = error.message
        if (at := PLACE.search(message)) and at[1] in self.workspace.modules:
            words = message[: at.start()].strip(" (:") or message
            self.mark_failure({at[1]: {int(at[2]) - 1: words}}, turn)
        self.tell(f"Not saved: {message}", True)

    async def _conflict(self, message: str) -> None:
        dialog = ConflictDialog(self.service, self.environment, message, self.workspace.number)
        match await self.app.push_screen_wait(dialog):
            case "reload":
                await self.reload()
            case "overwrite":
                await self._deploy(overwrite=True)
            case "compare":
                await self.compare()

    @on(commands.Compare)
    async def compare(self) -> None:
        """Show what is live beside what is on screen."""
        try:
            live = Workspace.read(await self.svc.engine.modules(self.service, self.environment))
        except (EngineAway, EngineError) as error:
            self.tell(str(error), True)
            return
        self.app.push_screen(DiffScreen(self.service, self.difference(live)))

    def difference(self, live: Workspace) -> dict[str, Any]:
        """From what is live to what is on screen, in the shape of the engine's diff."""
        before = {m.name: m.text for m in live.modules.values() if m.text is not None}
        after = {m.name: m.text for m in self.workspace.modules.values() if m.text is not None}
        there = {"environment": self.environment, "version_id": live.version_id, "number": live.number}
        here = {"environment": "", "label": "your text", "version_id": None, "number": None}
        return diff.compare(before, after, there, here)

    @on(commands.Discard)
    @work(exclusive=True, group="discard")
    async def discard(self) -> None:
        """Drop what was not saved, after a question."""
        if not self.workspace.dirty:
            self.notice = ""
            return
        changed = plural(len(self.workspace.changed) + len(self.workspace.dropped), "module")
        dialog = ConfirmDialog(
            f"Discard changes of {self.place}",
            f"{changed} changed since [b]{self.based_on()}[/]. Undo in the editor still brings text back.",
            verb="Discard",
        )
        if await self.app.push_screen_wait(dialog):
            await self.reload()
