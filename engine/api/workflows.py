"""Workflows as wrangler asks for them: developers.cloudflare.com/api/resources/workflows."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError, NotFound
from engine.model import PRODUCTION
from engine.store import Connection, environments, workflows
from engine.store.workflows import Workflow
from engine.tokens.token import DEPLOY
from engine.workflows import verbs

WORKFLOWS = ACCOUNT + "/workflows"
WORKFLOW = WORKFLOWS + "/{workflow}"


async def listing(call: Call) -> Response:
    """`GET workflows?page&per_page&search`: `search` is a part of the name."""
    wanted = call.query.get("search", "")

    def work(connection: Connection) -> list[dict[str, Any]]:
        found = workflows.listing(connection)
        return [_shape(connection, each) for each in found if wanted in each.name]

    return page_of(await call.store.read(work), call.query, per_page=10)


async def show(call: Call) -> Response:
    """`GET workflows/:name`: also how many instances have each status."""
    return success(await call.store.read(lambda connection: _shape(connection, get(connection, call))))


async def put(call: Call) -> Response:
    """`PUT workflows/:name` `{"script_name", "class_name", "environment"?}`: whose class does it."""
    body = await call.json_object()
    script, class_name, environment = (body.get(key) for key in ("script_name", "class_name", "environment"))
    if not isinstance(script, str) or not isinstance(class_name, str) or not script or not class_name:
        raise ApiError(10201, 'Say who does it: {"script_name": "…", "class_name": "…"}')
    if environment is not None and not isinstance(environment, str):
        raise ApiError(10201, "environment is the name of an environment of the script")
    call.require(DEPLOY, script, environment or PRODUCTION)
    before = await call.store.read(lambda connection: workflows.find(connection, call.params["workflow"]))
    if before is not None and before.service is not None:  # it is taken from there
        call.require(DEPLOY, before.service, before.environment)
    made = await verbs.put_named(
        call.store, call.params["workflow"], script, environment, class_name, call.actor
    )
    return success(await call.store.read(lambda connection: _shape(connection, made)))


async def delete(call: Call) -> Response:
    """`DELETE workflows/:name`: with its instances; those that run are ended."""
    await verbs.delete(call.store, call.params["workflow"], call.actor)
    return success({"status": "ok", "success": True})


async def versions(call: Call) -> Response:
    """`GET workflows/:name/versions`: the one that runs, by the id of the script's live version."""
    return page_of([await call.store.read(lambda connection: _version(connection, call))], call.query)


async def version(call: Call) -> Response:
    """`GET workflows/:name/versions/:id`."""
    found = await call.store.read(lambda connection: _version(connection, call))
    if call.params["version"] != found["id"]:
        raise NotFound(10209, f"The workflow has no version {call.params['version'][:64]}")
    return success(found)


def get(connection: Connection, call: Call) -> Workflow:
    """The workflow that the path names; raises ApiError 10200."""
    return workflows.get(connection, call.params["workflow"])


def version_id(connection: Connection, workflow: Workflow) -> str:
    """The live version of the script that does it; the workflow's own id when nothing does."""
    if workflow.service is None or workflow.environment is None:
        return workflow.id
    live = environments.live(connection, workflow.service, workflow.environment).version
    return live.id if live else workflow.id


def _version(connection: Connection, call: Call) -> dict[str, Any]:
    workflow = get(connection, call)
    return {
        "id": version_id(connection, workflow),
        "workflow_id": workflow.id,
        "class_name": workflow.class_name,
        "created_on": workflow.created_on,
        "modified_on": workflow.modified_on,
    }


def _shape(connection: Connection, workflow: Workflow) -> dict[str, Any]:
    elsewhere = workflow.environment not in (None, PRODUCTION)
    return {
        "id": workflow.id,
        "name": workflow.name,
        "class_name": workflow.class_name,
        "script_name": workflow.service or "",
        **({"environment": workflow.environment} if elsewhere else {}),
        "created_on": workflow.created_on,
        "modified_on": workflow.modified_on,
        "triggered_on": workflows.triggered(connection, workflow.id),
        "instances": workflows.counts(connection, workflow.id),
    }


ROUTES = [
    resource(WORKFLOWS, get=listing),
    resource(WORKFLOW, get=show, put=put, delete=delete),
    resource(WORKFLOW + "/versions", get=versions),
    resource(WORKFLOW + "/versions/{version}", get=version),
]
