"""Following the engine: find it, start it when there is none, tell what changes, begin again when it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from tui.client import Engine, EngineAway, EngineError, Json
from tui.launch import Launcher, Nobody
from tui.messages import Change, Connected, EngineState, Phase

#: Starts in a row that are made without a pause; after that one every few seconds.
TRIES = 5
#: Seconds between tries to reach an engine that could not be started.
PAUSE = 3.0


class Feed:
    """Keeps the app in touch with the engine for as long as `follow` runs.

    Args:
        engine: The engine.
        launcher: How one is started.
        on_state: Told whenever the engine's state changes.
        on_event: Told `Connected` whenever the change feed is open, then every `Change`.
    """

    def __init__(
        self,
        engine: Engine,
        launcher: Launcher | Nobody,
        on_state: Callable[[EngineState], None],
        on_event: Callable[[Connected | Change], None],
    ) -> None:
        self.engine, self.launcher = engine, launcher
        self.on_state, self.on_event = on_state, on_event
        self.seq: int | None = None
        self.heard = ""
        self.attempt = 0
        self._again = asyncio.Event()

    def try_again(self) -> None:
        """Start the engine now instead of waiting."""
        self._again.set()

    async def follow(self) -> None:
        """Run until cancelled."""
        if not self.engine.locate():
            self.on_state(EngineState("starting"))
            await self._start(1)
        while True:
            self.attempt += 1
            try:
                async for event in self.engine.changes(self.seq):
                    self._heard(event)
                continue
            except EngineAway as away:
                reason, refused = away.reason, False
            except EngineError as error:
                reason, refused = error.message.rstrip("."), True
            if refused:
                self._tell("failed", reason)
                await self._pause()
                continue
            self._tell("failed" if self.attempt > TRIES else "away" if self.heard else "starting", reason)
            if self.attempt > TRIES:
                await self._pause()
            await self._start(self.attempt)

    async def _start(self, attempt: int) -> None:
        """Start the engine; when that fails say why and wait a moment before anything else."""
        if failure := await self.launcher.start():
            self._tell("failed", failure)
            await self._pause()
        elif 1 < attempt <= TRIES:  # it started and went again at once: no hurry
            await asyncio.sleep(0.2 * attempt)

    async def _pause(self) -> None:
        """Wait until it is worth another look, or somebody asks for one."""
        self._again.clear()
        try:
            async with asyncio.timeout(PAUSE):
                await self._again.wait()
        except TimeoutError:
            return
        self.attempt = 0

    def _tell(self, phase: Phase, reason: str) -> None:
        self.on_state(EngineState(phase, self._port(), reason, self.attempt, self.heard))

    def _heard(self, event: Json) -> None:
        self.heard = datetime.now(UTC).isoformat()
        self.attempt = 0
        if event["kind"] == "connected":
            self.on_state(EngineState("ready", self._port(), since=self.heard))
            self.on_event(Connected())
            return
        change = Change.read(event)
        self.seq = change.seq
        self.on_event(change)

    def _port(self) -> str:
        return self.engine.address.rpartition(":")[2]
