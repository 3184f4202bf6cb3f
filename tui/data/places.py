"""The tree on the left: what an environment's bindings hold, then everything else there is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.client import Engine
from tui.data.bucket import BucketObjects
from tui.data.kv import KvKeys
from tui.data.objects import SHORT, ObjectKeys, Objects
from tui.data.queues import QueueMessages
from tui.data.source import Source
from tui.data.sql import D1, Database, ObjectSql, browse, tables
from tui.data.workflows import WorkflowInstances
from tui.format import count
from tui.setting_values import target

Json = dict[str, Any]
MORE = "more"


@dataclass(frozen=True)
class Place:
    """A row of the tree."""

    label: str
    right: str = ""
    """Its count, or what it is bound as."""
    source: Source | None = None
    database: Database | None = None
    query: str = ""
    """What is asked of the database when one comes here."""
    parent: str = ""
    """How its children are found: `kv`, `d1`, `r2`, `objects`, `object`; empty for a leaf."""
    cursor: str = ""
    """Of the page of children that comes next; only on a row that says so."""
    bound: bool = False
    guarded: bool = False
    """Whether production reads it, too."""
    children: tuple[Place, ...] = field(default_factory=tuple)
    """Children that are known at once: groups only."""


async def roots(engine: Engine, bindings: Sequence[Json], production: Sequence[Json]) -> list[Place]:
    """The groups with everything in them: what this environment binds first, by its binding's name.

    Args:
        engine: the client.
        bindings: of the environment.
        production: of its service's production.
    """
    kv, d1, r2, classes, queues, workflows = await asyncio.gather(
        engine.kv_namespaces(),
        engine.d1_databases(),
        engine.r2_buckets(),
        engine.object_namespaces(),
        engine.queues(),
        engine.workflows(),
    )
    names = _names(bindings)
    theirs = set(_names(production))

    def place(kind: str, key: str, label: str, **more: Any) -> Place:
        bound = names.get((kind, key))
        right = bound or str(more.pop("right", ""))
        more.pop("right", None)
        return Place(label, right, bound=bound is not None, guarded=(kind, key) in theirs, **more)

    groups = [
        Place(
            "KV",
            children=_first(
                place(
                    "kv_namespace",
                    each["id"],
                    each["title"],
                    parent="kv",
                    source=KvKeys(engine, each["id"], each["title"]),
                )
                for each in kv
            ),
        ),
        Place(
            "D1",
            children=_first(
                place(
                    "d1",
                    each["uuid"],
                    each["name"],
                    parent="d1",
                    database=D1(engine, each["uuid"], each["name"]),
                )
                for each in d1
            ),
        ),
        Place(
            "R2",
            children=_first(
                place(
                    "r2_bucket",
                    each["name"],
                    each["name"],
                    parent="r2",
                    right=count(each.get("objects"), compact=True),
                    source=BucketObjects(engine, each["name"]),
                )
                for each in r2
            ),
        ),
        Place(
            "Durable Objects",
            children=_first(
                place(
                    "durable_object_namespace",
                    each["id"],
                    each["class"],
                    parent="objects",
                    right=f"{each['script']} › {each['environment']}",
                    source=Objects(engine, each["id"], each["class"]),
                )
                for each in classes
            ),
        ),
        Place(
            "Queues",
            children=_first(
                place(
                    "queue",
                    each["queue_name"],
                    each["queue_name"],
                    right=count((each.get("backlog") or {}).get("messages"), compact=True),
                    source=QueueMessages(engine, each["queue_id"], each["queue_name"]),
                )
                for each in queues
            ),
        ),
        Place(
            "Workflows",
            children=_first(
                place(
                    "workflow",
                    each["name"],
                    each["name"],
                    right=f"{each['script_name']} › {each.get('environment') or 'production'}",
                    source=WorkflowInstances(engine, each["name"]),
                )
                for each in workflows
            ),
        ),
    ]
    return [group for group in groups if group.children]


def _names(bindings: Sequence[Json]) -> dict[tuple[str, str], str]:
    """The bindings' names by what they point to."""
    found = {(each["type"], target(each)): str(each["name"]) for each in bindings if target(each)}
    found |= {
        (each["type"], str(each.get("namespace_id"))): str(each["name"])
        for each in bindings
        if each["type"] == "durable_object_namespace"
    }
    found |= {
        ("workflow", str(each.get("workflow_name"))): str(each["name"])
        for each in bindings
        if each["type"] == "workflow"
    }
    return found


def _first(places: Any) -> tuple[Place, ...]:
    return tuple(sorted(places, key=lambda place: (not place.bound, place.label)))


async def children(place: Place) -> list[Place]:
    """What is below a row, a page of it; the last one says when there is more."""
    source, database = place.source, place.database
    match place.parent:
        case "kv" if isinstance(source, KvKeys):
            found = await source.engine.kv_prefixes(source.namespace, source.prefix, place.cursor)
            below = [
                Place(
                    each["name"].removeprefix(source.prefix),
                    count(each["keys"], compact=True) + ("+" if each["more"] else ""),
                    source=source.narrowed(each["name"]),
                    parent="kv",
                    guarded=place.guarded,
                )
                for each in found.items
                if each["folder"]
            ]
            return below + _more(place, found.cursor)
        case "r2" if isinstance(source, BucketObjects):
            page = await source.engine.r2_objects(source.bucket, source.prefix, place.cursor)
            folders = [
                Place(
                    each.removeprefix(source.prefix),
                    source=source.narrowed(each),
                    parent="r2",
                    guarded=place.guarded,
                )
                for each in page.folders
            ]
            return folders + (_more(place, page.cursor) if folders else [])
        case "objects" if isinstance(source, Objects):
            listed = await source.engine.objects(source.namespace, place.cursor)
            rows = [object_place(source, each["id"], place.guarded) for each in listed.items]
            return rows + _more(place, listed.cursor)
        case "d1" | "object" if database is not None:
            return [
                Place(name, database=database, query=browse(name), guarded=place.guarded)
                for name in await tables(database)
            ] + ([Place("SQL", database=database, guarded=place.guarded)] if place.parent == "object" else [])
    return []


def object_place(source: Objects, object_id: str, guarded: bool, name: str = "") -> Place:
    """The row of one object."""
    label = name or f"{object_id[:SHORT]}…"
    return Place(
        label,
        source=ObjectKeys(source.engine, source.namespace, object_id, f"{source.label} › {label}"),
        database=ObjectSql(source.engine, source.namespace, object_id, f"{source.label} › {label}"),
        parent="object",
        guarded=guarded,
    )


def _more(place: Place, cursor: str) -> list[Place]:
    from dataclasses import replace

    return [replace(place, label="more…", right="", cursor=cursor, children=())] if cursor else []
