"""The data screen: KV, D1, R2 and Durable Objects of an environment, against a real engine."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from account import browsing
from enginekit import HELLO, RunningEngine
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import seen, until

from tui.app import SvcApp
from tui.data import sql
from tui.data.kv import left, parse_expiry, parse_import
from tui.data.objects import parse_alarm
from tui.data.source import compact
from tui.lexers import lexer_for_name
from tui.options import Options
from tui.screens.data import DataScreen
from tui.screens.data.fields import FieldsDialog, PathSuggester
from tui.screens.data.transfer import TransferDialog
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.dialogs.keys import KeysDialog
from tui.screens.settings import SettingsScreen
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.service_tree import Place

ROOM = """
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async fetch() {
    await this.ctx.storage.put({ plain: { n: 1 }, odd: new Map([[1n, 2]]) });
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS users (name TEXT)");
    return new Response("ok");
  }
}
export default { fetch: (request, env) => env.ROOM.getByName("lobby").fetch(request) };
"""
FLOW = """
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("count letters", async () => event.payload.word.length);
  }
}
export default { fetch: () => new Response("ok") };
"""
CLASS = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]}


def test_what_sql_may_change() -> None:
    reads = [
        "SELECT 1",
        "-- x\nselect 'delete';",
        "with a as (select 1) select * from a",
        "PRAGMA table_info(a)",
    ]
    changes = [
        "DELETE FROM a",
        "select 1; drop table a",
        "with a as (select 1) insert into b select * from a",
    ]
    assert not any(sql.writes(text) for text in reads)
    assert all(sql.writes(text) for text in [*changes, "pragma user_version = 3", "vacuum"])
    assert [sql.pageable(text) for text in ("select 1;", "explain select 1", "select 1; select 2")] == [
        True,
        False,
        False,
    ]
    kinds = {str(kind) for kind, text in lexer_for_name("a.sql").get_tokens("SELECT a -- x") if text.strip()}
    assert {"Token.Keyword", "Token.Name", "Token.Comment.Single"} <= kinds


def test_times_and_files() -> None:
    assert (parse_expiry("2h", now=0), parse_expiry("90", now=0), parse_expiry("never")) == (7200, 90, None)
    assert (left(None), left(7300, now=0), left(59, now=0)) == ("never", "2h", "59s")
    assert (parse_alarm("10m", now=0), parse_alarm("")) == (600_000, None)
    for parse, text in ((parse_expiry, "soon"), (parse_expiry, "5"), (parse_alarm, "soon")):
        with pytest.raises(ValueError, match=r"\w"):
            parse(text)
    assert parse_import(b'{"a": "x", "b": {"c": 1}}') == [
        {"key": "a", "value": "x"},
        {"key": "b", "value": '{"c": 1}'},
    ]
    with pytest.raises(ValueError, match="Entry 2"):
        parse_import(b'[{"key": "a", "value": "b"}, {"key": 1}]')
    assert compact('{\n  "a b": [1, "x : y"]\n}') == '{"a b":[1,"x : y"]}'


def test_the_history_of_queries(tmp_path: Path) -> None:
    history = sql.History(tmp_path, "d1-a/b")
    for text in ("one", "two", "one"):
        history.add(text)
    assert history.read() == ["one", "two"]
    assert history.file.stat().st_mode & 0o077 == 0


async def test_paths_are_completed(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("[]")
    assert await PathSuggester().get_suggestion(f"{tmp_path}/ke") == f"{tmp_path}/keys.json"
    assert await PathSuggester().get_suggestion(f"{tmp_path}/nothing") is None


@pytest.fixture(scope="module")
def place(engine: RunningEngine) -> dict[str, str]:
    """A service whose staging has something of every kind."""
    kv = engine.result("POST", "/storage/kv/namespaces", json={"title": "data-kv"})["id"]
    entries = [{"key": f"note:{n:03}", "value": f'{{"n":{n}}}'} for n in range(250)]
    entries += [{"key": "by:ana", "value": "x", "metadata": {"m": 1}}]
    engine.result("PUT", f"/storage/kv/namespaces/{kv}/bulk", json=entries)
    d1 = engine.result("POST", "/d1/database", json={"name": "data-d1"})["uuid"]
    rows = ",".join(f"({n}, 'user {n}')" for n in range(250))
    text = f"CREATE TABLE users (id INTEGER, name TEXT); INSERT INTO users VALUES {rows}"
    engine.result("POST", f"/d1/database/{d1}/query", json={"sql": text})
    engine.result("POST", "/r2/buckets", json={"name": "data-r2"})
    engine.result("PUT", "/r2/buckets/data-r2/objects/a%2Fb.json", content=b'{"x": [1, 2]}')
    service = "data-screen"
    engine.result("POST", "/workers/services", json={"id": service}, status=201)
    bindings = [
        {"type": "kv_namespace", "name": "KV", "namespace_id": kv},
        {"type": "d1", "name": "DB", "id": d1},
        {"type": "r2_bucket", "name": "FILES", "bucket_name": "data-r2"},
        {"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room"},
    ]
    engine.deploy(service, HELLO)
    engine.result("POST", f"/workers/services/{service}/environments/production/copy/staging", status=201)
    engine.deploy(service, ROOM, "staging", bindings=bindings, migrations=CLASS)
    engine.get(service, "/", "staging")
    return {"service": service, "kv": kv, "d1": d1}


async def opened(pilot: Pilot[None], service: str, environment: str) -> DataScreen:
    app = pilot.app
    assert isinstance(app, SvcApp)
    await until(pilot, lambda: app.engine_state.ready)
    screen = DataScreen(service, environment)
    app.push_screen(screen)
    await until(pilot, lambda: screen.place is not None)
    return screen


async def go_to(pilot: Pilot[None], screen: DataScreen, *labels: str) -> None:
    """Put the tree's cursor on a row, unfolding those above it."""
    node = screen.data_tree.root
    for label in labels:
        await until(
            pilot, lambda node=node, label=label: any(str(each.label) == label for each in node.children)
        )
        node = next(each for each in node.children if str(each.label) == label)
        screen.data_tree.move_cursor(node)
        if label != labels[-1] and not node.is_expanded:
            node.expand()
    await until(pilot, lambda: screen.place is node.data)


