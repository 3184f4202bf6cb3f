"""Browse with several rows at once, and the keys that lead from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from account import Account, app_on, browsing, notes
from textual.pilot import Pilot
from waiting import seen, until

from tui.commands import browse as commands
from tui.screens.browse import BrowseScreen
from tui.screens.data import DataScreen
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.dialogs.engine_log import EngineLogDialog
from tui.screens.diff import DiffScreen
from tui.screens.logs import LogsScreen
from tui.screens.settings import SettingsScreen
from tui.service_rows import Place
from tui.session import Session


def three() -> Account:
    """Two services with previews."""
    return Account(
        auth={"production": 12, "staging": 13},
        notes={"production": 38, "pr-1": 40, "staging": 41},
    )


async def marked(pilot: Pilot[None], *places: Place) -> BrowseScreen:
    """Browse with these rows marked by the key."""
    browse = await browsing(pilot)
    for place in places:
        browse.service_tree.go_to(place)
        await pilot.press("space")
    assert set(browse.marked) == set(places)
    for key, means in (
        (commands.Delete, commands.DeleteMarked),
        (commands.Clone, commands.CloneMarked),
        (commands.Diff, commands.CompareMarked),
        (commands.CopyUrl, commands.CopyMarked),
    ):
        assert browse.meant(key) is means
    assert f"{len(places)} marked" in seen(pilot)
    return browse


async def test_delete_takes_all_that_is_marked(tmp_path: Path) -> None:
    account = three()
    async with app_on(account, tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        browse = await marked(pilot, Place("notes", "pr-1"), Place("notes", "staging"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        assert "Delete 2 environments" in seen(pilot)
        assert "notes › pr-1, notes › staging" in seen(pilot)
        await pilot.press("enter")  # Cancel has the focus
        assert not account.asked
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: "Deleted 2 of 2 environments." in seen(pilot))
        assert account.asked == [("delete", "notes", "pr-1"), ("delete", "notes", "staging")]
        await until(pilot, lambda: browse.summary(Place("notes", "pr-1")) is None)


async def test_production_among_them_wants_its_name(tmp_path: Path) -> None:
    account = three()
    async with app_on(account, tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        await marked(pilot, Place("notes", "production"), Place("notes", "staging"))
        await pilot.press("x")
        await until(pilot, lambda: "Type production" in seen(pilot))
        await pilot.press("y", "escape")
        assert not account.asked


async def test_clone_makes_one_in_each_service(tmp_path: Path) -> None:
    account = three()
    async with app_on(account, tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        await marked(pilot, Place("auth", "staging"), Place("notes", "staging"))
        await pilot.press("c")
        await until(pilot, lambda: "Clone 2 environments" in seen(pilot))
        await pilot.press(*"pr-9")
        await until(pilot, lambda: "pr-9.auth" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: len(account.asked) == 2)
        assert account.asked == [
            ("clone", "auth", "staging", "pr-9", "own"),
            ("clone", "notes", "staging", "pr-9", "own"),
        ]


async def test_two_are_compared_and_addresses_copied(tmp_path: Path) -> None:
    account = three()
    async with app_on(account, tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        await marked(pilot, Place("notes", "pr-1"), Place("notes", "staging"))
        await pilot.press("y")
        await until(pilot, lambda: "Copied 2 addresses." in seen(pilot))
        assert pilot.app.clipboard.splitlines() == [
            "http://pr-1.notes.dev.localhost:8787",
            "http://staging.notes.dev.localhost:8787",
        ]
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, DiffScreen))
        assert account.asked == [("diff", "notes", "pr-1", "staging")]


async def test_all_are_marked_and_let_go_and_folded(tmp_path: Path) -> None:
    async with app_on(three(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("slash", *"stag", "enter", "asterisk")
        assert set(browse.marked) == {Place("auth", "staging"), Place("notes", "staging")}
        await pilot.press("escape", "escape")
        assert not browse.marked
        await pilot.press("minus")
        assert "▸ auth" in seen(pilot)
        assert "▸ notes" in seen(pilot)
        await pilot.press("minus")
        assert "▾ notes" in seen(pilot)


@pytest.mark.parametrize(
    ("key", "screen"),
    [("s", SettingsScreen), ("D", DataScreen), ("L", LogsScreen), ("E", EngineLogDialog)],
)
async def test_keys_lead_to_screens(tmp_path: Path, key: str, screen: type) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, screen))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is browse)


async def test_panes_have_numbers_and_the_browser_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(200, 50)) as pilot:
        browse = await browsing(pilot)
        for number, pane in (("2", "detail"), ("3", "activity"), ("1", "services")):
            await pilot.press(number)
            await until(pilot, lambda pane=pane: browse.query_one(f"#{pane}").has_focus_within)
        opened: list[str] = []
        monkeypatch.setattr(type(pilot.app), "open_url", lambda _, url, **__: opened.append(url))
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press("o")
        await until(pilot, lambda: opened == ["http://staging.notes.dev.localhost:8787"])


async def test_a_new_service(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
        browse = await browsing(pilot)
        await pilot.press("N")
        await until(pilot, lambda: "New service" in seen(pilot))
        await pilot.press(*"shop", "enter")
        await until(pilot, lambda: browse.place == Place("shop", "production"))
        assert account.asked == [("create", "shop")]


@pytest.mark.parametrize(
    ("letters", "name", "shows"),
    [
        ("engine: show", "engine: Show log", "Engine's log"),
        ("engine: start", "engine: Start again", ""),
        ("a picture", "app: Save a picture of the screen", "Screenshot"),
    ],
)
async def test_what_the_palette_alone_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letters: str, name: str, shows: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    app = app_on(notes(), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await browsing(pilot)
        app.feed._again.clear()
        await pilot.press("ctrl+p", *letters)
        await until(pilot, lambda: name in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: shows in seen(pilot) if shows else app.feed._again.is_set())


async def test_the_list_keeps_its_width(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        pane = browse.query_one("#services")
        assert pane.outer_size.width == 38
        await pilot.press("greater_than_sign", "greater_than_sign", "less_than_sign")
        await until(pilot, lambda: pane.outer_size.width == 42)
        for _ in range(8):
            await pilot.press("less_than_sign")
        await until(pilot, lambda: pane.outer_size.width == 20)
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: Session(tmp_path).number("browse-normal") == 24)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: pane.outer_size.width == 31)
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: browse.query_one("#services").outer_size.width == 24)
