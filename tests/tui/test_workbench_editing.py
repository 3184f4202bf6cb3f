"""What the workbench does beyond typing and running: places, replacing, requests, views."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import fake_engine
import pytest
from bench_app import opened
from textual import events
from textual.widgets import Input, Label, OptionList

from tui import live
from tui.code_format import NotFormatted, formatted
from tui.commands import editing, requests
from tui.saved_requests import SavedRequests
from tui.screens.diff import DiffScreen
from tui.screens.workbench.ask import AskDialog
from tui.screens.workbench.search_modules import SearchDialog
from tui.widgets.completion_list import CompletionList
from tui.widgets.find_bar import FindBar
from tui.widgets.headers_view import HeadersView
from tui.widgets.json_tree import JsonTree
from tui.widgets.response_view import ResponseView

JSON = [["content-type", "application/json"]]


async def test_places_replacing_and_problems(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        pane = it.screen.editor_pane
        editor = pane.editor
        assert editor is not None
        await it.press("alt+s", *"fet")
        await it.until(lambda: it.app.screen is not it.screen)
        await it.pilot.pause(0.2)
        await it.press("enter")
        await it.until(lambda: editor.cursor_location == (1, 8))
        await it.press("ctrl+right_square_bracket")  # not on one: to the end of the block around it
        assert editor.cursor_location == (5, 0)
        await it.press("ctrl+right_square_bracket")
        assert editor.cursor_location == (0, 15)

        it.screen.post_message(editing.Replace())
        await it.until(lambda: pane.query_one(FindBar).replaces)
        await it.press("alt+e", *"n(ot)e")
        bar = pane.query_one(FindBar)
        assert "1 of 4" in str(bar.query_one(".bar-state", Label).content)
        await it.press("ctrl+f", *"$1x", "enter")  # one, then all
        assert editor.text.count("otx") == 1
        await it.press("alt+a")
        assert editor.text.lower().count("otx") == 4
        assert "note" not in editor.text.lower()
        await it.press("escape", "ctrl+z")
        assert editor.text.count("otx") == 1
        await it.press("ctrl+f", "alt+c")
        assert bar.case
        await it.press("escape")

        it.engine.diagnostics = [
            {"file": "worker.js", "line": 3, "column": 1, "message": "no", "severity": "error"},
            {"file": "lib/words.js", "line": 1, "column": 1, "message": "nor this", "severity": "error"},
        ]
        await it.press("x")
        await it.until(lambda: 2 in editor.marks)
        editor.go_to((0, 0))
        await it.press("alt+e")
        assert editor.cursor_location[0] == 2
        await it.press("alt+e")
        assert pane.current == "lib/words.js"
        it.engine.diagnostics = it.engine.diagnostics[:1]
        await it.press("x")  # what is wrong in another module is said here, with the key that leads there
        await it.until(lambda: "alt+e  worker.js:3  no" in pane.bottom)


async def test_words_are_offered_as_one_pauses(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        it.screen.detail["bindings"] = [{"name": "NOTES", "type": "kv_namespace"}]
        editor = it.screen.editor_pane.editor
        assert editor is not None
        words = it.screen.query_one(CompletionList)
        editor.replace_all("a\n\nb\n")
        editor.go_to((1, 0))
        await it.press(*"env.")
        await it.until(lambda: [item.word for item in words.candidates] == ["NOTES"])
        await it.press("tab", *".ge")
        assert editor.document[1].startswith("env.NOTES.ge")
        await it.until(lambda: [item.word for item in words.candidates] == ["get", "getWithMetadata"])
        await it.press("down", "enter")
        assert editor.document[1].startswith("env.NOTES.getWithMetadata")
        assert not words.display
        await it.press("enter", *"Resp")
        await it.until(lambda: words.display)
        await it.press("enter")  # nothing was picked: the line ends
        assert editor.document[2].strip() == "Resp"
        await it.press(*"Resp")
        await it.until(lambda: words.display)
        await it.press("escape")
        assert not words.display
        assert editor.has_focus


async def test_a_module_is_laid_out_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        editor = it.screen.editor_pane.editor
        assert editor is not None
        editor.replace_all("const a=`x  ${ 1 }`;if(a){b()}\n")
        await it.press("alt+p")
        await it.until(lambda: editor.text == "const a = `x  ${ 1 }`;\nif (a) { b() }\n")
        await it.press("alt+p")
        await it.until(lambda: "It is laid out like that already." in it.toasts)
        await it.press("ctrl+z")
        assert editor.text == "const a=`x  ${ 1 }`;if(a){b()}\n"


async def test_laying_out_anew_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def slow(text: str, suffix: str, indent: int) -> str:
        may_end.wait(30)
        ended.set()
        return "other"

    monkeypatch.setattr("tui.code_format.formatted", slow)
    async with opened(tmp_path) as it:
        editor = it.screen.editor_pane.editor
        assert editor is not None
        text = editor.text
        await it.press("alt+p")
        await it.until(lambda: "formatting…" in it.screen.editor_pane.bottom)
        await it.press("escape")
        await it.until(lambda: "formatting…" not in it.screen.editor_pane.bottom)
        may_end.set()
        await it.until(ended.is_set)
        assert editor.has_focus
        assert editor.text == text


def test_what_is_not_the_same_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFormatted, match="not wasm"):
        formatted("", "wasm", 2)
    assert formatted('{"a":[1,\n2]}', "json", 4).splitlines()[1] == '    "a": [1,'
    monkeypatch.setattr("jsbeautifier.beautify", lambda text, _: text.replace("  ", " "))
    assert formatted("a  =  1", "js", 2) == "a = 1"
    with pytest.raises(NotFormatted, match="same program"):
        formatted("a = 'two  blanks'", "js", 2)


async def test_all_modules_are_searched_and_files_imported(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/words.js").write_text("export const words = 2;\n")
    (folder / "page.html").write_text("<p>words</p>")
    (folder / "x.wasm").write_bytes(b"\0asm")
    async with opened(tmp_path) as it:
        it.screen.post_message(editing.ImportFiles())
        await it.until(lambda: isinstance(it.app.screen, AskDialog) and it.app.focused)
        it.app.screen.query_one("#name", Input).value = str(tmp_path / "nothing")
        await it.press("enter")
        await it.until(lambda: it.toasts)
        assert "There is no" in it.toasts[-1]
        it.screen.post_message(editing.ImportFiles())
        await it.until(lambda: isinstance(it.app.screen, AskDialog) and it.app.focused)
        it.app.screen.query_one("#name", Input).value = str(folder)
        await it.press("enter")
        await it.until(lambda: "3 modules imported: 2 new, 1 replaced." in it.toasts)
        modules = it.screen.workspace.modules
        assert modules["lib/words.js"].text == "export const words = 2;\n"
        assert (modules["x.wasm"].type, modules["x.wasm"].base64) == ("wasm", "AGFzbQ==")

        await it.press("alt+g")
        await it.until(lambda: isinstance(it.app.screen, SearchDialog) and it.app.focused)
        await it.press(*"words")
        await it.until(lambda: it.app.screen.query_one("#hits", OptionList).option_count == 2)
        await it.press("down", "enter")
        await it.until(lambda: it.app.screen is it.screen)
        await it.until(lambda: it.screen.editor_pane.current == "page.html")


async def test_requests_are_saved_taken_again_and_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    async def copy(app: Any, text: str) -> bool:
        copied.append(text)
        return True

    monkeypatch.setattr("tui.clipboard.copy", copy)
    command = "curl http://x.dev.localhost/a -X PUT \\\n -H 'content-type: text/html' -d '<p>'"
    async with opened(tmp_path) as it:
        bar = it.screen.request_bar
        await it.press("ctrl+l")
        it.app.focused.post_message(events.Paste(command))
        await it.until(lambda: bar.request.method == "PUT")
        assert bar.request.body == "<p>"
        assert bar.query_one("#request-body").module == "body.html"
        await it.press("alt+u")
        await it.until(lambda: copied)
        assert copied[0].startswith("curl http://x.dev.localhost/a")
        assert "-X PUT" in copied[0]
        await it.press("alt+k")
        await it.until(lambda: isinstance(it.app.screen, AskDialog) and it.app.focused)
        await it.press(*"Put it", "enter")
        await it.until(lambda: "Saved Put it.http." in it.toasts)
        assert SavedRequests(tmp_path, "notes").read("Put it") == bar.request
        await it.run()
        assert SavedRequests(tmp_path, "notes").sent()[0].status == 201
        it.screen.query_one("#url", Input).value = "/other"
        await it.press("alt+o")
        await it.until(lambda: it.app.screen is not it.screen)
        await it.press(*"Put it")
        await it.pilot.pause(0.2)
        await it.press("enter")
        await it.until(lambda: bar.request.url == "http://x.dev.localhost/a")
        it.screen.post_message(requests.DeleteRequest())
        await it.until(lambda: it.app.screen is not it.screen)
        await it.press(*"Put")
        await it.pilot.pause(0.2)
        await it.press("enter")
        await it.until(lambda: "Delete" in str(getattr(it.app.screen, "heading", "")))
        await it.press("y")
        await it.until(lambda: "Deleted Put it.http." in it.toasts)
        assert SavedRequests(tmp_path, "notes").names() == []


async def test_bodies_have_views_and_answers_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = json.dumps({"items": [{"id": n, "name": f"item {n}"} for n in range(4_000)]}).encode()

    async def many(payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        yield {
            "type": "response",
            "status": 200,
            "headers": [["content-type", "application/json"]],
            "time": 1.0,
        }
        yield fake_engine.body(large)
        yield {"type": "body_end", "size": len(large), "time": 2.0}
        yield {"type": "end", "outcome": "ok", "wall": 2.0, "engine_restarted": False}

    async def ask(*_: Any) -> live.Answer:
        return live.Answer(200, (("content-type", "application/json"),), b'{"note": 1}')

    monkeypatch.setattr("tui.live.ask", ask)
    async with opened(tmp_path) as it:
        await it.press("alt+l")
        await it.until(lambda: "Run the draft first: f5." in it.toasts)
        await it.run()
        names = [key for key, _ in it.screen.query_one(HeadersView).table_rows()]
        assert names[-2:] == ["cookie 0", "cookie 1"]
        await it.press("escape", "t")
        view = it.screen.query_one(ResponseView)
        tree = it.screen.query_one(JsonTree)
        assert view.folded is tree
        await it.until(lambda: len(tree.rows) > 3)
        assert [row.value.key for row in tree.rows[:4]] == ["", "note", "title", "tags"]
        await it.press("j", "h")
        assert len(tree.rows) == 2
        await it.press("l", "t")
        assert view.folded is None
        assert view.text.text.startswith('{"note":{')
        await it.press("alt+l")
        await it.until(lambda: isinstance(it.app.screen, DiffScreen))
        assert it.app.screen.diff["added"] > 1
        await it.press("escape")

        it.engine.script = many
        await it.press("f5")
        await it.until(lambda: it.screen.running is None and view.folded is tree)
        await it.until(lambda: len(tree.rows) == 4_002)  # the only member is open already
        it.screen.answer.query_one(FindBar).open(tree)
        await it.press(*"item 39")
        assert tree.cursor > 2
