"""One draft run, put together from the events of its stream."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a body kept in memory; what is longer goes to a temporary file."""
SHOWN = 64 * 1024
"""Bytes of a body that are ever shown."""
CONSOLE = 10_000
"""Lines of the console that are kept; a draft that logs in a loop writes as many a second."""
LIMITS = {
    "exceededCpu": "CPU limit",
    "exceededMemory": "memory limit",
}


@dataclass(frozen=True)
class Location:
    """A place in a module."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    function: str = ""

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Location | None:
        """From an event with file, line and column; None when it has none."""
        if not event.get("file") or not event.get("line"):
            return None
        return cls(event["file"], event["line"], event.get("column") or 1, event.get("function") or "")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class ConsoleLine:
    """One call of `console.*`."""

    level: str
    text: str
    at: float
    """Milliseconds since the run's start."""
    where: Location | None
    service: str = ""
    environment: str = ""


@dataclass
class Call:
    """One binding call. `duration` is None as long as it lasts."""

    id: int
    parent: int | None
    binding: str
    operation: str
    subject: str
    start: float
    duration: float | None = None
    result: str = ""
    error: str = ""
    kept_back: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a run did not answer as it should."""

    code: int
    name: str
    message: str
    why: str
    phase: str
    where: Location | None
    stack: tuple[Location, ...] = ()


@dataclass
class RunReport:
    """What is known of a run so far; `take` adds an event."""

    method: str = "GET"
    path: str = "/"
    mode: str = "sandbox"
    clock: str = ""
    """When it began, `14:02:11`."""
    session: str = ""
    """The name under which the engine keeps its writes."""
    status: int | None = None
    status_text: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    time: float | None = None
    """Milliseconds to the end of the body; to the head as long as the body lasts."""
    size: int = 0
    """Bytes of the body."""
    head: bytearray = field(default_factory=bytearray)
    """The body's first bytes, as many as are ever shown."""
    complete: bool = False
    """Whether the body has ended."""
    console: list[ConsoleLine] = field(default_factory=list)
    """The last lines, `CONSOLE` of them at least."""
    console_count: int = 0
    """How many there were."""
    calls: dict[int, Call] = field(default_factory=dict)
    failure: Failure | None = None
    later_failures: list[Failure] = field(default_factory=list)
    writes: int | None = None
    """Writes kept back, as the engine counted them last."""
    applied: int = 0
    """How many were done for real since."""
    outcome: str = ""
    """`ok`, `exception`, `exceededCpu`, …; empty while it runs."""
    wall: float = 0.0
    engine_restarted: bool = False
    _body: IO[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the stream has not ended yet."""
        return not self.outcome

    @property
    def kept_back(self) -> int:
        """Writes that stayed in the overlay."""
        counted = sum(call.kept_back for call in self.calls.values())
        return counted if self.writes is None else self.writes

    @property
    def span(self) -> float:
        """Milliseconds from the run's start to the end of its last call or answer: the calls' time axis."""
        ends = [call.start + (call.duration or 0) for call in self.calls.values()]
        return max([*ends, self.time or 0, 0.1])

    def header(self, name: str) -> str:
        """A header's first value; empty when it is not there."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def take(self, event: Mapping[str, Any]) -> None:
        """Add one event of the stream; unknown kinds are passed over (a newer engine may send them)."""
        handler = getattr(self, f"_take_{event.get('type', '')}", None)
        if handler is not None:
            handler(event)

    def body(self) -> bytes:
        """The whole body."""
        if self._body is None:
            return b""
        self._body.seek(0)
        content = self._body.read()
        self._body.seek(0, 2)
        return content

    def copy_body(self, target: IO[bytes]) -> None:
        """Write the whole body to an open file."""
        if self._body is not None:
            self._body.seek(0)
            while chunk := self._body.read(1 << 20):
                target.write(chunk)
            self._body.seek(0, 2)

    def close(self) -> None:
        """Let the body's temporary file go."""
        if self._body is not None:
            self._body.close()
            self._body = None

    # ------------------------------------------------------------------ events

    def _take_console(self, event: Mapping[str, Any]) -> None:
        self.console_count += 1
        if len(self.console) > 2 * CONSOLE:
            del self.console[:-CONSOLE]
        self.console.append(
            ConsoleLine(
                event.get("level", "log"),
                event.get("text", ""),
                event.get("at") or 0.0,
                Location.read(event),
                event.get("service") or "",
                event.get("environment") or "",
            )
        )

    def _take_call_start(self, event: Mapping[str, Any]) -> None:
        self.calls.setdefault(event["id"], self._call(event))

    def _take_call(self, event: Mapping[str, Any]) -> None:
        call = self._call(event)
        call.duration = event.get("duration") or 0.0
        call.result = event.get("result") or ""
        call.error = event.get("error") or ""
        call.kept_back = bool(event.get("kept_back"))
        self.calls[call.id] = call

    @staticmethod
    def _call(event: Mapping[str, Any]) -> Call:
        return Call(
            event["id"],
            event.get("parent"),
            event.get("binding") or "",
            event.get("operation") or "",
            event.get("subject") or "",
            event.get("start") or 0.0,
        )

    def _take_response(self, event: Mapping[str, Any]) -> None:
        self.status = event["status"]
        self.status_text = event.get("status_text") or ""
        self.headers = [(name, value) for name, value in event.get("headers", ())]
        self.time = event.get("time")

    def _take_body(self, event: Mapping[str, Any]) -> None:
        chunk = base64.b64decode(event.get("base64") or "")
        if self._body is None:
            self._body = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed by close()
        self._body.write(chunk)
        self.size += len(chunk)
        if len(self.head) < SHOWN:
            self.head += chunk[: SHOWN - len(self.head)]

    def _take_body_end(self, event: Mapping[str, Any]) -> None:
        self.complete = True
        self.time = event.get("time") or self.time

    def _take_exception(self, event: Mapping[str, Any]) -> None:
        stack = tuple(place for frame in event.get("stack") or () if (place := Location.read(frame)))
        failure = Failure(
            event.get("code") or 0,
            event.get("name") or "Error",
            event.get("message") or "",
            event.get("why") or "",
            event.get("phase") or "run",
            Location.read(event) or (stack[0] if stack else None),
            stack,
        )
        # What fails in waitUntil fails after the answer: the answer stays what it was.
        if self.failure is None and failure.phase != "waituntil":
            self.failure = failure
        else:
            self.later_failures.append(failure)

    def _take_writes(self, event: Mapping[str, Any]) -> None:
        self.writes = event.get("count") or 0

    def _take_end(self, event: Mapping[str, Any]) -> None:
        self.outcome = event.get("outcome") or "ok"
        self.wall = event.get("wall") or 0.0
        self.engine_restarted = bool(event.get("engine_restarted"))
