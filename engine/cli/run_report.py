"""A draft run as a person reads it: the body on stdout, everything else on stderr."""

from __future__ import annotations

import base64
import sys

from engine.cli.api import Json


class Report:
    """Takes the events of one run and prints them.

    Args:
        include: print status and headers before the body.
        trace: print binding calls.

    Attributes:
        outcome: "ok", or what ended the run; "unknown" until it has ended.
    """

    def __init__(self, *, include: bool = False, trace: bool = False) -> None:
        self.outcome = "unknown"
        self._include = include
        self._trace = trace
        self._calls: list[Json] = []

    def take(self, event: Json) -> None:
        """One event."""
        match event["type"]:
            case "console":
                self._say(f"{event['level']:<5} {event['text']}{_place(event, '  ')}")
            case "call":
                self._calls.append(event)
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
                self.outcome = event["outcome"]
                self._end(event)

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
            self._tree(None, 0)
        if event["outcome"] == "canceled":
            self._say("svc-tui: the run was canceled")

    def _tree(self, parent: int | None, depth: int) -> None:
        """Calls in the order they began, those of a called service below the call."""
        for call in sorted(self._calls, key=lambda each: (each["start"], each["id"])):
            if call["parent"] != parent:
                continue
            name = f"{'  ' * depth}{call['binding']}.{call['operation']} {call['subject']}".rstrip()
            result = "kept back" if call["kept_back"] else call["error"] or call["result"]
            self._say(f"call  {name:<48} {result:<16} {call['start']:8.1f} {call['duration']:8.1f} ms")
            self._tree(call["id"], depth + 1)

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def _place(event: Json, before: str) -> str:
    return f"{before}{_where(event)}" if event.get("file") else ""


def _where(place: Json) -> str:
    return f"{place['file']}:{place['line']}:{place['column']}"
