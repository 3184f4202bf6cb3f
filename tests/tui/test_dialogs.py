"""The small dialogs: names, yes and no, clone, conflict, kept text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dialog_app import NOW, DialogApp, text_of, typed
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.screen import Screen
from textual.widgets import Button, Input

from tui.drafts import Draft
from tui.screens.dialogs.clone import Clone, CloneDialog
from tui.screens.dialogs.confirm import ConfirmDialog, delete_environment, delete_service
from tui.screens.dialogs.conflict import ConflictDialog
from tui.screens.dialogs.kept import KeptDialog
from tui.screens.dialogs.name import fault, new_environment, new_service, rename_environment

HOST = "notes.dev.localhost:8787"
RULE = re.compile(r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")


@given(st.one_of(st.text(alphabet="abz09-_A .é", max_size=8), st.integers(60, 66).map("a".__mul__)))
def test_a_name_is_faulty_exactly_when_the_rule_says_so(name: str) -> None:
    assert (fault(name) == "") == bool(RULE.match(name) and "\n" not in name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "A name is needed."),
        ("production", "There is a production already."),
        ("Staging", "A name begins with a letter, a to z."),
        ("staGing", "Only small letters: g for G."),
        ("my env", "Letters, digits and dashes only, no space."),
        ("a_b", "Letters, digits and dashes only, no _."),
        ("a-", "A name does not end with a dash."),
        ("a" * 64, "64 characters: a name has at most 63."),
    ],
)
def test_a_fault_is_told_in_words(name: str, said: str) -> None:
    assert fault(name, ["production"]) == said


async def test_the_hostname_follows_the_name_and_enter_takes_it() -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(new_environment("notes", ["production"], HOST))
        await pilot.pause()
        assert app.screen.query_one("#go", Button).disabled
        await typed(pilot, "Pr")
        assert "✗ A name begins with a letter, a to z." in text_of(app)
        await pilot.press("enter")
        assert app.results == []
        await pilot.press("home", "delete", *"p")
        assert f"It answers at pr.{HOST}" in text_of(app)
        await pilot.press("enter")
    assert app.results == ["pr"]


async def test_a_service_and_its_first_environment() -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(new_service(["hello"], ".dev.localhost:8787"))
        await pilot.pause()
        await typed(pilot, "hello")
        assert "There is a hello already." in text_of(app)
        await pilot.press("2")
        assert "It answers at hello2.dev.localhost:8787" in text_of(app)
        await pilot.press("escape")
    assert app.results == [None]


async def test_renaming_to_the_same_name_is_nothing_to_do() -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(rename_environment("notes", "staging", ["production", "staging"], HOST))
        await pilot.pause()
        await pilot.press("enter")
        assert app.results == []
        await pilot.press("2", "enter")
    assert app.results == ["staging2"]


async def test_cancel_has_the_focus_and_enter_cancels() -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(delete_environment("notes", "staging", "staging.notes.dev.localhost", 3))
        await pilot.pause()
        assert app.focused is app.screen.query_one("#cancel")
        assert "staging.notes.dev.localhost stops answering" in text_of(app)
        await pilot.press("enter")
        assert app.results == [None]
        app.show(delete_environment("notes", "staging", "staging.notes.dev.localhost", 3))
        await pilot.pause()
        await pilot.press("right", "enter")
        assert app.results == [None, True]
        app.show(delete_environment("notes", "staging", "staging.notes.dev.localhost", 3))
        await pilot.pause()
        await pilot.press("y")
    assert app.results == [None, True, True]


@pytest.mark.parametrize(
    ("dialog", "name"),
    [
        (lambda: delete_environment("notes", "production", "notes.dev.localhost"), "production"),
        (lambda: delete_service("notes", 3), "notes"),
    ],
)
async def test_what_cannot_be_undone_wants_its_exact_name(dialog: Any, name: str) -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(dialog())
        await pilot.pause()
        go = app.screen.query_one("#go", Button)
        assert app.focused is app.screen.query_one("#cancel")
        assert go.disabled
        # What is typed while Cancel has the focus goes into the field, `y` too.
        await pilot.press("y")
        assert app.screen.query_one("#typed", Input).value == "y"
        await pilot.press("backspace", *name, "x")
        assert go.disabled
        await pilot.press("enter")
        assert app.results == []
        await pilot.press("backspace")
        assert not go.disabled
        await pilot.press("enter")
    assert app.results == [True]


async def test_a_click_on_the_verb_counts_only_when_it_is_enabled() -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(ConfirmDialog("Drop it", "It goes.", verb="Drop", typed="it"))
        await pilot.pause()
        await pilot.click("#go")
        assert app.results == []
        await typed(pilot, "it")
        await pilot.click("#go")
    assert app.results == [True]


async def test_clone_asks_for_a_name_and_whose_data() -> None:
    app = DialogApp()

    def dialog() -> CloneDialog:
        return CloneDialog("notes", "staging", ["staging"], HOST, number=41, namespaces=["notes-staging"])

    async with app.run_test(size=(100, 30)) as pilot:
        app.show(dialog())
        await pilot.pause()
        assert "A copy of staging at v41" in text_of(app)
        assert "the same as notes-staging" in text_of(app)
        await typed(pilot, "pr-1", "enter")
        assert app.results == [Clone("pr-1", "own")]
        app.show(dialog())
        await pilot.pause()
        await typed(pilot, "pr-2", "tab", "down", "space", "shift+tab", "enter")
        app.show(dialog())
        await pilot.pause()
        await typed(pilot, "pr-3", "tab", "down", "down", "space", "shift+tab", "enter")
    assert app.results[1:] == [Clone("pr-2", "copy"), Clone("pr-3", "share")]


async def test_a_conflict_has_three_ways_out_and_none_by_accident() -> None:
    app = DialogApp()
    ways = {"r": "reload", "c": "compare", "o": "overwrite", "escape": None, "enter": None}
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ways:
            app.show(ConflictDialog("notes", "staging", "ana deployed v42 [2 minutes] ago.", 41))
            await pilot.pause()
            assert "ana deployed v42 [2 minutes] ago." in text_of(app)
            await pilot.press(key)
    assert app.results == list(ways.values())


async def test_kept_text_is_offered() -> None:
    app = DialogApp()
    ways = {"enter": "open", "o": "open", "x": "discard", "escape": None}
    found = [
        Draft("notes", f"env-{n}", NOW, {"modules": {"a.js": "1"}, "base_number": 41}) for n in range(10)
    ]
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ways:
            app.show(KeptDialog(found))
            await pilot.pause()
            assert "notes › env-0  1 module" in text_of(app)
            assert "and 2 more" in text_of(app)
            assert "The last session ended" in text_of(app)
            await pilot.press(key)
    assert app.results == list(ways.values())


def every_dialog() -> list[Screen[Any]]:
    """Each small dialog, with names as long as they get."""
    long = "n" * 63
    return [
        new_service([], ".dev.localhost:8787"),
        new_environment(long, [], f"{long}.dev.localhost:8787"),
        rename_environment(long, long, [], HOST),
        delete_environment(long, "production", f"{long}.dev.localhost:8787", 99),
        delete_service(long, 12),
        CloneDialog(long, long, [], HOST, number=1, namespaces=[long]),
        ConflictDialog(long, "production", "ana deployed v42.", None),
        KeptDialog([Draft(long, long, NOW, {})] * 9),
    ]


async def test_a_dialog_that_was_dismissed_lays_nothing_out() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = delete_service("notes", 2)
        app.show(dialog)
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        dialog.fit()  # as after a refresh that it waited for
        assert app.results == [None]


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 50)])
async def test_the_buttons_are_always_on_the_screen(size: tuple[int, int]) -> None:
    app = DialogApp()
    async with app.run_test(size=size) as pilot:
        for dialog in every_dialog():
            app.show(dialog)
            await pilot.pause()
            box = app.screen.query_one("#dialog").region
            for button in app.screen.query(Button):
                assert box.contains_region(button.region), (
                    f"{dialog.__class__.__name__}: {button.id} at {size}"
                )
                assert app.screen.region.contains_region(button.region)
            await pilot.press("escape")


async def test_a_name_and_enter_in_one_go_are_typed_and_confirmed() -> None:
    """A terminal may send it all before the focus has moved; Enter must not press Cancel then."""
    app = DialogApp()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show(delete_service("notes", 3))
        await pilot.pause()
        for key in ("n", "o", "t", "e", "s", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await pilot.pause()
        await pilot.pause()
    assert app.results == [True]
