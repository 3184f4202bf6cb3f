"""Alarms: they ring once, try again, survive a restart, and cost nothing while there are none."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from durablekit import Engine, engine

from engine.durable.alarms import Alarms
from engine.store import durable

THING = """
export class Thing extends DurableObject {
  set(ms) { return this.ctx.storage.setAlarm(Date.now() + ms); }
  get() { return this.ctx.storage.getAlarm(); }
  unset() { return this.ctx.storage.deleteAlarm(); }
  fails(n) { return this.ctx.storage.put("fails", n); }
  async log() { return (await this.ctx.storage.get("log")) ?? []; }
  async alarm(info) {
    const log = (await this.ctx.storage.get("log")) ?? [];
    log.push([info.retryCount, info.isRetry, await this.ctx.storage.getAlarm()]);
    await this.ctx.storage.put("log", log);
    if (log.length <= ((await this.ctx.storage.get("fails")) ?? 0)) throw new Error("not yet");
    if (await this.ctx.storage.get("again")) { await this.ctx.storage.delete("again"); await this.set(20); }
  }
  again() { return this.ctx.storage.put("again", true); }
}
"""
CODE = """
  const url = new URL(request.url), s = DO.getByName("x");
  const [, method, ...args] = url.pathname.split("/");
  return await s[method](...args.map(Number));
"""


@pytest.fixture
async def made(tmp_path: Path):
    async with engine(tmp_path) as opened:
        await opened.objects.start()
        await opened.deploy(THING, CODE)
        yield opened


async def rung(made: Engine, times: int) -> list[Any]:
    log: list[Any] = []
    for _ in range(200):
        log = await made.ask("/log")
        if len(log) >= times:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)
    return await made.ask("/log")


async def index(made: Engine) -> list[Any]:
    due, _ = await made.store.read(lambda connection: durable.due(connection, 1 << 52, 10))
    return due


async def test_an_alarm_rings_once(made: Engine):
    await made.ask("/set/500")
    assert isinstance(await made.ask("/get"), int)
    assert len(await index(made)) == 1
    assert await rung(made, 1) == [[0, False, None]]
    assert await made.ask("/get") is None
    assert await index(made) == []


async def test_nothing_waits_while_there_is_no_alarm(made: Engine):
    assert made.objects.alarms is not None
    assert not made.objects.alarms.waiting
    await made.ask("/set/100000")
    assert made.objects.alarms.waiting


async def test_a_deleted_alarm_does_not_ring(made: Engine):
    await made.ask("/set/600")
    await made.ask("/unset")
    assert await made.ask("/get") is None
    await asyncio.sleep(0.7)
    assert await made.ask("/log") == []
    assert await index(made) == []


async def test_the_last_time_counts(made: Engine):
    await made.ask("/set/100000")
    await made.ask("/set/40")
    assert len(await rung(made, 1)) == 1


async def test_an_alarm_may_set_the_next(made: Engine):
    await made.ask("/again")
    await made.ask("/set/10")
    assert [entry[0] for entry in await rung(made, 2)] == [0, 0]


async def test_a_failed_alarm_is_tried_again_after_twice_the_time(
    made: Engine, monkeypatch: pytest.MonkeyPatch
):
    assert Alarms.FIRST_WAIT == 2.0
    monkeypatch.setattr(Alarms, "FIRST_WAIT", 0.03)
    await made.ask("/fails/2")
    await made.ask("/set/10")
    assert [entry[:2] for entry in await rung(made, 3)] == [[0, False], [1, True], [2, True]]
    assert await index(made) == []


async def test_it_is_given_up_after_six_retries(made: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Alarms, "FIRST_WAIT", 0.002)
    await made.ask("/fails/100")
    await made.ask("/set/10")
    assert [entry[0] for entry in await rung(made, 7)] == [0, 1, 2, 3, 4, 5, 6]
    assert await index(made) == []
    assert await made.ask("/get") is None


async def test_an_alarm_survives_a_restart(tmp_path: Path):
    async with engine(tmp_path) as first:
        await first.deploy(THING, CODE)
        await first.ask("/set/150")
    await asyncio.sleep(0.2)
    async with engine(tmp_path) as second:
        await second.objects.start()
        assert len(await rung(second, 1)) == 1
