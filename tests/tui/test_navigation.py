"""Getting about: by a few letters, back and forward, by the way in the top bar."""

from __future__ import annotations

from pathlib import Path

from account import Account, app_on, browsing, notes
from textual.pilot import Pilot
from waiting import seen, until

from tui.app import SvcApp
from tui.finding import Finder
from tui.screens.browse import BrowseScreen
from tui.screens.deployments import DeploymentsScreen
from tui.screens.logs import LogsScreen
from tui.screens.settings import SettingsScreen
from tui.screens.workbench import WorkbenchScreen
from tui.service_rows import Place


def front(pilot: Pilot[None]) -> object:
    """The screen in front."""
    return pilot.app.screen


async def found(pilot: Pilot[None], key: str, letters: str, what: str) -> None:
    """Type letters into the palette until it shows something, and take that."""
    await pilot.press(key, *letters)
    await until(pilot, lambda: what in seen(pilot))
    await pilot.press("enter")


async def test_a_module_is_opened_by_its_name(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("ctrl+p")  # reads what is inside
        await until(pilot, lambda: isinstance(pilot.app, SvcApp) and len(pilot.app.finder._inside) == 4)
        await pilot.press(*"notes stag wor")
        await until(pilot, lambda: "notes › staging › worker.js" in seen(pilot))
        assert "module, 19 B" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(front(pilot), WorkbenchScreen))
        assert front(pilot).environment == "staging"


async def test_a_binding_is_opened_in_the_settings(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "environment, v38" in seen(pilot))
        await until(pilot, lambda: len(pilot.app.finder._inside) == 4)
        await pilot.press(*"staging NOTES")
        await until(pilot, lambda: "binding, KV notes-kv" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(front(pilot), SettingsScreen))
        assert browse.place == Place("notes", "staging")
        await until(pilot, lambda: front(pilot).loaded)
        await until(pilot, lambda: front(pilot).table.current.name == "NOTES")


async def test_a_service_is_only_gone_to(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await found(pilot, "ctrl+o", "notes", "service, 3 environments")
        await until(pilot, lambda: front(pilot) is browse and browse.place.service == "notes")


async def test_back_and_forward(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press("H")
        await until(pilot, lambda: isinstance(front(pilot), DeploymentsScreen))
        await pilot.press("escape")
        browse.service_tree.go_to(Place("auth", "production"))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(front(pilot), LogsScreen))
        way = [
            (BrowseScreen, Place("auth", "production")),
            (DeploymentsScreen, Place("notes", "staging")),
            (BrowseScreen, Place("notes", "staging")),
        ]
        for key, steps in (("alt+left", way), ("alt+right", way[-2::-1])):
            for screen, place in steps:
                await pilot.press(key)
                await until(
                    pilot,
                    lambda screen=screen, place=place: (
                        isinstance(front(pilot), screen) and browse.place == place
                    ),
                )
        await pilot.press("alt+right")
        await until(pilot, lambda: isinstance(front(pilot), LogsScreen))
        await pilot.press("alt+right")
        await until(pilot, lambda: "There is nothing further on." in seen(pilot))


async def test_what_is_gone_is_told(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press("H")
        await until(pilot, lambda: isinstance(front(pilot), DeploymentsScreen))
        await pilot.press("escape")
        await account.delete_environment("notes", "staging")
        account.tell("environment.deleted", "notes", "staging")
        await until(pilot, lambda: browse.summary(Place("notes", "staging")) is None)
        await pilot.press("alt+left")
        await until(pilot, lambda: "notes › staging is gone." in seen(pilot))
        assert front(pilot) is browse


async def test_changed_settings_are_not_left_behind(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(front(pilot), SettingsScreen) and front(pilot).loaded)
        settings = front(pilot)
        settings.settings.remove("binding:MAX_NOTES")
        await pilot.press("alt+left")
        await until(pilot, lambda: "is not saved" in seen(pilot))
        assert front(pilot) is settings


async def test_the_way_in_the_top_bar_is_clicked(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        for words, place in (
            ("svc", Place("notes")),
            ("notes", Place("notes")),
            ("stag", Place("notes", "staging")),
        ):
            browse.service_tree.go_to(Place("notes", "staging"))
            await pilot.press("H")
            await until(pilot, lambda: isinstance(front(pilot), DeploymentsScreen))
            await until(pilot, lambda: "staging › deployments" in seen(pilot).splitlines()[0])
            await pilot.click(offset=(seen(pilot).splitlines()[0].index(words) + 1, 0))
            await until(pilot, lambda: front(pilot) is browse)
            assert browse.place == place


async def test_20_000_names_are_looked_through_quickly() -> None:
    names = dict.fromkeys(["production", *(f"env-{number}" for number in range(19))], 3)
    account = Account(**{f"service-{number}": names for number in range(1000)})
    services = await account.services()
    asked: list[str] = []

    def score(name: str) -> float:
        asked.append(name)
        return 1.0

    finder = Finder()
    assert [str(each) async for _, each in finder.find("service-777 env-12", services, score)] == [
        "service-777 › env-12"
    ]
    assert asked == ["service-777 › env-12"], "the slow comparison is only for what may be meant"
    assert len([each async for each in finder.find("e", services, score)]) == 60
