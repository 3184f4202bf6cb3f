"""Other accounts in the app: two engines, the second of them reached as a remote account."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from waiting import seen, until

from tui.app import SvcApp
from tui.client import Engine
from tui.connection import EngineError, Remote
from tui.options import Options
from tui.screens.browse import BrowseScreen
from tui.standard import StandardEngine
from tui.widgets.key_bar import KeyBar
from tui.widgets.service_tree import Place

CODE = "export default { fetch: (request, env) => new Response(`other ${env.WHERE}`) };\n"


def start(state: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "engine", "up", "--state", str(state), "--port", "0", "--json", *options]
    started = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert started.returncode == 0, started.stderr
    found: dict[str, Any] = json.loads(started.stdout)
    return {**found, "state": state, "pid": json.loads((state / "engine.json").read_text())["pid"]}


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """This machine's engine with the samples, and another with a `hello` of its own."""
    here = start(tmp_path_factory.mktemp("here"))
    there = start(tmp_path_factory.mktemp("there"), "--no-samples")
    there["token"] = Path(there["token_file"]).read_text().strip()
    metadata = {
        "main_module": "worker.js",
        "bindings": [{"name": "WHERE", "type": "plain_text", "text": "away"}],
    }
    answer = httpx.put(
        f"{there['address']}/client/v4/accounts/{there['account_id']}/workers/scripts/hello",
        headers={"authorization": f"Bearer {there['token']}"},
        data={"metadata": json.dumps(metadata)},
        files={"worker.js": ("worker.js", CODE, "application/javascript+module")},
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    yield here, there
    for each in (here, there):
        os.kill(each["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 60
    while any((each["state"] / "engine.json").exists() for each in (here, there)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def app(engines: tuple[dict[str, Any], dict[str, Any]], config: Path) -> SvcApp:
    """The app on the first engine; the second is the account `away`, read-only, and `mine`, for writing."""
    here, there = engines
    one = {"base_url": f"{there['address']}/client/v4", "account_id": there["account_id"], "token": "file"}
    entries = {"away": {**one, "write": False}, "mine": {**one, "write": True}}
    (config / "accounts.json").write_text(json.dumps({"current": "local", "accounts": entries}))
    (config / "tokens").mkdir()
    for name in entries:
        (config / "tokens" / name).write_text(there["token"])
    return SvcApp(Options(here["state"]))


async def loaded(pilot: Pilot[None], account: str) -> BrowseScreen:
    def shown() -> bool:
        screen = pilot.app.screen_stack[0]
        return pilot.app.account.name == account and isinstance(screen, BrowseScreen) and screen.loaded

    await until(pilot, shown, 30)
    browse = pilot.app.screen_stack[0]
    assert isinstance(browse, BrowseScreen)
    return browse


async def choose(pilot: Pilot[None], name: str) -> None:
    def found() -> list[str]:
        lists = pilot.app.screen.query(CommandList)
        return [str(one.prompt).split()[0] for one in lists.first().options] if lists else []

    await until(pilot, lambda: name in found(), 30)
    await pilot.press(*name)
    await until(pilot, lambda: found() == [name], 30)
    await pilot.press("enter")
    if isinstance(pilot.app.screen, CommandPalette):  # the first one only chose the row
        await pilot.press("enter")


def keys(pilot: Pilot[None]) -> set[str]:
    return {key.words for key in pilot.app.screen.query_one(KeyBar).keys}


async def test_the_app_changes_to_another_account_and_back(app: SvcApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        browse = await loaded(pilot, "local")
        assert {"notes", "hello"} <= {one["id"] for one in browse.services}
        await until(pilot, lambda: "Promote…" in keys(pilot), 20)
        await pilot.press("f9")
        await choose(pilot, "away")
        browse = await loaded(pilot, "away")
        assert [one["id"] for one in browse.services] == ["hello"]
        await until(pilot, lambda: "away › services" in seen(pilot) and "read only" in seen(pilot), 20)
        await until(pilot, lambda: "WHERE" in seen(pilot), 20)
        await until(pilot, lambda: "Edit" in keys(pilot), 20)
        assert not {"Promote…", "Clone…", "New…"} & keys(pilot)
        with pytest.raises(EngineError, match="away is read-only"):
            await app.engine.create_environment("hello", "x")
        await pilot.press("f9")
        await choose(pilot, "local")
        browse = await loaded(pilot, "local")
        await until(pilot, lambda: "this machine" in seen(pilot) and "Promote…" in keys(pilot), 20)
        assert not app.read_only


async def test_an_account_for_writing_can_be_changed(app: SvcApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await loaded(pilot, "local")
        await pilot.press("f9")
        await choose(pilot, "mine")
        await loaded(pilot, "mine")
        await until(pilot, lambda: "Promote…" in keys(pilot), 20)
        await app.engine.create_environment("hello", "fresh")
        await until(pilot, lambda: "fresh" in seen(pilot), 20)
        await app.engine.delete_environment("hello", "fresh")


async def test_an_environment_is_compared_with_the_other_accounts(app: SvcApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        browse = await loaded(pilot, "local")
        await until(pilot, lambda: browse.place is not None and browse.place.service == "gateway", 20)
        browse.service_tree.go_to(Place("hello", "production"))
        await pilot.press("ctrl+p", *"compare w")
        await until(pilot, lambda: "Compare with another" in seen(pilot), 20)
        await pilot.press("enter")
        await choose(pilot, "away")
        await until(pilot, lambda: "other ${env.WHERE}" in seen(pilot), 30)
        assert "away" in seen(pilot)
        assert "WHERE" in seen(pilot)


async def test_an_account_that_refuses_the_token_is_told_of_and_not_taken(app: SvcApp, config: Path) -> None:
    (config / "tokens" / "away").write_text("wrong")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await loaded(pilot, "local")
        await pilot.press("f9")
        await choose(pilot, "away")
        await until(pilot, lambda: "Authentication error" in seen(pilot), 20)
        assert app.account.name == "local"


async def test_an_account_that_knows_no_engine_is_browsed_and_its_code_is_read(
    app: SvcApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(self: Engine) -> None:
        raise EngineError(7003, "Could not route to /engine", 404)

    async with app.run_test(size=(120, 40)) as pilot:
        await loaded(pilot, "local")
        monkeypatch.setattr(Engine, "status", unknown)
        await pilot.press("f9")
        await choose(pilot, "away")
        browse = await loaded(pilot, "away")
        assert isinstance(app.engine, StandardEngine)
        await until(pilot, lambda: "WHERE" in seen(pilot) and "Deployments" in seen(pilot), 20)
        assert browse.place == Place("hello", "production")
        await pilot.press("e")
        await until(pilot, lambda: "fetch: (request, env) =>" in seen(pilot), 20)


async def test_cloudflares_api_alone_is_enough_to_look_around(engines: Any) -> None:
    """What Cloudflare does not publish is never asked for."""
    _, there = engines
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.path.partition(there["account_id"])[2])

    remote = Remote(there["address"], there["account_id"], lambda: there["token"])
    engine = StandardEngine(Path("none"), read_only=True, remote=remote)
    (await engine._connection._connect()).event_hooks["request"].append(note)
    try:
        services = await engine.services()
        detail = await engine.environment("hello", "production")
        code = await engine.modules("hello", "production")
        changes = engine.changes()
        assert await anext(changes) == {"kind": "connected"}
        await changes.aclose()
        version = str(code["version_id"])
        same = await engine.diff("hello", "production", version)
    finally:
        await engine.close()
    assert [one["id"] for one in services] == ["hello"]
    assert (detail["bindings"][0]["text"], detail["deployments_count"]) == ("away", 1)
    assert code["modules"] == [{"name": "worker.js", "type": "esm", "size": len(CODE), "text": CODE}]
    assert [one["status"] for one in same["modules"]] == ["same"]
    assert set(asked) <= {
        "/workers/scripts",
        "/workers/subdomain",
        "/workers/scripts/hello/settings",
        "/workers/scripts/hello/deployments",
        "/workers/scripts/hello/content/v2",
    }
