"""Any size of terminal: one pane at a time where there is no room for two, and nothing lost in between."""

from __future__ import annotations

from pathlib import Path

from account import app_on, browsing, notes
from waiting import seen, until

from tui.screens.settings import SettingsScreen
from tui.service_rows import Place


async def test_below_60_by_16_digits_change_the_pane(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(50, 14)) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await until(pilot, lambda: "1 Services" in seen(pilot) and "2 notes" not in seen(pilot))
        assert seen(pilot).splitlines()[1].endswith("╮"), "it has all the room"
        await pilot.press("2")
        await until(pilot, lambda: "2 notes › staging" in seen(pilot) and "1 Services" not in seen(pilot))
        await pilot.press("1")
        await until(pilot, lambda: "1 Services" in seen(pilot))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "1 Services" in seen(pilot) and "2 notes › staging" in seen(pilot))
        assert browse.place == Place("notes", "staging")


async def test_what_gets_the_focus_comes_to_the_front(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(56, 15)) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SettingsScreen) and pilot.app.screen.loaded)
        await until(pilot, lambda: "1 Settings" in seen(pilot))
        await pilot.press("e")
        await until(pilot, lambda: "2 MAX_NOTES" in seen(pilot) and "1 Settings" not in seen(pilot))
        await pilot.press("7")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "1 Settings" in seen(pilot) and "2 MAX_NOTES" in seen(pilot))
        assert "◆ 1 change" in seen(pilot), "what was typed is there"
        await pilot.resize_terminal(56, 15)
        await until(pilot, lambda: "1 Settings" not in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "1 Settings" in seen(pilot) and "2 MAX_NOTES" not in seen(pilot))


async def test_it_survives_any_size(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        for size in ((200, 50), (20, 5), (1, 1), (300, 8), (10, 90), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "1 Services" in seen(pilot)
        assert browse.query_one("#detail").display
