"""Workflows of the account, and their instances.

Times are milliseconds since 1970, if they are not called `_on`. Values (`params`, `output`) are in the form
of js/src/durable/values.js.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from engine.errors import ApiError, Conflict, NotFound
from engine.store.database import Connection

ENDED: Final = frozenset({"errored", "terminated", "complete"})
"""Statuses of instances that do nothing any more."""

STATUSES: Final = (
    "queued",
    "running",
    "paused",
    "errored",
    "terminated",
    "complete",
    "waitingForPause",
    "waiting",
)

_NAME: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}")
_INSTANCE: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,99}")
_WORKFLOW: Final = "w.id, w.name, e.service_id, e.name, w.class_name, w.created_on, w.modified_on"
_FROM: Final = "FROM workflows w LEFT JOIN environments e ON e.id = w.environment_id"
_RUN: Final = (
    "i.seq, i.workflow_id, i.id, i.source, i.status, i.round, i.params, i.created, i.modified, i.started,"
    " i.ended, i.due, i.output, i.error"
)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow: `name` is unique; `service` and `environment` export the class, None once they are gone."""

    id: str
    name: str
    service: str | None
    environment: str | None
    class_name: str
    created_on: str
    modified_on: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One run of a workflow.

    `source` created it: "binding" or "api". `round` rises when it is restarted. `due` is when it is to go on:
    None when it has ended or is paused. `error` is ``{"name", "message"}``.
    """

    seq: int
    workflow_id: str
    id: str
    source: str
    status: str
    round: int
    params: bytes
    created: int
    modified: int
    started: int | None
    ended: int | None
    due: int | None
    output: bytes | None
    error: Mapping[str, str] | None


_INSTANCE_FIELDS: Final = tuple(each.name for each in fields(Instance))[:13]


def find(connection: Connection, name: str) -> Workflow | None:
    """The workflow with this name, or None."""
    row = connection.execute(f"SELECT {_WORKFLOW} {_FROM} WHERE w.name = ?", (name,)).fetchone()
    return Workflow(*row) if row else None


def get(connection: Connection, name: str) -> Workflow:
    """The workflow with this name or id; raises ApiError 10200."""
    row = connection.execute(f"SELECT {_WORKFLOW} {_FROM} WHERE w.name = ?1 OR w.id = ?1", (name,)).fetchone()
    if row is None:
        raise NotFound(10200, f"There is no workflow {name[:64]}")
    return Workflow(*row)


def listing(connection: Connection) -> list[Workflow]:
    """All workflows by name."""
    return [Workflow(*row) for row in connection.execute(f"SELECT {_WORKFLOW} {_FROM} ORDER BY w.name")]


def of_environment(connection: Connection, environment_id: str) -> list[Workflow]:
    """The workflows that an environment does, by name."""
    rows = connection.execute(
        f"SELECT {_WORKFLOW} {_FROM} WHERE w.environment_id = ? ORDER BY w.name", (environment_id,)
    )
    return [Workflow(*row) for row in rows]


def put(
    connection: Connection, name: str, environment_id: str, class_name: str, now: str
) -> tuple[Workflow, bool]:
    """Make a workflow, or say that another class does it from now on; gives whether it is new.

    Raises:
        ApiError: 10201, a bad name.
    """
    if not _NAME.fullmatch(name):
        raise ApiError(10201, f"{name!r:.80} is no name for a workflow: letters, digits, - and _, at most 64")
    found = find(connection, name)
    if found is None:
        connection.execute(
            "INSERT INTO workflows (id, name, environment_id, class_name, created_on, modified_on)"
            " VALUES (?, ?, ?, ?, ?5, ?5)",
            (str(uuid.uuid4()), name, environment_id, class_name, now),
        )
    else:
        connection.execute(
            "UPDATE workflows SET environment_id = ?, class_name = ?, modified_on = ? WHERE id = ?",
            (environment_id, class_name, now, found.id),
        )
    return get(connection, name), found is None


def free_name(connection: Connection, name: str) -> str:
    """The name, or with the first number behind it that makes it new."""
    taken = {row[0] for row in connection.execute("SELECT name FROM workflows")}
    name = name[:60]
    tries = [name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))]
    return next(each for each in tries if each not in taken)


def delete(connection: Connection, name: str) -> Workflow:
    """Remove a workflow with its instances; raises ApiError 10200."""
    found = get(connection, name)
    connection.execute("DELETE FROM workflows WHERE id = ?", (found.id,))
    return found


# ---------------------------------------------------------------- instances


def create(
    connection: Connection,
    workflow: Workflow,
    instances: Iterable[tuple[str, bytes]],
    now: int,
    source: str = "binding",
) -> list[Instance]:
    """Add instances, queued; ids that exist already are an error.

    Raises:
        ApiError: 10202 (a bad id) or 10203 (an id that is in use).
    """
    made = []
    for id, params in instances:
        check_id(id)
        if _instance(connection, workflow.id, id) is not None:
            raise Conflict(10203, f"(instance.already_exists) Provided id {id} is already in use", 400)
        connection.execute(
            "INSERT INTO workflow_instances"
            " (workflow_id, id, status, round, params, created, modified, due, source)"
            " VALUES (?, ?, 'queued', 0, ?, ?4, ?4, 0, ?5)",
            (workflow.id, id, params, now, source),
        )
        made.append(instance(connection, workflow, id))
    return made


def check_id(id: str) -> None:
    """Raises ApiError 10202 for what can be no instance's id."""
    if not _INSTANCE.fullmatch(id):
        raise ApiError(
            10202, f"(instance.invalid_id) {id!r:.120} is no id: letters, digits, - and _, at most 100"
        )


