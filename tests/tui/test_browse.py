"""The browse screen: the tree, the detail, the filter, the verbs, and an engine that goes and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from account import Account, StillLauncher, app_on, browsing, notes
from textual.widgets import Button, Input
from waiting import seen, until

from tui.drafts import Drafts
from tui.screens.deployments import DeploymentsScreen
from tui.screens.dialogs.dialog import Dialog
from tui.screens.dialogs.kept import KeptDialog
from tui.screens.dialogs.keys import KeysDialog
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.key_bar import KeyBar
from tui.widgets.service_tree import Place, ServiceTree


async def test_tree_and_detail(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: browse.detail(Place("auth", "production")))
        text = seen(pilot)
        for words in ("1 Services", "2 services", "▾ notes", "▲ production", "○ ana-dev", "v38"):
            assert words in text
        assert "● engine :8787" in text.splitlines()[0]

        browse.service_tree.go_to(Place("notes", "production"))
        await until(pilot, lambda: browse.detail(Place("notes", "production")))
        text = seen(pilot)
        assert "http://notes.dev.localhost:8787" in text
        assert "4,218 keys" in text
        assert "auth › production" in text
        assert '{"tags": ["[b]home[/b]"]}' in text  # what people wrote is not markup
        assert "Cap list at 500 [now]" in text
        assert "••••••••" in text
        assert "Deployments 61" in text
        assert "▲ PRODUCTION" in text
        assert browse.query_one("#detail").has_class("prod")

        browse.service_tree.go_to(Place("notes", "ana-dev"))
        await until(pilot, lambda: "nothing is deployed here" in seen(pilot))


async def test_keys_move_and_fold(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True) as pilot:
        browse = await browsing(pilot)
        assert browse.place == Place("auth", "production")
        await pilot.press("j", "k", "j")
        assert browse.place == Place("auth", "staging")
        await pilot.press("G")
        assert browse.place == Place("notes", "staging")
        await pilot.press("h")
        assert browse.place == Place("notes")
        await pilot.press("h")
        assert "▸ notes" in seen(pilot)
        await pilot.press("l", "l")
        assert browse.place == Place("notes", "production")
        await pilot.press("g")
        assert browse.place == Place("auth")
        await pilot.press("enter")
        assert "▸ auth" in seen(pilot)


async def test_moving_fast_asks_for_one_detail(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(notifications=True) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: browse.detail(Place("auth", "production")))
        before = account.details
        tree = browse.service_tree
        for place in (Place("auth", "staging"), Place("notes", "production"), Place("notes", "staging")):
            tree.go_to(place)
        await until(pilot, lambda: browse.detail(Place("notes", "staging")))
        assert account.details == before + 1


async def test_filter_narrows_the_tree_and_escape_clears_it(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(100, 30)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("slash", *"o sta")
        await until(pilot, lambda: "1 of 5 match" in seen(pilot))
        assert "▾ auth" not in seen(pilot)
        await pilot.press("enter")
        assert browse.service_tree.has_focus
        assert browse.place == Place("notes", "staging")
        await pilot.press("escape")
        await pilot.pause()
        assert browse.service_tree.shown == 5
        assert browse.place == Place("notes", "staging")


async def test_letters_go_into_the_filter_not_to_commands(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("slash", *"xq")
        assert pilot.app.screen is browse
        assert browse.query_one("#filter", Input).value == "xq"
        await until(pilot, lambda: 'Nothing matches "xq".  esc clears' in seen(pilot))


async def test_changes_elsewhere_arrive_by_themselves(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        account.things["notes"]["staging"] = 42
        account.tell("deployment", "notes", "staging", version_number=42, source="wrangler")
        await until(pilot, lambda: "v42" in seen(pilot))
        assert browse.place == Place("notes", "staging")
        assert "ana deployed v42 to notes › staging." in seen(pilot)
        del account.things["notes"]["staging"]
        account.tell("environment.deleted", "notes", "staging")
        await until(pilot, lambda: browse.place != Place("notes", "staging"))


async def test_an_engine_that_goes_is_told_and_data_stays(tmp_path: Path) -> None:
    account = notes()
    app = app_on(account, tmp_path)
    async with app.run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        account.stop("V8 out of memory")
        await until(pilot, lambda: app.engine_state.stale)
        await until(pilot, lambda: "Engine does not start: port 8787 is in use" in seen(pilot))
        assert browse.has_class("-stale")
        assert "▾ notes" in seen(pilot)
        assert "data of " in seen(pilot)
        account.away = ""
        app.feed.try_again()
        await until(pilot, lambda: app.engine_state.ready)
        assert not browse.has_class("-stale")


async def test_leaving_starts_no_engine(tmp_path: Path) -> None:
    account = notes()
    app = app_on(account, tmp_path)
    async with app.run_test(notifications=True) as pilot:
        await browsing(pilot)
        await pilot.press("q")
        await pilot.pause()
    launcher: object = app.feed.launcher
    assert isinstance(launcher, StillLauncher)
    assert launcher.started == 0


@pytest.mark.parametrize(("key", "screen"), [("enter", WorkbenchScreen), ("H", DeploymentsScreen)])
async def test_keys_open_other_screens(tmp_path: Path, key: str, screen: type) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True) as pilot:
        await browsing(pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, screen))


async def test_a_key_on_a_service_is_about_its_production(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("g", "P", "d", "R")  # these say which environment only with one under the cursor
        await pilot.pause()
        assert pilot.app.screen is browse
        assert "Environments 2" in seen(pilot)
        assert "staging.auth.dev.localhost" in seen(pilot)
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeploymentsScreen))
        assert pilot.app.screen.environment == "production"
        pilot.app.pop_screen()
        await until(pilot, lambda: pilot.app.screen is browse)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkbenchScreen))


async def test_clone_makes_an_environment_and_goes_there(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press("p", "enter")
        await until(pilot, lambda: browse.place == Place("notes", "p"))
        assert account.asked == [("clone", "notes", "staging", "p", "own")]


async def test_new_rename_and_delete(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press("d", "enter")
        await until(pilot, lambda: browse.place == Place("auth", "d"))
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press("end", "2", "enter")
        await until(pilot, lambda: browse.place == Place("auth", "d2"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press("y")
        await until(pilot, lambda: "d2" not in account.things["auth"])
        assert account.asked == [
            ("create", "auth", "d"),
            ("rename", "auth", "d", "d2"),
            ("delete", "auth", "d2"),
        ]


async def test_deleting_a_service_needs_its_name(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("g", "x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        assert pilot.app.screen.query_one("#go", Button).disabled
        await pilot.press(*"auth", "enter")
        await until(pilot, lambda: "auth" not in account.things)
        await until(pilot, lambda: "1 service" in seen(pilot))


async def test_what_the_engine_refuses_is_told(tmp_path: Path) -> None:
    account = notes()
    async with app_on(account, tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press(*"tw")
        account.things["auth"]["tw"] = 1  # somebody else was faster
        await pilot.press("enter")
        await until(pilot, lambda: "auth has a tw already." in seen(pilot))


async def test_read_only_refuses_and_names_the_flag(tmp_path: Path) -> None:
    app = app_on(notes(), tmp_path, read_only=True)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        browse = await browsing(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "--read-only" in seen(pilot))
        assert pilot.app.screen is browse
        assert "read only" in seen(pilot).splitlines()[0]


async def test_an_empty_account_shows_how_to_begin(tmp_path: Path) -> None:
    account = Account()
    async with app_on(account, tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: "No services yet." in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press(*"a1", "enter")
        await until(pilot, lambda: browse.place == Place("a1", "production"))
        assert "No services yet." not in seen(pilot)


async def test_unsaved_text_is_marked_and_offered(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("notes", "staging", {"modules": [{"name": "worker.js", "text": "x"}], "base_number": 41})
    app = app_on(notes(), tmp_path)
    async with app.run_test(notifications=True, size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, KeptDialog))
        await until(pilot, lambda: "another window may be editing it" in seen(pilot))
        await pilot.press("escape")
        await browsing(pilot)
        await until(pilot, lambda: "staging ◆" in seen(pilot))
    assert drafts.read("notes", "staging") is not None


async def test_keys_help_lists_what_works_here(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(80, 24)) as pilot:
        await browsing(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, KeysDialog))
        text = seen(pilot)
        for words in ("Here: services", "Lists", "Everywhere", "P  promote…", "^o  open by name…"):
            assert words in text
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, KeysDialog)


async def test_ctrl_o_goes_anywhere_by_a_few_letters(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("ctrl+o")
        await pilot.press(*"ns")
        await until(pilot, lambda: "notes › staging" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkbenchScreen))
        assert browse.place == Place("notes", "staging")


async def test_the_key_row_never_cuts_a_key(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test() as pilot:
        await browsing(pilot)
        for width, height in ((80, 24), (60, 16), (120, 40), (200, 50)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda: seen(pilot).splitlines()[-1].endswith("^p palette"))
            row = seen(pilot).splitlines()[-1]
            shown = pilot.app.screen.query_one(KeyBar).shown()
            assert all(f"{key.display} {key.words}" in row for key in shown)
            assert sum(key.width for key in shown) <= width + 1
            assert seen(pilot).splitlines()[-1].startswith(" e Edit")


async def test_what_grows_no_older_is_not_painted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: browse.detail(Place("auth", "production")))
        painted: list[int] = []
        paint = ServiceTree.render_line
        monkeypatch.setattr(ServiceTree, "render_line", lambda tree, y: painted.append(y) or paint(tree, y))
        browse.service_tree.grow_older()  # what it shows is noted
        await pilot.pause()
        painted.clear()
        browse._grow_older()
        await pilot.pause()
        assert not painted
        monkeypatch.setattr("tui.format.age", lambda *_: "77y")
        browse._grow_older()
        await until(pilot, lambda: seen(pilot).count("77y") > 4)  # rows, and the detail's deployment
        assert painted


async def test_a_slow_start_says_what_one_waits_for(tmp_path: Path) -> None:
    account = notes()
    account.stop("it starts")
    async with app_on(account, tmp_path).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "the engine starts…" in seen(pilot))
