"""Promotions: looking at one, and doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from engine import promote as verbs
from engine.api import shapes
from engine.api.call import SERVICE, Call, resource
from engine.api.envelope import success
from engine.errors import ApiError
from engine.tokens.token import DEPLOY, READ


@dataclass(frozen=True, slots=True)
class _Asked:
    source: str
    target: str
    move: tuple[str, ...]
    body: dict[str, Any]


async def plan(call: Call) -> Response:
    """`POST promotions/plan` `{"from", "to", "move"?}`: what would happen, row by row."""
    asked = await _asked(call)
    call.require(READ, call.service, asked.target)
    found = await verbs.plan(call.store, call.service, asked.source, asked.target, asked.move)
    return success(found.to_json())


async def create(call: Call) -> Response:
    """`POST promotions` `{"from", "to", "move"?, "plan"?, "message"?}`: do it."""
    asked = await _asked(call)
    call.require(DEPLOY, call.service, asked.target)
    plan_id, message = asked.body.get("plan"), asked.body.get("message")
    made = await verbs.promote(
        call.store,
        call.service,
        asked.source,
        asked.target,
        call.actor,
        move=asked.move,
        plan_id=str(plan_id) if plan_id else None,
        message=str(message) if message else None,
    )
    live = made.deployment
    shown = await call.store.read(lambda connection: shapes.deployment(connection, live))
    return success({"version": shapes.version(made.version), "deployment": shown})


async def _asked(call: Call) -> _Asked:
    body = await call.json_object()
    source, target, move = body.get("from"), body.get("to"), body.get("move") or []
    if not isinstance(source, str) or not isinstance(target, str):
        raise ApiError(10026, 'Name both environments: {"from": "staging", "to": "production"}.', 400)
    if not isinstance(move, list) or not all(isinstance(key, str) for key in move):
        raise ApiError(10026, "move must be a list of row keys.", 400)
    # What moves may be a secret: whoever may deploy there could read it anyway.
    call.require(DEPLOY if move else READ, call.service, source)
    return _Asked(source, target, tuple(move), body)


ROUTES = [
    resource(SERVICE + "/promotions/plan", post=plan),
    resource(SERVICE + "/promotions", post=create),
]
