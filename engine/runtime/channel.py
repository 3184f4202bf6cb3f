"""The host's half of the channel to one isolate: one state machine over all frames, hence a long file."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Protocol

from engine.bindings.binding import Result

from . import frames, services
from .apart import AnyIsolate
from .busy import Mark
from .calls import Calls
from .errors import (
    Canceled,
    Frame,
    HungError,
    MemoryLimitExceeded,
    Phase,
    ScriptException,
    StartupError,
    Unavailable,
    WorkerError,
)
from .flow import Bodies
from .frames import END, FINISHED, PASSED, PLACES, STREAM, WHOLE, loads, pack, split, unpack
from .http import Body, Response
from .invocation import ConsoleLine, Invocation, Level, nobody
from .isolate import IN_SIZE
from .job import Job
from .stack import parse, rewrite

if TYPE_CHECKING:
    from .limits import Limits
    from .program import Program

_log = logging.getLogger(__name__)

# A request's body up to this size goes with its head.
_WHOLE_BODY = 1 << 20
# How long nothing at all may be under way before an open handler counts as hung.
_HUNG_SECONDS = 0.02
# A pump may take this long before what waits behind it is offered to another isolate.
_STUCK_SECONDS = 0.005

_TOO_LATE = b'["Error","The request that this call belongs to has ended."]'
WAITED_TOO_LONG = (
    "waitUntil() tasks did not complete within the allowed time after invocation end and have been cancelled."
)


class Owner(Protocol):
    """What a channel asks of the worker it belongs to."""

    limits: Limits
    program: Program
    files: frozenset[str]

    async def remote(
        self, call: dict[str, Any], body: Body, invocation: Invocation, *, channel: Channel
    ) -> Result:
        """Call something that an isolate has exported."""
        ...

    async def call(
        self, invocation: Invocation, target: int | str, operation: str, args: list[Any], body: Body
    ) -> Result:
        """Answer a call of JavaScript."""
        ...

    def finished(self, job: Job) -> None:
        """Nothing more of a job follows."""
        ...

    def ended(self, channel: Channel, unseen: list[Job]) -> None:
        """The channel's isolate is gone; JavaScript never saw the ``unseen`` jobs."""
        ...

    def stuck(self, channel: Channel) -> None:
        """Jobs have been waiting behind a pump for some milliseconds."""
        ...