async def answer(pilot: Pilot[None], **fields: str) -> None:
    """Fill a dialog's fields and press its verb."""
    await until(pilot, lambda: isinstance(pilot.app.screen, FieldsDialog))
    for name, text in fields.items():
        pilot.app.screen.query_one(f"#field-{name}", Input).value = text
    await until(pilot, lambda: pilot.app.screen.ready)  # type: ignore[attr-defined]
    pilot.app.screen.go()  # type: ignore[attr-defined]
    await pilot.pause()


async def test_kv(engine: RunningEngine, place: dict[str, str], tmp_path: Path) -> None:
    app = SvcApp(Options(engine.state))
    base = f"/storage/kv/namespaces/{place['kv']}"

    def value(key: str) -> str:
        return engine.api.get(f"{base}/values/{key}").text

    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, place["service"], "staging")
        await go_to(pilot, screen, "KV", "data-kv", "note:")
        await until(pilot, lambda: "100 of 250" in seen(pilot))
        assert "data-kv › note:" in seen(pilot)
        await pilot.press("2", "G")
        await until(pilot, lambda: len(screen.items.items) > 100)
        await pilot.press("G")
        await until(pilot, lambda: "250 keys" in seen(pilot))
        await pilot.press("g")
        await until(pilot, lambda: screen.value is not None and '"n": 0' in screen.value.text)

        await pilot.press("e")
        await until(pilot, lambda: screen.content.has_focus and screen.editing)
        screen.content.replace_all('{\n  "n": 7\n}')
        assert screen.unsaved() == "note:000"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: value("note:000") == '{"n":7}')
        await until(pilot, lambda: not screen.editing and screen.value is not None)

        await pilot.press("t")
        await answer(pilot, expiration="30d", metadata='{"by": "ana"}')
        await until(pilot, lambda: "29d" in seen(pilot) and '{"by": "ana"}' in seen(pilot))
        await pilot.press("n")
        await answer(pilot, key="note:new", expiration="2h")
        await until(pilot, lambda: screen.editing)
        await pilot.press(*"hi", "ctrl+s")
        await until(pilot, lambda: value("note:new") == "hi")
        await until(pilot, lambda: not screen.editing)

        screen.items.focus()
        await pilot.press("g", "space", "space", "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "2 keys" in seen(pilot)
        await pilot.press("y")
        await until(pilot, lambda: engine.api.get(f"{base}/values/note:001").status_code == 404)
        await until(pilot, lambda: app.screen is screen)

        file = tmp_path / "keys.json"
        file.write_text(json.dumps([{"key": f"in:{n}", "value": "v"} for n in range(1500)]))
        await pilot.press("i")
        await answer(pilot, file=str(file))
        await until(pilot, lambda: engine.api.get(f"{base}/values/in:1499").status_code == 200)
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("slash")
        await answer(pilot, prefix="in:14")
        await until(pilot, lambda: "first 100" in seen(pilot) and "in:1400" in seen(pilot))
        await pilot.press("y", "r", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, KeysDialog))
        await pilot.press("escape", "3")
        await until(pilot, lambda: screen.content.has_focus)
        await pilot.press("1")
        await until(pilot, lambda: screen.data_tree.has_focus)
        await pilot.press("3")
        await until(pilot, lambda: screen.content.has_focus)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: screen.data_tree.has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, DataScreen))


