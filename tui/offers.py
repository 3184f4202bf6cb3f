"""What can be bound: everything the account has, as a list to pick from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tui.client import Engine
from tui.format import plural, size
from tui.setting_values import KINDS

Json = dict[str, Any]


@dataclass(frozen=True)
class Offer:
    """Something to bind, or something to make and bind."""

    type: str
    """The binding's type."""
    label: str
    hint: str = ""
    binding: Json | None = None
    """The binding without its name; None when it has to be made first."""

    @property
    def kind(self) -> str:
        """`KV`, `D1`, …"""
        return KINDS.get(self.type, self.type)

    def matches(self, words: str) -> bool:
        """Whether every word stands in it."""
        text = f"{self.kind} {self.label}".lower()
        return all(word in text for word in words.lower().split())


CREATABLE: Final = ("kv_namespace", "d1", "r2_bucket")
THINGS: Final = {"kv_namespace": "KV namespace", "d1": "D1 database", "r2_bucket": "R2 bucket"}


async def gather(engine: Engine, service: str, environment: str) -> list[Offer]:
    """Everything that this environment could bind, by kind.

    Raises:
        EngineError, EngineAway: as the engine's methods.
    """
    kv, d1, r2, services, classes, queues = await asyncio.gather(
        engine.kv_namespaces(),
        engine.d1_databases(),
        engine.r2_buckets(),
        engine.services(),
        engine.object_namespaces(),
        engine.queues(),
    )
    offers = [
        Offer("kv_namespace", each["title"], "", {"type": "kv_namespace", "namespace_id": each["id"]})
        for each in kv
    ]
    offers += [Offer("d1", each["name"], _tables(each), {"type": "d1", "id": each["uuid"]}) for each in d1]
    offers += [
        Offer("r2_bucket", each["name"], _objects(each), {"type": "r2_bucket", "bucket_name": each["name"]})
        for each in r2
    ]
    offers += [
        Offer("queue", each["queue_name"], "", {"type": "queue", "queue_name": each["queue_name"]})
        for each in queues
    ]
    offers += _services(services)
    offers += [_class(each, service, environment) for each in classes]
    return offers


def creating(title: str) -> list[Offer]:
    """What could be made under a name."""
    return [Offer(kind, f"new {THINGS[kind]} {title}") for kind in CREATABLE] if title else []


async def create(engine: Engine, kind: str, title: str) -> Json:
    """Make a namespace, database or bucket; gives its binding without a name."""
    match kind:
        case "kv_namespace":
            return {"type": kind, "namespace_id": (await engine.create_kv(title))["id"]}
        case "d1":
            return {"type": kind, "id": (await engine.create_d1(title))["uuid"]}
    return {"type": kind, "bucket_name": (await engine.create_r2(title))["name"]}


def _services(services: Sequence[Json]) -> list[Offer]:
    return [
        Offer(
            "service",
            f"{each['id']} › {place['environment']}",
            "",
            {"type": "service", "service": each["id"], "environment": place["environment"]},
        )
        for each in services
        for place in each["environments"]
    ]


def _class(found: Json, service: str, environment: str) -> Offer:
    binding: Json = {"type": "durable_object_namespace", "class_name": found["class"]}
    own = (found["script"], found["environment"]) == (service, environment)
    if not own:
        binding |= {"script_name": found["script"], "environment": found["environment"]}
    place = "" if own else f"of {found['script']} › {found['environment']}"
    return Offer("durable_object_namespace", found["class"], place, binding)


def _tables(database: Json) -> str:
    tables = database.get("num_tables")
    return "" if tables is None else plural(tables, "table")


def _objects(bucket: Json) -> str:
    return f"{plural(bucket.get('objects') or 0, 'object')}  {size(bucket.get('size'))}"