class Channel:
    """One isolate with one worker's program in it.

    Args:
        isolate: A booted isolate that has no program yet.
        owner: The worker.
        wake: Called when the isolate gets work: the watchdog's.
        mark: Says outside the process that JavaScript runs.

    Attributes:
        exports: How many things of it other isolates hold.
        turns: JavaScript gets one frame at a time, the next when all that it set going has run: the input
            gate of Durable Objects.
        patient: An event may wait for another one: that nothing is under way is no sign of a fault. What an
            event leaves under way goes on as long as its object lives.
    """

    def __init__(
        self, isolate: AnyIsolate, owner: Owner, wake: Callable[[], None], mark: Mark | None = None
    ) -> None:
        self.isolate = isolate
        self.owner = owner
        self.mark = mark or Mark()
        self.cpu_ms = owner.limits.startup_ms
        self.memory_mb = owner.limits.memory_mb
        self.closed = False
        self.last_used = 0.0
        self.exports = 0
        self.turns = False
        self.patient = False
        self.handlers: dict[str, Any] = {}
        self._loop = asyncio.get_running_loop()
        self._wake = wake
        self._queue: deque[bytes] = deque()
        self._waiting: deque[Job] = deque()
        self._batch: list[tuple[int, Job]] = []
        self._jobs: dict[int, Job] = {}
        self._bodies = Bodies(self.send, self._body_read)
        self._calls = Calls(self.send, self._bodies)
        self._parts: list[bytes] = []
        self._last = -1
        self._charged = 0.0
        self._pumping = False
        self._pump_soon = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._stuck: asyncio.TimerHandle | None = None
        self._hung: asyncio.TimerHandle | None = None
        self.freed: asyncio.Future[None] | None = None
        self._rested: asyncio.Future[None] | None = None
        self._loaded: asyncio.Future[None] | None = None
        self._taken: dict[int, Callable[[int, int, bytes, bytes], None]] = {
            frames.RESPONSE: self._on_response,
            frames.CALL: self._on_call,
            frames.OUT_CHUNK: self._on_chunk,
            frames.OUT_CREDIT: self._on_credit,
            frames.OUT_STOP: self._on_stop,
            frames.CALL_CANCEL: self._on_call_cancel,
            frames.EXCEPTION: self._on_exception,
            frames.REPORT: self._on_report,
            frames.CONSOLE: self._on_console,
            frames.TIMER: self._on_timer,
            frames.DONE: self._on_done,
            frames.VALUE: self._on_value,
            frames.LOADED: self._on_loaded,
            frames.FAULT: self._on_fault,
            frames.SOCKET: self._on_socket,
        }
        isolate.on_output = self._output
        isolate.on_pumped = self._pumped
        isolate.on_problem = self._broken
        isolate.on_rejections = self._tick_soon

    # -- what the worker does

    async def load(self, program: bytes) -> None:
        """Evaluate the program's global scope.

        Args:
            program: JSON of {program, bindings}.

        Raises:
            StartupError: The global scope threw, or never came to an end.
            WorkerError: It used up its time or memory.
        """
        self._loaded = self._loop.create_future()
        self.send(pack(frames.LOAD, 0, 0, program))
        await self._loaded
        self.cpu_ms = self.owner.limits.cpu_ms

    @property
    def jobs(self) -> int:
        """How many jobs are under way or wait."""
        return len(self._jobs) + len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether it may be closed without anybody noticing."""
        return not self._jobs and not self._waiting and not self.exports

    def streams(self, invocation: Invocation) -> bool:
        """Whether a body of an invocation is being read, a WebSocket's for example."""
        return any(
            job.invocation is invocation and self._bodies.reading(job.id) for job in self._jobs.values()
        )

    def note_rest(self) -> None:
        """Something that kept it from being idle has ended."""
        if self._rested is not None and not self._rested.done() and self.idle:
            self._rested.set_result(None)

    async def rest(self) -> None:
        """Wait until nothing is under way."""
        while not self.idle:
            if self._rested is None or self._rested.done():
                self._rested = self._loop.create_future()
            await asyncio.wait([self._rested])

    @property
    def busy(self) -> bool:
        """Whether JavaScript runs, so that a new job has to wait."""
        return self._pumping

    def submit(self, job: Job) -> None:
        """Send an event; its ``answer`` settles later."""
        self._waiting.append(job)
        if not self._pumping:
            self._pump()
        elif self._stuck is None:
            self._stuck = self._loop.call_later(_STUCK_SECONDS, self._is_stuck)

    def withdraw(self) -> list[Job]:
        """Take back the jobs that have not been handed to JavaScript."""
        jobs = [job for job in self._waiting if not job.finished and not job.pinned]
        pinned = [job for job in self._waiting if not job.finished and job.pinned]
        self._waiting.clear()
        self._waiting.extend(pinned)
        return jobs

    def cancel(self, job: Job, reason: str) -> None:
        """The client has gone: abort the request; what waitUntil has may go on."""
        if job.finished:
            return
        if job in self._waiting:
            self._waiting.remove(job)
            job.drop(reason)
            return
        job.invocation.outcome = "canceled"
        if not job.responded:
            job.responded = True
            if not job.answer.done():
                job.answer.set_exception(Canceled(reason))
        self._bodies.feed(job.id, b"", True, Canceled(reason))
        self.send(pack(frames.CANCEL, 0, job.id))
        self._allow_wait(job)

    def exceeded(self, error: WorkerError) -> None:
        """The watchdog ends the isolate."""
        self._fail(error)

    def send(self, frame: bytes) -> None:
        """Put a frame on its way."""
        if self.closed:
            return
        if len(frame) > IN_SIZE:
            self._queue.extend(split(frame))
        else:
            self._queue.append(frame)
        if not self._pumping and not self._pump_soon:
            # What the other tasks of this turn of the loop send goes in the same batch.
            self._pump_soon = True
            self._loop.call_soon(self._pump_queue)

    def close(self) -> None:
        """End the isolate; whatever is under way fails."""
        self._fail(Unavailable())

    def tidy(self, executor: Executor) -> asyncio.Future[None]:
        """Collect the garbage of an isolate that is idle; what comes meanwhile waits, as behind a pump."""
        self._pumping = True
        done = self._loop.run_in_executor(executor, self.isolate.tidy)
        done.add_done_callback(lambda _: self._pumped())
        return done

    # -- pumping

    def _pump_queue(self) -> None:
        self._pump_soon = False
        if not self._pumping and not self.closed:
            self._pump()

    def _pump(self) -> None:
        parts: list[bytes] = []
        size = 0
        queue = self._queue
        while queue and size + len(queue[0]) <= IN_SIZE:
            frame = queue.popleft()
            parts.append(frame)
            size += len(frame)
            if self.turns:
                break
        self._batch.clear()
        while self._waiting and not queue and not (self.turns and parts):
            job = self._waiting[0]
            if job.finished:
                self._waiting.popleft()
                continue
            frame = self._event(job)
            if size + len(frame) > IN_SIZE:
                if len(frame) > IN_SIZE:
                    self._waiting.popleft()
                    job.entered = True
                    queue.extend(split(frame))
                    self._jobs[job.id] = job
                    self._start_body(job)
                    if not parts:
                        parts.append(queue.popleft())
                        size = len(parts[0])
                break
            self._waiting.popleft()
            parts.append(frame)
            size += len(frame)
            self._batch.append((size, job))
            self._jobs[job.id] = job
            self._start_body(job)
        if not parts:
            return
        self._pumping = True
        self._wake()
        self.mark.begin()
        self.isolate.pump(parts[0] if len(parts) == 1 else b"".join(parts))

    def _event(self, job: Job) -> bytes:
        if job.id == 0:
            self._last += 2
            job.id = self._last
            job.invocation.channel = self
        body = job.body
        flags = PLACES if job.invocation.places else 0
        if body is None:
            return pack(frames.EVENT, flags, job.id, job.head)
        if isinstance(body, bytes) and (job.whole or len(body) <= _WHOLE_BODY):
            return pack(frames.EVENT, flags | WHOLE, job.id, job.head, body)
        return pack(frames.EVENT, flags | STREAM, job.id, job.head)

    def _start_body(self, job: Job) -> None:
        body = job.body
        if body is None or (isinstance(body, bytes) and (job.whole or len(body) <= _WHOLE_BODY)):
            return
        self._bodies.send(job.id, body)

    def _pumped(self) -> None:
        if self.closed:
            return
        self._pumping = False
        self.mark.end()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        for _, job in self._batch:
            job.entered = True
        self._batch.clear()
        if self._queue or self._waiting:
            self._pump()
        elif (self._jobs or self._loaded is not None) and self._hung is None:
            self._hung = self._loop.call_later(_HUNG_SECONDS, self._look, self.isolate.pumps)

    def _broken(self, problem: str) -> None:
        if problem.startswith("memory") or self.isolate.out_of_memory():
            self._fail(MemoryLimitExceeded(self.memory_mb))
            return
        _log.error("An isolate failed: %s", problem)
        self._fail(Unavailable("The isolate failed; the engine's log says how."))

    def _is_stuck(self) -> None:
        self._stuck = None
        if self._pumping and self._waiting:
            self.owner.stuck(self)

    # -- handlers that will never answer

    def _look(self, pumps: int) -> None:
        """Some time after a pump: if an event is still open, see whether JavaScript is at rest.

        An empty pump comes back when all microtasks have run. If they never end, it makes the isolate busy,
        and the watchdog sees that. If they have, and nothing is under way that could go on with the event, it
        hangs.
        """
        self._hung = None
        if self.closed or self._pumping or not (self._jobs or self._loaded is not None):
            return
        if self.isolate.pumps != pumps:
            self._hung = self._loop.call_later(_HUNG_SECONDS, self._look, self.isolate.pumps)
            return
        self._pumping = True
        self._wake()
        self.mark.begin()
        self.isolate.pump(b"")
        self._hung = self._loop.call_later(_HUNG_SECONDS, self._decide, self.isolate.pumps)

    def _decide(self, pumps: int) -> None:
        self._hung = None
        if self.closed:
            return
        isolate = self.isolate
        if isolate.out_of_memory():
            self._fail(MemoryLimitExceeded(self.memory_mb))
        elif isolate.pumps != pumps:
            self._hung = self._loop.call_later(_HUNG_SECONDS, self._look, isolate.pumps)
        elif not self._pumping and isolate.pending == 0:
            self._give_up()

    def _give_up(self) -> None:
        if self.patient and self._loaded is None:
            return
        if self._loaded is not None:
            self._fail(StartupError("The module's top-level await never settles: nothing is under way."))
            return
        for job in list(self._jobs.values()):
            if not job.responded:
                job.fail(HungError())
            self._bodies.feed(job.id, b"", True, HungError())
            self.send(pack(frames.CANCEL, END, job.id))
            self._finish(job)

    # -- what comes out

    def _output(self, data: bytes) -> None:
        if self.closed:
            return
        self._charge()
        taken = self._taken
        for kind, flags, number, text, raw in unpack(data):
            if kind == frames.FRAGMENT:
                self._parts.append(raw)
                if flags & END:
                    whole = b"".join(self._parts)
                    self._parts.clear()
                    for one in unpack(whole):
                        taken[one[0]](*one[1:])
                continue
            taken[kind](flags, number, text, raw)

    def _charge(self) -> None:
        """Put the processor time since the last output down to the events that are under way."""
        used = self.isolate.processor_seconds()
        if used is None:
            return
        spent, self._charged = used - self._charged, used
        jobs = self._jobs
        if jobs:
            share = spent * 1000 / len(jobs)
            for job in jobs.values():
                job.invocation.cpu_ms += share

    def _on_response(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        job = self._jobs.get(number)
        if job is None or job.responded:
            self._too_late(job, flags, number, text)
            return
        status, status_text, headers, coding, socket, *passed = loads(text)
        if flags & PASSED:
            size, number_of = passed
            body: Body = self._bodies.pass_on(number_of, job.invocation, size)
        else:
            body = self._bodies.take(flags, number, raw)
        fields = [(name, value) for name, value in headers]
        job.succeed(Response(status, status_text, fields, body, coding, socket))
        if flags & FINISHED:
            self._finish(job)
        elif not flags & STREAM:
            self._allow_wait(job)

    def _too_late(self, job: Job | None, flags: int, number: int, text: bytes) -> None:
        """The answer of an event that was given up while JavaScript made it."""
        if flags & PASSED:
            self._bodies.stop_sending(loads(text)[-1])
        if flags & STREAM:
            self.send(pack(frames.STOP, 0, number))
        if job is not None and flags & FINISHED:
            self._finish(job)

    def _body_read(self, number: int) -> None:
        """A body that JavaScript sent has come to its end."""
        job = self._jobs.get(number)
        if job is not None and not job.finished:
            self._allow_wait(job)

    def _on_value(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        job = self._jobs.get(number)
        if job is None or job.responded:
            self._too_late(job, flags, number, text)
            return
        job.succeed(Result(loads(text), self._bodies.take(flags, number, raw)))
        if flags & FINISHED:
            self._finish(job)
        elif not flags & STREAM:
            self._allow_wait(job)

    def _on_exception(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        job = self._jobs.get(number)
        if job is None:
            return
        error = self._exception(text)
        error.pass_through = bool(flags & WHOLE)
        job.fail(error)
        if flags & FINISHED:
            self._finish(job)
        else:
            self._allow_wait(job)

    def _on_report(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        invocation = self._invocation(number)
        if invocation is not None:
            if invocation.outcome == "ok" and not flags & END:
                invocation.outcome = "exception"
            invocation.on_exception(self._exception(text, "waituntil" if flags & WHOLE else "run"))

    def _on_console(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        invocation = self._invocation(number)
        if invocation is not None and invocation.on_console is not nobody:
            level, message, stack = loads(text)
            found = self._frames(stack) if stack else None
            # WHOLE says that nothing else ran that could have written it.
            exact = invocation.id if flags & WHOLE else None
            message = rewrite(message, self.owner.files, self.owner.program)
            _say(invocation, level, message, found[0] if found else None, exact)

    def _exception(self, text: bytes, phase: Phase = "run") -> ScriptException:
        name, message, stack = loads(text)
        return ScriptException(message, name, self._frames(stack), phase)

    def _frames(self, stack: str) -> list[Frame]:
        return parse(stack, self.owner.files, self.owner.program)

    def _invocation(self, number: int) -> Invocation | None:
        """The event's invocation; for a late one any that is under way."""
        job = self._jobs.get(number)
        if job is None:
            job = next(iter(self._jobs.values()), None)
        return None if job is None else job.invocation

    def _on_done(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        job = self._jobs.get(number)
        if job is not None:
            self._finish(job)

    def _finish(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        self._bodies.stop_sending(job.id)
        self.last_used = self._loop.time()
        job.finish()
        self.owner.finished(job)
        self.note_rest()

    def _allow_wait(self, job: Job) -> None:
        """From now on only ``waitUntil`` keeps the event open, and not for ever."""
        if job.timer is None and not job.finished:
            job.timer = self._loop.call_later(
                self.owner.limits.wait_until_ms / 1000, self._waited_too_long, job
            )

    def _waited_too_long(self, job: Job) -> None:
        if job.finished or self._bodies.reading(job.id):
            return
        if self.patient:
            job.detach()
            return
        _say(job.invocation, "warn", WAITED_TOO_LONG, None, job.invocation.id)
        self.send(pack(frames.CANCEL, END, job.id))
        self._finish(job)

    def _on_loaded(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is None or loaded.done():
            return
        answer = loads(text)
        if flags & frames.BROKEN:
            name, message, stack = answer
            loaded.set_exception(StartupError(message, name, self._frames(stack)))
        else:
            self.handlers = answer
            loaded.set_result(None)

    def _on_fault(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        _log.error("The runtime's JavaScript failed: %s", loads(text))

    def _on_socket(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        """A Durable Object says something to one of its WebSockets; the flags are which kind of thing."""
        services.take_socket(number, flags, raw)

    # -- timers

    def _on_timer(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        self._tick_at(self._loop.time() + loads(text) / 1000)

    def _tick_soon(self) -> None:
        """JavaScript has rejections to look at when its microtasks have run."""
        if not self.closed:
            self._tick_at(self._loop.time())

    def _tick_at(self, at: float) -> None:
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.send(pack(frames.TICK, 0, 0))

    # -- bodies and calls

    def _on_call(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        event, target, operation, args, *passed = loads(text)
        body = self._bodies.take(flags, number, raw)
        invocation = self._invocation(event)
        if invocation is None:
            self.send(pack(frames.ERROR, 0, number, _TOO_LATE))
            if flags & PASSED:
                self._bodies.stop_sending(passed[0])
            return
        if flags & PASSED:
            body = self._bodies.pass_on(passed[0], invocation)
        self._calls.start(number, self.owner.call(invocation, target, operation, args, body), body)

    def _on_call_cancel(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        self._calls.cancel(number)

    def _on_chunk(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        error: WorkerError | None = None
        if flags & frames.BROKEN:
            error = self._exception(text)
            job = self._jobs.get(number)
            if job is not None:
                job.fail(error)
        self._bodies.feed(number, raw, bool(flags & END), error)

    def _on_credit(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        self._bodies.credit(number, loads(text))

    def _on_stop(self, flags: int, number: int, text: bytes, raw: bytes) -> None:
        self._bodies.stop_sending(number)

    # -- the end

    def _fail(self, error: WorkerError) -> None:
        """Close the isolate: what JavaScript had begun fails, the rest the worker gets back."""
        if self.closed:
            return
        last, taken = self.isolate.stop()
        if last:
            self._output(last)
        self.closed = True
        for end, job in self._batch:
            job.entered = job.entered or end <= taken
            if not job.entered:
                self._jobs.pop(job.id, None)
                self._waiting.append(job)
        for handle in (self._timer, self._stuck, self._hung):
            if handle is not None:
                handle.cancel()
        unseen = self.withdraw()
        if not isinstance(error, Unavailable):  # else calls that nobody awaits, e.g. a put, may end
            self._calls.close()
        self._bodies.close(error)
        if self._loaded is not None and not self._loaded.done():
            self._loaded.set_exception(error)
        for job in [*self._jobs.values(), *self._waiting]:
            job.fail(error)
            job.finish()
            self.owner.finished(job)
        self._jobs.clear()
        self._waiting.clear()
        for job in unseen:
            job.id = 0
        if self._rested is not None and not self._rested.done():
            self._rested.set_result(None)
        self.mark.give_up()
        self.freed = self._loop.run_in_executor(None, self.isolate.close)
        self.freed.add_done_callback(lambda _: self.mark.release())
        self.owner.ended(self, unseen)


def _say(invocation: Invocation, level: Level, text: str, place: Frame | None, exact: int | None) -> None:
    at = invocation.elapsed_ms()
    file, line, column = (place.file, place.line, place.column) if place else (None, None, None)
    invocation.on_console(
        ConsoleLine(level, text, at, file, line, column, invocation.service, invocation.environment, exact)
    )
