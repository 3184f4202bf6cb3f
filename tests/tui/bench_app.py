"""A running app with the workbench in front, on an engine in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from dialog_app import typed
from fake_engine import FakeEngine
from textual.pilot import Pilot
from textual.widgets import Label
from waiting import seen, until

from tui.app import SvcApp
from tui.client import Engine
from tui.options import Options
from tui.screens.dialogs.kept import KeptDialog
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.banner import Banner

Open = Callable[..., Any]


class Bench:
    """A running app with the workbench in front."""

    def __init__(self, app: SvcApp, pilot: Pilot[None], engine: FakeEngine, screen: WorkbenchScreen) -> None:
        self.app, self.pilot, self.engine, self.screen = app, pilot, engine, screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something to become true."""
        await until(self.pilot, condition)

    @property
    def toasts(self) -> list[str]:
        return [str(toast.message) for toast in self.app._notifications]

    @property
    def facts(self) -> str:
        return str(self.screen.query_one("#facts", Label).content)

    @property
    def notice(self) -> str:
        return self.screen.query_one(Banner).text

    async def later(self) -> None:
        """Answer the question of the start, what to do with kept text, with "later"."""
        await self.until(lambda: isinstance(self.app.screen, KeptDialog))
        await self.press("escape")
        await self.until(lambda: self.app.screen is self.screen)

    async def run(self) -> None:
        await self.press("f5")
        await self.until(lambda: self.engine.runs and self.screen.running is None)
        await self.pilot.pause()


@asynccontextmanager
async def opened(
    state: Path,
    environment: str = "staging",
    size: tuple[int, int] = (120, 40),
    engine: FakeEngine | None = None,
    *,
    wait: bool = True,
) -> AsyncIterator[Bench]:
    """The app, with the workbench of an environment of `notes`; with `wait` it is loaded."""
    app = SvcApp(Options(state=state))
    fake = engine or FakeEngine(state)
    app.engine = app.feed.engine = cast("Engine", fake)
    async with app.run_test(size=size) as pilot:
        screen = WorkbenchScreen("notes", environment)
        await app.push_screen(screen)
        found = Bench(app, pilot, fake, screen)
        if wait and not fake.away:
            await found.until(lambda: screen.loaded and screen.focused)
            await pilot.pause()
        yield found


async def palette(bench: Bench, name: str) -> None:
    """Ask the palette for a command by its whole name, and do it."""
    before = bench.app.screen
    await bench.press("ctrl+p")
    await bench.until(lambda: bench.app.screen is not before and bench.app.focused)
    await typed(bench.pilot, name)
    await bench.until(lambda: seen(bench.pilot).count(name) > 1)  # in the field, and found
    await bench.press("enter")
    await bench.until(lambda: bench.app.screen is before)
