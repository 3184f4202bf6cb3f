"""Instances of workflows: made, looked at, paused, ended and told of events.

Source: developers.cloudflare.com/api/resources/workflows/subresources/instances, and what wrangler reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.envelope import loads, success, whole_number
from engine.api.workflows import WORKFLOW, get, version_id
from engine.durable.values import encode, plain
from engine.errors import ApiError
from engine.store import Connection, workflow_steps, workflows
from engine.store.workflow_steps import Step
from engine.store.workflows import STATUSES, Instance, Workflow
from engine.workflows import verbs
from engine.workflows.limits import MAX_BATCH, MAX_VALUE

INSTANCES = WORKFLOW + "/instances"
INSTANCE = INSTANCES + "/{instance}"
#: Bytes of a batch: it is one JSON text.
BATCH_BYTES = MAX_BATCH * (MAX_VALUE + 1024)
#: What the API calls a kind of step.
KINDS = {"do": "step"}


async def listing(call: Call) -> Response:
    """`GET …/instances?page&per_page&cursor&status&direction`, newest first unless `direction` is asc."""
    size = whole_number(call.query, "per_page", 50, least=1, most=100)
    page = whole_number(call.query, "page", 1, least=1)
    start = whole_number(call.query, "cursor", (page - 1) * size, least=0)
    status, direction = call.query.get("status") or None, call.query.get("direction", "desc")
    if status is not None and status not in STATUSES:
        raise ApiError(10001, f"status is one of {', '.join(STATUSES)}, not {status[:40]!r}")
    if direction not in ("asc", "desc"):
        raise ApiError(10001, "direction is asc or desc")

    def work(connection: Connection) -> tuple[list[dict[str, Any]], int]:
        workflow = get(connection, call)
        version = version_id(connection, workflow)
        found, total = workflows.instances(
            connection, workflow.id, status, start, size, oldest_first=direction == "asc"
        )
        return [_row(workflow, each, version) for each in found], total

    rows, total = await call.store.read(work)
    info: dict[str, Any] = {
        "page": start // size + 1,
        "per_page": size,
        "count": len(rows),
        "total_count": total,
        "total_pages": -(-total // size),
    }
    if start + len(rows) < total:
        info["cursor"] = str(start + len(rows))
    return success(rows, info=info)


async def create(call: Call) -> Response:
    """`POST …/instances` `{"instance_id"?, "params"?}`, or nothing."""
    body = loads(await call.body(MAX_VALUE * 2) or b"{}")
    return success((await _create(call, [body]))[0])


async def batch(call: Call) -> Response:
    """`POST …/instances/batch` `[{"instance_id"?, "params"?}, …]`: all of them, or none."""
    body = loads(await call.body(BATCH_BYTES))
    if not isinstance(body, list) or not 1 <= len(body) <= MAX_BATCH:
        raise ApiError(10001, f"A batch is a list of 1 to {MAX_BATCH} instances")
    return success(await _create(call, body))


async def show(call: Call) -> Response:
    """`GET …/instances/:id`: its steps, with what they gave."""

    def work(connection: Connection) -> dict[str, Any]:
        workflow = get(connection, call)
        found = workflows.instance(connection, workflow, call.params["instance"])
        steps = workflow_steps.steps(connection, found.seq)
        return _shape(found, steps, version_id(connection, workflow))

    return success(await call.store.read(work))


async def change(call: Call) -> Response:
    """`PATCH …/instances/:id/status` `{"status": "pause" | "resume" | "terminate" | "restart", "from"?}`."""
    body = await call.json_object()
    action, step = body.get("status"), body.get("from")
    if not isinstance(action, str):
        raise ApiError(10206, f"status is one of {', '.join(verbs.ACTIONS)}")
    if step is not None:
        if not isinstance(step, dict) or not isinstance(step.get("name"), str) or action != "restart":
            raise ApiError(10208, 'A restart begins {"from": {"name": "…", "count"?: 1, "type"?: "do"}}')
        step = f"{step.get('type', 'do')}:{step['name']}:{step.get('count', 1)}"
    changed = await verbs.act(call.store, call.params["workflow"], call.params["instance"], action, step)
    call.engine.environments.workflows.changed(changed.seq)
    return success({"status": changed.status, "timestamp": _time(changed.modified)})


async def remove(call: Call) -> Response:
    """`DELETE …/instances/:id`: it is ended if it runs, and forgotten."""
    found = await verbs.remove(call.store, call.params["workflow"], call.params["instance"])
    call.engine.environments.workflows.changed(found.seq)
    return success({"id": found.id})


async def send(call: Call) -> Response:
    """`POST …/instances/:id/events/:type`, the payload as JSON, or nothing."""
    payload = encode(loads(await call.body(MAX_VALUE * 2) or b"null"))
    name, id, type = (call.params[key] for key in ("workflow", "instance", "type"))
    told = await verbs.send_event(call.store, name, id, type, payload)
    call.engine.environments.workflows.changed(told.seq)
    return success({})


async def _create(call: Call, given: Sequence[Any]) -> list[dict[str, Any]]:
    wanted = []
    for each in given:
        if not isinstance(each, dict):
            raise ApiError(10001, 'An instance is an object: {"instance_id"?: "…", "params"?: …}')
        id, params = each.get("instance_id"), each.get("params")
        if id is not None and not isinstance(id, str):
            raise ApiError(10202, "instance_id is a text")
        wanted.append((id, encode({} if params is None else params)))
    made = await verbs.create(call.store, call.params["workflow"], wanted, "api")
    for instance in made:
        call.engine.environments.workflows.changed(instance.seq)

    def work(connection: Connection) -> tuple[Workflow, str]:
        workflow = get(connection, call)
        return workflow, version_id(connection, workflow)

    workflow, version = await call.store.read(work)
    return [
        {"id": each.id, "status": each.status, "version_id": version, "workflow_id": workflow.id}
        for each in made
    ]


def _row(workflow: Workflow, found: Instance, version: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "workflow_id": workflow.id,
        "version_id": version,
        "status": found.status,
        "created_on": _time(found.created),
        "modified_on": _time(found.modified),
        "started_on": _time(found.started),
        "ended_on": _time(found.ended),
    }


def _shape(found: Instance, steps: Sequence[Step], version: str) -> dict[str, Any]:
    ended = found.status in workflows.ENDED
    shown = [_step(each) for each in steps]
    if found.status == "terminated":
        shown.append({"type": "termination", "trigger": {"source": "user"}})
    return {
        "status": found.status,
        "versionId": version,
        "trigger": {"source": found.source},
        "params": plain(found.params),
        "queued": _time(found.created),
        "start": _time(found.started),
        "end": _time(found.ended),
        "success": found.status == "complete" if ended else None,
        "output": None if found.output is None else plain(found.output),
        "error": dict(found.error) if found.error else None,
        "step_count": len(steps),
        "steps": shown,
    }


def _step(step: Step) -> dict[str, Any]:
    ended = step.state in ("done", "failed")
    shown: dict[str, Any] = {
        "type": KINDS.get(step.kind, step.kind),
        "name": f"{step.name}-{step.key.rpartition(':')[2]}",
        "start": _time(step.started),
        "end": _time(step.ended) if ended else None,
        "error": dict(step.error) if step.error else None,
    }
    if step.kind == "sleep":
        return {**shown, "finished": ended}
    if step.kind == "do":
        config = step.config
        shown["config"] = {
            "retries": {key: config[key] for key in ("limit", "delay", "backoff")},
            "timeout": config["timeout"],
        }
        shown["attempts"] = [
            {**each, "start": _time(each["start"]), "end": _time(each["end"])} for each in step.attempts
        ]
        shown["success"] = step.state == "done" if ended else None
    else:
        shown["finished"] = ended
    return {**shown, "output": None if step.output is None else plain(step.output)}


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03}Z"


ROUTES = [
    resource(INSTANCES, get=listing, post=create),
    resource(INSTANCES + "/batch", post=batch),
    resource(INSTANCE, get=show, delete=remove),
    resource(INSTANCE + "/status", patch=change),
    resource(INSTANCE + "/events/{type}", post=send),
]
