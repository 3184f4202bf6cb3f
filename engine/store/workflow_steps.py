"""What the steps of a workflow's instances have come to, and the events that instances were sent.

Times are milliseconds since 1970. Values (`output`, `payload`) are in the form of js/src/durable/values.js.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.database import Connection


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an instance.

    `key` is its kind, name and which one of that name it is. `state` is running, waiting, done or failed;
    `due` when a sleep ends, an event is waited for no more, or it is tried again. `attempts` has
    ``{"start", "end", "success", "error"}`` each.
    """

    key: str
    kind: str
    name: str
    state: str
    config: Mapping[str, Any]
    attempts: Sequence[Mapping[str, Any]]
    due: int | None
    started: int
    ended: int | None
    output: bytes | None
    error: Mapping[str, str] | None


def steps(connection: Connection, seq: int) -> list[Step]:
    """The steps of an instance, in the order in which they began."""
    rows = connection.execute(
        "SELECT key, kind, name, state, config, attempts, due, started, ended, output, error"
        " FROM workflow_steps WHERE instance = ? ORDER BY position",
        (seq,),
    )
    return [_step(*row) for row in rows]


def put_step(connection: Connection, seq: int, step: Step) -> None:
    """Keep what has become of a step."""
    values = (
        seq,
        step.key,
        step.kind,
        step.name,
        step.state,
        json.dumps(step.config),
        json.dumps(step.attempts),
        step.due,
        step.started,
        step.ended,
        step.output,
        json.dumps(step.error) if step.error else None,
    )
    connection.execute(
        "INSERT INTO workflow_steps (instance, key, kind, name, state, config, attempts, due, started, ended,"
        " output, error, position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
        " (SELECT count(*) FROM workflow_steps WHERE instance = ?1))"
        " ON CONFLICT (instance, key) DO UPDATE SET state = ?5, attempts = ?7, due = ?8, ended = ?10,"
        " output = ?11, error = ?12",
        values,
    )


def send_event(connection: Connection, seq: int, type: str, payload: bytes, now: int) -> None:
    """Keep an event until a step waits for its type."""
    connection.execute(
        "INSERT INTO workflow_events (instance, type, payload, at) VALUES (?, ?, ?, ?)",
        (seq, type, payload, now),
    )


def take_event(connection: Connection, seq: int, type: str) -> tuple[bytes, int] | None:
    """The oldest event of a type, which is gone then: its payload, and when it was sent."""
    row = connection.execute(
        "DELETE FROM workflow_events WHERE seq = (SELECT min(seq) FROM workflow_events"
        " WHERE instance = ? AND type = ?) RETURNING payload, at",
        (seq, type),
    ).fetchone()
    return (bytes(row[0]), row[1]) if row else None


def _step(key: str, kind: str, name: str, state: str, config: str, attempts: str, *rest: Any) -> Step:
    due, started, ended, output, error = rest
    cause = json.loads(error) if error else None
    return Step(
        key, kind, name, state, json.loads(config), json.loads(attempts), due, started, ended, output, cause
    )