async def test_sql_of_a_database_and_of_an_object(engine: RunningEngine, place: dict[str, str]) -> None:
    app = SvcApp(Options(engine.state))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, place["service"], "staging")
        await go_to(pilot, screen, "D1", "data-d1", "users")
        await until(pilot, lambda: "first 100 rows" in seen(pilot))
        await pilot.press("3", "G")
        await until(pilot, lambda: len(screen.rows.rows_shown) == 200)
        await pilot.press("y", "2")
        screen.sql.replace_all("SELECT count(*) AS n FROM users")
        await pilot.press("f5")
        await until(pilot, lambda: screen.rows.rows_shown == [[250]])
        screen.sql.replace_all("SELECT nonsense")
        await pilot.press("f5")
        await until(pilot, lambda: "no such column" in seen(pilot))
        screen.sql.replace_all("UPDATE users SET name = 'x' WHERE id = 1")
        await pilot.press("f5")
        await until(pilot, lambda: "written" in seen(pilot))
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "An earlier query" in seen(pilot) and "count(*)" in seen(pilot))
        await pilot.press("escape", "escape")

        await until(pilot, lambda: app.screen is screen)
        await go_to(pilot, screen, "Durable Objects", "Room")
        await until(pilot, lambda: "1 object" in seen(pilot))
        await pilot.press("o")
        await answer(pilot, name="lobby")
        await until(pilot, lambda: "Room › lobby" in seen(pilot) and "2 keys" in seen(pilot))
        await pilot.press("2", "G")
        await until(pilot, lambda: '"n": ' in screen.content.text)
        await pilot.press("e")
        screen.content.replace_all('{"n": [2]}')
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not screen.editing and "[" in screen.content.text)
        await pilot.press("A")
        await answer(pilot, at="2h")
        spaces = engine.result("GET", "/workers/durable_objects/namespaces?per_page=1000")
        space = next(each["id"] for each in spaces if each["script"] == place["service"])
        objects = f"/workers/durable_objects/namespaces/{space}/objects"
        await until(pilot, lambda: engine.result("GET", objects)[0]["alarm"] is not None)
        (one,) = engine.result("GET", objects)
        assert '"n"' in next(
            each["text"]
            for each in engine.result("GET", f"{objects}/{one['id']}/keys")
            if each["key"] == "plain"
        )
        await until(pilot, lambda: app.screen is screen)
        node = screen.data_tree.cursor_node
        assert node is not None
        node.expand()
        await until(pilot, lambda: [str(each.label) for each in node.children] == ["users", "SQL"])


