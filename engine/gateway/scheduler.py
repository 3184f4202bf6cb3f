"""Runs the `scheduled` handlers when their cron triggers say so.

One task sleeps until the next time of all schedules; without schedules there is none. Each run is recorded
when it begins and when it has ended, so a run that was due while the process was being replaced is made up
for, and none happens twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from engine.cron import Cron, parse
from engine.errors import ApiError, StoreError
from engine.model import Actor, Change
from engine.runtime.errors import WorkerError
from engine.runtime.invocation import Invocation
from engine.store import Connection, Store, environments, schedules
from engine.traffic import ScheduleRun

#: Seconds of sleep at most: the machine's clock may be set, and a machine that slept does not count them.
NAP: Final = 60.0
#: A run that was missed while the process was away is made up for within this time.
LATE: Final = timedelta(minutes=1)
#: Seconds a run may take (platform/limits: 15 minutes wall time).
WALL: Final = 15 * 60.0
#: Seconds that runs under way get when the process ends.
FAREWELL: Final = 1.0

Key = tuple[str, str]

log = logging.getLogger("engine.scheduler")


class Dispatcher(Protocol):
    """What runs the handlers (`engine.gateway.environments.Environments`)."""

    async def dispatch(self, name: str, payload: Mapping[str, Any], invocation: Invocation) -> Any:
        """Run the handler of an event."""
        ...


class Scheduler:
    """The schedules of every environment.

    Args:
        store: where schedules and their runs are.
        environments: runs the handlers.
        clock: the time, in UTC.
    """

    def __init__(
        self,
        store: Store,
        environments: Dispatcher,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = clock
        self._store = store
        self._environments = environments
        self._crons: dict[Key, tuple[Cron, ...]] = {}
        self._seen = self._now()
        self._timer: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._runs: set[asyncio.Task[Any]] = set()
        self._stopped = False

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Learn the schedules, close the runs that were lost, and make up for what was just missed."""
        found, latest = await self._store.read(_read)
        if found:
            await self._store.write(schedules.end_lost_runs)
        for service, environment, schedule in found:
            key = (service, environment)
            self._crons[key] = (*self._crons.get(key, ()), parse(schedule.cron))
        now = self._now()
        for service, environment, schedule in found:
            since = max(
                now - LATE,
                _time(schedule.created_on),
                _time(latest.get((service, environment, schedule.cron), schedule.created_on)),
            )
            due = parse(schedule.cron).next(since)
            if due is not None and due <= now:
                self._spawn(self._run((service, environment), schedule.cron, due))
        self._seen = now
        self._wind()

    def stop(self) -> None:
        """Begin no more runs."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    async def close(self) -> None:
        """End the runs under way; they get a moment to do so by themselves."""
        self.stop()
        if self._runs:
            _, late = await asyncio.wait(self._runs, timeout=FAREWELL)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def on_change(self, change: Change) -> None:
        """Follow a committed change."""
        service, environment, old = change.service, change.environment, change.old_environment
        match change.kind:
            case "schedule.changed" if service and environment:
                self._set((service, environment), tuple(map(parse, change.detail.get("crons", ()))))
            case "environment.deleted" if service and environment:
                self._set((service, environment), ())
            case "environment.renamed" if service and environment and old:
                self._move((service, old), (service, environment))
            case "service.deleted":
                for key in [key for key in self._crons if key[0] == service]:
                    self._set(key, ())
            case "service.renamed" if service:
                former = change.detail.get("old_service")
                for key in [key for key in self._crons if key[0] == former]:
                    self._move(key, (service, key[1]))

    # ------------------------------------------------------------------ runs

    async def run_now(
        self, service: str, environment: str, cron: str, actor: Actor, scheduled: datetime | None = None
    ) -> ScheduleRun:
        """Run the handler once, whether it is scheduled or not, and wait for its end.

        Args:
            cron: what the handler is told.
            actor: who asks.
            scheduled: the time that the handler is told; now when not given.

        Raises:
            ApiError: 10007 10092, there is no such environment.
        """
        due = scheduled or self._now()
        run = asyncio.ensure_future(self._run((service, environment), cron, due, actor))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return await asyncio.shield(run)

    async def _run(self, key: Key, cron: str, due: datetime, actor: Actor | None = None) -> ScheduleRun:
        """Run the handler, and record it."""
        service, environment = key
        author = actor.author if actor is not None else "schedule"
        started, clock = self._store.now(), time.monotonic()

        def begin(connection: Connection) -> int:
            return schedules.begin_run(
                connection,
                environments.get(connection, service, environment).id,
                cron,
                scheduled_on=_text(due),
                started_on=started,
                manual=actor is not None,
                author=author,
            )

        number = await self._store.write(begin)
        invocation = Invocation(service, environment)
        outcome, error = "canceled", "The engine ended during the run."
        try:
            outcome, error = await self._handle(invocation, cron, due)
        finally:
            run = ScheduleRun(
                id=number,
                service=service,
                environment=environment,
                cron=cron,
                scheduled_on=_text(due),
                started_on=started,
                manual=actor is not None,
                author=author,
                duration_ms=round((time.monotonic() - clock) * 1000, 1),
                outcome=outcome,
                error=error or None,
                version_id=invocation.version,
            )
            ended = self._store.write(lambda connection: schedules.end_run(connection, run))
            await asyncio.shield(asyncio.ensure_future(ended))
        return run

    async def _handle(self, invocation: Invocation, cron: str, due: datetime) -> tuple[str, str]:
        """Run the handler and what it left to waitUntil; gives outcome and error."""
        payload = {"cron": cron, "scheduledTime": int(due.timestamp() * 1000)}
        try:
            async with asyncio.timeout(WALL):
                await self._environments.dispatch("scheduled", payload, invocation)
                await invocation.closed()
        except WorkerError as error:
            return str(error.outcome), str(error)
        except ApiError as error:
            return "exception", error.message
        except TimeoutError:
            invocation.cancel("The run took longer than 15 minutes.")
            return "canceled", "The run took longer than 15 minutes."
        if invocation.outcome != "ok":
            return str(invocation.outcome), "Work given to waitUntil failed; the environment's log says how."
        return "ok", ""

    # ------------------------------------------------------------------ waiting

    def _set(self, key: Key, crons: tuple[Cron, ...]) -> None:
        if crons:
            self._crons[key] = crons
        else:
            self._crons.pop(key, None)
        self._wind()

    def _move(self, key: Key, to: Key) -> None:
        if key in self._crons:
            self._crons[to] = self._crons.pop(key)

    def _wind(self) -> None:
        """See that there is a task exactly while there are schedules."""
        if self._stopped:
            return
        if not self._crons:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._timer is None or self._timer.done():
            self._seen = self._now()
            self._timer = asyncio.ensure_future(self._wait())
        else:
            self._changed.set()

    async def _wait(self) -> None:
        while True:
            self._changed.clear()
            now = self._now()
            if now < self._seen - LATE:  # the clock was set back: its new time counts
                self._seen = now
            since, self._seen = self._seen, max(now, self._seen)
            times = []
            for key, crons in list(self._crons.items()):
                for cron in crons:
                    due = cron.next(since)
                    if due is not None and due <= now:
                        self._spawn(self._run(key, cron.text, due))
                        due = cron.next(now)
                    if due is not None:
                        times.append(due)
            nap = min([NAP, *((due - now).total_seconds() for due in times)])
            try:
                async with asyncio.timeout(max(nap, 0.001)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _spawn(self, work: Coroutine[Any, Any, ScheduleRun]) -> None:
        task = asyncio.ensure_future(work)
        self._runs.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._runs.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, ApiError | StoreError):
            log.info("a scheduled run was not recorded: %s", error)
        elif error is not None:
            log.error("a scheduled run failed in the engine", exc_info=error)


def _read(connection: Connection) -> tuple[list[Any], dict[tuple[str, str, str], str]]:
    found = schedules.listing(connection)
    return found, schedules.latest(connection) if found else {}


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
