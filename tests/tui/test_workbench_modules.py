"""The list of modules, and how code and answer divide the room."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_app import opened
from textual.widgets import Input

from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.workbench import WorkbenchScreen
from tui.screens.workbench.ask import AskDialog
from tui.screens.workbench.keeping import CHECK_AFTER
from tui.screens.workbench.module_name import ModuleNameDialog
from tui.settings import AnswerSettings, EditorSettings, LayoutSettings, Settings
from tui.widgets.modules_list import ModulesList


async def test_the_list_acts_on_the_module_under_its_cursor(tmp_path: Path) -> None:
    more = tmp_path / "page.html"
    more.write_text("<p>words</p>")
    async with opened(tmp_path, size=(200, 50)) as it:
        listed = it.screen.query_one(ModulesList)

        async def to(name: str) -> None:
            if it.screen.editor_pane.has_focus_within:
                await it.press("escape")
            await it.press("1")
            await it.until(lambda: listed.has_focus)
            await it.press("g")
            for _ in range(len(it.screen.workspace.modules) + 2):
                if listed.under_cursor == name:
                    return
                await it.press("j")
            raise AssertionError(f"{name} is not in the list")

        await to("worker.js")
        await it.press("n")
        await it.until(lambda: isinstance(it.app.screen, ModuleNameDialog) and it.app.focused)
        await it.press(*"a.ts", "enter")
        await it.until(lambda: it.screen.editor_pane.current == "a.ts")

        await to("lib/words.js")
        await it.press("R")
        await it.until(lambda: isinstance(it.app.screen, ModuleNameDialog) and it.app.focused)
        field = it.app.screen.query_one("#name", Input)
        assert field.value == "lib/words.js"  # not a.ts, which is under edit
        field.value = "lib/text.js"
        await it.press("enter")
        await it.until(lambda: "lib/text.js" in it.screen.workspace.modules)
        assert "lib/words.js" not in it.screen.workspace.modules

        await to("a.ts")
        await it.press("x")
        await it.until(lambda: isinstance(it.app.screen, ConfirmDialog))
        await it.press("y")
        await it.until(lambda: "a.ts" not in it.screen.workspace.modules)
        await to("worker.js")
        await it.press("x")
        await it.until(lambda: any("is the main module" in toast for toast in it.toasts))
        assert "worker.js" in it.screen.workspace.modules

        await to("worker.js")
        await it.press("i")
        await it.until(lambda: isinstance(it.app.screen, AskDialog) and it.app.focused)
        it.app.screen.query_one("#name", Input).value = str(more)
        await it.press("enter")
        await it.until(lambda: "page.html" in it.screen.workspace.modules)
        assert it.screen.workspace.modules["page.html"].text == "<p>words</p>"


async def test_code_and_answer_divide_the_room_as_one_likes(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:

        def widths() -> tuple[int, int]:
            return it.screen.editor_pane.size.width, it.screen.answer.size.width

        code, answer = widths()
        await it.press("alt+m")
        await it.until(lambda: widths()[0] > code and widths()[1] < answer)
        wider = widths()
        await it.press("alt+n", "alt+n")
        await it.until(lambda: widths()[0] < code and widths()[1] > answer)
        await it.press("alt+m", "alt+m")
        await it.until(lambda: widths() == wider)
    async with opened(tmp_path) as it:  # kept for the next time
        await it.until(lambda: widths() == wider)


async def test_what_config_toml_says_of_checking_and_wrapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Settings(editor=EditorSettings(check=False), answer=AnswerSettings(wrap=True))
    async with opened(tmp_path) as it:
        assert not it.screen.answer.body.soft_wrap
        monkeypatch.setattr(it.app, "settings", chosen)
        it.engine.diagnostics = [
            {"file": "worker.js", "line": 1, "column": 1, "message": "no", "severity": "error"}
        ]
        await it.press("x")
        await it.pilot.pause(CHECK_AFTER + 0.3)
        assert it.screen.editor_pane.editor.marks == {}
        monkeypatch.undo()
        await it.press("y")
        await it.until(lambda: it.screen.editor_pane.editor.marks == {0: "no"})
        monkeypatch.setattr(it.app, "settings", chosen)
        screen = WorkbenchScreen("notes", "production")
        await it.app.push_screen(screen)
        assert screen.answer.body.soft_wrap


async def test_what_config_toml_says_of_the_layout(tmp_path: Path) -> None:
    async with opened(tmp_path, size=(200, 50)) as it:

        async def opened_anew(layout: LayoutSettings) -> WorkbenchScreen:
            it.app.settings = Settings(layout=layout)
            screen = WorkbenchScreen("notes", "staging")
            await it.app.push_screen(screen)
            await it.until(lambda: screen.loaded and screen.answer.region)
            await it.pilot.pause()
            return screen

        beside = it.screen.answer.region
        assert beside.y < 10
        assert it.screen.query_one("#modules").display
        screen = await opened_anew(LayoutSettings(stacked=True))
        assert screen.answer.region.y > 20
        assert screen.answer.region.width > 190
        screen = await opened_anew(LayoutSettings(modules=False, split=2))
        assert not screen.query_one("#modules").display
        assert screen.editor_pane.region.x == 0
        assert screen.answer.region.width == beside.width - 16
