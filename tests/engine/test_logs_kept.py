"""Logs that outlive the process: restart, kill, rename, pages, filters, bounds, and what is not kept."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from enginekit import RunningEngine, environment_path

from engine.logs import keeper as keeper_module
from engine.logs import query, retention
from engine.logs.keeper import Keeper
from engine.logs.logs import KEPT, Logs
from engine.runtime.http import Request
from engine.runtime.invocation import ConsoleLine, Invocation
from engine.store import Store, environments, services

CODE = """export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    console.warn("at", pathname);
    if (pathname === "/throw") throw new RangeError("no such thing");
    return new Response("ok", { status: pathname === "/gone" ? 410 : 200 });
  },
};"""
KEY = ("s", "production")


def paths(records: list[dict[str, Any]]) -> list[str]:
    """Paths of requests."""
    return [record["event"]["request"]["url"].partition(".localhost")[2] for record in records]


def until(what: Callable[[], Any], limit: float = 40.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + limit
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def end(engine: RunningEngine, signal_number: int) -> None:
    """End the live process, and wait until the next one answers."""
    live = engine.child("live")
    os.kill(live, signal_number)
    assert engine.child("live", other_than=live)
    assert engine.answers(40)


def written(state: Path, path: str) -> bool:
    """Whether the file has a record of a request to a path."""
    with sqlite3.connect(f"{(state / 'logs.db').as_uri()}?mode=ro", uri=True) as connection:
        row = connection.execute("SELECT 1 FROM records WHERE instr(data, ?)", (path,)).fetchone()
        return row is not None


def test_a_restart_and_a_kill(own_engine: RunningEngine) -> None:
    engine = own_engine
    engine.deploy("kept-logs", CODE)
    engine.result("POST", "/workers/services/kept-logs/environments", 201, json={"environment": "staging"})
    engine.deploy("kept-logs", CODE, "staging")
    logs, all_logs = f"{environment_path('kept-logs')}/logs", "/workers/services/kept-logs/logs"
    engine.get("kept-logs", "/one")
    engine.get("kept-logs", "/throw")
    engine.get("kept-logs", "/there", "staging")
    before = engine.result("GET", logs)
    assert paths(before) == ["/one", "/throw"]
    end(engine, signal.SIGTERM)
    assert (engine.state / "logs.db").stat().st_mode & 0o077 == 0

    assert engine.result("GET", logs) == before  # to the last frame
    engine.get("kept-logs", "/gone")
    [newest] = engine.result("GET", logs, params={"since": before[-1]["seq"]})
    assert newest["seq"] > before[-1]["seq"]
    until(lambda: written(engine.state, "/gone"))
    end(engine, signal.SIGKILL)
    assert paths(engine.result("GET", logs)) == ["/one", "/throw", "/gone"]
    assert paths(engine.result("GET", all_logs)) == ["/one", "/throw", "/there", "/gone"]
    for asked, wanted in (
        ({"failed": "true"}, ["/throw"]),
        ({"text": "NO SUCH thing"}, ["/throw"]),
        ({"status": "4xx"}, ["/gone"]),
        ({"level": "error"}, []),
        ({"level": "warn", "status": "<300", "until": str(newest["eventTimestamp"])}, ["/one"]),
        ({"ray": before[0]["ray"]}, ["/one"]),
        ({"outcome": "exception"}, ["/throw"]),
        ({"method": "POST"}, []),
        ({"limit": "1", "before": before[1]["seq"]}, ["/one"]),
    ):
        assert paths(engine.result("GET", logs, params=asked)) == wanted, asked
    path = environment_path("kept-logs", "staging")
    engine.result("PATCH", path, json={"environment": "next"})
    [moved] = engine.result("GET", f"{environment_path('kept-logs', 'next')}/logs")
    assert (moved["environment"], paths([moved])) == ("next", ["/there"])
    engine.result("DELETE", logs)
    assert engine.result("GET", logs) == []
    assert paths(engine.result("GET", all_logs)) == ["/there"]


def test_bad_questions(engine: RunningEngine, service: str) -> None:
    logs = f"{environment_path(service)}/logs"
    for asked, code in (
        ({"status": "many"}, 10026),
        ({"failed": "perhaps"}, 10001),
        ({"from": "yesterday"}, 10001),
        ({"filters": "[{]"}, 10001),
        ({"filters": '[{"text": 1}]'}, 10026),
    ):
        engine.refusal("GET", logs, 400, code, params=asked)
    engine.refusal("GET", "/workers/services/nobody-here/logs", 404, 10007)
    settings = f"/workers/scripts/{service}/script-settings"
    bad = {"observability": {"enabled": True, "logs": {"retention_days": -1}}}
    assert "retention_days" in engine.refusal("PATCH", settings, 400, 10026, json=bad)


def test_the_stream_of_a_service(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, CODE)
    engine.result("POST", f"/workers/services/{service}/environments", 201, json={"environment": "two"})
    engine.deploy(service, CODE, "two")
    params = {"status": "410", "gaps": "true"}
    with engine.api.stream("GET", f"/workers/services/{service}/logs/stream", params=params) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ""
        engine.get(service, "/quiet", "two")
        engine.get(service, "/gone", "two")
        engine.get(service, "/gone")
        found = [json.loads(next(lines)) for _ in range(2)]
    assert [(each["environment"], each["logs"][0]["line"]) for each in found] == [
        ("two", 4),
        ("production", 4),
    ]


# ------------------------------------------------------------------ without an engine


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with an environment."""
    made = Store.open(tmp_path)
    at = made.now()

    def work(connection: Any) -> None:
        services.insert(connection, "s", at)
        environments.insert(connection, "s", "production", at)

    await made.write(work)
    yield made
    made.close()


