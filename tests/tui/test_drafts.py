"""Unsaved text survives: atomic files, late writers, renames, and what is restored later."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tui.drafts import Drafts
from tui.requests import DraftRequest, Requests, absolute, parse_headers
from tui.workspace import Workspace, duplicate

LIVE = {
    "version_id": "v-41",
    "number": 41,
    "main_module": "worker.js",
    "modules": [
        {"name": "b.js", "type": "esm", "text": "b", "size": 1},
        {"name": "worker.js", "type": "esm", "text": "w", "size": 1},
        {"name": "old.txt", "type": "text", "text": "o", "size": 1},
        {"name": "x.wasm", "type": "wasm", "base64": "AA==", "size": 1},
    ],
}


def edited() -> Workspace:
    workspace = Workspace.read(LIVE)
    workspace.modules["worker.js"].text = "w2 é 𝒳\n"
    workspace.add("new.json", "{}")
    workspace.rename("b.js", "lib/b.ts")
    workspace.remove("old.txt")
    return workspace


def test_kept_text_comes_back_as_it_was(tmp_path: Path) -> None:
    drafts, workspace = Drafts(tmp_path), edited()
    drafts.keep("notes", "staging", workspace.kept(), 1)
    again = Workspace.read(LIVE)
    draft = Drafts(tmp_path).read("notes", "staging")
    assert draft is not None
    assert draft.number == 41
    assert draft.at.endswith("Z")
    assert draft.modules == 4
    again.restore(draft.content)
    assert again.payload() == workspace.payload()
    assert again.main == "worker.js"
    assert again.kept() == workspace.kept()
    assert again.dropped == {"b.js", "old.txt"}


def test_files_are_private_readable_and_leave_nothing_beside(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("notes", "staging", edited().kept())
    path = drafts.path("notes", "staging")
    assert "w2 é 𝒳" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["draft.json"]


def test_a_late_thread_does_not_overwrite_newer_text(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("notes", "staging", {"modules": [{"name": "a", "text": "new"}]}, 2)
    drafts.keep("notes", "staging", {"modules": [{"name": "a", "text": "old"}]}, 1)
    draft = drafts.read("notes", "staging")
    assert draft is not None
    assert draft.content["modules"][0]["text"] == "new"
    drafts.forget("notes", "staging", 3)
    drafts.keep("notes", "staging", {"modules": []}, 2)
    assert drafts.read("notes", "staging") is None


def test_forgetting_removes_empty_folders(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("notes", "staging", {"modules": []})
    drafts.forget("notes", "staging")
    drafts.forget("notes", "staging")
    assert list(tmp_path.glob("drafts/*")) == []


def test_all_lists_newest_first_and_passes_over_broken_files(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("notes", "staging", {"modules": []})
    drafts.keep("auth", "production", {"modules": []})
    broken = drafts.path("hello", "production")
    broken.parent.mkdir(parents=True)
    broken.write_text("{half")
    assert [(draft.service, draft.environment) for draft in drafts.all()] == [
        ("auth", "production"),
        ("notes", "staging"),
    ]


def test_saving_keeps_what_was_typed_meanwhile_unsaved() -> None:
    workspace = Workspace.read(LIVE)
    worker = workspace.modules["worker.js"]
    worker.text = "sent"
    texts = {module.name: module.text for module in workspace.modules.values()}
    worker.text = "typed while it was saved"
    workspace.saved("v-42", 42, texts)
    assert (workspace.version_id, workspace.number) == ("v-42", 42)
    assert [module.name for module in workspace.changed] == ["worker.js"]


def test_the_main_module_is_not_removed_and_stays_main_when_renamed() -> None:
    workspace = Workspace.read(LIVE)
    workspace.remove("worker.js")
    workspace.rename("worker.js", "index.ts")
    assert workspace.main == "index.ts"
    assert next(iter(workspace.modules)) == "index.ts"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("lib/a.js", False),
        ("", True),
        ("worker.js", True),
        ("/a.js", True),
        ("../a.js", True),
        (" a.js", True),
    ],
)
def test_module_names(name: str, wrong: bool) -> None:
    assert bool(duplicate(name, ["worker.js"])) is wrong


def test_requests_are_remembered_per_environment_in_a_readable_file(tmp_path: Path) -> None:
    requests = Requests(tmp_path, "notes")
    assert requests.read("staging") == DraftRequest()
    wanted = DraftRequest("PUT", "/notes/17", [("accept", "*/*")], '{"title":"é"}')
    requests.keep("staging", wanted)
    requests.keep("production", DraftRequest(url="/health"))
    assert requests.read("staging") == wanted
    content = json.loads(requests.path.read_text(encoding="utf-8"))
    assert content["production"]["url"] == "/health"
    assert "é" in requests.path.read_text(encoding="utf-8")
    requests.path.write_text("[]")
    assert requests.read("staging") == DraftRequest()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/notes", "http://s.localhost:1/notes"),
        ("notes?a=1", "http://s.localhost:1/notes?a=1"),
        ("", "http://s.localhost:1/"),
        ("https://example.com/x", "https://example.com/x"),
        ("//example.com/x", "http://example.com/x"),
    ],
)
def test_paths_become_absolute(typed: str, expected: str) -> None:
    assert absolute(typed, "http://s.localhost:1") == expected


def test_header_lines() -> None:
    assert parse_headers("Accept: */*\n\n# no\nx-a:b: c\n") == ([("Accept", "*/*"), ("x-a", "b: c")], "")
    assert parse_headers("Accept: */*\nbad line")[1] == "line 2: write it as name: value"


def test_a_get_sends_no_body() -> None:
    assert DraftRequest("GET", "/", [], "x").payload("http://a")["body"] is None
    assert DraftRequest("POST", "/", [], "x").payload("http://a")["body"] == "x"
