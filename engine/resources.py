"""Resources that bindings point to and that hold data: what cloning, promoting, rolling back and showing a
binding have to know of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine import buckets, databases, namespaces
from engine.model import Actor, Binding
from engine.queues import verbs
from engine.store import Connection, Store, analytics, d1, kv, queue_messages, queues, r2, workflows


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource.

    Attributes:
        word: what it is called.
        setting: the key of a binding's settings that names it.
        gone: Cloudflare's error code for a binding to one that does not exist.
        label: the name that a person knows it by, or None when it does not exist.
        create: makes an empty one inside a transaction, with a name like the one given, and gives what
            `setting` is to be; None where an environment's own code makes it.
        describe: what a person wants to know of it, for the environment's page.
    """

    word: str
    setting: str
    gone: int
    label: Callable[[Connection, str], str | None]
    create: Callable[[Connection, Store, str, Actor], str] | None
    describe: Callable[[Connection, Store, str], dict[str, Any]]


def of(binding: Binding) -> tuple[Kind, str] | None:
    """The kind of resource that a binding points to and its id, or None for a binding without one."""
    kind = KINDS.get(binding.type)
    return None if kind is None else (kind, str(binding.settings[kind.setting]))


def _kv_label(connection: Connection, namespace_id: str) -> str | None:
    found = kv.find_namespace(connection, namespace_id)
    return found.title if found else None


def _kv_create(connection: Connection, store: Store, name: str, actor: Actor) -> str:
    made = kv.create_namespace(connection, kv.free_title(connection, name), store.now())
    return namespaces.record(connection, store, made, "created", actor).id


def _kv_describe(connection: Connection, store: Store, namespace_id: str) -> dict[str, Any]:
    found = kv.find_namespace(connection, namespace_id)
    return {"title": found.title if found else None, "keys": found.keys if found else None}


def _d1_label(connection: Connection, database_id: str) -> str | None:
    found = d1.by_id(connection, database_id)
    return found.name if found else None


def _d1_create(connection: Connection, store: Store, name: str, actor: Actor) -> str:
    return databases.add(connection, store, d1.free_name(connection, name), actor).id


def _d1_describe(connection: Connection, store: Store, database_id: str) -> dict[str, Any]:
    label = _d1_label(connection, database_id)
    return {
        "database_name": label,
        "size": None if label is None else store.databases.size(database_id),
    }


def _r2_label(connection: Connection, name: str) -> str | None:
    return name if r2.find_bucket(connection, name) else None


def _r2_create(connection: Connection, store: Store, name: str, actor: Actor) -> str:
    return buckets.add(connection, store, r2.free_name(connection, name), actor).name


def _r2_describe(connection: Connection, store: Store, name: str) -> dict[str, Any]:
    found = r2.find_bucket(connection, name)
    return {"objects": found.objects if found else None, "size": found.size if found else None}


def _queue_label(connection: Connection, name: str) -> str | None:
    return name if queues.find(connection, name) else None


def _queue_create(connection: Connection, store: Store, name: str, actor: Actor) -> str:
    return verbs.add(connection, store, queues.free_name(connection, name), actor).name


def _queue_describe(connection: Connection, store: Store, name: str) -> dict[str, Any]:
    found = queues.find(connection, name)
    return {"messages": queue_messages.backlog(connection, found.id).count if found else None}


def _dataset_label(connection: Connection, name: str) -> str | None:
    return name  # it is there as soon as something is written to it


def _dataset_create(connection: Connection, store: Store, name: str, actor: Actor) -> str:
    return analytics.free_name(connection, name)


def _dataset_describe(connection: Connection, store: Store, name: str) -> dict[str, Any]:
    return {"points": analytics.count(connection, name)}


def _workflow_label(connection: Connection, name: str) -> str | None:
    return name if workflows.find(connection, name) else None


def _workflow_describe(connection: Connection, store: Store, name: str) -> dict[str, Any]:
    found = workflows.find(connection, name)
    return {"instances": workflows.counts(connection, found.id) if found else None}


KINDS: Final[Mapping[str, Kind]] = {
    "kv_namespace": Kind("KV namespace", "namespace_id", 10041, _kv_label, _kv_create, _kv_describe),
    "d1": Kind("D1 database", "id", 10181, _d1_label, _d1_create, _d1_describe),
    "r2_bucket": Kind("R2 bucket", "bucket_name", 10085, _r2_label, _r2_create, _r2_describe),
    "analytics_engine": Kind("dataset", "dataset", 10021, _dataset_label, _dataset_create, _dataset_describe),
    "queue": Kind("queue", "queue_name", 11000, _queue_label, _queue_create, _queue_describe),
    "workflow": Kind("workflow", "workflow_name", 10200, _workflow_label, None, _workflow_describe),
}
"""By the type of the bindings that point to them."""
