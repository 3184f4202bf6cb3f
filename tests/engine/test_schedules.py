"""Cron triggers: put, run on time, run now, recorded, and still there after a restart."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, worker_path
from storekit import ANA, deployed, opened

from engine import environments, schedules, services
from engine.gateway.scheduler import Scheduler
from engine.model import Actor
from engine.runtime.errors import ScriptException
from engine.runtime.invocation import Invocation
from engine.store import Store
from engine.store import environments as places
from engine.store import schedules as rows
from engine.traffic import ScheduleRun

SCRIPT = """export default {
  async scheduled(controller, env, ctx) {
    if (controller.cron === "0 1 * * *") throw new RangeError("not today");
    if (controller.cron === "0 2 * * *") ctx.waitUntil(Promise.reject(new Error("late")));
    ctx.waitUntil(new Promise((ok) => setTimeout(ok, 60)).then(
      () => env.KV.put("ran", JSON.stringify([controller.cron, controller.scheduledTime]))));
  },
  fetch: () => new Response("ok"),
}"""


# ---------------------------------------------------------------- through the API


def test_put_and_list(engine: RunningEngine, service: str) -> None:
    path = worker_path(service) + "/schedules"
    assert engine.result("GET", path) == {"schedules": []}
    made = engine.result("PUT", path, json=[{"cron": "*/5 * * * *"}, {"cron": " 0  17 * * fri "}])[
        "schedules"
    ]
    assert [each["cron"] for each in made] == ["*/5 * * * *", "0 17 * * fri"]
    assert engine.result("GET", path)["schedules"] == made
    assert all(each["next"] > each["created_on"] for each in made)
    again = engine.result("PUT", path, json=[{"cron": "0 17 * * fri"}])["schedules"]
    assert again[0]["created_on"] == made[1]["created_on"]
    assert engine.result("PUT", path, json=[]) == {"schedules": []}


@pytest.mark.parametrize("cron", ["", "every day", "61 * * * *", "0 0 30 2 *", "* * * * * *"])
def test_wrong_expressions_are_refused_with_the_reason(
    engine: RunningEngine, service: str, cron: str
) -> None:
    path = worker_path(service) + "/schedules"
    assert "Invalid cron string" in engine.refusal("PUT", path, 400, 10100, json=[{"cron": cron}])
    engine.refusal("PUT", path, 400, 10026, json=[cron])
    assert engine.result("GET", path) == {"schedules": []}


def test_an_account_has_250(engine: RunningEngine, service: str) -> None:
    crons = [{"cron": f"{n % 60} {n // 60} * * *"} for n in range(251)]
    engine.refusal("PUT", worker_path(service) + "/schedules", 400, 10072, json=crons)


def test_run_now(engine: RunningEngine, service: str) -> None:
    space = engine.result("POST", "/storage/kv/namespaces", json={"title": f"cron-{service}"})["id"]
    binding = {"name": "KV", "type": "kv_namespace", "namespace_id": space}
    made = engine.deploy(service, SCRIPT, "staging", bindings=[binding], status=201)
    path = environment_path(service, "staging") + "/schedules"
    due = 1_750_000_000_000
    run = engine.result("POST", path + "/run", json={"cron": "0 0 * * *", "scheduledTime": due})
    assert (run["outcome"], run["error"], run["manual"], run["cron"]) == ("ok", None, True, "0 0 * * *")
    assert run["version_id"] == made["deployment_id"]
    assert run["duration_ms"] >= 55
    assert run["scheduled_on"] == "2025-06-15T15:06:40.000000Z"
    value = engine.api.get(f"/storage/kv/namespaces/{space}/values/ran").text
    assert json.loads(value) == ["0 0 * * *", due]
    thrown = engine.result("POST", path + "/run", json={"cron": "0 1 * * *"})
    assert (thrown["outcome"], thrown["error"]) == ("exception", "RangeError: not today")
    assert engine.result("POST", path + "/run", json={"cron": "0 2 * * *"})["outcome"] == "exception"
    listed = engine.result("GET", path + "/runs")
    assert [each["cron"] for each in listed] == ["0 2 * * *", "0 1 * * *", "0 0 * * *"]
    assert listed[2] == run
    engine.refusal("POST", path + "/run", 400, 10026)
    engine.refusal("POST", path + "/run", 400, 10100, json={"cron": "x"})
    engine.refusal("POST", path + "/run", 400, 10026, json={"cron": "0 0 * * *", "scheduledTime": 1e300})
    engine.refusal(
        "POST", path.replace("staging", "nowhere") + "/run", 404, 10092, json={"cron": "0 0 * * *"}
    )


def test_a_worker_without_the_handler(engine: RunningEngine, service: str) -> None:
    path = worker_path(service) + "/schedules"
    engine.result("PUT", path, json=[{"cron": "0 0 1 1 *"}])
    run = engine.result("POST", path + "/run")
    assert (run["cron"], run["outcome"]) == ("0 0 1 1 *", "exception")
    assert "scheduled" in run["error"]


# ---------------------------------------------------------------- on time


class Handlers:
    """Stands in for the environments: notes what is asked, and answers as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, int]] = []
        self.error: Exception | None = None
        self.hold = 0.0

    async def dispatch(self, name: str, payload: Mapping[str, Any], invocation: Invocation) -> None:
        assert name == "scheduled"
        self.asked.append(
            (invocation.service, invocation.environment, payload["cron"], payload["scheduledTime"])
        )
        await asyncio.sleep(self.hold)
        if self.error is not None:
            raise self.error


