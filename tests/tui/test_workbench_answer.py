"""What can be done with an answer in the workbench: its parts, its body, and finding in it."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from bench_app import opened, palette
from fake_engine import FakeEngine

from tui.app import SvcApp
from tui.widgets.answer_pane import CALLS, CONSOLE, HEADERS, RESPONSE
from tui.widgets.calls_view import CallsView
from tui.widgets.console_view import ConsoleView
from tui.widgets.find_bar import FindBar
from tui.widgets.headers_view import HeadersView

BODY = {"note": {"title": "Groceries", "tags": ["home", "weekly"]}}


async def test_parts_of_the_answer_are_shown_by_key_and_by_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        await it.run()
        answer = it.screen.answer
        await it.press("f8")
        assert answer.active == CONSOLE
        assert it.screen.query_one(ConsoleView).has_focus
        await it.press("f8")  # again: back to the answer
        assert answer.active == RESPONSE
        assert answer.body.has_focus
        await palette(it, "answer: Headers")
        await it.until(lambda: answer.active == HEADERS)
        assert it.screen.query_one(HeadersView).has_focus
        await palette(it, "answer: Response")
        await it.until(lambda: answer.active == RESPONSE and answer.body.has_focus)
        await palette(it, "answer: Calls")  # which have a pane of their own here
        await it.until(lambda: it.screen.query_one("#calls CallsView", CallsView).has_focus)
    async with opened(tmp_path, size=(80, 24)) as it:
        await it.run()
        await palette(it, "answer: Calls")  # no room for it: a tab
        await it.until(lambda: it.screen.answer.active == CALLS and it.screen.answer.has_focus_within)


async def test_the_body_is_searched_and_wrapped(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        await it.run()
        await it.press("escape")
        body, bar = it.screen.answer.body, it.screen.answer.query_one(FindBar)
        assert body.has_focus
        wrapped = body.soft_wrap
        await it.press("w")
        assert body.soft_wrap is not wrapped
        await it.press("w")
        assert body.soft_wrap is wrapped

        await it.press("slash", *"ee")
        assert bar.display
        assert body.selected_text == "ee"
        await it.press("backspace", "escape")
        assert not bar.display
        assert body.has_focus
        at = []
        for key in ("n", "n", "N"):
            await it.press(key)
            assert body.selected_text == "e"
            at.append(body.selection)
        assert at[0] == at[2] != at[1]


@pytest.fixture
def given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app may give its terminal away, as in a real one."""
    monkeypatch.setattr(SvcApp, "is_headless", property(lambda _: False))
    monkeypatch.setattr(SvcApp, "suspend", lambda _: nullcontext())


def program(path: Path, script: str) -> str:
    """A program whose last argument is a file."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.usefixtures("given_away")
async def test_the_whole_body_goes_to_the_pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = tmp_path / "read"
    monkeypatch.setenv("PAGER", program(tmp_path / "pager", f'case "$1" in *.json) cp "$1" {read};; esac'))
    async with opened(tmp_path) as it:
        await it.press("escape", "v")
        assert not read.exists()  # there is no answer yet
        await it.run()
        await it.press("4", "v")
        await it.until(read.exists)
        assert json.loads(read.read_bytes()) == BODY


@pytest.mark.usefixtures("given_away")
async def test_a_module_is_edited_elsewhere_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    engine = FakeEngine(tmp_path)
    async with opened(tmp_path, engine=engine) as it:
        editor = it.screen.editor_pane.editor
        assert editor is not None
        before = editor.text
        await it.press("f4")
        await it.until(lambda: any("No editor is set" in toast for toast in it.toasts))
        monkeypatch.setenv("EDITOR", program(tmp_path / "edit", 'echo "// elsewhere" >> "$1"'))
        await it.press("f4")
        await it.until(lambda: editor.text == f"{before}// elsewhere\n")
        assert it.screen.workspace.dirty
        assert editor.has_focus
        await it.press("ctrl+z")  # one edit
        assert editor.text == before
        monkeypatch.setenv("EDITOR", program(tmp_path / "fail", 'echo gone > "$1"; exit 3'))
        await it.press("f4")
        await it.until(lambda: any("code 3; nothing was taken" in toast for toast in it.toasts))
        assert editor.text == before
