"""Custom domains: of the account, and of a Worker as wrangler puts them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine import domains as verbs
from engine.api.call import ACCOUNT, Call, resource, worker_resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError
from engine.model import PRODUCTION
from engine.store import Connection, domains, environments
from engine.traffic import Domain

_FILTERS = ("hostname", "zone_id", "zone_name", "service", "environment")


async def listing(call: Call) -> Response:
    """`GET workers/domains` and `workers/domains/records`, by any of hostname, zone, service, environment."""
    wanted = {key: call.query[key] for key in _FILTERS if call.query.get(key)}
    found = [_domain(each) for each in await call.store.read(domains.listing)]
    return page_of(
        [each for each in found if all(each[key] == value for key, value in wanted.items())], call.query
    )


async def put(call: Call) -> Response:
    """`PUT workers/domains` `{"hostname", "service", "environment"?, "zone_id"?}`: one more, or moved."""
    body = await call.json_object()
    service, environment = body.get("service"), body.get("environment") or PRODUCTION
    if not isinstance(service, str) or not isinstance(environment, str):
        raise ApiError(10026, 'Give {"hostname": "shop.example.com", "service": "name"}.')
    made = await verbs.put(
        call.store,
        call.engine.zones,
        service,
        environment,
        [_origin(body)],
        call.actor,
        replace_state=False,
        take_over=body.get("override_existing_origin") is not False,
    )
    return success(_domain(made[0]))


async def show(call: Call) -> Response:
    """`GET workers/domains/:id` and `workers/domains/records/:id`."""
    found = await call.store.read(lambda connection: domains.get(connection, call.params["domain"]))
    return success(_domain(found))


async def delete(call: Call) -> Response:
    """`DELETE workers/domains/:id`."""
    return success({"id": (await verbs.delete(call.store, call.params["domain"], call.actor)).id})


async def of_worker(call: Call) -> Response:
    """`GET …/domains/records`."""

    def work(connection: Connection) -> list[Domain]:
        place = environments.get(connection, call.service, call.environment)
        return domains.of_environment(connection, place.id)

    return success([_domain(each) for each in await call.store.read(work)])


async def changeset(call: Call) -> Response:
    """`POST …/domains/changeset?replace_state=` with origins: what putting them would do."""
    found = await verbs.preview(
        call.store,
        call.engine.zones,
        call.service,
        call.environment,
        _origins(await call.json()),
        replace_state=call.flag("replace_state"),
    )
    updated = [
        {**_domain(before), "modified": before.environment_id != after.environment_id}
        for before, after in found.updated
    ]
    return success(
        {
            "added": [_domain(each) for each in found.added],
            "removed": [_domain(each) for each in found.removed],
            "updated": updated,
            "conflicting": [],
        }
    )


async def replace_all(call: Call) -> Response:
    """`PUT …/domains/records` `{"override_scope", "override_existing_origin", "origins": […]}`."""
    body = await call.json_object()
    made = await verbs.put(
        call.store,
        call.engine.zones,
        call.service,
        call.environment,
        _origins(body.get("origins")),
        call.actor,
        replace_state=body.get("override_scope") is True,
        take_over=body.get("override_existing_origin") is True,
    )
    return success([_domain(each) for each in made])


def _origins(value: Any) -> list[verbs.Origin]:
    if not isinstance(value, list):
        raise ApiError(10026, 'Give a list of origins: [{"hostname": "shop.example.com"}].')
    return [_origin(each) for each in value]


def _origin(value: Any) -> verbs.Origin:
    if not isinstance(value, dict) or not isinstance(value.get("hostname"), str):
        raise ApiError(100112, 'A custom domain is {"hostname": "shop.example.com", "zone_name"?: "…"}.')
    zone_id, zone_name = value.get("zone_id"), value.get("zone_name")
    if not all(each is None or isinstance(each, str) for each in (zone_id, zone_name)):
        raise ApiError(100112, "zone_id and zone_name are texts.")
    return verbs.Origin(
        value["hostname"],
        zone_id,
        zone_name,
        value.get("enabled") is not False,
        value.get("previews_enabled") is True,
    )


def _domain(domain: Domain) -> dict[str, Any]:
    return {
        "id": domain.id,
        "hostname": domain.hostname,
        "zone_id": domain.zone_id,
        "zone_name": domain.zone_name,
        "service": domain.service,
        "environment": domain.environment,
        "enabled": domain.enabled,
        "previews_enabled": domain.previews_enabled,
        "cert_id": domain.id,
    }


ROUTES = [
    resource(ACCOUNT + "/workers/domains", get=listing, put=put),
    resource(ACCOUNT + "/workers/domains/records", get=listing),
    resource(ACCOUNT + "/workers/domains/records/{domain}", get=show, delete=delete),
    resource(ACCOUNT + "/workers/domains/{domain}", get=show, delete=delete),
    *worker_resource("/domains/changeset", post=changeset),
    *worker_resource("/domains/records", get=of_worker, put=replace_all),
]
