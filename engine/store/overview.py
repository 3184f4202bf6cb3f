"""Many environments and what answers in them, in a few queries: what list pages show.

A list of 2,000 environments asked one by one takes half a second. Most of what is left is the making of the
objects, so `rows` and `of_rows` are apart: who has kept what was made of a row needs not make it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model import PRODUCTION, Deployment, Environment, Live, ModuleRef, Service, Settings, Version
from engine.store.database import Connection
from engine.store.deployments import plain
from engine.store.versions import named_handlers

Row = tuple[Any, ...]
"""All that an environment's `Overview` depends on: it stays the same as long as its row does.

The columns of the environment, the number of what is live (None without), the count of versions, the tag. A
deployment and its versions never change, and no number is given twice, so it stands for the rest of them.
"""
_ID, _SERVICE, _NUMBER, _COUNT, _TAG = 0, 1, 8, 9, 10


@dataclass(frozen=True, slots=True)
class Overview:
    """An environment in a list.

    Attributes:
        live: what answers in it; its version comes without bindings, and with its main module only.
        versions: how many it has; 0 in a list of productions, which does not show it.
        migration_tag: of the last migration of Durable Objects, None when there was none.
    """

    live: Live
    versions: int
    migration_tag: str | None


def of_services(
    connection: Connection, found: Sequence[Service], *, production: bool = False
) -> dict[str, list[Overview]]:
    """The environments of services by the service's name, each service's production first, then by name.

    Args:
        found: the services; their environments need not be there.
        production: leave out all but production.
    """
    asked = rows(connection, found, production=production)
    made = of_rows(connection, [row for each in asked.values() for row in each])
    return {name: [made[row[_ID]] for row in each] for name, each in asked.items()}


def rows(
    connection: Connection, found: Sequence[Service], *, production: bool = False
) -> dict[str, list[Row]]:
    """The rows of services' environments, by name and in the order of `of_services`."""
    count = "0" if production else "(SELECT count(*) FROM versions WHERE environment_id = e.id)"
    asked: dict[str, list[Row]] = {each.id: [] for each in found}
    for row in connection.execute(
        "SELECT e.id, e.service_id, e.name, e.created_on, e.modified_on, e.script_settings,"
        " e.subdomain_enabled, e.previews_enabled,"
        " (SELECT max(number) FROM deployments WHERE environment_id = e.id),"
        f" {count}, (SELECT tag FROM durable_migrations WHERE environment_id = e.id)"
        " FROM environments e"
        " WHERE e.service_id IN (SELECT value FROM json_each(?1))"
        # Two texts, so that each finds its rows by the index.
        f"{' AND e.name = ?2' if production else ''} ORDER BY e.service_id, e.name <> ?2, e.name",
        (json.dumps([each.id for each in found]), PRODUCTION),
    ):
        asked[row[_SERVICE]].append(row)
    return asked


def of_rows(connection: Connection, asked: Sequence[Row]) -> dict[str, Overview]:
    """What rows of the same snapshot stand for, by the environments' ids."""
    numbers = json.dumps([row[_NUMBER] for row in asked if row[_NUMBER] is not None])
    shares: dict[int, list[tuple[str, float]]] = {}
    for number, version_id, percentage in connection.execute(
        "SELECT deployment_number, version_id, percentage FROM deployment_versions"
        " WHERE deployment_number IN (SELECT value FROM json_each(?)) ORDER BY deployment_number, position",
        (numbers,),
    ):
        shares.setdefault(number, []).append((version_id, plain(percentage)))
    deployments = {
        row[1]: _deployment(row, shares.get(row[0], []))
        for row in connection.execute(
            "SELECT number, environment_id, id, created_on, author, source, message, triggered_by, strategy"
            " FROM deployments WHERE number IN (SELECT value FROM json_each(?))",
            (numbers,),
        )
    }
    versions = _versions(connection, [each.main_version_id for each in deployments.values()])
    made: dict[str, Overview] = {}
    for row in asked:
        settings = json.loads(row[5]) if row[5] != "{}" else {}
        place = Environment(row[0], row[1], row[2], row[3], row[4], settings, bool(row[6]), bool(row[7]))
        deployment = deployments.get(place.id)
        version = versions.get(deployment.main_version_id) if deployment is not None else None
        made[place.id] = Overview(Live(place, deployment, version), row[_COUNT], row[_TAG])
    return made


def _deployment(row: tuple[Any, ...], shares: Iterable[tuple[str, float]]) -> Deployment:
    _, place, made, created_on, author, source, message, triggered_by, strategy = row
    return Deployment(made, place, created_on, author, source, tuple(shares), message, triggered_by, strategy)


def _versions(connection: Connection, ids: Sequence[str]) -> dict[str, Version]:
    settings: dict[str, Settings] = {}  # most are the same: each text is read once
    handlers: dict[str, Any] = {}
    found: dict[str, Version] = {}
    for row in connection.execute(
        "SELECT v.id, v.number, v.service_id, v.environment_id, v.main_module, v.settings, v.created_on,"
        " v.author, v.source, v.message, v.tag, v.triggered_by, v.alias, v.etag, v.handlers,"
        " v.startup_time_ms, m.type, m.hash, c.size"
        " FROM versions v"
        " LEFT JOIN version_modules m ON m.version_id = v.id AND m.name = v.main_module"
        " LEFT JOIN modules c ON c.hash = m.hash"
        " WHERE v.id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    ):
        if row[5] not in settings:
            settings[row[5]] = Settings.from_json(json.loads(row[5]))
        if row[14] not in handlers:
            told = json.loads(row[14])
            handlers[row[14]] = tuple(told["handlers"]), named_handlers(told["named_handlers"])
        module = () if row[16] is None else (ModuleRef(row[4], row[16], row[17], row[18]),)
        found[row[0]] = Version(
            id=row[0],
            number=row[1],
            service_id=row[2],
            environment_id=row[3],
            main_module=row[4],
            modules=module,
            bindings=(),
            settings=settings[row[5]],
            created_on=row[6],
            author=row[7],
            source=row[8],
            message=row[9],
            tag=row[10],
            triggered_by=row[11],
            alias=row[12],
            etag=row[13],
            handlers=handlers[row[14]][0],
            named_handlers=handlers[row[14]][1],
            startup_time_ms=row[15],
        )
    return found
