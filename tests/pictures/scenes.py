"""What is pictured: each scene is the keys a person presses from Browse, and when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from tui.app import SvcApp
from tui.requests import DraftRequest
from tui.screens.browse import BrowseScreen
from tui.screens.data import DataScreen
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.service_tree import Place

Scene = Callable[["Stage"], Awaitable[None]]
#: Seconds a step may take on a slow machine.
PATIENCE = 30.0
REQUEST = DraftRequest(
    "PUT", "/notes/try", [("authorization", "Bearer open-sesame")], '{"title": "Groceries", "body": "milk"}'
)
PLACE = Place("notes", "staging")
PRODUCTION = Place("notes", "production")


class NotThere(Exception):
    """A scene did not come."""


class Stage:
    """A running app, and how a scene comes about on it."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        app = pilot.app
        assert isinstance(app, SvcApp)
        self.app = app

    @property
    def text(self) -> str:
        """What a person sees."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def browse(self) -> BrowseScreen:
        """The first screen."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, BrowseScreen)
        return screen

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to hold."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():
                    await self.pilot.pause(0.02)
        except TimeoutError:
            raise NotThere(f"{what}\n{self.text}") from None
        await self.pilot.pause()

    async def see(self, words: str) -> None:
        """Wait for words on the screen."""
        await self.until(lambda: words in self.text, words)

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def at(self, place: Place) -> None:
        """The cursor on a row of Browse, and its detail read."""
        await self.home()
        self.browse.clear_filter()
        await self.until(lambda: self.browse.service_tree.go_to(place), str(place))
        if place.environment is not None:
            await self.until(lambda: self.browse.detail(place), f"detail of {place}")

    async def home(self) -> None:
        """Back to Browse, whatever is in front."""
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
            await self.pilot.pause()
        self.app.clear_notifications()
        self.browse.service_tree.marked = frozenset()
        await self.pilot.pause()


async def browse(stage: Stage) -> None:
    await stage.at(PRODUCTION)
    await stage.pilot.pause(0.5)


async def browse_errors(stage: Stage) -> None:
    await stage.at(Place("hello", "production"))
    await stage.see("Errors last five minutes")