async def test_r2_and_production(engine: RunningEngine, place: dict[str, str], tmp_path: Path) -> None:
    app = SvcApp(Options(engine.state))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, place["service"], "staging")
        await go_to(pilot, screen, "R2", "data-r2")
        await until(pilot, lambda: "a/" in seen(pilot))
        await pilot.press("2", "enter")
        await until(pilot, lambda: '"x": [1, 2]' in screen.content.text)
        file = tmp_path / "upload.txt"
        file.write_bytes(b"line\n" * 200_000)
        await pilot.press("U")
        await answer(pilot, file=str(file), key="a/")
        await until(pilot, lambda: "first 64 KB" in seen(pilot))
        await pilot.press("w")
        target = tmp_path / "back.txt"
        await answer(pilot, file=str(target))
        await until(pilot, lambda: target.exists() and app.screen is screen)
        assert target.read_bytes() == file.read_bytes()

        production = DataScreen(place["service"], "production")
        app.push_screen(production)
        await until(pilot, lambda: production.place is not None)
        await go_to(pilot, production, "R2", "data-r2", "a/")
        await until(pilot, lambda: production.items.row_count == 2)
        await pilot.press("2", "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "▲ production" in seen(pilot)
        await pilot.press("y")
        await pilot.pause(0.2)
        assert isinstance(app.screen, ConfirmDialog), "the name has to be typed"
        app.screen.query_one("#typed", Input).value = ""
        await pilot.press(*"production", "enter")
        await until(pilot, lambda: production.items.row_count == 1)
        left_over = engine.result("GET", "/r2/buckets/data-r2/objects")
        assert [each["key"] for each in left_over] == ["a/upload.txt"]


async def test_queues_and_the_ways_here(engine: RunningEngine, place: dict[str, str]) -> None:
    name = f"data-queue-{uuid.uuid4().hex[:8]}"
    made = engine.result("POST", "/queues", json={"queue_name": name})["queue_id"]
    engine.result("POST", f"/queues/{made}/messages", json={"body": {"mail": 17}, "content_type": "json"})
    app = SvcApp(Options(engine.state))
    async with app.run_test(size=(200, 50)) as pilot:
        browse = await browsing(pilot)
        assert browse.service_tree.go_to(Place(place["service"], "staging"))
        await until(pilot, lambda: browse.place == Place(place["service"], "staging"))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen) and app.screen.loaded)
        await pilot.press("escape", "e")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen) and app.screen.loaded)
        await pilot.press("alt+v")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen) and app.screen.loaded)
        await pilot.press("escape", "alt+t")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        workbench_data = app.screen
        workbench_data.dismiss()
        await until(pilot, lambda: app.screen is not workbench_data)
        while app.screen is not browse:
            app.pop_screen()
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen.place is not None)
        screen = app.screen
        assert isinstance(screen, DataScreen)
        await go_to(pilot, screen, "Queues", name)
        await until(pilot, lambda: '"mail": 17' in screen.content.text)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: "no message" in seen(pilot))


async def test_workflows_show_their_instances_and_steps(engine: RunningEngine) -> None:
    service = f"data-flow-{uuid.uuid4().hex[:8]}"
    binding = {"type": "workflow", "name": "FLOW", "workflow_name": service, "class_name": "Flow"}
    engine.deploy(service, FLOW, bindings=[binding])
    for word in ("four", None):
        engine.result("POST", f"/workflows/{service}/instances", json={"params": {"word": word}})
    async with SvcApp(Options(engine.state)).run_test(size=(200, 50)) as pilot:
        screen = await opened(pilot, service, "production")
        await go_to(pilot, screen, "Workflows", service)
        await until(pilot, lambda: screen.items.row_count == 2)
        await pilot.press("2", "G")
        await until(pilot, lambda: '"word": "four"' in screen.content.text)
        assert "count letters-1" in screen.content.text
        assert not screen.content.show_line_numbers  # words, no code
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press(*"production", "enter")
        await until(pilot, lambda: screen.items.row_count == 1)
        assert len(engine.result("GET", f"/workflows/{service}/instances")) == 1


async def test_a_transfer_says_what_went_wrong(engine: RunningEngine) -> None:
    app = SvcApp(Options(engine.state))
    async with app.run_test(size=(80, 24)) as pilot:

        async def broken(progress: Any) -> None:
            progress(1024, 4096)
            raise OSError("the disk is gone")

        dialog = TransferDialog("Upload", "To somewhere.", broken)
        app.push_screen(dialog)
        await until(pilot, lambda: "✗ the disk is gone" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not dialog)
