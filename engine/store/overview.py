"""Many environments and what answers in them, in a few queries: what list pages show.

A list of 2,000 environments asked one by one takes half a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.model import PRODUCTION, Deployment, Environment, Live, ModuleRef, Service, Settings, Version
from engine.store.database import Connection
from engine.store.deployments import plain
from engine.store.versions import named_handlers

#: Versions that are kept in memory for the next list, of a kilobyte each.
REMEMBERED: Final = 4096
_known: dict[tuple[str, str], Version] = {}


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
    places, deployed = _places(connection, [each.id for each in found], production)
    numbers = [number for number, _ in deployed.values()]
    shares: dict[int, list[tuple[str, float]]] = {}
    for number, version_id, percentage in connection.execute(
        "SELECT deployment_number, version_id, percentage FROM deployment_versions"
        " WHERE deployment_number IN (SELECT value FROM json_each(?)) ORDER BY deployment_number, position",
        (json.dumps(numbers),),
    ):
        shares.setdefault(number, []).append((version_id, plain(percentage)))
    deployments = {
        place: _deployment(place, row, shares.get(number, [])) for place, (number, row) in deployed.items()
    }
    main = {place: each.main_version_id for place, each in deployments.items()}
    versions = _remembered(
        connection, [(place.service, main[place.id]) for place in places if place.id in main]
    )
    ids = json.dumps([place.id for place in places])
    counts: dict[str, int] = {}
    if not production:
        counts.update(
            connection.execute(
                "SELECT environment_id, count(*) FROM versions"
                " WHERE environment_id IN (SELECT value FROM json_each(?)) GROUP BY environment_id",
                (ids,),
            ).fetchall()
        )
    tags = dict(
        connection.execute(
            "SELECT environment_id, tag FROM durable_migrations"
            " WHERE environment_id IN (SELECT value FROM json_each(?))",
            (ids,),
        ).fetchall()
    )
    made: dict[str, list[Overview]] = {each.id: [] for each in found}
    for place in places:
        deployment = deployments.get(place.id)
        version = versions.get(main[place.id]) if deployment is not None else None
        live = Live(place, deployment, version)
        made[place.service].append(Overview(live, counts.get(place.id, 0), tags.get(place.id)))
    return made


def _places(
    connection: Connection, names: Sequence[str], production: bool
) -> tuple[list[Environment], dict[str, tuple[int, tuple[Any, ...]]]]:
    """The environments, and by their ids the number and the row of what is live."""
    rows = connection.execute(
        "SELECT e.id, e.service_id, e.name, e.created_on, e.modified_on, e.script_settings,"
        " e.subdomain_enabled, e.previews_enabled,"
        " d.number, d.id, d.created_on, d.author, d.source, d.message, d.triggered_by, d.strategy"
        " FROM environments e LEFT JOIN deployments d"
        " ON d.number = (SELECT max(number) FROM deployments WHERE environment_id = e.id)"
        " WHERE e.service_id IN (SELECT value FROM json_each(?1))"
        # Two texts, so that each finds its rows by the index.
        f"{' AND e.name = ?2' if production else ''} ORDER BY e.service_id, e.name <> ?2, e.name",
        (json.dumps(names), PRODUCTION),
    )
    places: list[Environment] = []
    deployed: dict[str, tuple[int, tuple[Any, ...]]] = {}
    for row in rows:
        settings = json.loads(row[5]) if row[5] != "{}" else {}
        places.append(
            Environment(row[0], row[1], row[2], row[3], row[4], settings, bool(row[6]), bool(row[7]))
        )
        if row[8] is not None:
            deployed[row[0]] = row[8], row[9:]
    return places, deployed


def _deployment(place: str, row: tuple[Any, ...], shares: Iterable[tuple[str, float]]) -> Deployment:
    made, created_on, author, source, message, triggered_by, strategy = row
    return Deployment(made, place, created_on, author, source, tuple(shares), message, triggered_by, strategy)


def _remembered(connection: Connection, wanted: Sequence[tuple[str, str]]) -> dict[str, Version]:
    """Versions by service and id, those that were asked for before from memory: none ever changes.

    Only a service's name in them does, so it is part of what they are remembered by.
    """
    found = {key[1]: _known[key] for key in wanted if key in _known}
    made = _versions(connection, [key[1] for key in wanted if key[1] not in found])
    if len(_known) + len(made) > REMEMBERED:
        _known.clear()
    _known.update({(each.service_id, each.id): each for each in list(made.values())[:REMEMBERED]})
    return found | made


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
