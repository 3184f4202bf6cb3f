"""One version of one environment, ready to answer: its program in one or several isolates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.bindings.binding import Binding, Result
from engine.bindings.trace import traced_call

from . import targets
from .channel import Channel
from .compatibility import Compatibility
from .errors import Unavailable, WorkerError
from .frames import dumps
from .http import Body, Request, Response
from .job import Job
from .limits import Limits
from .program import Program

if TYPE_CHECKING:
    from .invocation import Invocation
    from .pool import Runtime

_GRACE_SECONDS = 30.0


class Worker:
    """A program and its bindings; ``Runtime.worker`` makes one.

    It has no isolate until the first event, one while that suffices, and more, up to one a processor, while
    JavaScript keeps those it has from taking what waits. An idle one is closed by the runtime and comes back
    with the next event.

    Args:
        runtime: Where isolates come from.
        program: The compiled modules.
        bindings: What ``env`` has, in the order of their indices.
        limits: Its limits.
        exclusive: Exactly one isolate, that of a draft run.
    """

    def __init__(
        self,
        runtime: Runtime,
        program: Program,
        bindings: Sequence[Binding],
        limits: Limits,
        exclusive: bool = False,
    ) -> None:
        self.limits = limits
        self.program = program
        self.compatibility = Compatibility()
        """What older behaviour it gets; set it before the first event."""
        self.files = frozenset(module["name"] for module in program.modules)
        self._runtime = runtime
        self._bindings = list(bindings)
        self.version = ""
        """Whose code it is: the id by which it is blamed when V8 ends in it."""
        self.apart = False
        """Whether its isolate is to have a process of its own; set it before the first event."""
        self._most = 1 if exclusive else runtime.isolates_per_worker
        self._exclusive = exclusive
        self._channels: list[Channel] = []
        self._backlog: list[Job] = []
        self._growing: asyncio.Task[None] | None = None
        self._closed = False

    # -- events

    async def fetch(
        self,
        request: Request,
        invocation: Invocation,
        *,
        entrypoint: str | None = None,
        props: Any = None,
        target: dict[str, Any] | None = None,
    ) -> Response:
        """Answer a request.

        Args:
            request: Its URL is absolute and serialized.
            invocation: The run; it stays open until the body was sent and ``waitUntil`` has ended.
            entrypoint: The exported class or object to ask, None for the default export.
            props: ``ctx.props``.
            target: The Durable Object to ask instead: js/src/durable/object.js.

        Raises:
            WorkerError: There will be no response; its class says why.
        """
        head = dumps(
            ["fetch", entrypoint, props, request.method, request.url, request.headers, request.cf, target],
        )
        answer: Response = await self._run("fetch", head, request.body, invocation)
        return answer

    async def dispatch(
        self,
        name: str,
        payload: Any,
        body: Body,
        invocation: Invocation,
        *,
        entrypoint: str | None = None,
        props: Any = None,
    ) -> Any:
        """Run the handler of an event other than a request, e.g. "scheduled" with {scheduledTime, cron}.

        Returns:
            What the handler returned, as JSON has it.

        Raises:
            WorkerError: It failed; its class says why.
        """
        result: Result = await self._run(name, dumps([name, entrypoint, props, payload]), body, invocation)
        return result.value

    async def remote(
        self,
        call: dict[str, Any],
        body: Body,
        invocation: Invocation,
        *,
        entrypoint: str | None = None,
        props: Any = None,
        channel: Channel | None = None,
    ) -> Result:
        """Make an RPC call, or read a property.

        Args:
            call: ``{"path", "called", "caps", "export"?, "open"?}``: js/src/rpc/serve.js.
            body: The arguments' message.
            invocation: The run.
            entrypoint: The exported class or object that the path begins at.
            props: ``ctx.props``.
            channel: The isolate that has the ``export`` it begins at instead.

        Returns:
            The result's message as body, and its caps as value.

        Raises:
            WorkerError: It failed; its class says why.
        """
        head = dumps(["rpc", entrypoint, props, call])
        result: Result = await self._run("rpc", head, body, invocation, channel)
        return result

    async def start(self) -> None:
        """Have an isolate, so that the first event need not wait for it.

        Raises:
            StartupError: The global scope threw.
            WorkerError: It used more than its limits.
        """
        if not self._channels:
            await asyncio.shield(self._start_growing())

    async def describe(self) -> dict[str, Any]:
        """Evaluate the global scope and tell what it exports.

        Returns:
            ``{"handlers": [name], "named_handlers": [{"name", "handlers"}]}``.

        Raises:
            StartupError: The global scope threw.
            WorkerError: It used more than its limits.
        """
        await self.start()
        handlers = self._channels[0].handlers
        return {"handlers": handlers["handlers"], "named_handlers": handlers["named"]}

    async def close(self, grace: float | None = None) -> None:
        """Take no more events, let what is under way end, and free the isolates.

        Args:
            grace: Seconds to wait for it: 30 by default, none for an exclusive worker.
        """
        self._closed = True
        loop = asyncio.get_running_loop()
        until = loop.time() + (grace if grace is not None else 0.0 if self._exclusive else _GRACE_SECONDS)
        if self._growing is not None:
            await asyncio.wait([self._growing], timeout=max(0.0, until - loop.time()))
        for channel in list(self._channels):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(channel.rest(), max(0.0, until - loop.time()))
        if self._growing is not None:
            self._growing.cancel()
        for channel in list(self._channels):
            channel.close()
        self._fail_backlog(Unavailable("The worker was closed."))
        self._runtime.forget(self)

    # -- isolates

    @property
    def isolates(self) -> int:
        """How many isolates it has now."""
        return len(self._channels)

    @property
    def channels(self) -> Sequence[Channel]:
        """Its isolates' channels: for the runtime's eviction."""
        return self._channels

    def evict(self, channel: Channel) -> None:
        """Close one idle isolate."""
        if channel.idle and not channel.busy:
            channel.close()

    async def _run(
        self, name: str, head: bytes, body: Body, invocation: Invocation, channel: Channel | None = None
    ) -> Any:
        if self._closed and channel is None:
            raise Unavailable("The worker was closed.")
        job = Job(name, head, body, invocation, asyncio.get_running_loop().create_future())
        invocation.on_cancel(partial(self._cancel, job))
        if channel is not None:
            job.pinned, job.channel = True, channel
        if not job.responded:
            self._submit(job)
        try:
            return await job.answer
        except asyncio.CancelledError:
            self._cancel(job, "The caller gave up.")
            raise

    def _submit(self, job: Job) -> None:
        if job.pinned and job.channel is not None:
            job.channel.submit(job)
            return
        channels = self._channels
        if len(channels) == 1:
            channel = channels[0]
        elif channels:
            channel = min(channels, key=_pressure)
        else:
            self._backlog.append(job)
            self._start_growing()
            return
        job.channel = channel
        channel.submit(job)

    def _cancel(self, job: Job, reason: str) -> None:
        if job.channel is not None:
            job.channel.cancel(job, reason)
            return
        if job in self._backlog:
            self._backlog.remove(job)
        job.drop(reason)

    def _start_growing(self) -> asyncio.Task[None]:
        if self._growing is None:
            self._growing = asyncio.get_running_loop().create_task(self._grow())
            self._growing.add_done_callback(_heard)
        return self._growing

    async def _grow(self) -> None:
        """Add an isolate, and give it what waits.

        Raises:
            WorkerError: The program did not start; those who wait have been told.
        """
        try:
            channel = await self._start()
        except WorkerError as error:
            self._fail_backlog(error)
            raise
        finally:
            self._growing = None
        self._channels.append(channel)
        jobs, self._backlog = self._backlog, []
        for other in self._channels:
            if other is not channel and other.busy:
                jobs.extend(other.withdraw())
        for job in jobs:
            self._submit(job)

    async def _start(self) -> Channel:
        isolate = await self._runtime.acquire(self.limits.memory_mb, self.version if self.apart else None)
        mark = None if self.apart else self._runtime.mark(self.version)
        channel = Channel(isolate, self, self._runtime.watchdog.wake, mark)
        self._runtime.watchdog.add(channel)
        specs = dumps([binding.spec() for binding in self._bindings])
        try:
            flags = dumps([self.compatibility.off, self.compatibility.named])
            if isolate.asks:
                isolate.scripts, program = self.program.split()
            else:
                program = self.program.to_json()
            await channel.load(
                b'{"program":' + program + b',"bindings":' + specs + b',"flags":' + flags + b"}"
            )
        except BaseException:
            channel.close()
            raise
        channel.last_used = asyncio.get_running_loop().time()
        return channel

    def _fail_backlog(self, error: WorkerError) -> None:
        jobs, self._backlog = self._backlog, []
        for job in jobs:
            job.fail(error)
            job.finish()

    # -- what its channels ask

    async def call(
        self, invocation: Invocation, target: int | str, operation: str, args: list[Any], body: Body
    ) -> Result:
        """Answer a call of JavaScript: a binding's by its index, or the runtime's own by name."""
        if isinstance(target, int):
            return await traced_call(self._bindings[target], invocation, operation, args, body)
        return await targets.call(self, self._runtime, invocation, target, operation, args, body)

    def finished(self, job: Job) -> None:
        """A job's end is that of the stubs it was given."""
        if job.invocation.handles:
            self._runtime.handles.drop(job.invocation)

    def ended(self, channel: Channel, unseen: list[Job]) -> None:
        """An isolate is gone: what JavaScript never saw goes to another."""
        self._runtime.watchdog.remove(channel)
        if channel.freed is not None:
            self._runtime.note_freeing(channel.freed)
        if channel in self._channels:
            self._channels.remove(channel)
        for job in unseen:
            job.channel = None
            if self._closed:
                job.fail(Unavailable("The worker was closed."))
                job.finish()
            else:
                self._submit(job)

    def stuck(self, channel: Channel) -> None:
        """Move what waits behind a long run of JavaScript to an isolate that is free, or add one."""
        if any(not other.busy for other in self._channels):
            for job in channel.withdraw():
                self._submit(job)
        elif len(self._channels) < (1 if self.apart else self._most) and not self._closed:
            self._start_growing()


def _pressure(channel: Channel) -> tuple[bool, int]:
    return channel.busy, channel.jobs


def _heard(task: asyncio.Task[None]) -> None:
    """An error has reached those whom it concerns; asyncio need not log it."""
    if not task.cancelled():
        task.exception()
