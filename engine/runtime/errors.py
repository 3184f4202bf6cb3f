"""What can go wrong while a worker runs, each with the number Cloudflare's error page has for it.

Source of the numbers: developers.cloudflare.com/workers/observability/errors (1101, 1102) and
developers.cloudflare.com/api (10021: a script that fails to start).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Phase = Literal["compile", "startup", "run", "waituntil"]
Outcome = Literal["ok", "exception", "exceededCpu", "exceededMemory", "canceled", "scriptError"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack: a place in a file of the user.

    Attributes:
        function: The function's name, "" for the module's own scope.
        file: The module's name.
        line: From 1.
        column: From 1.
    """

    function: str
    file: str
    line: int
    column: int


class WorkerError(Exception):
    """A request that a worker did not answer.

    Attributes:
        code: Cloudflare's number.
        name: The JavaScript error's ``name`` where there is one.
        message: The JavaScript error's ``message``, or a sentence.
        stack: The frames in the user's files, innermost first.
        phase: When it happened.
        pass_through: Whether ``ctx.passThroughOnException`` had been called: the origin is to answer.
        outcome: The word ``tail`` has for it.
    """

    code: ClassVar[int] = 1101
    outcome: ClassVar[Outcome] = "exception"
    pass_through = False

    def __init__(
        self, message: str, name: str = "Error", stack: Sequence[Frame] = (), phase: Phase = "run"
    ) -> None:
        super().__init__(f"{name}: {message}" if name else message)
        self.name = name
        self.message = message
        self.stack = list(stack)
        self.phase: Phase = phase

    @property
    def location(self) -> Frame | None:
        """The innermost place in the user's files."""
        return self.stack[0] if self.stack else None


class ScriptException(WorkerError):
    """The script threw, or rejected the promise of its response."""


class HungError(WorkerError):
    """The script would never have answered: its promise is open and nothing is under way."""

    def __init__(self) -> None:
        super().__init__(
            "The script will never generate a response: its promise is still open and nothing it could wait "
            "for (a timer, a fetch, a binding) is under way."
        )


class CpuLimitExceeded(WorkerError):
    """The script used the processor for longer than its limit."""

    code = 1102
    outcome: ClassVar[Outcome] = "exceededCpu"

    def __init__(self, cpu_ms: int) -> None:
        super().__init__(f"Worker exceeded CPU time limit of {cpu_ms} ms.")


class MemoryLimitExceeded(WorkerError):
    """The isolate grew over its memory limit and was ended."""

    code = 1102
    outcome: ClassVar[Outcome] = "exceededMemory"

    def __init__(self, memory_mb: int) -> None:
        super().__init__(f"Worker exceeded memory limit of {memory_mb} MB.")


class StartupError(WorkerError):
    """The script's global scope threw, so that no request can reach it.

    ``file``, ``line`` and ``column`` say where, when V8 knew it.
    """

    code = 10021
    outcome: ClassVar[Outcome] = "scriptError"

    def __init__(self, message: str, name: str = "Error", stack: Sequence[Frame] = ()) -> None:
        super().__init__(message, name, stack, "startup")

    @property
    def file(self) -> str | None:
        """The module that threw."""
        return self.stack[0].file if self.stack else None

    @property
    def line(self) -> int | None:
        """The line that threw, from 1."""
        return self.stack[0].line if self.stack else None

    @property
    def column(self) -> int | None:
        """The column that threw, from 1."""
        return self.stack[0].column if self.stack else None


class InvocationLimit(WorkerError):
    """One request caused more worker invocations than the platform allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Subrequest depth limit exceeded: one request may cause {limit} Worker invocations."
        )


class Canceled(WorkerError):
    """The client went away, or the run was stopped, before the answer."""

    outcome: ClassVar[Outcome] = "canceled"

    def __init__(self, message: str = "The client disconnected before the response was complete.") -> None:
        super().__init__(message)


class Unavailable(WorkerError):
    """The isolate that had the request ended through no fault of the request."""

    def __init__(self, message: str = "The isolate ended before it answered.") -> None:
        super().__init__(message)
