"""One instance that is under way: what its steps ask of the host, and when it rests.

The script's `run()` is called from its beginning each time an instance goes on. A step that is done gives
what it gave before; the first one that is not really runs. An instance that waits for long, with no step
under way, is let go of: its invocation ends, and it is called again when it is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from engine.bindings.binding import BindingError, Result
from engine.runtime.invocation import Invocation
from engine.store import Connection, Store, workflow_steps, workflows
from engine.store.workflow_steps import Step
from engine.store.workflows import Instance
from engine.workflows import limits
from engine.workflows.limits import Invalid
from engine.workflows.verbs import now

log = logging.getLogger("engine.workflows")

#: Seconds that an instance waits without being let go of.
PATIENCE: Final = 20.0
#: Seconds in which what follows a step may begin the next one, before an instance counts as waiting.
_REST: Final = 0.05

RUNS: Final[dict[int, Run]] = {}
"""By the id of the invocation: how what JavaScript asks finds its run."""

_DELAY: Final = "what retries.delay() gives"
_GOING: Final = frozenset({"running", "waiting"})

T = TypeVar("T")


class Run:
    """One call of `run()`.

    Args:
        store: where the steps are.
        instance: whose.
        invocation: what runs it.
        patience: seconds that it waits before it is let go of.

    Attributes:
        settled: whether the script has said how it ended.
        left: whether it was let go of, and its status says what comes.
    """

    def __init__(
        self, store: Store, instance: Instance, invocation: Invocation, patience: float = PATIENCE
    ) -> None:
        self.instance = instance
        self.invocation = invocation
        self.settled = False
        self.left = False
        self._store = store
        self._patience = patience
        self._active: set[str] = set()
        self._waiting: dict[str, int] = {}
        self._bell = asyncio.Event()
        self._turn = asyncio.Event()
        self._pausing = instance.status == "waitingForPause"
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._steps: dict[str, Step] = {}
        self._said = "running"
        RUNS[invocation.id] = self

    async def load(self) -> None:
        """Read what its steps have come to."""
        found = await self._store.read(lambda connection: workflow_steps.steps(connection, self.instance.seq))
        self._steps = {each.key: each for each in found}

    def close(self) -> None:
        """It has ended."""
        RUNS.pop(self.invocation.id, None)
        if self._timer is not None:
            self._timer.cancel()

    async def look(self) -> None:
        """Something was done to the instance: see what."""
        seq = self.instance.seq
        found = await self._store.read(lambda connection: workflows.by_seq(connection, seq))
        if found is None or found.round != self.instance.round or found.status in ("terminated", "paused"):
            self._leave("The instance was ended." if found is None else f"The instance was {found.status}.")
            return
        self._pausing = found.status == "waitingForPause"
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()
        self._turned()
        self._rest()

    def make_way(self) -> bool:
        """Let go of it for another one, if it only waits; gives whether it does."""
        if self.left or self.settled or self._active or not self._waiting or self._pausing:
            return False
        self._spawn(self._let_go("waiting", min(self._waiting.values())))
        return True

    # ------------------------------------------------------------------ what JavaScript asks

    async def begin(self, key: str, name: str, config: Any) -> Result:
        """`step.do`: what the step gave, or that it is to run now.

        Returns:
            ``{"state": "done"}`` with the value, ``{"state": "failed", "error"}``, or ``{"state": "run",
            "attempt", "timeout"}`` (milliseconds).
        """
        step = self._steps.get(key)
        if step is None:
            self._count()
            try:
                settings = limits.step_config(config)
            except Invalid as error:
                raise BindingError(f"Step {name}: {error}", "TypeError") from error
            step = Step(key, "do", name, "running", settings, (), None, now(), None, None, None)
        elif step.state == "done":
            return Result({"state": "done"}, step.output)
        elif step.state == "failed":
            return Result({"state": "failed", "error": step.error})
        elif step.state == "waiting" and step.due is not None:
            await self._wait(key, step.due)
        return await self._attempt(step)

    async def done(self, key: str, output: bytes) -> Result:
        """A step has given a value; it is on the disk when this returns."""
        step = self._steps[key]
        if len(output) > limits.MAX_VALUE:
            raise BindingError(f"Step {step.name} output is too large: at most 1 MiB")
        await self._put(_ended(step, True, None, output=output, state="done"))
        self._active.discard(key)
        self._turned()
        return Result()

    async def fail(self, key: str, error: Mapping[str, str], final: bool, delay: Any = None) -> Result:
        """A step threw: it is tried again after a while (as `begin` says), or it has failed.

        `delay` is what the script's own function says; None goes by the configuration.
        """
        if self.left:  # it is being cancelled: that is what it threw
            return Result({"state": "failed", "error": dict(error)})
        step = self._steps[key]
        ended = _ended(step, False, error, state="failed", error=error)
        attempt = len(ended.attempts)
        self._active.discard(key)
        self._turned()
        if final or attempt > step.config["limit"]:
            await self._put(ended)
            return Result({"state": "failed", "error": dict(error)})
        try:
            wait = limits.delay_of(step.config, attempt) if delay is None else limits.duration(delay, _DELAY)
        except Invalid as wrong:
            raise BindingError(f"Step {step.name}: {wrong}", "TypeError") from wrong
        due = now() + wait
        waits = replace(ended, state="waiting", due=due, ended=None, error=None)
        await self._put(waits)
        await self._wait(key, due)
        return await self._attempt(waits)

    async def sleep(self, key: str, name: str, given: Any, until: bool) -> Result:
        """`step.sleep` and `step.sleepUntil` (milliseconds since 1970)."""
        step = self._steps.get(key)
        if step is None:
            self._count()
            try:
                length = limits.duration(max(0, given - now()) if until else given, "A sleep")
            except Invalid as error:
                raise BindingError(f"Step {name}: {error}", "TypeError") from error
            due = now() + length
            step = Step(key, "sleep", name, "waiting", {}, (), due, now(), None, None, None)
            await self._put(step)
        if step.state != "done" and step.due is not None:
            await self._wait(key, step.due)
            await self._put(replace(step, state="done", ended=now()))
        return Result()

    async def event(self, key: str, name: str, type: str, patience: Any) -> Result:
        """`step.waitForEvent`: ``{"state": "done", "at"}`` with the payload, or ``{"state": "failed"}``."""
        step = self._steps.get(key)
        if step is None:
            self._count()
            try:
                length = limits.duration(limits.EVENT_TIMEOUT if patience is None else patience, "timeout")
            except Invalid as error:
                raise BindingError(f"Step {name}: {error}", "TypeError") from error
            config = {"type": type, "timeout": length}
            step = Step(
                key, "waitForEvent", name, "waiting", config, (), now() + length, now(), None, None, None
            )
            await self._put(step)
        while step.state == "waiting" and step.due is not None:
            bell, waits = self._bell, step

            def take(connection: Connection, waits: Step = waits) -> Step | None:
                found = workflow_steps.take_event(connection, self.instance.seq, type)
                if found is None:
                    return None
                taken = replace(waits, state="done", ended=found[1], output=found[0], due=None)
                workflow_steps.put_step(connection, self.instance.seq, taken)
                return taken

            taken = await self._write(take)
            if taken is not None:
                step = self._steps[key] = taken
                break
            if waits.due is None or waits.due <= now():
                text = f"Execution timed out after {step.config['timeout']}ms"
                late = {"name": "WorkflowTimeoutError", "message": text}
                step = replace(step, state="failed", ended=now(), error=late)
                await self._put(step)
                break
            await self._wait(key, waits.due, bell)
        if step.state == "failed":
            return Result({"state": "failed", "error": step.error})
        return Result({"state": "done", "at": step.ended}, step.output)

    async def expire(self, milliseconds: int) -> Result:
        """Comes back when a step has run for too long."""
        await asyncio.sleep(milliseconds / 1000)
        return Result()

    async def finish(self, output: bytes) -> Result:
        """`run()` gave a value."""
        await self._settle("complete", output=output)
        return Result()

    async def crash(self, error: Mapping[str, str]) -> Result:
        """`run()` threw; what it throws because it was let go of is nobody's fault."""
        if self.left:
            return Result()
        await self._settle("errored", error=error)
        return Result()

    # ------------------------------------------------------------------ waiting

    async def _attempt(self, step: Step) -> Result:
        """Have the script run a step."""
        if self._pausing:
            await self._pause()
        attempts = (*step.attempts, {"start": now(), "end": None, "success": None, "error": None})
        self._active.add(step.key)
        await self._say("running")
        await self._put(replace(step, state="running", due=None, attempts=attempts))
        return Result({"state": "run", "attempt": len(attempts), "timeout": step.config["timeout"]})

    async def _wait(self, key: str, due: int, bell: asyncio.Event | None = None) -> None:
        """Until a time, or until the bell rings; one that is let go of meanwhile does not come back."""
        if due > now():
            self._waiting[key] = due
            self._timer = asyncio.get_running_loop().call_later(_REST, self._rest)
            try:
                async with asyncio.timeout((due - now()) / 1000):
                    await (bell or asyncio.Event()).wait()
            except TimeoutError:
                pass
            finally:
                self._waiting.pop(key, None)
        if self._pausing:
            await self._pause()

    def _rest(self) -> None:
        """With no step under way, say that the instance waits, and let go of it when that is for long."""
        if self.left or self.settled or self._active or not self._waiting:
            return
        due = min(self._waiting.values())
        if self._pausing:
            self._spawn(self._pause())
        elif due - now() <= self._patience * 1000:
            self._spawn(self._say("waiting"))
        else:
            self._spawn(self._let_go("waiting", due))

    async def _pause(self) -> None:
        """Let go of it, paused; a step that is under way comes first, and it may be resumed meanwhile."""
        while self._pausing and self._active:
            await self._turn.wait()
        if self._pausing:
            await self._let_go("paused", None)

    def _turned(self) -> None:
        """A step has ended, or something was done to the instance."""
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    async def _let_go(self, status: str, due: int | None) -> None:
        if not self.left and not self.settled:
            seq = self.instance.seq

            def work(connection: Connection) -> None:
                found = workflows.by_seq(connection, seq)
                if found is None or found.round != self.instance.round or found.due == 0:
                    return
                if found.status not in workflows.ENDED and found.status != "paused":
                    workflows.set_status(connection, seq, status, now(), due=due)

            await self._write(work)
            self._leave(f"The instance is {status}.")
        await asyncio.Event().wait()  # it is being cancelled

    async def _say(self, status: str) -> None:
        """Tell whether it runs or waits."""
        if status == self._said or self.left or self.settled:
            return
        self._said = status
        seq, at = self.instance.seq, now()

        def work(connection: Connection) -> None:
            found = workflows.by_seq(connection, seq)
            if found is not None and found.round == self.instance.round and found.status in _GOING:
                workflows.set_status(connection, seq, status, at, due=at)

        await self._write(work)

    def _leave(self, reason: str) -> None:
        self.left = True
        self.invocation.cancel(reason)

    # ------------------------------------------------------------------ the store

    def _count(self) -> None:
        if len(self._steps) >= limits.MAX_STEPS:
            raise BindingError(f"An instance has at most {limits.MAX_STEPS} steps")

    async def _put(self, step: Step) -> None:
        self._steps[step.key] = step
        await self._write(lambda connection: workflow_steps.put_step(connection, self.instance.seq, step))

    async def _settle(self, status: str, **more: Any) -> None:
        seq, at = self.instance.seq, now()

        def work(connection: Connection) -> None:
            found = workflows.by_seq(connection, seq)
            if (
                found is not None
                and found.round == self.instance.round
                and found.status not in workflows.ENDED
            ):
                workflows.set_status(connection, seq, status, at, **more)

        await self._write(work)
        self.settled = True

    async def _write(self, work: Callable[[Connection], T]) -> T:
        """Write, also when whoever waits for it is cancelled; nothing of a round that is over."""
        return await asyncio.shield(asyncio.ensure_future(self._store.write(work)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ended(step: Step, success: bool, why: Mapping[str, str] | None, **changes: Any) -> Step:
    """The step with its last attempt over."""
    last = {**step.attempts[-1], "end": now(), "success": success, "error": dict(why) if why else None}
    return replace(step, attempts=(*step.attempts[:-1], last), ended=now(), **changes)
