"""One invocation of a deployed worker, as its logs and its tails tell it.

A record is made for every request, so making one costs as little as it can: references and an empty list or
two. The JSON of a trace is made only when somebody reads it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from engine.runtime.errors import Outcome, WorkerError
from engine.runtime.http import Request
from engine.runtime.invocation import ConsoleLine, Invocation, ray_of

if TYPE_CHECKING:
    from engine.metrics.counters import Counters

#: Bytes of console text kept of one invocation (workers/platform/limits: 256 KB of log data a request).
LOG_BYTES: Final = 256 * 1024
#: What a record weighs beside its texts, roughly.
_BASE_SIZE: Final = 1024
_REDACTED: Final = "REDACTED"
_SECRET_WORDS: Final = ("auth", "key", "secret", "token", "jwt", "cookie", "password")
_PUBLIC: Final = frozenset({"sec-websocket-key", "cloudflare-workers-version-key"})


class Record:
    """One invocation.

    Args:
        invocation: its run; the record becomes its console and exception sink.
        event: the request, or what a trace says of another event, e.g. `{"cron", "scheduledTime"}`.
        entrypoint: the exported class that was asked, None for the default export.
        places: whether somebody wants to know where in the files each console line was written.
        ended: told once, when the answer is known and nothing of the invocation is under way any more.
        answered: told once, with the milliseconds it took, when the answer is known.
    """

    __slots__ = (
        "_answered",
        "_began",
        "_ended",
        "_invocation",
        "answered",
        "at",
        "caller",
        "counters",
        "cpu_ms",
        "entrypoint",
        "environment",
        "exceptions",
        "first",
        "headers",
        "id",
        "lines",
        "method",
        "object_id",
        "origin",
        "other",
        "outcome",
        "seq",
        "service",
        "size",
        "status",
        "truncated",
        "url",
        "version",
        "wall_ms",
    )

    def __init__(
        self,
        invocation: Invocation,
        event: Request | Mapping[str, Any],
        entrypoint: str | None,
        places: bool,
        ended: Callable[[Record], None],
        answered: Callable[[Record, float], None] | None = None,
    ) -> None:
        self.id = invocation.id
        self.first = invocation.tree.first
        self.caller = invocation.caller
        self.seq = 0
        self.service = invocation.service
        self.environment = invocation.environment
        self.entrypoint = entrypoint
        self.object_id: str | None = None
        self.at = time.time()
        self.other: Mapping[str, Any] | None = None
        self.method = self.url = ""
        self.headers: list[tuple[str, str]] = []
        if isinstance(event, Request):
            self.method, self.url, self.headers = event.method, event.url, event.headers
            if self.id == self.first:
                invocation.tree.headers = self.headers
        else:
            self.other = event
        self.origin = invocation.tree.headers
        self.lines: list[tuple[ConsoleLine, float]] = []
        self.exceptions: list[tuple[WorkerError, float]] = []
        self.outcome: Outcome = "ok"
        self.status: int | None = None
        self.version: str | None = None
        self.wall_ms = self.cpu_ms = 0.0
        self.size = _BASE_SIZE + len(self.url)
        self.truncated = False
        self.answered = False
        self._began = time.monotonic()
        self.counters: Counters | None = None
        self._answered = answered
        self._ended: Callable[[Record], None] | None = ended
        self._invocation: Invocation | None = invocation
        invocation.on_console = self._console
        invocation.on_exception = self._exception
        invocation.on_closed = self._closed
        invocation.places = places

    def responded(self, status: int | None) -> None:
        """The answer is known; `status` is None for an event that is not a request."""
        self.status = status
        self.answered = True
        answered, self._answered = self._answered, None
        if answered is not None:
            if self._invocation is not None:
                self.version = self._invocation.version
            answered(self, (time.monotonic() - self._began) * 1000)
        if self._invocation is not None and not self._invocation.open:
            self._end()

    def failed(self, error: BaseException) -> None:
        """There is no answer."""
        invocation = self._invocation
        if invocation is not None and invocation.outcome == "ok":
            invocation.outcome = error.outcome if isinstance(error, WorkerError) else "canceled"
            if isinstance(error, WorkerError) and not self.exceptions and error.outcome != "canceled":
                self._exception(error)  # it failed before there was a run that could tell
        self.responded(None)

    def _closed(self) -> None:
        if self.answered:
            self._end()

    def _end(self) -> None:
        ended, self._ended = self._ended, None
        invocation, self._invocation = self._invocation, None
        if ended is None or invocation is None:
            return
        self.wall_ms = (time.monotonic() - self._began) * 1000
        self.cpu_ms = invocation.cpu_ms
        self.outcome = invocation.outcome
        self.version = invocation.version
        ended(self)

    def _console(self, line: ConsoleLine) -> None:
        size = len(line.text) + 64
        if self.size + size > LOG_BYTES:
            self.truncated = True
            return
        self.size += size
        self.lines.append((line, time.time()))

    def _exception(self, error: WorkerError) -> None:
        if len(self.exceptions) < 100:
            self.size += len(error.message) + 512
            self.exceptions.append((error, time.time()))

    # ------------------------------------------------------------------ told

    def trace(self) -> dict[str, Any]:
        """The record as a tail's client gets it (API.md §2 tail; times are milliseconds since 1970)."""
        trace: dict[str, Any] = {
            "id": f"{self.id:08x}",
            "ray": self.ray,
            "outcome": self.outcome,
            "scriptName": self.service,
            "environment": self.environment,
            "entrypoint": self.entrypoint,
            "scriptVersion": None if self.version is None else {"id": self.version},
            "eventTimestamp": int(self.at * 1000),
            "event": self._event(),
            "logs": [
                {"message": [line.text], "level": line.level, "timestamp": int(at * 1000)}
                for line, at in self.lines
            ],
            "exceptions": [
                {
                    "name": error.name,
                    "message": error.message,
                    "timestamp": int(at * 1000),
                    "stack": stack_text(error),
                }
                for error, at in self.exceptions
            ],
            "diagnosticsChannelEvents": [],
            "truncated": self.truncated,
            "executionModel": "stateless",
            "wallTime": round(self.wall_ms),
            "cpuTime": round(self.cpu_ms),
        }
        if self.object_id is not None:
            trace["executionModel"], trace["durableObjectId"] = "durableObject", self.object_id
        return trace

    def told(self) -> dict[str, Any]:
        """The record as the logs resource has it: the trace, its number, and where each line was written."""
        trace = self.trace()
        for shown, (line, _) in zip(trace["logs"], self.lines, strict=True):
            shown["file"], shown["line"], shown["column"] = line.file, line.line, line.column
            shown["invocation"] = None if line.invocation is None else f"{line.invocation:08x}"
        for shown, (error, _) in zip(trace["exceptions"], self.exceptions, strict=True):
            shown["phase"] = error.phase
            shown["frames"] = [
                {"function": each.function, "file": each.file, "line": each.line, "column": each.column}
                for each in error.stack
            ]
        trace["seq"] = self.seq
        trace["wallTime"] = round(self.wall_ms, 3)
        trace["cpuTime"] = round(self.cpu_ms, 3)
        return trace

    @property
    def ray(self) -> str:
        """The id of the request that caused it, as its `cf-ray` header says it."""
        return ray_of(self.first)

    def header(self, name: str) -> str | None:
        """A header of the request, lines of the same name joined; None without one."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None

    def _event(self) -> dict[str, Any] | None:
        if self.other is not None:
            return dict(self.other)
        headers: dict[str, str] = {}
        for name, value in self.headers:
            shown = _REDACTED if is_secret(name) else value
            key = name.lower()
            headers[key] = f"{headers[key]}, {shown}" if key in headers and shown != _REDACTED else shown
        event: dict[str, Any] = {
            "request": {"url": self.url, "method": self.method, "headers": headers, "cf": {}}
        }
        if self.status is not None:
            event["response"] = {"status": self.status}
        return event


@lru_cache(2048)
def is_secret(header: str) -> bool:
    """Whether a header's value may be a secret, which no log shows."""
    name = header.lower()
    return name not in _PUBLIC and any(word in name for word in _SECRET_WORDS)


def stack_text(error: WorkerError) -> str:
    """The frames in the user's files, as V8 writes a stack."""
    return "\n".join(
        f"    at {frame.function} ({frame.file}:{frame.line}:{frame.column})"
        if frame.function
        else f"    at {frame.file}:{frame.line}:{frame.column}"
        for frame in error.stack
    )
