"""Schedules (cron triggers) of an environment, their runs, and running one now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from engine import schedules as verbs
from engine.api.call import Call, worker_resource
from engine.api.envelope import loads_object, success
from engine.cron import parse
from engine.errors import ApiError
from engine.store import Connection, environments, schedules
from engine.traffic import Schedule, ScheduleRun


async def listing(call: Call) -> Response:
    """`GET …/schedules`: `{schedules: [{cron, created_on, modified_on, next}]}`."""

    def work(connection: Connection) -> list[Schedule]:
        place = environments.get(connection, call.service, call.environment)
        return schedules.of_environment(connection, place.id)

    return success({"schedules": [_schedule(each) for each in await call.store.read(work)]})


async def put(call: Call) -> Response:
    """`PUT …/schedules` `[{"cron"}]`: all of them; an empty list switches them off."""
    body = await call.json()
    if not isinstance(body, list) or not all(
        isinstance(each, dict) and isinstance(each.get("cron"), str) for each in body
    ):
        raise ApiError(10026, 'Give a list of schedules: [{"cron": "*/5 * * * *"}].')
    crons = [each["cron"] for each in body]
    made = await verbs.put(call.store, call.service, call.environment, crons, call.actor)
    return success({"schedules": [_schedule(each) for each in made]})


async def run(call: Call) -> Response:
    """`POST …/schedules/run` `{"cron"?, "scheduledTime"?: ms}`: runs the handler now, and waits for it."""
    content = await call.body()
    body = loads_object(content) if content.strip() else {}
    cron, due = body.get("cron"), body.get("scheduledTime")
    if cron is None:
        known = await _crons(call)
        if len(known) != 1:
            raise ApiError(10026, f'Say which: {{"cron": "…"}}. There are {len(known)} schedules.')
        cron = known[0]
    if not isinstance(cron, str) or not (due is None or isinstance(due, int | float)):
        raise ApiError(10026, 'Give {"cron": "*/5 * * * *", "scheduledTime"?: milliseconds since 1970}.')
    try:
        moment = None if due is None else datetime.fromtimestamp(due / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise ApiError(10026, f"scheduledTime {due} is no time: milliseconds since 1970.") from None
    done = await call.engine.scheduler.run_now(
        call.service, call.environment, verbs.check(cron), call.actor, moment
    )
    return success(_run(done))


async def runs(call: Call) -> Response:
    """`GET …/schedules/runs`: the last 100, newest first."""

    def work(connection: Connection) -> list[ScheduleRun]:
        place = environments.get(connection, call.service, call.environment)
        return schedules.runs(connection, place.id)

    return success([_run(each) for each in await call.store.read(work)])


async def _crons(call: Call) -> list[str]:
    def work(connection: Connection) -> list[str]:
        place = environments.get(connection, call.service, call.environment)
        return [each.cron for each in schedules.of_environment(connection, place.id)]

    return await call.store.read(work)


def _schedule(schedule: Schedule) -> dict[str, Any]:
    following = parse(schedule.cron).next(datetime.now(UTC))
    return {
        "cron": schedule.cron,
        "created_on": schedule.created_on,
        "modified_on": schedule.modified_on,
        "next": following.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if following else None,
    }


def _run(run: ScheduleRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "cron": run.cron,
        "scheduled_on": run.scheduled_on,
        "started_on": run.started_on,
        "duration_ms": run.duration_ms,
        "outcome": run.outcome or "running",
        "error": run.error,
        "manual": run.manual,
        "author": run.author,
        "version_id": run.version_id,
    }


ROUTES = [
    *worker_resource("/schedules", get=listing, put=put),
    *worker_resource("/schedules/run", post=run),
    *worker_resource("/schedules/runs", get=runs),
]
