"""Sandboxed D1: live reads until the first write, then a private copy; applied on request or dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from casekit import ask, draft, value
from storekit import ANA, opened
from workerkit import Lab, lab

from engine import databases
from engine.bindings.d1 import D1
from engine.bindings.overlay import Overlay
from engine.store import Store

TABLE = 'DB.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE)")'


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made_store:
        yield made_store


@pytest.fixture
async def db(store: Store) -> D1:
    return D1("DB", store, (await databases.create(store, "notes", ANA)).id)


async def test_a_draft_reads_live_and_writes_to_a_copy(made: Lab, db: D1, store: Store) -> None:
    count = 'DB.prepare("SELECT count(*) n FROM t").first("n")'
    insert = "DB.prepare(\"INSERT INTO t (a) VALUES ('draft')\").run()"
    await value(made, [db], f"await {TABLE}; await DB.exec(\"INSERT INTO t (a) VALUES ('live')\")")
    overlay = Overlay()
    invocation, calls = draft(overlay)
    body = f"const a = await {count}; await {insert}; return [a, await {count}]"
    assert await value(made, [db], body, invocation) == [1, 2]
    assert [(each.operation, each.kept_back, each.result) for each in calls] == [
        ("first", False, "1 row"),
        ("run", True, "1 changed"),
        ("first", False, "1 row"),
    ]
    assert [each.to_json()["subject"] for each in overlay.since()] == ["INSERT INTO t (a) VALUES ('draft')"]
    assert await value(made, [db], f"return {count}", draft(overlay)[0]) == 2  # the session's next run
    assert await value(made, [db], f"return {count}", draft(Overlay())[0]) == 1
    assert await value(made, [db], f"return {count}") == 1
    overlay.drop()
    assert await value(made, [db], f"return {count}", draft(overlay)[0]) == 1


async def test_a_draft_s_failed_write_keeps_nothing(made: Lab, db: D1) -> None:
    await value(made, [db], f"await {TABLE}")
    overlay = Overlay()
    batch = "DB.batch([DB.prepare(\"INSERT INTO t (a) VALUES ('x')\"), DB.prepare('SELCT')])"
    invocation, _ = draft(overlay)
    [outcome, count] = await ask(
        made, [db], [batch, 'DB.prepare("SELECT count(*) n FROM t").first("n")'], invocation
    )
    assert outcome[0] == "rejects"
    assert count == ["P", 0]
    assert overlay.count == 0


async def test_what_was_kept_back_can_be_applied(made: Lab, db: D1, store: Store) -> None:
    await value(made, [db], f"await {TABLE}")
    overlay = Overlay()
    body = """await DB.prepare("INSERT INTO t (a) VALUES (?)").bind("draft").run();
        await DB.batch([DB.prepare("INSERT INTO t (a) VALUES ('two')"), DB.prepare("CREATE TABLE u (x)")])"""
    await value(made, [db], body, draft(overlay)[0])
    await value(made, [db], "await DB.exec(\"INSERT INTO t (a) VALUES ('meanwhile')\")")
    assert await overlay.apply(store) == 2
    names = await value(
        made, [db], 'return DB.prepare("SELECT a FROM t, u UNION SELECT a FROM t ORDER BY a").raw()'
    )
    assert names == [["draft"], ["meanwhile"], ["two"]]
