"""The events of a draft run, as JSON objects (`POST …/runs`)."""

from __future__ import annotations

from typing import Any, Final

from engine.drafts.describe import compile_message
from engine.runtime.compile import CompileError
from engine.runtime.errors import CpuLimitExceeded, HungError, MemoryLimitExceeded, WorkerError
from engine.runtime.invocation import Call, ConsoleLine

#: Kinds of calls that leave this machine: they are real in a sandbox too, unless the network is off.
OUTGOING: Final = frozenset({"fetch", "connect"})
#: What a person may want to know beside the message.
_WHY: tuple[tuple[type[WorkerError], str], ...] = (
    (CpuLimitExceeded, "The code kept the processor busy without ever coming back, as an endless loop does."),
    (MemoryLimitExceeded, "The code held more memory at once than a Worker may have."),
    (HungError, "Something is awaited that nothing can ever bring about."),
)


def console(line: ConsoleLine) -> dict[str, Any]:
    """A line of the console."""
    return {
        "type": "console",
        "level": line.level,
        "text": line.text,
        "at": line.at,
        "file": line.file,
        "line": line.line,
        "column": line.column,
        "service": line.service,
        "environment": line.environment,
    }


def call_start(call: Call) -> dict[str, Any]:
    """A binding call that begins."""
    return {
        "type": "call_start",
        "id": call.id,
        "parent": call.parent,
        "binding": call.binding,
        "kind": call.kind,
        "operation": call.operation,
        "subject": call.subject,
        "start": call.start,
        "outgoing": call.kind in OUTGOING,
        "service": call.service,
        "environment": call.environment,
    }


def call(call: Call) -> dict[str, Any]:
    """A binding call that has ended."""
    return {
        **call_start(call),
        "type": "call",
        "size": call.size,
        "duration": call.duration,
        "result": call.result,
        "error": call.error,
        "kept_back": call.kept_back,
    }


def exception(error: WorkerError) -> dict[str, Any]:
    """An exception, with its place in the user's files where it has one."""
    place = error.location
    return {
        "type": "exception",
        "code": error.code,
        "name": error.name,
        "message": error.message,
        "why": next((text for kind, text in _WHY if isinstance(error, kind)), None),
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "stack": [
            {"function": each.function, "file": each.file, "line": each.line, "column": each.column}
            for each in error.stack
        ],
        "phase": error.phase,
    }


def compile_exception(error: CompileError) -> dict[str, Any]:
    """Code that does not compile: where, and what is wrong there."""
    first = error.diagnostics[0] if error.diagnostics else None
    message = first.message if first else compile_message(error)
    return {
        **plain_exception(message, 10021),
        "name": "SyntaxError",
        "message": message.removeprefix("SyntaxError: "),
        "file": first.file if first else None,
        "line": first.line if first else None,
        "column": first.column if first else None,
        "phase": "compile",
    }


def plain_exception(message: str, code: int = 1101) -> dict[str, Any]:
    """Something that kept the run from happening."""
    return {
        "type": "exception",
        "code": code,
        "name": "Error",
        "message": message,
        "why": None,
        "file": None,
        "line": None,
        "column": None,
        "stack": [],
        "phase": "startup",
    }
