"""A record that an earlier process, or this one a while ago, has written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from engine.logs.filters import has_failed
from engine.logs.record import Record
from engine.store.log_file import Row


class KeptLine(NamedTuple):
    """A console line."""

    text: str
    level: str


class KeptError(NamedTuple):
    """An exception."""

    name: str
    message: str


class Kept:
    """A record as filters look at it, made of what `Record.told` gave.

    Args:
        told: the record as the logs resource has it.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        event = told["event"] or {}
        request = event.get("request") or {}
        self.outcome: str = told["outcome"]
        self.ray: str = told["ray"]
        self.method: str = request.get("method", "")
        self.url: str = request.get("url", "")
        self.status: int | None = (event.get("response") or {}).get("status")
        self.version: str | None = (told["scriptVersion"] or {}).get("id")
        self.at: float = told["eventTimestamp"] / 1000
        self.lines = [
            (KeptLine(" ".join(each["message"]), each["level"]), each["timestamp"] / 1000)
            for each in told["logs"]
        ]
        self.exceptions = [
            (KeptError(each["name"], each["message"]), each["timestamp"] / 1000)
            for each in told["exceptions"]
        ]
        self._headers: Mapping[str, str] = request.get("headers", {})

    def header(self, name: str) -> str | None:
        """A header of the request; what may be a secret reads REDACTED."""
        return self._headers.get(name.lower())


def row(environment: str, record: Record, limit: int) -> Row:
    """A record as it is written down.

    Args:
        environment: the environment's id, which stays when it is renamed.
        record: the record.
        limit: bytes that the environment's log may have.
    """
    return Row(
        environment=environment,
        seq=record.seq,
        at=int(record.at * 1000),
        status=record.status,
        outcome=record.outcome,
        method=record.method,
        ray=record.ray,
        failed=has_failed(record),
        # A lone surrogate in a console line is no text for SQLite.
        data=orjson.dumps(record.told()).decode("utf-8", "replace"),
        limit=limit,
    )


def told(data: str, service: str, environment: str) -> dict[str, Any]:
    """A written record as the logs resource has it, by the names that its environment has now."""
    found: dict[str, Any] = orjson.loads(data)
    found["scriptName"], found["environment"] = service, environment
    return found