def say(logs: Logs, text: str = "", status: int = 200) -> None:
    """One request, with a console line if there is a text."""
    invocation = Invocation(*KEY)
    made = logs.begin(invocation, Request("GET", "http://s/", []))
    invocation.hold()
    if text:
        invocation.on_console(ConsoleLine("log", text, 0.0))
    made.responded(status)
    invocation.release()


async def fresh(store: Store) -> Logs:
    """Logs as a new process has them."""
    logs = Logs()
    await logs.keep(Keeper(store))
    return logs


async def every(logs: Logs, limit: int = KEPT, **asked: str) -> list[dict[str, Any]]:
    """All records that are wanted, page by page, oldest first."""
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        page, before = await logs.find([KEY], query.read(asked), limit, 0, before)
        found[:0] = page
        if before is None:
            return found


async def test_pages_join(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in memory, on the disk or in both: each record is told once, in order."""
    monkeypatch.setattr(keeper_module, "LOOKED_AT", 300)
    logs = await fresh(store)
    for number in range(700):
        say(logs, f"line {number}")
    await logs.keeper.close()  # type: ignore[union-attr]
    logs = await fresh(store)
    for number in range(700, KEPT + 900):
        say(logs, f"line {number}")
        if number % 250 == 0:
            await logs.keeper.flush()  # type: ignore[union-attr]
    for limit in (97, KEPT):
        found = await every(logs, limit)
        assert [each["logs"][0]["message"][0] for each in found] == [f"line {n}" for n in range(KEPT + 900)]
        assert [each["seq"] for each in found] == sorted({each["seq"] for each in found})
    assert len(await every(logs, 7, text="line 10")) == 1 + 10 + 100
    await logs.keeper.close()  # type: ignore[union-attr]


async def test_too_much_at_once(store: Store) -> None:
    """What is ordinary is left out first."""
    logs = await fresh(store)
    for _ in range(keeper_module.PLAIN + 300):
        say(logs)
    for _ in range(50):
        say(logs, status=500)
    assert logs.keeper is not None
    assert logs.keeper.left_out == 300
    await logs.keeper.close()
    after = await fresh(store)
    assert len(await every(after, failed="true")) == 50
    assert len(await every(after)) == keeper_module.PLAIN + 50
    assert after.keeper is not None
    await after.keeper.close()


async def test_what_is_kept(store: Store) -> None:
    """By the environment's own setting: how many bytes, and whether anything."""

    async def set_to(settings: dict[str, Any]) -> None:
        def work(connection: Any) -> None:
            place = environments.get(connection, *KEY)
            environments.set_script_settings(connection, place.id, {"observability": settings})

        await store.write(work)

    await set_to({"logs": {"retention_mb": 0.1}})
    logs = await fresh(store)
    for number in range(400):
        say(logs, "x" * 1000)
        if number % 100 == 0:
            await logs.keeper.flush()  # type: ignore[union-attr]
    await logs.keeper.close()  # type: ignore[union-attr]
    after = await fresh(store)
    kept = await every(after)
    assert 40 < len(kept) < 75
    assert kept[-1]["seq"] == logs._seq
    assert after.keeper is not None
    await after.keeper.close()
    await set_to({"logs": {"persist": False}})
    after = await fresh(store)
    assert after.keeper is not None
    await after.keeper._prune()
    assert await every(after) == []
    for _ in range(3):
        say(after, "only in memory")
    assert len(await every(after)) == 3
    await after.keeper.close()
    last = await fresh(store)
    assert await every(last) == []
    assert last.keeper is not None
    await last.keeper.close()


async def test_a_damaged_file(store: Store) -> None:
    """Logs are not worth a repair: they begin anew."""
    (store.folder / "logs.db").write_bytes(b"this is no database" * 1000)
    logs = await fresh(store)
    say(logs, "after")
    await logs.keeper.close()  # type: ignore[union-attr]
    again = await fresh(store)
    assert [each["logs"][0]["message"] for each in await every(again)] == [["after"]]
    assert again.keeper is not None
    await again.keeper.close()


def test_the_rule() -> None:
    """Cloudflare's settings and ours."""
    assert retention.read({}).keeps
    assert not retention.read({"observability": {"enabled": False}}).keeps
    rule = retention.read(
        {"observability": {"enabled": True, "head_sampling_rate": 0.5, "logs": {"retention_days": 2}}}
    )
    assert (rule.sampling, rule.days) == (0.5, 2)
    assert retention.read({"observability": {"logs": {"retention_days": "x"}}}).days == retention.DAYS
    assert retention.read({"observability": {"head_sampling_rate": 0}}).sampling == 0
