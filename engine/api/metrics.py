"""Numbers: `…/metrics` of an environment, and `metrics` of every environment of the account in one call."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource, worker_resource
from engine.api.envelope import success
from engine.metrics.counters import STEP, STEP_SHARES, STEPS, Counters, Series
from engine.store import Connection, environments, versions

#: Latencies that are told: the share of requests that were at most that slow.
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
#: Steps of the rates that "requests a second" is of: the last minute that is complete.
MINUTE = 60 // STEP


async def show(call: Call) -> Response:
    """`GET …/metrics`: counters and latencies of an environment and its versions, and its last minutes.

    Latencies are milliseconds until the head of the answer; `rates` has one number for each `step_seconds`,
    the newest last.
    """
    series = call.engine.metrics.find(call.service, call.environment)

    def work(connection: Connection) -> dict[str, int]:
        place = environments.get(connection, call.service, call.environment)
        found = [versions.by_id(connection, each) for each in (series.versions if series else ())]
        return {each.id: each.number for each in found if each and each.environment_id == place.id}

    numbers = await call.store.read(work)
    step = int(time.time()) // STEP
    series = series or Series()
    parts = [
        {"version_id": version or None, "number": numbers.get(version), **_shown(counters)}
        for version, counters in series.versions.items()
    ]
    requests, errors = series.rates.shown(step)
    return success(
        {
            "service": call.service,
            "environment": call.environment,
            **_shown(series.total()),
            "requests_per_second": _per_second(requests),
            "errors_per_second": _per_second(errors),
            "rates": {
                "step_seconds": STEP,
                "until": _time((step + 1) * STEP),
                "requests": requests,
                "errors": errors,
                **_latencies(series, step),
            },
            "versions": parts,
            "before": _shown(series.before) if series.before is not None else None,
        }
    )


async def listing(call: Call) -> Response:
    """`GET metrics`: every environment that was asked since counting began, each in a few numbers.

    One that is missing was asked nothing. The store is not read: the call may be made every few seconds.
    `?service=NAME` has those of one service, with the latency of each step; `?recent=true` leaves out those
    that were not asked in the steps that `rates` has.
    """
    step = int(time.time()) // STEP
    rows: list[dict[str, Any]] = []
    only, recent = call.query.get("service"), call.flag("recent")
    for number, ((service, environment), series) in enumerate(list(call.engine.metrics.each())):
        if (only and service != only) or (recent and step - series.rates.newest >= STEPS):
            continue
        requests, errors = series.rates.shown(step)
        rows.append(
            {
                "service": service,
                "environment": environment,
                **_summary(series),
                "requests_per_second": _per_second(requests),
                "errors_per_second": _per_second(errors),
                "rates": {
                    "requests": requests,
                    "errors": errors,
                    **(_latencies(series, step) if only else {}),
                },
            }
        )
        if number % 100 == 99:
            await asyncio.sleep(0)  # requests come first
    rows.sort(key=lambda row: (row["service"], row["environment"]))
    info = {"count": len(rows), "step_seconds": STEP, "until": _time((step + 1) * STEP)}
    return success(rows, info=info)


def _latencies(series: Series, step: int) -> dict[str, list[float | None]]:
    """Milliseconds of each step, `p50` and `p99`; null where it had no request."""
    return {
        f"p{share * 100:g}": found
        for share, found in zip(STEP_SHARES, series.rates.latencies(step), strict=True)
    }


def _summary(series: Series) -> dict[str, Any]:
    """Made anew only when something was counted since: most environments are at rest."""
    counted = sum(each.requests for each in series.each()), sum(each.exceptions for each in series.each())
    if series.told is None or series.told[0] != counted:
        total = series.total()
        made = {
            "requests": total.requests,
            "errors": total.errors,
            "exceptions": total.exceptions,
            "latency": _latency(total),
        }
        series.told = counted, made
    return series.told[1]


def _shown(counters: Counters) -> dict[str, Any]:
    return {
        "since": _time(counters.since) if counters.since else None,
        "requests": counters.requests,
        "events": counters.events,
        "errors": counters.errors,
        "exceptions": counters.exceptions,
        "statuses": {
            f"{digit}xx" if digit else "none": count for digit, count in enumerate(counters.statuses) if count
        },
        "outcomes": dict(counters.outcomes),
        "latency": _latency(counters),
        "cpu_ms": round(counters.cpu_ms, 3),
    }


def _latency(counters: Counters) -> dict[str, float | None]:
    latency = counters.latency
    found = latency.quantiles(list(SHARES.values()))
    mean = latency.sum / latency.count / 1000 if latency.count else None
    most = latency.longest / 1000 if latency.count else None
    return {**dict(zip(SHARES, found, strict=True)), "mean": mean and round(mean, 3), "max": most}


def _per_second(steps: list[int]) -> float:
    """Of the last whole minute; the step that has only begun does not count."""
    return round(sum(steps[-1 - MINUTE : -1]) / 60, 3)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


ROUTES = [
    *worker_resource("/metrics", get=show),
    resource(ACCOUNT + "/metrics", get=listing),
]
