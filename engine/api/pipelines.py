"""Pipelines of a service and their runs: `services/:s/pipelines`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import Response, StreamingResponse

from engine.api.call import SERVICE, Call, resource
from engine.api.envelope import dumps, loads_object, success, whole_number
from engine.errors import ApiError
from engine.model import PRODUCTION, Change
from engine.pipelines import file, verbs
from engine.pipelines.definition import Pipeline
from engine.pipelines.run import Event, Run
from engine.pipelines.validate import Invalid, Problem, parse
from engine.store import Connection, pipeline_runs, pipelines, services
from engine.store.pipelines import Kept
from engine.tokens.token import APPROVE, DEPLOY, READ

Json = dict[str, Any]
#: Seconds of silence after which an empty line says that the events are alive.
KEEP_ALIVE = 15.0
LISTED = 20


async def listing(call: Call) -> Response:
    """`GET pipelines`: by name, each with its newest run."""

    def work(connection: Connection) -> list[Json]:
        services.get(connection, call.service)
        return [_shown(connection, each) for each in pipelines.listing(connection, call.service)]

    return success(await call.store.read(work))


async def show(call: Call) -> Response:
    """`GET pipelines/:p`: the definition and the newest run."""
    return success(await call.store.read(lambda connection: _shown(connection, _kept(connection, call))))


async def put(call: Call) -> Response:
    """`PUT pipelines/:p`: the definition, as JSON or, with `content-type: application/toml`, as a file.

    `?file=` is the file's name, for messages: `pipeline.toml:12: stages[1].steps: …` (10421).
    """
    body, name = await call.body(), call.params["pipeline"]
    if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/toml":
        where = call.query.get("file") or file.FILE
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise ApiError(10421, f"{where}: it is not UTF-8 text") from None
        found = file.read(text, file=where, service=call.service, name=name)
        lines = file.places(text)
    else:
        where, lines = "", {}
        found = parse(loads_object(body), service=call.service, name=name)
    await _check_patterns(call, found, where, lines)
    kept, new = await verbs.put(call.store, found, call.actor)
    return success(
        await call.store.read(lambda connection: _shown(connection, kept)), status=201 if new else 200
    )


async def delete(call: Call) -> Response:
    """`DELETE pipelines/:p`: with its runs; the deployments that they made stay in the history."""
    await verbs.delete(call.store, call.service, call.params["pipeline"], call.actor)
    return success(None)


async def export(call: Call) -> Response:
    """`GET pipelines/:p/file`: the text of its `pipeline.toml`."""
    kept = await call.store.read(lambda connection: _kept(connection, call))
    return Response(file.write(kept.pipeline), media_type="application/toml")


async def runs(call: Call) -> Response:
    """`GET pipelines/:p/runs?limit=`: newest first."""
    limit = whole_number(call.query, "limit", LISTED, least=1, most=pipeline_runs.KEPT)

    def work(connection: Connection) -> list[Json]:
        return [
            _run(each) for each in pipeline_runs.of_pipeline(connection, _kept(connection, call).id, limit)
        ]

    return success(await call.store.read(work))


async def start(call: Call) -> Response:
    """`POST pipelines/:p/runs` `{"message"?}`: begin a run."""
    deed = await _deed(call)

    def allowed(found: Pipeline) -> None:
        call.require(READ, call.service, found.environments[0])
        for each in found.environments[1:]:
            call.require(DEPLOY, call.service, each)

    run = await verbs.start(call.store, deed, allowed)
    call.engine.pipelines.take(run.id)
    return success(_run(run), status=201)


async def show_run(call: Call) -> Response:
    """`GET pipelines/:p/runs/:n`: the run with all its events."""

    def work(connection: Connection) -> Json:
        run = pipeline_runs.get(connection, _kept(connection, call), _number(call))
        events = pipeline_runs.events(connection, run.id)
        return {**_run(run), "events": [each.to_json() for each in events]}

    return success(await call.store.read(work))


async def approve(call: Call) -> Response:
    """`POST pipelines/:p/runs/:n/approve` `{"message"?}`."""
    run = await verbs.approve(call.store, await _deed(call), _number(call), _allowed(call, APPROVE))
    call.engine.pipelines.take(run.id)
    return success(_run(run))


async def abort(call: Call) -> Response:
    """`POST pipelines/:p/runs/:n/abort` `{"message"?}`: what it had half deployed is taken back."""
    run = await verbs.abort(call.store, await _deed(call), _number(call), _allowed(call, DEPLOY))
    return success(_run(run))


async def events(call: Call) -> Response:
    """`GET pipelines/:p/runs/:n/events?since=`: NDJSON as it happens, until the run has ended."""
    since = whole_number(call.query, "since", 0, least=0)
    run = await call.store.read(
        lambda connection: pipeline_runs.get(connection, _kept(connection, call), _number(call))
    )
    return StreamingResponse(_lines(call, run, since), media_type="application/x-ndjson")


async def _lines(call: Call, run: Run, since: int) -> AsyncIterator[bytes]:
    changed = asyncio.Event()

    def listen(change: Change) -> None:
        if change.kind.startswith(("pipeline.", "service.")) or change.kind == "environment.renamed":
            changed.set()

    def read(connection: Connection) -> tuple[Run | None, list[Event]]:
        return pipeline_runs.by_id(connection, run.id), pipeline_runs.events(connection, run.id, since)

    unsubscribe = call.store.subscribe(listen)
    stopping = asyncio.ensure_future(call.engine.stopping.wait())
    try:
        while not stopping.done():
            changed.clear()
            found, new = await call.store.read(read)
            for each in new:
                yield dumps(each.to_json()) + b"\n"
                since = each.seq
            if found is None or not found.active:
                return
            waiting = asyncio.ensure_future(changed.wait())
            await asyncio.wait({waiting, stopping}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                yield b"\n"
    finally:
        unsubscribe()
        stopping.cancel()


# ---------------------------------------------------------------------- parts


def _allowed(call: Call, permission: str) -> Callable[[Run], None]:
    """Whether the caller has a permission where a run is."""
    return lambda run: call.require(permission, run.service, run.target.environment)


def _kept(connection: Connection, call: Call) -> Kept:
    services.get(connection, call.service)
    return pipelines.get(connection, call.service, call.params["pipeline"])


def _shown(connection: Connection, kept: Kept) -> Json:
    newest = pipeline_runs.of_pipeline(connection, kept.id, 1)
    shown: Json | None = None
    if newest:
        shown = {
            **_run(newest[0]),
            "events": [each.to_json() for each in pipeline_runs.events(connection, newest[0].id)],
        }
    return {
        "name": kept.pipeline.name,
        "service": kept.pipeline.service,
        "definition": kept.pipeline.to_json(),
        "production": PRODUCTION in kept.pipeline.environments[1:],
        "created_on": kept.created_on,
        "modified_on": kept.modified_on,
        "author": kept.author,
        "run": shown,
    }


def _run(run: Run) -> Json:
    """A run: what it is about, where it is, and why it ended."""
    keys = ("candidate", "candidate_number", "source_number", "before_number", "share", "soak", "approved_by")
    return {
        "pipeline": run.pipeline.name,
        "service": run.service,
        "number": run.number,
        "definition": run.pipeline.to_json(),
        "state": run.state,
        "active": run.active,
        "stage": run.stage,
        "environment": run.target.environment,
        "phase": run.phase,
        "position": run.position,
        **{key: run.data.get(key) for key in keys},
        "author": run.author,
        "source": run.source,
        "message": run.message,
        "reason": run.reason,
        "started_on": run.started_on,
        "modified_on": run.modified_on,
        "ended_on": run.ended_on,
    }


async def _check_patterns(
    call: Call, found: Pipeline, where: str, lines: dict[tuple[str | int, ...], int]
) -> None:
    """Whether every regular expression is one to V8; raises `Invalid`."""
    known = [
        (("stages", stage, "gates", gate, "expect", "matches"), each.expect.matches)
        for stage, one in enumerate(found.stages)
        for gate, each in enumerate(one.gates)
        if each.expect.matches is not None
    ]
    errors = await call.engine.drafts.patterns([pattern for _, pattern in known])
    problems = [
        Problem(path, f"is no regular expression: {error}")
        for (path, _), error in zip(known, errors, strict=True)
        if error
    ]
    if problems:
        raise Invalid(
            problems, where, [file.line_of(lines, each.path) if lines else None for each in problems]
        )


async def _deed(call: Call) -> verbs.Deed:
    """Which pipeline, who asks, and the message that the body may have."""
    message = _message(await _optional(call))
    return verbs.Deed(call.service, call.params["pipeline"], call.actor, message)


def _number(call: Call) -> int:
    text = call.params["run"]
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise ApiError(10420, f"{text[:40]!r} is no number of a run", 404)
    return int(text)


async def _optional(call: Call) -> Json:
    body = await call.body()
    return loads_object(body) if body.strip() else {}


def _message(body: Json) -> str | None:
    message = body.get("message")
    if message is not None and (not isinstance(message, str) or len(message) > 500):
        raise ApiError(10026, "message must be text of at most 500 characters.", 400)
    return message or None


PIPELINE = SERVICE + "/pipelines/{pipeline}"
RUN = PIPELINE + "/runs/{run}"
ROUTES = [
    resource(SERVICE + "/pipelines", get=listing),
    resource(PIPELINE, get=show, put=put, delete=delete),
    resource(PIPELINE + "/file", get=export),
    resource(PIPELINE + "/runs", get=runs, post=start),
    resource(RUN, get=show_run),
    resource(RUN + "/approve", post=approve),
    resource(RUN + "/abort", post=abort),
    resource(RUN + "/events", get=events),
]
