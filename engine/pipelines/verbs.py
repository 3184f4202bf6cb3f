"""What people do with pipelines: put, delete, start, approve, abort. Each is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import ApiError, Conflict
from engine.model import Actor
from engine.pipelines import steps
from engine.pipelines.definition import Pipeline
from engine.pipelines.run import Run
from engine.store import Connection, Store, changes, environments, pipeline_runs, pipelines, services
from engine.store.pipelines import Kept

UNDER_WAY = 10422


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does to a pipeline's runs: to which pipeline, who it is, and what for."""

    service: str
    pipeline: str
    actor: Actor
    message: str | None = None


def _anyone(what: Pipeline | Run) -> None:
    """Who may do it is not asked."""


async def put(store: Store, pipeline: Pipeline, actor: Actor) -> tuple[Kept, bool]:
    """Keeps a pipeline, in the place of one of its name; gives it and whether it is new.

    A run under way goes on with what it began with.

    Raises:
        ApiError: 10007 10092, the service or an environment is not there.
    """

    def work(connection: Connection) -> tuple[Kept, bool]:
        services.get(connection, pipeline.service)
        for name in pipeline.environments:
            environments.get(connection, pipeline.service, name)
        new = pipelines.find(connection, pipeline.service, pipeline.name) is None
        at = store.now()
        kept = pipelines.put(connection, pipeline, actor.author, at)
        detail = {"pipeline": pipeline.name}
        changes.append(connection, at, "pipeline.changed", actor, service=pipeline.service, detail=detail)
        return kept, new

    return await store.write(work)


async def delete(store: Store, service: str, name: str, actor: Actor) -> None:
    """Removes a pipeline with its runs.

    Raises:
        ApiError: 10007 10420 not found, 10422 a run is under way: abort it first.
    """

    def work(connection: Connection) -> None:
        kept = _get(connection, service, name)
        _check_idle(connection, kept, "abort it first")
        pipelines.delete(connection, kept)
        detail = {"pipeline": name}
        changes.append(connection, store.now(), "pipeline.deleted", actor, service=service, detail=detail)

    await store.write(work)


async def start(store: Store, deed: Deed, allowed: Callable[[Pipeline], None] = _anyone) -> Run:
    """Begins a run; `engine.pipelines.runner.Runner.take` then takes it on.

    Args:
        allowed: raises when the actor may not run this pipeline.

    Raises:
        ApiError: 10007 10420 10092 not found, 10422 a run is under way, 10222 nothing is live in the first
            stage.
    """

    def work(connection: Connection) -> Run:
        kept = _get(connection, deed.service, deed.pipeline)
        allowed(kept.pipeline)
        _check_idle(connection, kept, "wait for it, or abort it")
        for each in kept.pipeline.environments:
            live = environments.live(connection, deed.service, each)
            if each == kept.pipeline.environments[0] and live.version is None:
                raise ApiError(10222, f"{each} of {deed.service} has no version yet: deploy one first", 404)
        at = store.now()
        run = pipeline_runs.start(connection, kept, deed.actor, deed.message, at)
        return steps.note(connection, store, run, "started", deed.actor, detail={"message": deed.message})

    return await store.write(work)


async def approve(store: Store, deed: Deed, number: int, allowed: Callable[[Run], None] = _anyone) -> Run:
    """Lets a run through the approval it waits for; raises ApiError 10423 when it waits for none.

    `allowed` raises when the actor may not do that where the run is.
    """

    def work(connection: Connection) -> Run:
        run = _run(connection, deed, number)
        allowed(run)
        return steps.approve(connection, store, run, deed.actor, deed.message)

    return await store.write(work)


async def abort(store: Store, deed: Deed, number: int, allowed: Callable[[Run], None] = _anyone) -> Run:
    """Ends a run; a step that is not over is taken back. Raises ApiError 10423 when it has ended.

    `allowed` raises when the actor may not do that where the run is.
    """

    def work(connection: Connection) -> Run:
        run = _run(connection, deed, number)
        allowed(run)
        return steps.abort(connection, store, run, deed.actor, deed.message)

    return await store.write(work)


def _get(connection: Connection, service: str, name: str) -> Kept:
    services.get(connection, service)
    return pipelines.get(connection, service, name)


def _run(connection: Connection, deed: Deed, number: int) -> Run:
    return pipeline_runs.get(connection, _get(connection, deed.service, deed.pipeline), number)


def _check_idle(connection: Connection, kept: Kept, what: str) -> None:
    run = pipeline_runs.active(connection, kept.id)
    if run is not None:
        raise Conflict(UNDER_WAY, f"{run.title} is under way, in {run.target.environment}: {what}")
