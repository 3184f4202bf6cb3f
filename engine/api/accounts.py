"""Who asks, and whose account it is: `/user`, `/accounts`, `/memberships`, the account's subdomain."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import subdomain as subdomains
from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError


async def user(call: Call) -> Response:
    """`GET /user`: the person this machine's token stands for."""
    account = call.store.account
    return success(
        {
            "id": account.id,
            "email": "you@localhost",
            "username": account.name,
            "created_on": account.created_on,
        }
    )


async def listing(call: Call) -> Response:
    """`GET /accounts`."""
    return page_of([_account(call)], call.query)


async def show(call: Call) -> Response:
    """`GET /accounts/:a`."""
    return success(_account(call))


async def memberships(call: Call) -> Response:
    """`GET /memberships`."""
    account = _account(call)
    row = {"id": account["id"], "status": "accepted", "account": account, "roles": ["Administrator"]}
    return page_of([row], call.query)


async def subdomain(call: Call) -> Response:
    """`GET /accounts/:a/workers/subdomain`."""
    return success({"subdomain": call.store.account.subdomain})


async def change_subdomain(call: Call) -> Response:
    """`PUT /accounts/:a/workers/subdomain` `{"subdomain"}`: every hostname changes with it."""
    name = (await call.json_object()).get("subdomain")
    if not isinstance(name, str):
        raise ApiError(10033, 'Give {"subdomain": "…"}.')
    return success({"subdomain": await subdomains.change(call.store, name, call.actor)})


async def availability(call: Call) -> Response:
    """`GET /accounts/:a/workers/subdomains/:name`: an error either way, as Cloudflare answers."""
    name = call.params["name"]
    if name == call.store.account.subdomain:
        raise ApiError(10031, f"The subdomain {name} is taken.", 409)
    raise ApiError(10032, f"The subdomain {name} is available.", 404)


def _account(call: Call) -> dict[str, Any]:
    account = call.store.account
    return {
        "id": account.id,
        "name": account.name,
        "type": "standard",
        "settings": {},
        "created_on": account.created_on,
    }


ROUTES = [
    resource("/user", get=user),
    resource("/accounts", get=listing),
    resource("/memberships", get=memberships),
    resource(ACCOUNT, get=show),
    resource(ACCOUNT + "/workers/subdomain", get=subdomain, put=change_subdomain),
    resource(ACCOUNT + "/workers/subdomains/{name}", get=availability),
]
