"""Where one was comes back: module, cursors, the room for code and answer. And the list of modules' keys."""

from __future__ import annotations

import json
from pathlib import Path

from bench_app import opened
from textual.widgets import Input

from tui.last_places import LastPlace, LastPlaces
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.workbench.ask import AskDialog
from tui.widgets.modules_list import ModulesList


def test_places_are_kept_in_a_readable_file(tmp_path: Path) -> None:
    places = LastPlaces(tmp_path, "notes")
    assert places.read("staging") == LastPlace()
    places.keep("staging", LastPlace("a.js", {"a.js": (3, 4)}, -2))
    places.keep("dev", LastPlace("b.js"))
    assert LastPlaces(tmp_path, "notes").read("staging") == LastPlace("a.js", {"a.js": (3, 4)}, -2)
    places.path.write_text(
        json.dumps({"staging": {"module": 3, "cursors": {"a": [1], "b": "x"}, "shift": "y"}})
    )
    assert places.read("staging") == LastPlace("3")
    places.path.write_text("{")
    assert places.read("staging") == LastPlace()


async def test_module_cursors_and_room_come_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        wide = it.screen.editor_pane.size.width
        await it.press("down", "down", "right", "ctrl+pagedown", "end", "alt+m", "alt+m", "alt+n")
        await it.until(lambda: it.screen.editor_pane.size.width > wide)
        # As after kill -9: what is on disk now is what comes back.
        kept = LastPlaces(tmp_path, "notes").read("staging")
        assert (kept.module, kept.shift) == ("lib/words.js", 1)
        assert kept.cursors["worker.js"] == (2, 1)
    async with opened(tmp_path) as it:
        pane = it.screen.editor_pane
        await it.until(lambda: pane.current == "lib/words.js")
        assert pane.editor is not None
        editor = pane.editor
        await it.until(lambda: editor.cursor_location == (0, 23))
        assert it.screen.editor_pane.size.width > wide
        await it.press("ctrl+pageup")
        await it.until(lambda: pane.editor is not editor and pane.editor.cursor_location == (2, 1))
        for size in ((80, 24), (200, 50), (120, 40)):
            await it.pilot.resize_terminal(*size)
            await it.until(lambda: it.screen.query_one("#answer").size.width > 20)


async def test_the_list_of_modules_has_keys(tmp_path: Path) -> None:
    async with opened(tmp_path, size=(200, 50)) as it:
        listed = it.screen.query_one(ModulesList)
        await it.press("escape")
        listed.focus()
        await it.press("n")
        await it.until(lambda: it.app.screen.query("#name"))
        await it.press(*"a.ts", "enter")
        await it.until(lambda: it.screen.editor_pane.current == "a.ts")
        await it.until(lambda: listed.under_cursor == "a.ts")
        listed.focus()
        await it.press("R")
        await it.until(lambda: it.app.screen.query("#name"))
        it.app.screen.query_one("#name", Input).value = "b.ts"
        await it.press("enter")
        await it.until(lambda: it.app.screen is it.screen and listed.under_cursor == "b.ts")
        listed.focus()
        await it.press("x")
        await it.until(lambda: isinstance(it.app.screen, ConfirmDialog))
        await it.press("y")
        await it.until(lambda: it.app.screen is it.screen and "b.ts" not in it.screen.workspace.modules)
        listed.focus()
        await it.press("i")
        await it.until(lambda: isinstance(it.app.screen, AskDialog))
