"""A draft run as a person reads it: the body on stdout, everything else on stderr."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.cli.api import Json
from engine.cli.errors import CliError

#: Cells of a time bar.
BAR = 24


class Report:
    """Takes the events of one run and prints them.

    Args:
        include: print status and headers before the body.
        trace: print binding calls.
        trace_file: where they go, one JSON object a line, in the order in which they began.

    Attributes:
        outcome: "ok", or what ended the run; "unknown" until it has ended.
    """

    def __init__(self, *, include: bool = False, trace: bool = False, trace_file: Path | None = None) -> None:
        self.outcome = "unknown"
        self._include = include
        self._trace = trace
        self._file = trace_file
        self._calls: list[Json] = []

    def take(self, event: Json) -> None:
        """One event."""
        match event["type"]:
            case "console":
                self._say(f"{event['level']:<5} {event['text']}{_place(event, '  ')}")
            case "response":
                self._head(event)
            case "body":
                sys.stdout.buffer.write(base64.b64decode(event["base64"]))
                sys.stdout.buffer.flush()
            case "exception":
                self._exception(event)
            case "writes" if event["count"]:
                self._writes(event)
            case "end":
                self._end(event)
        self.note(event)

    def note(self, event: Json) -> None:
        """Remember an event's call or outcome without printing anything.

        Raises:
            CliError: the run has ended, and the file of the trace cannot be written.
        """
        if event["type"] == "call":
            self._calls.append(event)
        if event["type"] == "end":
            self.outcome = event["outcome"]
            if self._file is not None:
                self._write(self._file)

    def _head(self, event: Json) -> None:
        if not self._include:
            return
        lines = [f"HTTP/1.1 {event['status']} {event['status_text']}".rstrip()]
        lines += [f"{name}: {value}" for name, value in event["headers"]]
        sys.stdout.buffer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "replace"))

    def _exception(self, event: Json) -> None:
        name = event["name"] or f"Error {event['code']}"
        self._say(f"svc-tui: {name}: {event['message']}{_place(event, '  at ')}")
        if event["why"]:
            self._say(f"  {event['why']}")
        for frame in event["stack"][1:]:
            self._say(f"    at {frame['function'] or '(top level)'} {_where(frame)}")

    def _writes(self, event: Json) -> None:
        count = event["count"]
        names = [f"{item['binding']}.{item['operation']} {item['subject']}" for item in event["items"][:5]]
        more = f", and {count - len(names)} more" if count > len(names) else ""
        self._say(f"kept back {count} write{'' if count == 1 else 's'}: {', '.join(names)}{more}")

    def _end(self, event: Json) -> None:
        if self._trace:
            span = max((call["start"] + call["duration"] for call in self._calls), default=0.0)
            for call, depth in _nested(self._calls):
                self._say(_line(call, depth, span))
        if event["outcome"] == "canceled":
            self._say("svc-tui: the run was canceled")

    def _write(self, path: Path) -> None:
        lines = [
            json.dumps({**call, "depth": depth}, ensure_ascii=False) + "\n"
            for call, depth in _nested(self._calls)
        ]
        try:
            path.write_text("".join(lines), encoding="utf-8")
        except OSError as error:
            raise CliError(f"--trace-json {path}: {error.strerror}") from None

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def _place(event: Json, before: str) -> str:
    return f"{before}{_where(event)}" if event.get("file") else ""


def _where(place: Json) -> str:
    return f"{place['file']}:{place['line']}:{place['column']}"


def _nested(calls: Sequence[Json]) -> Iterator[tuple[Json, int]]:
    """Calls in the order they began, those of a called service or object below the call, and how deep."""
    known = {call["id"] for call in calls}
    below: dict[int | None, list[Json]] = {}
    for call in sorted(calls, key=lambda each: (each["start"], each["id"])):
        below.setdefault(call["parent"] if call["parent"] in known else None, []).append(call)

    def walk(parent: int | None, depth: int) -> Iterator[tuple[Json, int]]:
        for call in below.get(parent, ()):
            yield call, depth
            yield from walk(call["id"], depth + 1)

    return walk(None, 0)


def _line(call: Json, depth: int, span: float) -> str:
    """A row of the waterfall: name, result, milliseconds from the start, how many, and when as a bar."""
    name = f"{'  ' * depth}{call['binding']}.{call['operation']} {call['subject']}".rstrip()
    sent = "→ " if call.get("outgoing") and not call["error"] else ""
    result = "kept back" if call["kept_back"] else call["error"] or f"{sent}{call['result']}"
    lead = min(BAR - 1, round(call["start"] / span * BAR)) if span else 0
    length = max(1, min(BAR - lead, round(call["duration"] / span * BAR))) if span else 1
    bar = " " * lead + ("╍" if call["kept_back"] else "━") * length
    return f"call  {name:<48} {result:<16} {call['start']:8.1f} {call['duration']:8.1f} ms  {bar}"