def instance(connection: Connection, workflow: Workflow, id: str) -> Instance:
    """An instance of a workflow; raises ApiError 10204."""
    found = _instance(connection, workflow.id, id)
    if found is None:
        raise NotFound(10204, "(instance.not_found) Provided id does not exist")
    return found


def exists(connection: Connection, workflow: Workflow, id: str) -> bool:
    """Whether a workflow has an instance of that id."""
    return _instance(connection, workflow.id, id) is not None


def by_seq(connection: Connection, seq: int) -> Instance | None:
    """An instance by its number, or None."""
    return _made(
        connection.execute(f"SELECT {_RUN} FROM workflow_instances i WHERE i.seq = ?", (seq,)).fetchone()
    )


def instances(
    connection: Connection,
    workflow_id: str,
    status: str | None,
    offset: int,
    limit: int,
    *,
    oldest_first: bool = False,
) -> tuple[list[Instance], int]:
    """A page of a workflow's instances, newest first, and how many there are."""
    order = "ASC" if oldest_first else "DESC"
    where, values = "i.workflow_id = ?", [workflow_id]
    if status is not None:
        where, values = where + " AND i.status = ?", [*values, status]
    (total,) = connection.execute(
        f"SELECT count(*) FROM workflow_instances i WHERE {where}", values
    ).fetchone()
    rows = connection.execute(
        f"SELECT {_RUN} FROM workflow_instances i WHERE {where} ORDER BY i.seq {order} LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [each for row in rows if (each := _made(row)) is not None], total


def triggered(connection: Connection, workflow_id: str) -> str | None:
    """When its newest instance was made, as an ISO time; None without any."""
    row = connection.execute(
        "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', created / 1000.0, 'unixepoch') FROM workflow_instances"
        " WHERE seq = (SELECT max(seq) FROM workflow_instances WHERE workflow_id = ?)",
        (workflow_id,),
    ).fetchone()
    return row[0] if row else None


def remove(connection: Connection, seq: int) -> None:
    """Forget an instance, its steps and its events."""
    connection.execute("DELETE FROM workflow_instances WHERE seq = ?", (seq,))


def counts(connection: Connection, workflow_id: str) -> dict[str, int]:
    """How many instances have each status."""
    found = dict.fromkeys(STATUSES, 0)
    found.update(
        connection.execute(
            "SELECT status, count(*) FROM workflow_instances WHERE workflow_id = ? GROUP BY status",
            (workflow_id,),
        ).fetchall()
    )
    return found


def due(connection: Connection, now: int, limit: int, beside: Iterable[int]) -> list[Instance]:
    """Instances that are to go on now, the longest due first, without those that do already."""
    busy = json.dumps(list(beside))
    rows = connection.execute(
        f"SELECT {_RUN} FROM workflow_instances i WHERE i.due <= ?"
        " AND i.seq NOT IN (SELECT value FROM json_each(?)) ORDER BY i.due, i.seq LIMIT ?",
        (now, busy, limit),
    )
    return [each for row in rows if (each := _made(row)) is not None]


def next_due(connection: Connection, after: int) -> int | None:
    """When the first instance is to go on that waits longer than until `after`."""
    row = connection.execute("SELECT min(due) FROM workflow_instances WHERE due > ?", (after,)).fetchone()
    return row[0] if row else None


def set_status(
    connection: Connection,
    seq: int,
    status: str,
    now: int,
    *,
    due: int | None = None,
    output: bytes | None = None,
    error: Mapping[str, str] | None = None,
) -> None:
    """Say what an instance does, and when it is to go on."""
    connection.execute(
        "UPDATE workflow_instances SET status = ?1, modified = ?2, due = ?3,"
        " started = coalesce(started, CASE WHEN ?1 = 'running' THEN ?2 END),"
        " ended = CASE WHEN ?6 THEN ?2 END, output = ?4, error = ?5 WHERE seq = ?7",
        (status, now, due, output, json.dumps(error) if error else None, status in ENDED, seq),
    )


def set_due(connection: Connection, seq: int, due: int) -> None:
    """Say when an instance is to go on; what it does stays as it is."""
    connection.execute("UPDATE workflow_instances SET due = ? WHERE seq = ?", (due, seq))


def restart(connection: Connection, seq: int, now: int, step: str | None = None) -> None:
    """Forget what an instance has done, or what it has done from a step on, and queue it.

    Args:
        step: the key of that step; None forgets everything.

    Raises:
        ApiError: 10208, it has no such step.
    """
    position = 0
    if step is not None:
        query = "SELECT position FROM workflow_steps WHERE instance = ? AND key = ?"
        row = connection.execute(query, (seq, step)).fetchone()
        if row is None:
            raise ApiError(10208, f"The instance has no step {step[:300]}")
        position = row[0]
    else:
        connection.execute("DELETE FROM workflow_events WHERE instance = ?", (seq,))
    connection.execute("DELETE FROM workflow_steps WHERE instance = ? AND position >= ?", (seq, position))
    connection.execute(
        "UPDATE workflow_instances SET status = 'queued', round = round + 1, modified = ?, due = 0,"
        " started = NULL, ended = NULL, output = NULL, error = NULL WHERE seq = ?",
        (now, seq),
    )


def sweep(connection: Connection, before: int, limit: int) -> int:
    """Frees up to `limit` instances that have ended before that time; gives how many."""
    return connection.execute(
        "DELETE FROM workflow_instances WHERE seq IN"
        " (SELECT seq FROM workflow_instances WHERE ended < ? LIMIT ?)",
        (before, limit),
    ).rowcount


def recover(connection: Connection, now: int) -> None:
    """What ran when the engine ended is queued; what was about to pause is paused."""
    connection.execute(
        "UPDATE workflow_instances SET status = 'queued', due = 0, modified = ? WHERE status = 'running'",
        (now,),
    )
    connection.execute(
        "UPDATE workflow_instances SET status = 'paused', due = NULL, modified = ?"
        " WHERE status = 'waitingForPause'",
        (now,),
    )


def _instance(connection: Connection, workflow_id: str, id: str) -> Instance | None:
    return _made(
        connection.execute(
            f"SELECT {_RUN} FROM workflow_instances i WHERE i.workflow_id = ? AND i.id = ?", (workflow_id, id)
        ).fetchone()
    )


def _made(row: Sequence[Any] | None) -> Instance | None:
    if row is None:
        return None
    error = json.loads(row[13]) if row[13] else None
    return Instance(**dict(zip(_INSTANCE_FIELDS, row[:13], strict=True)), error=error)
