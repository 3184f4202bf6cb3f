"""Takes the runs of pipelines on, from wherever the store says that they are.

A run is a task of this process while something is to be done for it, and a row of the store always. After a
restart each goes on where it was: the gates of a stage that had not been passed are asked again, a step that
was deployed is not deployed again, and a step is watched for as long as it had not been.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Coroutine
from typing import Any, Final

from engine import promote
from engine.drafts.client import Drafts, DraftsAway, DraftsDied
from engine.errors import ApiError, StoreError
from engine.logs.logs import Logs
from engine.logs.record import Record
from engine.model import Change, hostnames
from engine.pipelines import steps
from engine.pipelines.assertions import failures
from engine.pipelines.definition import Gate
from engine.pipelines.run import Run
from engine.plan import Plan
from engine.store import Store, pipeline_runs
from engine.store.pipeline_runs import Lost

#: Seconds between two looks at a step that is watched.
TICK: Final = 0.25
#: Seconds between two writes of how far the watch has come; what a crash loses of it.
KEEP: Final = 1.0
#: Seconds until something that could not be reached is tried again.
AGAIN: Final = 1.0
#: Changes that can make the plan of a run stale while it waits.
_STALE: Final = frozenset({"deployment", "environment.deleted", "environment.renamed", "service.deleted"})

log = logging.getLogger("engine.pipelines")


class Driver:
    """The runs of this process.

    Args:
        store: where they are.
        drafts: asks candidates.
        logs: tells what deployed versions do.
        port: of the engine, for the URLs of requests.
    """

    def __init__(self, store: Store, drafts: Drafts, logs: Logs, port: str) -> None:
        self._store = store
        self._drafts = drafts
        self._logs = logs
        self._port = port
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._waiting: dict[int, str] = {}
        self._again: set[int] = set()
        self._stopped = False

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Take on the runs that the last process left."""
        for run_id, _, state in await self._store.read(pipeline_runs.all_active):
            if state == "running" and run_id not in self._tasks:
                await self._mark_resumed(run_id)
            self.take(run_id)

    def stop(self) -> None:
        """Take nothing on any more."""
        self._stopped = True

    async def close(self) -> None:
        """Let go of every run, as it is in the store."""
        self.stop()
        tasks = [*self._tasks.values(), *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, run_id: int) -> None:
        """Go on with a run, unless that is being done."""
        if self._stopped:
            return
        if run_id in self._tasks:
            self._again.add(run_id)  # it may be about to let go of it
            return
        task = asyncio.ensure_future(self._drive(run_id))
        self._tasks[run_id] = task
        task.add_done_callback(lambda done: self._left(run_id, done))

    def on_change(self, change: Change) -> None:
        """Look at the runs that wait when something that they would replace has changed."""
        if change.service is not None and change.kind in _STALE:
            for run_id, service in list(self._waiting.items()):
                if service == change.service:
                    self.take(run_id)

    def _left(self, run_id: int, done: asyncio.Task[None]) -> None:
        self._tasks.pop(run_id, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("run %d failed in the engine", run_id, exc_info=error)
            self._spawn(self._fail(run_id, f"the engine failed ({type(error).__name__}); its log says more"))
        if run_id in self._again:
            self._again.discard(run_id)
            self.take(run_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _fail(self, run_id: int, reason: str) -> None:
        run = await self._read(run_id)
        if run is None or not run.active:
            return
        try:
            await self._store.write(
                lambda connection: steps.end(connection, self._store, run, "failed", reason)
            )
        except Lost:
            self.take(run_id)

    async def _mark_resumed(self, run_id: int) -> None:
        run = await self._read(run_id)
        if run is not None:
            position = run.position
            while run.phase == "gates" and position and run.target.gates[position - 1].type == "request":
                position -= 1  # what those gates "wrote" is gone: they are asked again
            await self._store.write(
                lambda connection: steps.note(connection, self._store, run, "resumed", position=position)
            )

    async def _read(self, run_id: int) -> Run | None:
        return await self._store.read(lambda connection: pipeline_runs.by_id(connection, run_id))

    # ------------------------------------------------------------------ one run

    async def _drive(self, run_id: int) -> None:
        """Do what comes next, until the run has ended or waits for somebody."""
        while not self._stopped:
            run = await self._read(run_id)
            if run is None or not run.active:
                self._waiting.pop(run_id, None)
                return
            try:
                if run.phase != "plan" and await self._is_stale(run):
                    continue
                if run.state == "waiting":
                    self._waiting[run_id] = run.service
                    after = await self._read(run_id)  # who changed something before we listened was not heard
                    if after is None or (after.revision == run.revision and not await self._is_stale(after)):
                        return
                    continue
                self._waiting.pop(run_id, None)
                await self._next(run)
            except Lost:
                continue
            except DraftsAway:
                await asyncio.sleep(AGAIN)
            except StoreError as error:
                log.info("%s is tried again: %s", run.title, error)
                await asyncio.sleep(AGAIN)
            except ApiError as error:
                if error.code != 10409:  # stale between two looks: look again
                    await self._fail(run_id, error.message)

    async def _is_stale(self, run: Run) -> bool:
        """Whether the run had to stop because somebody else deployed."""
        why = await self._store.read(lambda connection: steps.staleness(connection, run))
        if why is None:
            return False
        await self._store.write(lambda connection: steps.end(connection, self._store, run, "stale", why))
        return True

    async def _next(self, run: Run) -> None:
        store = self._store
        if run.phase == "plan":
            made = await self._plan(run)
            await store.write(lambda connection: steps.planned(connection, store, run, made))
        elif run.phase == "gates" and run.gate is None:
            made = await self._plan(run)
            await store.write(
                lambda connection: steps.deploy(
                    connection,
                    store,
                    pipeline_runs.update(connection, run, store.now(), phase="step", position=0),
                    made,
                )
            )
        elif run.phase == "gates" and run.gate is not None and run.gate.type == "approval":
            await store.write(lambda connection: steps.wait(connection, store, run))
        elif run.phase == "gates":
            await self._ask(run)
        elif run.phase == "step":
            await store.write(lambda connection: steps.deploy(connection, store, run, None))
        else:
            await self._soak(run)

    async def _plan(self, run: Run) -> Plan:
        return await promote.plan(
            self._store, run.service, run.origin, run.target.environment, run.target.move
        )

    # ------------------------------------------------------------------ gates

    async def _ask(self, run: Run, again: bool = True) -> None:
        """Ask the candidate this request gate and those right behind it, which see each other's writes."""
        made = await self._plan(run)
        if made.id != run.data["plan"]:
            return  # stale: the next look says so
        draft = await self._store.read(lambda connection: promote.draft(connection, made))
        gates: list[Gate] = []
        for gate in run.target.gates[run.position :]:
            if gate.type != "request":
                break
            gates.append(gate)
        host = hostnames(run.service, run.target.environment, self._store.account.subdomain)[0]
        requests = [_request(gate, host, self._port) for gate in gates]
        current, answered = run, 0
        answers = self._drafts.probe(draft, requests)
        try:
            async for answer in answers:
                gate, position = gates[answered], run.position + answered
                wrong = failures(gate.expect, answer)
                current = await self._judged(current, gate, position, answer, wrong)
                answered += 1
                if wrong:
                    return
        except DraftsDied:
            if again:  # perhaps of somebody else's code
                await asyncio.sleep(AGAIN)
                found = await self._read(run.id)
                if found is not None and found.active and found.revision == current.revision:
                    await self._ask(found, again=False)
                return
            position = run.position + answered
            wrong = ["V8 ran out of memory and ended with it"]
            await self._judged(current, gates[answered], position, {}, wrong)
        finally:
            close = getattr(answers, "aclose", None)
            if close is not None:
                await close()

    async def _judged(
        self, run: Run, gate: Gate, position: int, answer: dict[str, Any], wrong: list[str]
    ) -> Run:
        detail = {
            "name": gate.name,
            "status": answer.get("status"),
            "time_ms": answer.get("time"),
            "failures": wrong,
        }
        judge = steps.refused if wrong else steps.passed
        return await self._store.write(
            lambda connection: judge(connection, self._store, run, position, detail)
        )

    # ------------------------------------------------------------------ soak

    async def _soak(self, run: Run) -> None:
        """Watch what the candidate answers, and keep how that goes, until the step is over or taken back."""
        store, limit = self._store, run.target.soak
        if limit is None:
            raise AssertionError("only a stage that soaks is watched")
        seen = {"requests": 0, "errors": 0}
        candidate, key = run.data["candidate"], (run.service, run.target.environment)

        def listen(record: Record) -> None:
            if record.version == candidate and record.outcome != "canceled":
                seen["requests"] += 1
                seen["errors"] += record.outcome != "ok" or (record.status or 0) >= 500

        stop = self._logs.listen(*key, listen)
        clock = asyncio.get_running_loop().time
        try:
            begun, kept = clock(), clock()
            start = dict(run.data.get("soak") or {"seconds": 0.0, "requests": 0, "errors": 0})
            while True:
                left = limit.seconds - start["seconds"] - (clock() - begun)
                await asyncio.sleep(max(0.0, min(TICK, left)))
                now = clock()
                soak = {
                    "seconds": round(start["seconds"] + now - begun, 3),
                    "requests": start["requests"] + seen["requests"],
                    "errors": start["errors"] + seen["errors"],
                }
                over = soak["seconds"] >= limit.seconds or limit.exceeded(soak["requests"], soak["errors"])
                if not over and now - kept < KEEP:
                    continue
                kept = now
                run = await store.write(
                    lambda connection, run=run, soak=soak: steps.soaked(connection, store, run, soak)  # type: ignore[misc]
                )
                renamed = (run.service, run.target.environment) != key
                if run.phase != "soak" or not run.active or over or renamed:
                    return
        finally:
            stop()


def _request(gate: Gate, host: str, port: str) -> dict[str, Any]:
    headers = [[name, value] for name, value in gate.headers.items()]
    if not any(name.lower() == "host" for name in gate.headers):
        headers.insert(0, ["host", f"{host}:{port}"])
    body = gate.body
    return {
        "method": gate.method,
        "url": f"http://{host}:{port}{gate.path}",
        "headers": headers,
        "body": None if body is None else base64.b64encode(body.encode()).decode("ascii"),
        "patterns": [] if gate.expect.matches is None else [gate.expect.matches],
    }