async def tour(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("ctrl+p", *"app: tour")
    await stage.see("in six steps")
    await stage.press("enter")
    await stage.see("1 of 6")


async def share(stage: Stage) -> None:
    await history(stage)
    await stage.press("percent_sign")
    await stage.see("Share hello")
    await stage.press(*"25")


async def crons(stage: Stage) -> None:
    await stage.at(Place("hello", "staging"))
    await stage.press("s")
    await stage.see("Crons")
    await stage.press("f5")
    await stage.see("Last runs")


async def browse_service(stage: Stage) -> None:
    await stage.at(Place("notes"))


async def browse_filter(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("slash", *"stag")
    await stage.see("match")


async def browse_marked(stage: Stage) -> None:
    await stage.at(Place("hello", "staging"))
    await stage.press("space")
    stage.browse.service_tree.go_to(PLACE)
    await stage.press("space", "x")
    await stage.see("Delete 2 environments")


async def palette(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("ctrl+p", *"notes")
    await stage.pilot.pause(0.8)


async def palette_commands(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("ctrl+p")
    await stage.pilot.pause(0.8)


async def open_by_name(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("ctrl+o", *"stag")
    await stage.pilot.pause(0.8)


async def keys(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("question_mark")
    await stage.see("esc closes")


async def theme(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("f2")
    await stage.pilot.pause(0.5)


async def accounts(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("f9")
    await stage.pilot.pause(0.5)


async def promote(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("P")
    await stage.see("moves")


async def clone(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("c", *"pr-142")
    await stage.see("It answers at")


async def rename(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("R")
    await stage.see("Rename")


async def delete(stage: Stage) -> None:
    await stage.at(PRODUCTION)
    await stage.press("x")
    await stage.see("Type production")


async def difference(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("d")
    await stage.see("MAX_NOTES")


async def history(stage: Stage) -> None:
    await stage.at(Place("hello", "production"))
    await stage.press("H")
    await stage.see("→ B v")


async def rollback(stage: Stage) -> None:
    await history(stage)
    await stage.press("j", "j", "R")
    await stage.see("Type production")


async def pipelines(stage: Stage) -> None:
    await stage.at(Place("hello", "production"))
    await stage.press("H")
    await stage.see("→ B v")
    await stage.press("p")
    await stage.see("somebody")


async def settings(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("s")
    await stage.see("MAX_NOTES")


async def settings_bind(stage: Stage) -> None:
    await settings(stage)
    await stage.press("b")
    await stage.see("Bind")
    await stage.pilot.pause(0.3)


async def settings_edit(stage: Stage) -> None:
    await settings(stage)
    await stage.press("j", "j", "j", "e")
    await stage.pilot.pause(0.3)


async def data(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("D")
    await stage.pilot.pause(1.0)


async def into(stage: Stage, words: str, *labels: str) -> None:
    """The data of the shop, the cursor on a row of its tree."""
    await stage.at(Place("shop", "production"))
    await stage.press("D")
    await stage.until(lambda: stage.app.screen is not stage.browse, "the data")
    screen = stage.app.screen
    assert isinstance(screen, DataScreen)
    await stage.until(lambda: screen.place is not None, "the tree")
    node = screen.data_tree.root
    for label in labels:
        await stage.until(
            lambda node=node, label=label: any(str(each.label).startswith(label) for each in node.children),
            label,
        )
        node = next(each for each in node.children if str(each.label).startswith(label))
        screen.data_tree.move_cursor(node)
        if label != labels[-1]:
            node.expand()
    await stage.see(words)
    await stage.pilot.pause(0.5)


async def data_d1(stage: Stage) -> None:
    await into(stage, "ana", "D1", "shop-d1", "users")


async def data_r2(stage: Stage) -> None:
    await into(stage, "photos", "R2", "shop-r2")


async def data_object(stage: Stage) -> None:
    await into(stage, "plain", "Durable Objects", "Room", "")


async def data_queue(stage: Stage) -> None:
    await into(stage, '"mail"', "Queues", "shop-queue")


async def data_workflow(stage: Stage) -> None:
    await into(stage, "count letters", "Workflows", "shop-flow")


async def logs(stage: Stage) -> None:
    await stage.at(PRODUCTION)
    await stage.press("L")
    await stage.see("GET")


async def workbench(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("e")
    await stage.until(lambda: isinstance(stage.app.screen, WorkbenchScreen), "the workbench")
    bench = stage.app.screen
    assert isinstance(bench, WorkbenchScreen)
    await stage.until(lambda: bench.loaded, "the code")
    bench.request_bar.load(REQUEST)
    bench.request = REQUEST
    answer = bench.answer
    for _ in range(2):  # the first one starts the environment
        seen = answer.report
        await stage.press("f5")
        await stage.until(
            lambda seen=seen: answer.report not in (None, seen) and not answer.report.running, "the run"
        )
    await stage.pilot.pause(0.3)


async def workbench_production(stage: Stage) -> None:
    await stage.at(PRODUCTION)
    await stage.press("e")
    await stage.see("A small REST API")
    await stage.pilot.pause(0.5)


async def engine_log(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("E")
    await stage.pilot.pause(0.5)


async def new_service(stage: Stage) -> None:
    await stage.at(PLACE)
    await stage.press("N")
    await stage.see("New service")
    await stage.press(*"shop")
    await stage.pilot.pause(0.3)


SCENES: tuple[Scene, ...] = (
    browse,
    browse_errors,
    browse_service,
    tour,
    share,
    crons,
    browse_filter,
    browse_marked,
    palette,
    palette_commands,
    open_by_name,
    keys,
    theme,
    accounts,
    promote,
    clone,
    rename,
    new_service,
    delete,
    difference,
    history,
    rollback,
    pipelines,
    settings,
    settings_edit,
    settings_bind,
    data,
    data_d1,
    data_r2,
    data_object,
    data_queue,
    data_workflow,
    logs,
    workbench,
    workbench_production,
    engine_log,
)
