"""Quarantine: a version that brought V8 down runs on in a process of its own.

It belongs to the version: an environment is in quarantine as long as its deployment has such a version, so
it leaves with the next deployment of other code, and comes back with a rollback to that one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from engine.errors import NotFound, StoreError
from engine.model import Actor, Change
from engine.store import Connection, Store, changes, deployments, environments, quarantine, versions
from engine.store.quarantine import Quarantined

ENTERED, LEFT = "quarantine.entered", "quarantine.left"
_ENGINE = Actor("svc-tui", "engine")

log = logging.getLogger("engine.quarantine")


class Quarantine:
    """Which versions the live process is to keep apart.

    Args:
        store: where that is written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._versions: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def holds(self, version_id: str) -> bool:
        """Whether a version's isolates get processes of their own."""
        return version_id in self._versions

    async def load(self, culprits: Sequence[str]) -> None:
        """Learn who is in, after adding those that ended the last process. Before the first request."""
        for version_id in culprits:
            await self._note(version_id)
        self._versions = {each.version_id for each in await self._store.read(quarantine.listing)}

    def on_change(self, change: Change) -> None:
        """Somebody was let out; called before the change is acknowledged."""
        if change.kind == LEFT:
            self._versions.difference_update(change.detail["versions"])

    def crashed(self, version_id: str) -> None:
        """V8 ended again, in the process of its own: count it."""
        self._spawn(self._count(version_id))

    async def _count(self, version_id: str) -> None:
        try:
            await self._note(version_id)
        except StoreError as error:
            log.warning("a crash was not counted: %s", error)

    async def _note(self, version_id: str) -> None:
        def work(connection: Connection) -> None:
            version = versions.by_id(connection, version_id)
            place = environments.by_id(connection, version.environment_id) if version else None
            if version is None or place is None:
                return
            at = self._store.now()
            if quarantine.note(connection, version_id, at):
                log.warning("%s of %s brought V8 down: it is in quarantine", place.name, place.service)
            changes.append(
                connection,
                at,
                ENTERED,
                _ENGINE,
                service=place.service,
                environment=place.name,
                version_number=version.number,
                message="V8 ended in its code: it runs in a process of its own",
            )

        await self._store.write(work)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def shown(connection: Connection, version_ids: Sequence[str]) -> dict[str, Any] | None:
    """The API's `quarantine` of an environment with these versions; None when it is in none."""
    found: Quarantined | None = quarantine.of(connection, version_ids)
    if found is None:
        return None
    version = versions.by_id(connection, found.version_id)
    return {
        "version_id": found.version_id,
        "number": version.number if version else None,
        "since": found.since,
        "last_on": found.last_on,
        "crashes": found.crashes,
    }


async def release(store: Store, service: str, environment: str, actor: Actor) -> None:
    """Lets an environment out of quarantine: its code runs beside the others again.

    Raises:
        ApiError: 10007 or 10092, there is no such environment; 10007 (HTTP 404), it is not in quarantine.
    """

    def work(connection: Connection) -> None:
        place = environments.get(connection, service, environment)
        current = deployments.current(connection, place.id)
        out = quarantine.remove(connection, [each for each, _ in current.versions]) if current else []
        if not out:
            raise NotFound(10007, f"{environment} of {service} is not in quarantine")
        changes.append(
            connection,
            store.now(),
            LEFT,
            actor,
            service=service,
            environment=environment,
            detail={"versions": out},
        )

    await store.write(work)
