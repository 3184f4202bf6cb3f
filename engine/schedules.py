"""Verbs of schedules (cron triggers): when the `scheduled` handler of an environment runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from engine.cron import CronError, parse
from engine.errors import ApiError
from engine.model import Actor
from engine.store import Connection, Store, changes, environments, schedules
from engine.traffic import Schedule

LIMIT: Final = 250
"""Schedules of an account (platform/limits)."""


def check(text: str) -> str:
    """The expression with single spaces, if it is one that ever occurs; raises ApiError 10100."""
    try:
        cron = parse(text)
    except CronError as error:
        raise ApiError(10100, f"Invalid cron string: {error}") from None
    if cron.next(datetime.now(UTC)) is None:
        raise ApiError(10100, f"Invalid cron string: {text!r} names a day that never comes")
    return " ".join(text.split())


async def put(
    store: Store, service: str, environment: str, crons: Sequence[str], actor: Actor
) -> list[Schedule]:
    """Gives an environment exactly these schedules; none switches them off.

    Raises:
        ApiError: 10007 10092 not found, 10100 an expression, 10072 too many.
    """
    checked = list(dict.fromkeys(check(each) for each in crons))

    def work(connection: Connection) -> list[Schedule]:
        place = environments.get(connection, service, environment)
        former = schedules.of_environment(connection, place.id)
        if len(checked) + schedules.count_others(connection, place.id) > LIMIT:
            raise ApiError(10072, f"An account has at most {LIMIT} cron triggers")
        if [each.cron for each in former] != checked:
            at = store.now()
            schedules.replace(connection, place.id, checked, at)
            changes.append(
                connection,
                at,
                "schedule.changed",
                actor,
                service=service,
                environment=environment,
                detail={"crons": checked},
            )
        return schedules.of_environment(connection, place.id)

    return await store.write(work)
