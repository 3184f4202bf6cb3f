"""Runs of pipelines and their events. A run's row is where it goes on after the process went away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from engine.errors import NotFound
from engine.model import Actor
from engine.pipelines.run import Event, Run
from engine.store.database import Connection
from engine.store.pipelines import Kept, with_names

KEPT: Final = 100
"""Runs kept of a pipeline; what they deployed stays in the history of deployments."""
NOT_FOUND: Final = 10420

_COLUMNS = (
    "r.id, r.pipeline_id, r.number, r.definition, r.state, r.stage, r.phase, r.position, r.revision, r.data,"
    " r.author, r.source, r.message, r.reason, r.started_on, r.modified_on, r.ended_on, p.service_id"
)
_FROM = "FROM pipeline_runs r JOIN pipelines p ON p.id = r.pipeline_id"


class Lost(Exception):
    """Somebody else changed the run meanwhile: read it again."""


def start(connection: Connection, kept: Kept, actor: Actor, message: str | None, at: str) -> Run:
    """Adds a run at the beginning of the pipeline, and forgets the oldest."""
    (number,) = connection.execute(
        "SELECT coalesce(max(number), 0) + 1 FROM pipeline_runs WHERE pipeline_id = ?", (kept.id,)
    ).fetchone()
    cursor = connection.execute(
        "INSERT INTO pipeline_runs (pipeline_id, number, definition, state, stage, phase, position, revision,"
        " data, author, source, message, started_on, modified_on)"
        " VALUES (?, ?, ?, 'running', 1, 'plan', 0, 1, '{}', ?, ?, ?, ?, ?)",
        (kept.id, number, json.dumps(kept.pipeline.to_json()), actor.author, actor.source, message, at, at),
    )
    connection.executemany(
        "INSERT INTO pipeline_run_stages VALUES (?, ?, ?)",
        ((cursor.lastrowid, position, each) for position, each in enumerate(kept.pipeline.environments)),
    )
    connection.execute(
        "DELETE FROM pipeline_runs WHERE pipeline_id = ? AND number <= ?", (kept.id, number - KEPT)
    )
    return get(connection, kept, number)


def get(connection: Connection, kept: Kept, number: int) -> Run:
    """The pipeline's run with this number; raises ApiError 10420."""
    row = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE r.pipeline_id = ? AND r.number = ?", (kept.id, number)
    ).fetchone()
    if row is None:
        raise NotFound(NOT_FOUND, f"{kept.pipeline.name} of {kept.pipeline.service} has no run {number}")
    return _made(connection, row)


def by_id(connection: Connection, run_id: int) -> Run | None:
    """The run with this id, or None when it went with its pipeline."""
    row = connection.execute(f"SELECT {_COLUMNS} {_FROM} WHERE r.id = ?", (run_id,)).fetchone()
    return None if row is None else _made(connection, row)


def of_pipeline(connection: Connection, pipeline_id: str, limit: int = KEPT) -> list[Run]:
    """A pipeline's runs, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE r.pipeline_id = ? ORDER BY r.number DESC LIMIT ?",
        (pipeline_id, limit),
    ).fetchall()
    return [_made(connection, row) for row in rows]


def active(connection: Connection, pipeline_id: str) -> Run | None:
    """The pipeline's run that is under way, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE r.pipeline_id = ? AND r.ended_on IS NULL", (pipeline_id,)
    ).fetchone()
    return None if row is None else _made(connection, row)


def all_active(connection: Connection) -> list[tuple[int, str, str]]:
    """Id, service and state of every run that is under way."""
    rows = connection.execute(f"SELECT r.id, p.service_id, r.state {_FROM} WHERE r.ended_on IS NULL")
    return [(int(number), service, state) for number, service, state in rows]


def update(connection: Connection, run: Run, at: str, **changed: Any) -> Run:
    """Writes what changed of a run, if it is still as it was read; raises `Lost`."""
    new = replace(run, **changed, modified_on=at, revision=run.revision + 1)
    cursor = connection.execute(
        "UPDATE pipeline_runs SET state = ?, stage = ?, phase = ?, position = ?, revision = ?, data = ?,"
        " reason = ?, modified_on = ?, ended_on = ? WHERE id = ? AND revision = ?",
        (
            new.state,
            new.stage,
            new.phase,
            new.position,
            new.revision,
            json.dumps(dict(new.data)),
            new.reason,
            at,
            new.ended_on,
            run.id,
            run.revision,
        ),
    )
    if cursor.rowcount != 1:
        raise Lost
    return new


def add_event(
    connection: Connection,
    run: Run,
    at: str,
    kind: str,
    author: str,
    *,
    position: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Event:
    """Records what happened in a run, at its stage and position unless told another one."""
    place = run.position if position is None else position
    cursor = connection.execute(
        "INSERT INTO pipeline_events (run_id, at, kind, stage, position, author, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (run.id, at, kind, run.stage, place, author, json.dumps(dict(detail or {}))),
    )
    return Event(int(cursor.lastrowid or 0), at, kind, run.stage, place, author, dict(detail or {}))


def events(connection: Connection, run_id: int, since: int = 0) -> list[Event]:
    """What happened in a run after `since`, oldest first."""
    rows = connection.execute(
        "SELECT seq, at, kind, stage, position, author, detail FROM pipeline_events"
        " WHERE run_id = ? AND seq > ? ORDER BY seq",
        (run_id, since),
    )
    return [Event(*(*row[:6], json.loads(row[6]))) for row in rows]


def _made(connection: Connection, row: tuple[Any, ...]) -> Run:
    names = connection.execute(
        "SELECT environment FROM pipeline_run_stages WHERE run_id = ? ORDER BY position", (row[0],)
    )
    pipeline = with_names(row[3], row[17], [each for (each,) in names])
    return Run(*(*row[:3], pipeline, *row[4:9], json.loads(row[9]), *row[10:17]))
