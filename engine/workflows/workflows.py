"""The workflows of one process. The live one runs instances; the others tell it what they did to them."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Coroutine
from typing import Any, Final

from engine.errors import ApiError, StoreError
from engine.model import Change
from engine.queues.bell import Bell, ring
from engine.queues.lane import Dispatcher
from engine.runtime.errors import WorkerError
from engine.runtime.invocation import Invocation
from engine.store import Connection, Store, workflows
from engine.store.workflows import Instance, Workflow
from engine.workflows import limits
from engine.workflows.run import Run
from engine.workflows.verbs import now

log = logging.getLogger("engine.workflows")

#: Where the live process hears that an instance has something to do.
SOCKET: Final = "workflows.sock"
#: A timer of the event loop is not set further ahead than this, in seconds.
_FARTHEST: Final = 86_400.0
#: Seconds until the store is asked again after it failed.
_AGAIN: Final = 1.0
#: How often an instance is called that ends without a word, such as when its isolate is lost.
_TRIES: Final = 3
_FAREWELL: Final = 1.0


class Workflows:
    """The instances of every workflow.

    Args:
        store: where they are.
        dispatcher: runs the classes.
    """

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._runs: dict[int, Run] = {}
        self._lost: dict[int, int] = {}
        self._bell: Bell | None = None
        self._looking = False
        self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Run instances from now on: first what ran when the engine ended."""
        await self._store.write(lambda connection: workflows.recover(connection, now()))
        self._bell = Bell(self._store.folder, lambda seq: self.changed(int(seq)), SOCKET)
        self._bell.hang()
        self.look()

    def changed(self, seq: int) -> None:
        """Something was done to an instance, and committed."""
        if self._bell is None:
            ring(self._store.folder, str(seq), SOCKET)
        elif (run := self._runs.get(seq)) is not None:
            self._spawn(run.look())
        else:
            self.look()

    def on_change(self, change: Change) -> None:
        """Follow a committed change: a workflow that is gone has no instances any more."""
        if change.kind == "workflow" and self._bell is not None:
            for run in list(self._runs.values()):
                self._spawn(run.look())

    def stop(self) -> None:
        """Begin no more instances."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    async def close(self) -> None:
        """Let go of everything; it goes on after the next start."""
        self.stop()
        if self._bell is not None:
            self._bell.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_FAREWELL if not self._runs else 0.1)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # ------------------------------------------------------------------ when

    def look(self) -> None:
        """Begin what is due, and see when the next is."""
        if self._looking:
            self._again = True
        elif not self._closed:
            self._looking = True
            self._spawn(self._look())

    async def _look(self) -> None:
        at = now()
        wake: int | None = None
        try:
            room = limits.CONCURRENCY - len(self._runs)
            busy = list(self._runs)
            most = max(room, limits.CONCURRENCY)
            found = await self._store.read(lambda connection: workflows.due(connection, at, most, busy))
            for instance in found[: max(0, room)]:
                await self._begin(instance)
            self._make_way(len(found) - max(0, room))
            wake = await self._store.read(lambda connection: workflows.next_due(connection, at))
        except StoreError as error:
            log.error("workflows do not go on: %s", error)
            wake = at + int(_AGAIN * 1000)
        finally:
            self._looking = False
        if self._again:
            self._again = False
            self.look()
        elif wake is not None and not self._closed:
            if self._timer is not None:
                self._timer.cancel()
            wait = min(max(0.001, (wake - now()) / 1000), _FARTHEST)
            self._timer = asyncio.get_running_loop().call_later(wait, self.look)

    def _make_way(self, wanted: int) -> None:
        """So many more could run: those that only wait are let go of, and called again when they are due."""
        for run in list(self._runs.values()):
            if wanted > 0 and run.make_way():
                wanted -= 1

    # ------------------------------------------------------------------ what

    async def _begin(self, instance: Instance) -> None:
        """Mark an instance as running, and run it."""

        def work(connection: Connection) -> tuple[Instance, Workflow] | None:
            found = workflows.by_seq(connection, instance.seq)
            if found is None or found.due is None:
                return None
            # Running, it is due all the same: the next start takes it on.
            workflows.set_status(connection, found.seq, "running", now(), due=now())
            return found, workflows.get(connection, found.workflow_id)

        found = await self._store.write(work)
        if found is None or self._closed:
            return
        current, workflow = found
        invocation = Invocation(workflow.service or "", workflow.environment or "")
        run = self._runs[current.seq] = Run(self._store, current, invocation)
        self._spawn(self._run(run, workflow))

    async def _run(self, run: Run, workflow: Workflow) -> None:
        seq = run.instance.seq
        try:
            await run.load()
            error = await self._call(run, workflow)
            if error is not None and not run.settled and not run.left:
                await self._ended_badly(run, error)
        except StoreError as error:  # it goes on after the next start
            log.error("instance %s of workflow %s stands still: %s", run.instance.id, workflow.name, error)
        finally:
            run.close()
            self._runs.pop(seq, None)
            if run.settled:
                self._lost.pop(seq, None)
        self.look()

    async def _call(self, run: Run, workflow: Workflow) -> WorkerError | ApiError | None:
        instance = run.instance
        if workflow.service is None:
            return ApiError(10200, f"Nothing exports the class of workflow {workflow.name} any more")
        payload = {
            "class": workflow.class_name,
            "workflow": workflow.name,
            "instanceId": instance.id,
            "timestamp": instance.created,
            "payload": base64.b64encode(instance.params).decode("ascii"),
        }
        event = {"workflow": workflow.name, "instanceId": instance.id}
        try:
            await self._dispatcher.dispatch("workflow", payload, run.invocation, event)
        except (WorkerError, ApiError) as error:
            return error
        return None

    async def _ended_badly(self, run: Run, error: WorkerError | ApiError) -> None:
        """It ended without a word: its isolate was lost, or a limit was exceeded."""
        seq = run.instance.seq
        tries = self._lost[seq] = self._lost.get(seq, 0) + 1
        if isinstance(error, WorkerError) and error.outcome == "canceled" and tries < _TRIES:
            return  # it is due, still
        self._lost.pop(seq, None)
        told = {"name": getattr(error, "name", "Error"), "message": error.message}
        log.info("instance %s failed: %s", run.instance.id, error)
        await run.crash(told)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
