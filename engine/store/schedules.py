"""Schedules (cron triggers) of environments, and the newest of their runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.store.database import Connection
from engine.traffic import Schedule, ScheduleRun

KEPT: Final = 100
"""Runs kept of an environment (cron-triggers: "past events")."""

_RUN = (
    "r.id, e.service_id, e.name, r.cron, r.scheduled_on, r.started_on, r.manual, r.author, r.duration_ms,"
    " r.outcome, r.error, r.version_id"
)


def listing(connection: Connection) -> list[tuple[str, str, Schedule]]:
    """Every schedule with its service and environment."""
    rows = connection.execute(
        "SELECT e.service_id, e.name, s.cron, s.created_on, s.modified_on FROM schedules s"
        " JOIN environments e ON e.id = s.environment_id ORDER BY 1, 2, s.position"
    )
    return [(service, environment, Schedule(*rest)) for service, environment, *rest in rows]


def of_environment(connection: Connection, environment_id: str) -> list[Schedule]:
    """An environment's schedules, as they were put."""
    rows = connection.execute(
        "SELECT cron, created_on, modified_on FROM schedules WHERE environment_id = ? ORDER BY position",
        (environment_id,),
    )
    return [Schedule(*row) for row in rows]


def count_others(connection: Connection, environment_id: str) -> int:
    """How many schedules all other environments have."""
    return int(
        connection.execute(
            "SELECT count(*) FROM schedules WHERE environment_id <> ?", (environment_id,)
        ).fetchone()[0]
    )


def replace(connection: Connection, environment_id: str, crons: Sequence[str], at: str) -> None:
    """Gives an environment these schedules; one that it had already keeps when it was created."""
    created = {each.cron: each.created_on for each in of_environment(connection, environment_id)}
    connection.execute("DELETE FROM schedules WHERE environment_id = ?", (environment_id,))
    connection.executemany(
        "INSERT INTO schedules (environment_id, cron, position, created_on, modified_on)"
        " VALUES (?, ?, ?, ?, ?)",
        ((environment_id, cron, place, created.get(cron, at), at) for place, cron in enumerate(crons)),
    )


def begin_run(
    connection: Connection,
    environment_id: str,
    cron: str,
    *,
    scheduled_on: str,
    started_on: str,
    manual: bool,
    author: str,
) -> int:
    """Records that a run has begun, and forgets the oldest; gives the run's id."""
    cursor = connection.execute(
        "INSERT INTO schedule_runs (environment_id, cron, scheduled_on, started_on, manual, author)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (environment_id, cron, scheduled_on, started_on, manual, author),
    )
    connection.execute(
        "DELETE FROM schedule_runs WHERE environment_id = ? AND id <= ("
        " SELECT id FROM schedule_runs WHERE environment_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (environment_id, environment_id, KEPT),
    )
    return int(cursor.lastrowid or 0)


def end_run(connection: Connection, run: ScheduleRun) -> None:
    """Records how a run has ended."""
    connection.execute(
        "UPDATE schedule_runs SET duration_ms = ?, outcome = ?, error = ?, version_id = ? WHERE id = ?",
        (run.duration_ms, run.outcome, run.error, run.version_id, run.id),
    )


def end_lost_runs(connection: Connection) -> None:
    """Marks the runs that were under way when the engine went down."""
    connection.execute(
        "UPDATE schedule_runs SET outcome = 'canceled', error = 'The engine ended during the run.'"
        " WHERE outcome IS NULL"
    )


def runs(connection: Connection, environment_id: str) -> list[ScheduleRun]:
    """An environment's last runs, newest first."""
    rows = connection.execute(
        f"SELECT {_RUN} FROM schedule_runs r JOIN environments e ON e.id = r.environment_id"
        " WHERE r.environment_id = ? ORDER BY r.id DESC",
        (environment_id,),
    )
    return [_run(row) for row in rows]


def latest(connection: Connection) -> dict[tuple[str, str, str], str]:
    """For (service, environment, cron) when its newest scheduled run was due."""
    rows = connection.execute(
        "SELECT e.service_id, e.name, r.cron, max(r.scheduled_on) FROM schedule_runs r"
        " JOIN environments e ON e.id = r.environment_id WHERE NOT r.manual GROUP BY 1, 2, 3"
    )
    return {(service, environment, cron): due for service, environment, cron, due in rows}


def _run(row: tuple[Any, ...]) -> ScheduleRun:
    return ScheduleRun(*(*row[:6], bool(row[6]), *row[7:]))
