"""What is kept from one start to the next, and the tour of the first one."""

from __future__ import annotations

from pathlib import Path

import pytest
from account import app_on, browsing, notes
from waiting import seen, until

from tui.screens.dialogs.tour import STEPS, TourDialog
from tui.service_rows import Place
from tui.session import FILE, Session
from tui.settings import LayoutSettings, Settings


async def test_the_next_start_begins_where_the_last_one_was(tmp_path: Path) -> None:
    app = app_on(notes(), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("S")
        browse.service_tree.go_to(Place("auth"))
        await pilot.press("h")
        browse.service_tree.go_to(Place("notes", "staging"))
        # A moment later it is on the disk: no quit was needed.
        await until(pilot, lambda: Session(tmp_path).place == Place("notes", "staging"))
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        assert browse.place == Place("notes", "staging")
        assert browse.service_tree.order == "newest"
        assert "▸ auth" in seen(pilot)


async def test_the_layout_of_config_toml_holds_until_it_is_changed_by_hand(tmp_path: Path) -> None:
    app = app_on(notes(), tmp_path)
    app.settings = Settings(layout=LayoutSettings(list=50, activity=False))
    async with app.run_test(size=(200, 50)) as pilot:
        browse = await browsing(pilot)
        assert browse.query_one("#services").outer_size.width == 50
        assert not browse.query_one("#activity").display
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: browse.query_one("#services").outer_size.width > 50)


async def test_a_place_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.remember("place", ["notes", "gone"])
    session.write()
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        assert browse.place == Place("auth", "production")


@pytest.mark.parametrize("content", ["", "[]", '{"place": 7, "order": 3, "folded": {}}', "\udcff"])
def test_any_file_is_read(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_bytes(content.encode(errors="surrogateescape"))
    session = Session(tmp_path)
    assert (session.place, session.text("order"), session.texts("folded"), session.number("x")) == (
        None,
        "",
        [],
        None,
    )


async def test_the_first_start_shows_how_it_works(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path, tour=None).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, TourDialog))
        await browsing(pilot)
        for number, step in enumerate(STEPS, 1):
            await until(pilot, lambda number=number: f"{number} of 6 " in seen(pilot))
            assert step.title in seen(pilot)
            browse = pilot.app.screen_stack[0]
            pointed = {f"#{pane.id}" for pane in browse.query("Pane.-pointed")}
            assert pointed == ({step.points_at} if step.points_at else set())
            await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TourDialog))
        assert not browse.query("Pane.-pointed")
        await until(pilot, lambda: Session(tmp_path).text("tour") == "seen")
    async with app_on(notes(), tmp_path, tour=None).run_test(size=(80, 24)) as pilot:
        await browsing(pilot)
        await pilot.pause(0.2)
        assert not isinstance(pilot.app.screen, TourDialog)


async def test_the_tour_comes_back_by_the_palette_and_ends_with_escape(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("ctrl+p", *"app: tour")
        await until(pilot, lambda: "in six steps" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "1 of 6 " in seen(pilot))
        await pilot.press("right", "left", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TourDialog))


async def test_config_toml_can_do_without_the_tour(tmp_path: Path, config: Path) -> None:
    (config / "config.toml").write_text("tour = false\n", encoding="utf-8")
    async with app_on(notes(), tmp_path, tour=None).run_test(size=(80, 24)) as pilot:
        await browsing(pilot)
        await pilot.pause(0.2)
        assert not isinstance(pilot.app.screen, TourDialog)
