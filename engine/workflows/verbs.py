"""What is done to instances: create, pause, resume, restart, end, send an event."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from engine.errors import ApiError
from engine.model import PRODUCTION, Actor, Environment
from engine.store import Connection, Store, changes, environments, workflow_steps, workflows
from engine.store.workflows import ENDED, Instance, Workflow
from engine.workflows.limits import MAX_VALUE

ACTIONS = ("pause", "resume", "terminate", "restart")


def put(
    connection: Connection, store: Store, name: str, place: Environment, class_name: str, actor: Actor
) -> Workflow:
    """Inside a transaction: the workflow is done by this class of an environment from now on."""
    before = workflows.find(connection, name)
    if before is not None and (before.service, before.environment, before.class_name) == (
        place.service,
        place.name,
        class_name,
    ):
        return before
    made, fresh = workflows.put(connection, name, place.id, class_name, store.now())
    _record(connection, store, made, "created" if fresh else "changed", actor)
    return made


async def delete(store: Store, name: str, actor: Actor) -> None:
    """Removes a workflow with its instances; what runs of it is ended. Raises ApiError 10200."""

    def work(connection: Connection) -> None:
        _record(connection, store, workflows.delete(connection, name), "deleted", actor)

    await store.write(work)


async def put_named(
    store: Store, name: str, service: str, environment: str | None, class_name: str, actor: Actor
) -> Workflow:
    """`put`, for the class of an environment by name.

    Args:
        environment: None stays with the environment of the service that does it now, else production.

    Raises:
        ApiError: 10007 10092 10201.
    """

    def work(connection: Connection) -> Workflow:
        before = workflows.find(connection, name)
        stays = before.environment if before is not None and before.service == service else None
        place = environments.get(connection, service, environment or stays or PRODUCTION)
        return put(connection, store, name, place, class_name, actor)

    return await store.write(work)


async def create(
    store: Store, name: str, batch: Sequence[tuple[str | None, bytes]], source: str = "binding"
) -> list[Instance]:
    """New instances, queued: an id (None: one is made) and parameters each.

    Raises:
        ApiError: 10200 (no such workflow), 10202 (a bad id), 10203 (an id in use), 10205 (too large).
    """
    if any(len(params) > MAX_VALUE for _, params in batch):
        raise ApiError(10205, "The parameters of an instance are at most 1 MiB")

    def work(connection: Connection) -> list[Instance]:
        found = workflows.get(connection, name)
        wanted = [(str(uuid.uuid4()) if id is None else id, params) for id, params in batch]
        return workflows.create(connection, found, wanted, now(), source)

    return await store.write(work)


async def act(store: Store, name: str, id: str, action: str, step: str | None = None) -> Instance:
    """Pause, resume, terminate or restart an instance.

    Args:
        step: the key of the step that a restart begins with; None is the first.

    Raises:
        ApiError: 10200 10204 (no such workflow or instance), 10206 (its status does not allow that), 10208
            (no such step).
    """
    if action not in ACTIONS:
        raise ApiError(10206, f"An instance can {', '.join(ACTIONS)}, not {action[:40]!r}")

    def work(connection: Connection) -> Instance:
        workflow = workflows.get(connection, name)
        found = workflows.instance(connection, workflow, id)
        at, seq = now(), found.seq

        def refuse() -> ApiError:
            return ApiError(10206, f"(instance.cannot_{action}) Instance {id} is {found.status}")

        match action:
            case "restart":
                workflows.restart(connection, seq, at, step)
            case "terminate":
                if found.status in ENDED:
                    raise refuse()
                workflows.set_status(connection, seq, "terminated", at)
            case "pause":
                if found.status in ENDED:
                    raise refuse()
                if found.status == "running":
                    workflows.set_status(connection, seq, "waitingForPause", at, due=found.due)
                elif found.status != "waitingForPause":
                    workflows.set_status(connection, seq, "paused", at)
            case _:
                if found.status == "waitingForPause":
                    workflows.set_status(connection, seq, "running", at, due=found.due)
                elif found.status == "paused":
                    workflows.set_status(connection, seq, "queued", at, due=0)
                elif found.status in ENDED:
                    raise refuse()
        return workflows.instance(connection, workflow, id)

    return await store.write(work)


async def remove(store: Store, name: str, id: str) -> Instance:
    """Forget an instance; if it runs, it ends. Raises ApiError 10200 10204."""

    def work(connection: Connection) -> Instance:
        found = workflows.instance(connection, workflows.get(connection, name), id)
        workflows.remove(connection, found.seq)
        return found

    return await store.write(work)


async def send_event(store: Store, name: str, id: str, type: str, payload: bytes) -> Instance:
    """Send an event to an instance; a step that waits for its type gets it, now or later.

    Raises:
        ApiError: 10200 10204, 10205 (too large), 10206 (it has ended), 10207 (a bad type).
    """
    if not type or len(type) > 100:
        raise ApiError(10207, "The type of an event has 1 to 100 characters")
    if len(payload) > MAX_VALUE:
        raise ApiError(10205, "The payload of an event is at most 1 MiB")

    def work(connection: Connection) -> Instance:
        workflow = workflows.get(connection, name)
        found = workflows.instance(connection, workflow, id)
        if found.status in ENDED:
            raise ApiError(10206, f"(instance.cannot_send_event) Instance {id} is {found.status}")
        workflow_steps.send_event(connection, found.seq, type, payload, now())
        if found.due is not None:  # also while it runs: it may be about to be let go of
            workflows.set_due(connection, found.seq, 0)
        return found

    return await store.write(work)


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def _record(connection: Connection, store: Store, workflow: Workflow, what: str, actor: Actor) -> None:
    changes.append(
        connection,
        store.now(),
        "workflow",
        actor,
        message=f"{what} workflow {workflow.name}",
        detail={"workflow": workflow.name, "operation": what},
    )