class Clock:
    """Runs as the real one does, from another time on."""

    def __init__(self, text: str) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        self._from = datetime.fromisoformat(text).replace(tzinfo=UTC), time.monotonic()

    def __call__(self) -> datetime:
        return self._from[0] + timedelta(seconds=time.monotonic() - self._from[1])


async def until(holds: Callable[[], object], limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    with opened(tmp_path) as store:
        await deployed(store, "jobs")
        yield store


def scheduler_of(store: Store, handlers: Handlers, clock: Clock) -> Scheduler:
    made = Scheduler(store, handlers, clock)
    store.subscribe(made.on_change)
    return made


async def runs(store: Store, environment: str = "production", service: str = "jobs") -> list[ScheduleRun]:
    return await store.read(
        lambda connection: rows.runs(connection, places.get(connection, service, environment).id)
    )


async def test_runs_on_time_and_only_then(store: Store) -> None:
    handlers, clock = Handlers(), Clock("2027-01-01 09:58:00")
    scheduler = scheduler_of(store, handlers, clock)
    await scheduler.start()
    assert scheduler._timer is None
    await schedules.put(store, "jobs", "production", ["0 10 * * *", "*/7 * * * *"], ANA)
    assert handlers.asked == []
    clock.set("2027-01-01 09:59:59.900")
    scheduler._changed.set()
    await until(lambda: len(handlers.asked) == 2)
    assert sorted(handlers.asked) == [
        ("jobs", "production", "*/7 * * * *", ms("2027-01-01 10:00")),
        ("jobs", "production", "0 10 * * *", ms("2027-01-01 10:00")),
    ]
    await asyncio.sleep(0.3)
    assert len(handlers.asked) == 2
    found = await runs(store)
    assert {(each.outcome, each.manual, each.author) for each in found} == {("ok", False, "schedule")}
    await schedules.put(store, "jobs", "production", [], ANA)
    assert scheduler._timer is None
    await scheduler.close()


async def test_follows_renames_and_deletions(store: Store) -> None:
    handlers, clock = Handlers(), Clock("2027-01-01 09:58:00")
    scheduler = scheduler_of(store, handlers, clock)
    await scheduler.start()
    for name in ("one", "two"):
        await environments.create(store, "jobs", name, ANA)
        await schedules.put(store, "jobs", name, ["0 10 * * *"], ANA)
    await environments.rename(store, "jobs", "one", "first", ANA)
    await environments.delete(store, "jobs", "two", ANA)
    await services.rename(store, "jobs", "tasks", ANA)
    assert handlers.asked == []
    clock.set("2027-01-01 09:59:59.900")
    scheduler._changed.set()
    await until(lambda: handlers.asked)
    await asyncio.sleep(0.1)
    assert [each[:2] for each in handlers.asked] == [("tasks", "first")]
    await scheduler.close()


async def test_what_the_restart_missed_is_made_up_for_once(store: Store) -> None:
    before = Clock("2027-01-01 09:59:00")
    await schedules.put(store, "jobs", "production", ["0 10 * * *"], ANA)
    await store.write(
        lambda connection: connection.execute(
            "UPDATE schedules SET created_on = '2026-01-01T00:00:00.000000Z'"
        )
    )
    handlers = Handlers()
    first = Scheduler(store, handlers, before)
    await first.start()
    await first.close()
    assert handlers.asked == []
    second = Scheduler(store, handlers, Clock("2027-01-01 10:00:20"))
    await second.start()
    await until(lambda: handlers.asked)
    await second.close()
    third = Scheduler(store, handlers, Clock("2027-01-01 10:00:30"))
    await third.start()
    await asyncio.sleep(0.1)
    await third.close()
    later = Scheduler(store, handlers, Clock("2027-01-02 11:00:00"))
    await later.start()
    await asyncio.sleep(0.1)
    await later.close()
    assert handlers.asked == [("jobs", "production", "0 10 * * *", ms("2027-01-01 10:00"))]


async def test_a_clock_that_jumps(store: Store) -> None:
    handlers, clock = Handlers(), Clock("2027-01-01 09:00:00")
    scheduler = scheduler_of(store, handlers, clock)
    await scheduler.start()
    await schedules.put(store, "jobs", "production", ["0 10 * * *"], ANA)
    clock.set("2027-01-01 12:00:00")  # the machine slept
    scheduler._changed.set()
    await until(lambda: len(handlers.asked) == 1)
    clock.set("2027-01-01 09:59:59.900")  # and its clock was set back
    scheduler._changed.set()
    await until(lambda: len(handlers.asked) == 2)
    await scheduler.close()


async def test_failures_are_recorded(store: Store) -> None:
    handlers = Handlers()
    scheduler = Scheduler(store, handlers)
    handlers.error = ScriptException("no", "TypeError")
    run = await scheduler.run_now("jobs", "production", "0 0 * * *", Actor("ana", "app"))
    assert (run.outcome, run.error, run.author) == ("exception", "TypeError: no", "ana")
    handlers.error, handlers.hold = None, 30.0
    slow = asyncio.ensure_future(scheduler.run_now("jobs", "production", "0 0 * * *", ANA))
    await until(lambda: len(handlers.asked) == 2)
    assert (await runs(store))[0].outcome is None
    await scheduler.close()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert (await runs(store))[0].outcome == "canceled"


async def test_a_hundred_runs_are_kept(store: Store) -> None:
    scheduler = Scheduler(store, Handlers())
    await environments.create(store, "jobs", "other", ANA)
    await scheduler.run_now("jobs", "other", "1 1 1 1 *", ANA)
    await asyncio.gather(
        *(scheduler.run_now("jobs", "production", f"{n % 60} {n // 60} * * *", ANA) for n in range(105))
    )
    found = await runs(store)
    assert len(found) == 100
    assert found[0].id - found[-1].id == 99
    assert len(await runs(store, "other")) == 1


async def test_runs_that_were_lost_are_told_as_such(store: Store) -> None:
    await schedules.put(store, "jobs", "production", ["0 10 * * *"], ANA)
    await store.write(
        lambda connection: rows.begin_run(
            connection,
            places.get(connection, "jobs", "production").id,
            "0 10 * * *",
            scheduled_on=store.now(),
            started_on=store.now(),
            manual=False,
            author="schedule",
        )
    )
    scheduler = Scheduler(store, Handlers())
    await scheduler.start()
    await scheduler.close()
    assert [(each.outcome, each.error) for each in await runs(store)] == [
        ("canceled", "The engine ended during the run.")
    ]
