"""API tokens: `/user/tokens`, and the same as tokens of the account.

Shapes are Cloudflare's (developers.cloudflare.com/api/resources/user/subresources/tokens). A token's text is
in one answer only: that of the request which made or rolled it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError
from engine.store import Connection, tokens
from engine.tokens import policies, verbs
from engine.tokens.token import Token

Json = dict[str, Any]


async def listing(call: Call) -> Response:
    """`GET tokens`: by name."""
    found = await call.store.read(tokens.listing)
    return page_of([_shown(call, each) for each in found], call.query)


async def create(call: Call) -> Response:
    """`POST tokens` `{"name", "policies", "not_before"?, "expires_on"?}`; `value` is the text, told once."""
    body = await call.json_object()
    made, text = await verbs.create(call.store, _wanted(call, body, None), call.actor)
    return success({**_shown(call, made), "value": text})


async def show(call: Call) -> Response:
    """`GET tokens/:id`."""
    return success(_shown(call, await _get(call)))


async def update(call: Call) -> Response:
    """`PUT tokens/:id` `{"name"?, "policies"?, "status"?, "not_before"?, "expires_on"?}`."""
    body = await call.json_object()
    wanted = _wanted(call, body, await _get(call))
    return success(_shown(call, await verbs.change(call.store, call.params["token"], wanted, call.actor)))


async def delete(call: Call) -> Response:
    """`DELETE tokens/:id`: the next request with it is refused."""
    await verbs.revoke(call.store, call.params["token"], call.actor)
    return success({"id": call.params["token"]})


async def roll(call: Call) -> Response:
    """`PUT tokens/:id/value`: another text; the result is it."""
    return success(await verbs.roll(call.store, call.params["token"], call.actor))


async def verify(call: Call) -> Response:
    """`GET tokens/verify`: the token that asks."""
    token = call.caller.token
    if token is None:
        return success({"id": call.store.account.id, "status": "active"})
    found: Json = {"id": token.id, "status": token.status(_now())}
    for key in ("not_before", "expires_on"):
        if getattr(token, key) is not None:
            found[key] = getattr(token, key)
    return success(found)


async def permission_groups(call: Call) -> Response:
    """`GET tokens/permission_groups`: what a policy can name."""
    return success(policies.groups())


async def _get(call: Call) -> Token:
    def work(connection: Connection) -> Token:
        return tokens.get(connection, call.params["token"])

    return await call.store.read(work)


def _wanted(call: Call, body: Json, present: Token | None) -> verbs.Wanted:
    """The token of a body; what it leaves out is as at present."""
    if body.get("condition"):
        raise ApiError(verbs.WRONG, "condition is not known here: this machine is the only client there is.")
    status = body.get("status", "active" if present is None or present.active else "disabled")
    if status not in {"active", "disabled"}:
        raise ApiError(verbs.WRONG, 'status must be "active" or "disabled".')
    name = body.get("name", present.name if present else None)
    if not isinstance(name, str):
        raise ApiError(verbs.WRONG, 'Give the token a name: {"name": "…"}.')
    times = {
        key: verbs.moment(body[key], key) if key in body else (getattr(present, key) if present else None)
        for key in ("not_before", "expires_on")
    }
    if "policies" in body or present is None:
        grants = policies.parse(body.get("policies"), call.store.account.id)
    else:
        grants = present.grants
    return verbs.Wanted(name, grants, status == "active", times["not_before"], times["expires_on"])


def _shown(call: Call, token: Token) -> Json:
    return policies.shown(token, call.store.account.id, _now())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


ROUTES = [
    route
    for base in ("/user/tokens", ACCOUNT + "/tokens")
    for route in (
        resource(base, get=listing, post=create),
        resource(f"{base}/verify", get=verify),
        resource(f"{base}/permission_groups", get=permission_groups),
        resource(f"{base}/{{token}}", get=show, put=update, delete=delete),
        resource(f"{base}/{{token}}/value", put=roll),
    )
]
