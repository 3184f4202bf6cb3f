"""One run of a worker for one event, and what belongs to the tree of runs that one request causes."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .errors import InvocationLimit, WorkerError

if TYPE_CHECKING:
    from .channel import Channel
    from .errors import Outcome

Mode = Literal["deployed", "sandbox", "live"]
Level = Literal["log", "info", "warn", "error", "debug", "trace"]

# PLATFORM.md §2 and §5: "a request may cause at most 32 Worker invocations"; 6 simultaneous connections
# shared by the workers of one top-level request; 1,000 subrequests each.
INVOCATIONS = 32
CONNECTIONS = 6
SUBREQUESTS = 1000

_ids = itertools.count(1)
_RUN = secrets.token_hex(4)
"""Of this process: with an invocation's number behind it, an id that no other process gives."""


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One call of ``console.*``: rendered text, and where in the user's files it was called.

    ``at`` is milliseconds since the top-level request began; lines and columns count from 1. ``invocation``
    is the id of the invocation that wrote it, None where several ran at once and it may be another's.
    """

    level: Level
    text: str
    at: float
    file: str | None = None
    line: int | None = None
    column: int | None = None
    service: str = ""
    environment: str = ""
    invocation: int | None = None


@dataclass(slots=True)
class Call:
    """One call of a binding, or one outgoing fetch.

    ``start`` and ``duration`` are milliseconds (``start`` since the top-level request began), ``size`` is
    bytes; ``parent`` is the id of the call that caused this worker to run, None at the top.
    """

    id: int
    parent: int | None
    binding: str
    kind: str
    operation: str
    subject: str
    start: float
    duration: float = 0.0
    size: int | None = None
    result: str = ""
    error: str | None = None
    kept_back: bool = False
    service: str = ""
    environment: str = ""


@dataclass(slots=True)
class Tree:
    """What every invocation that one top-level request causes has in common; ``first`` is the id of it,
    and ``headers`` what it came with. Without ``network`` nothing may connect to anywhere else;
    ``points`` is how many data points they wrote."""

    first: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    invocations_left: int = INVOCATIONS
    calls: int = 0
    network: bool = True
    points: int = 0
    connections: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))


def ray_of(first: int) -> str:
    """The id of a top-level request whose first invocation has this id."""
    return f"{_RUN}{first:08x}"


def nobody(*_: Any) -> None:
    """Nobody listens."""


class Invocation:
    """One run of a worker for one event.

    Args:
        service: The service's name, for whoever reads the trace.
        environment: The environment's name.
        mode: "deployed" for traffic; a draft run is "sandbox" (writes land in ``overlay``) or "live".
        overlay: Where a sandboxed run's writes go.
        on_console: Told each console line, as it happens.
        on_call_start: Told each binding call when it begins.
        on_call: Told each binding call when it has ended.
        on_exception: Told each uncaught exception: the one that ``fetch`` raises, those of timers and
            listeners, and those of ``waitUntil``, which come after the response.

    The sinks are called on the event loop, also for the invocations below this one.

    Attributes:
        caller: The id of the invocation that caused it, 0 at the top.
        channel: The isolate it runs in, once it does.
        handles: What it holds of other isolates (`rpc.Handles`).
        lingering: It has closed, but a Durable Object has something under way that it began.
        places: Whether console lines are to say where in the files they were written, which costs the
            script a stack each; so when somebody listens, unless set otherwise before it runs.
        public: Whether its fetches go to the front door of its own zone too.
        on_closed: Called when the invocation closes: nothing of it is under way any more.
        cpu_ms: Processor time of its isolate while it ran, shared evenly with those that ran beside it.
    """

    __slots__ = (
        "_cancel_hooks",
        "_closed",
        "_open",
        "caller",
        "cancel_reason",
        "channel",
        "children",
        "cpu_ms",
        "depth",
        "environment",
        "handles",
        "id",
        "lingering",
        "mode",
        "on_call",
        "on_call_start",
        "on_closed",
        "on_console",
        "on_exception",
        "outcome",
        "overlay",
        "parent_call",
        "places",
        "public",
        "service",
        "subrequests",
        "tree",
        "version",
    )

    def __init__(
        self,
        service: str = "",
        environment: str = "",
        mode: Mode = "deployed",
        overlay: Any = None,
        *,
        on_console: Callable[[ConsoleLine], None] = nobody,
        on_call_start: Callable[[Call], None] = nobody,
        on_call: Callable[[Call], None] = nobody,
        on_exception: Callable[[WorkerError], None] = nobody,
        parent_call: int | None = None,
        tree: Tree | None = None,
    ) -> None:
        self.id = next(_ids)
        self.service = service
        self.environment = environment
        self.mode: Mode = mode
        self.overlay = overlay
        self.on_console = on_console
        self.on_call_start = on_call_start
        self.on_call = on_call
        self.on_exception = on_exception
        self.parent_call = parent_call
        self.places = on_console is not nobody
        self.on_closed: Callable[[], None] | None = None
        self.public = False
        self.cpu_ms = 0.0
        self.version: str | None = None
        self.outcome: Outcome = "ok"
        self.subrequests = 0
        self.children: list[Invocation] = []
        self.cancel_reason: str | None = None
        self.channel: Channel | None = None
        self.handles: set[int] = set()
        self.lingering = False
        self.depth = 0
        self.caller = 0
        self._cancel_hooks: list[Callable[[str], None]] = []
        self._open = 0
        self._closed: asyncio.Event | None = None
        if tree is None:
            tree = Tree(self.id)
            tree.invocations_left -= 1
        self.tree = tree

    def child(
        self, service: str, environment: str, parent_call: int | None = None, *, counted: bool = True
    ) -> Invocation:
        """Return the invocation of the worker behind a service binding.

        Args:
            service: The target's name.
            environment: The target's environment.
            parent_call: The id of the ``Call`` that runs it.
            counted: False for a Durable Object, or something that an invocation before has sent: these
                are no Worker invocations, only nested no deeper than there may be of them.

        Raises:
            InvocationLimit: The request has used up its 32 invocations.
        """
        if counted:
            if self.tree.invocations_left <= 0:
                raise InvocationLimit(INVOCATIONS)
            self.tree.invocations_left -= 1
        elif self.depth >= INVOCATIONS:
            raise InvocationLimit(INVOCATIONS)
        made = Invocation(
            service,
            environment,
            self.mode,
            self.overlay,
            on_console=self.on_console,
            on_call_start=self.on_call_start,
            on_call=self.on_call,
            on_exception=self.on_exception,
            parent_call=parent_call,
            tree=self.tree,
        )
        made.depth = self.depth + 1
        made.caller = self.id
        self.children.append(made)
        if self.cancel_reason is not None:
            made.cancel(self.cancel_reason)
        return made

    @property
    def ray(self) -> str:
        """The id of the top-level request, 16 hex digits, as its ``cf-ray`` header says it."""
        return ray_of(self.tree.first)

    def elapsed_ms(self) -> float:
        """Milliseconds since the top-level request began."""
        return (time.monotonic() - self.tree.started) * 1000

    def next_call(self) -> int:
        """A call id, unique in the whole tree, rising from 1."""
        self.tree.calls += 1
        return self.tree.calls

    def count_subrequest(self, limit: int = SUBREQUESTS) -> bool:
        """Count one subrequest; False when the invocation has had its ``limit``."""
        self.subrequests += 1
        return self.subrequests <= limit

    # -- cancelling: the client went away, or somebody stopped the run

    @property
    def cancelled(self) -> bool:
        """Whether somebody stopped it."""
        return self.cancel_reason is not None

    def cancel(self, reason: str = "The client disconnected.") -> None:
        """Stop it and everything below it; a second call does nothing."""
        if self.cancel_reason is not None:
            return
        self.cancel_reason = reason
        hooks, self._cancel_hooks = self._cancel_hooks, []
        for hook in hooks:
            hook(reason)
        for below in self.children:
            below.cancel(reason)

    def on_cancel(self, hook: Callable[[str], None]) -> None:
        """Call ``hook(reason)`` when it is cancelled; at once when it already is."""
        if self.cancel_reason is not None:
            hook(self.cancel_reason)
        else:
            self._cancel_hooks.append(hook)

    # -- how long it lives: until the response is sent and ``ctx.waitUntil`` has run to its end

    def hold(self) -> None:
        """Keep the invocation open; pair it with ``release``."""
        self._open += 1

    def release(self) -> None:
        """Give back one ``hold``; the last one closes the invocation."""
        self._open -= 1
        if self._open <= 0:
            if self._closed is not None:
                self._closed.set()
            if self.on_closed is not None:
                self.on_closed()

    @property
    def open(self) -> bool:
        """Whether something of it is under way."""
        return self._open > 0

    async def closed(self) -> None:
        """Wait until its work (response body and ``waitUntil``) and that of its children has ended."""
        while self._open > 0:
            if self._closed is None or self._closed.is_set():
                self._closed = asyncio.Event()
            await self._closed.wait()
        for below in list(self.children):
            await below.closed()
