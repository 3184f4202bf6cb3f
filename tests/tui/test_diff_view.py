"""The diff widget, and differences that the app makes itself."""

from __future__ import annotations

from dialog_app import WORKER_DIFF, DialogApp, text_of, typed
from hypothesis import given
from hypothesis import strategies as st

from tui.diff import compare, hunks
from tui.screens.diff import DiffScreen, side, swapped
from tui.widgets.diff_view import DiffView, Line, diff_lines, summary

SIDES = {"from": {"environment": "staging", "number": 41}, "to": {"environment": "production", "number": 38}}
DIFF = {**SIDES, "settings": [], "modules": [WORKER_DIFF], "added": 2, "removed": 1}


def test_lines_have_the_numbers_of_their_side() -> None:
    assert diff_lines(DIFF) == [
        Line("@", None, "worker.js  save()"),
        Line(" ", 29, "async function save(env) {"),
        Line("-", 30, "  return 1;"),
        Line("+", 30, "  const limit = 2;"),
        Line("+", 31, "  return limit;"),
        Line(" ", 32, "}"),
    ]


def test_settings_come_first_and_a_missing_side_has_no_row() -> None:
    settings = [
        {"key": "MAX_NOTES", "kind": "text", "from": "50", "to": "500"},
        {"key": "MAIL", "kind": "service", "from": None, "to": "mail › staging"},
        {"key": "compatibility_flags", "kind": "setting", "from": [], "to": ["a", "b"]},
    ]
    shown = [line.shown for line in diff_lines({"settings": settings, "modules": []})]
    assert shown == [
        "@@ settings",
        "     - MAX_NOTES = 50",
        "     + MAX_NOTES = 500",
        "     + MAIL service = mail › staging",
        "     - compatibility_flags = –",
        "     + compatibility_flags = a, b",
    ]


def test_modules_without_text_are_named() -> None:
    modules = [
        {"name": "a.wasm", "status": "changed", "added": 0, "removed": 0, "hunks": []},
        {"name": "b.js", "status": "added", "added": 0, "removed": 0, "hunks": []},
        {"name": "c.js", "status": "same", "added": 0, "removed": 0, "hunks": []},
    ]
    assert [line.text for line in diff_lines({"modules": modules})] == [
        "a.wasm  differs, not text",
        "b.js  new module",
    ]


def test_nothing_in_a_file_steers_the_terminal() -> None:
    lines = hunks("a\n", "\x1b[31mred\tb\n")
    diff = {"modules": [{"name": "x.js", "status": "changed", "added": 1, "removed": 1, "hunks": lines}]}
    assert "\x1b" not in "".join(line.shown for line in diff_lines(diff))
    assert diff_lines(diff)[-1].text == "�[31mred    b"


def test_summary() -> None:
    assert summary(DIFF) == "1 module, +2 −1"
    assert summary({"settings": [{}, {}], "modules": []}) == "2 settings"
    assert summary({"settings": [], "modules": []}) == "no difference"


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "x = 1"]), max_size=30).map("\n".join)


@given(TEXTS, TEXTS)
def test_a_diff_tells_the_new_text_from_the_old_one(old: str, new: str) -> None:
    """The old lines without `-`, and the new ones in place of `+`, are the new text."""
    result, at = [], 0
    before = old.splitlines()
    for hunk in hunks(old, new):
        first = next((line["old"] for line in hunk["lines"] if line["old"] is not None), None)
        start = int(hunk["header"].split()[1].split(",")[0][1:]) - 1 if first is None else first - 1
        result += before[at:start]
        at = start
        for line in hunk["lines"]:
            if line["op"] != "-":
                result.append(line["text"])
            if line["op"] != "+":
                assert before[at] == line["text"]
                at += 1
    assert result + before[at:] == new.splitlines()


def test_compare_names_what_happened_to_each_module() -> None:
    found = compare({"a": "1\n", "b": "2\n"}, {"b": "2\n", "c": "3\n4\n"}, {}, {"label": "your text"})
    assert [(module["name"], module["status"]) for module in found["modules"]] == [
        ("a", "removed"),
        ("b", "same"),
        ("c", "added"),
    ]
    assert (found["added"], found["removed"]) == (2, 1)


def test_swapping_twice_gives_the_same_lines() -> None:
    once = swapped(DIFF)
    assert [line.sign for line in diff_lines(once)] == ["@", " ", "-", "-", "+", " "]
    assert summary(once) == "1 module, +1 −2"
    assert [line.text for line in diff_lines(swapped(once))][1:] == [line.text for line in diff_lines(DIFF)][
        1:
    ]


def test_sides_in_words() -> None:
    assert side({"environment": "production", "number": 38}) == "▲ production v38"
    assert side({"environment": "staging", "label": "your text"}) == "staging your text"
    assert side({}) == "–"


async def test_a_long_diff_paints_what_is_on_the_screen_and_goes_from_change_to_change() -> None:
    old = [f"line {n}" for n in range(20_000)]
    new = list(old)
    for n in (100, 9_000, 19_000):
        new[n] = f"changed {n}"
    diff = compare({"a.js": "\n".join(old)}, {"a.js": "\n".join(new)}, SIDES["from"], SIDES["to"])
    app = DialogApp()
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(DiffScreen("notes", diff))
        await pilot.pause()
        view = app.screen.query_one(DiffView)
        assert "changed 100" in text_of(app)
        await pilot.press("n")
        await pilot.press("n")
        assert "changed 9000" in text_of(app)
        assert view.scroll_offset.y > 0
        await pilot.press("G")
        assert "changed 19000" in text_of(app)
        await pilot.press("N")
        await pilot.press("N")
        assert "changed 100" in text_of(app)


async def test_long_lines_are_read_to_their_end() -> None:
    old = [f"line {n}" for n in range(100)]
    new = [*old[:50], "a" * 300 + " the end", *old[51:-1], "last"]
    app = DialogApp()
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(DiffScreen("notes", compare({"a.js": "\n".join(old)}, {"a.js": "\n".join(new)}, {}, {})))
        await pilot.pause()
        view = app.screen.query_one(DiffView)
        assert "the end" not in text_of(app)
        await typed(pilot, "l" * 40)
        assert "the end" in text_of(app)
        far = view.scroll_offset.x
        await pilot.press("h")
        assert 0 < view.scroll_offset.x < far
        await pilot.press("G")
        await pilot.wait_for_scheduled_animations()
        assert view.scroll_offset.y == view.max_scroll_y > 0
        await pilot.press("g")
        await pilot.wait_for_scheduled_animations()
        assert view.scroll_offset == (0, 0)


async def test_the_diff_screen_says_what_is_compared_and_swaps_it() -> None:
    app = DialogApp()
    async with app.run_test(size=(100, 20)) as pilot:
        app.show(DiffScreen("notes", DIFF))
        await pilot.pause()
        assert "staging v41 → ▲ production v38" in text_of(app)
        assert "30 + " in text_of(app)
        await pilot.press("s")
        assert "▲ production v38 → staging v41" in text_of(app)
        assert "+1 −2" in text_of(app)
        await pilot.press("escape")
        assert app.results == [None]


async def test_no_difference_is_said() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(DiffScreen("notes", compare({"a": "1"}, {"a": "1"}, {}, {})))
        await pilot.pause()
        assert "Nothing differs." in text_of(app)
        assert "no difference" in text_of(app)
