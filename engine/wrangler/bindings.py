"""The bindings that a section of a configuration file declares, as an upload names them.

Source: developers.cloudflare.com/workers/wrangler/configuration#bindings. A binding to a KV namespace, D1
database, R2 bucket or queue that names none gets one of its own when it is deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.wrangler.section import Section

_RESOURCES: Final = (
    ("kv_namespaces", "kv_namespace", {"id": "namespace_id"}),
    ("d1_databases", "d1", {"database_id": "id", "database_name": "database_name"}),
    ("r2_buckets", "r2_bucket", {"bucket_name": "bucket_name"}),
)
"""Lists of bindings to resources: key, binding type, and which of an item's keys is which setting."""

_ELSEWHERE: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("ai", "ai", {}),
    ("browser", "browser", {}),
    ("images", "images", {}),
    ("dispatch_namespaces", "dispatch_namespace", {"namespace": "namespace"}),
    ("mtls_certificates", "mtls_certificate", {"certificate_id": "certificate_id"}),
    ("pipelines", "pipelines", {"pipeline": "pipeline"}),
    ("send_email", "send_email", {}),
    ("vectorize", "vectorize", {"index_name": "index_name"}),
)
"""Bindings to what no single machine has, in the same form: they deploy, and say so when they are called."""


def read(section: Section) -> list[dict[str, Any]]:
    """All bindings of the section; raises ProjectError, naming the key."""
    found = [_variable(section, name, value) for name, value in _vars(section).items()]
    for table, kind, keys in _RESOURCES:
        for place, item in section.items(table):
            binding = {"name": section.text(place, item, "binding"), "type": kind}
            for key, setting in keys.items():
                if item.get(key) is not None:
                    binding[setting] = section.text(place, item, key)
            found.append(binding)
    for place, item in section.items("services"):
        service = {
            "name": section.text(place, item, "binding"),
            "type": "service",
            "service": section.text(place, item, "service"),
        }
        found.append(service | _some(item, "environment", "entrypoint", "props"))
    for place, item in section.items("bindings", "durable_objects"):
        objects = {"name": section.text(place, item, "name"), "type": "durable_object_namespace"}
        objects["class_name"] = section.text(place, item, "class_name")
        found.append(objects | _some(item, "script_name", "environment"))
    found += _queues(section)
    for place, item in section.items("secrets_store_secrets"):
        secret = {"name": section.text(place, item, "binding"), "type": "secrets_store_secret"}
        found.append(secret | {key: section.text(place, item, key) for key in ("store_id", "secret_name")})
    for place, item in section.items("workflows"):
        workflow = {"name": section.text(place, item, "binding"), "type": "workflow"}
        workflow["workflow_name"] = section.text(place, item, "name")
        workflow["class_name"] = section.text(place, item, "class_name")
        found.append(workflow | _some(item, "script_name"))
    for place, item in section.items("hyperdrive"):
        id = section.text(place, item, "id")
        found.append({"name": section.text(place, item, "binding"), "type": "hyperdrive", "id": id})
    found += _ratelimits(section)
    found += _elsewhere(section)
    for place, item in section.items("analytics_engine_datasets"):
        name = section.text(place, item, "binding")
        dataset = section.text(place, item, "dataset") if item.get("dataset") is not None else name
        found.append({"name": name, "type": "analytics_engine", "dataset": dataset})
    for key in ("version_metadata", "assets"):
        own = section.inherited("assets", dict) if key == "assets" else section.values.get(key)
        if isinstance(own, dict) and (key != "assets" or own.get("binding") is not None):
            found.append({"name": section.text(section.prefix + key, own, "binding"), "type": key})
    names = [binding["name"] for binding in found]
    for name in names:
        if names.count(name) > 1:
            raise section.error("", f"there are two bindings named {name}")
    return found


def _queues(section: Section) -> list[dict[str, Any]]:
    """`[[queues.producers]]`."""
    found: list[dict[str, Any]] = []
    for place, item in section.items("producers", "queues"):
        binding: dict[str, Any] = {"name": section.text(place, item, "binding"), "type": "queue"}
        if item.get("queue") is not None:
            binding["queue_name"] = section.text(place, item, "queue")
        delay = section.number(place, item, "delivery_delay")
        if delay is not None:
            binding["delivery_delay"] = delay
        found.append(binding)
    return found


def _elsewhere(section: Section) -> list[dict[str, Any]]:
    """A table, as of `ai`, or a list of tables."""
    found: list[dict[str, Any]] = []
    for table, kind, keys in _ELSEWHERE:
        own = section.values.get(table)
        items = [(section.prefix + table, own)] if isinstance(own, dict) else section.items(table)
        for place, item in items:
            name = "name" if kind == "send_email" else "binding"
            binding = {"name": section.text(place, item, name), "type": kind}
            found.append(binding | {key: section.text(place, item, key) for key in keys})
    return found


def _ratelimits(section: Section) -> list[dict[str, Any]]:
    """`[[ratelimits]]`, and `[[unsafe.bindings]]` of that type, which is what they were before."""
    found: list[dict[str, Any]] = []
    listed = [*section.items("ratelimits"), *section.items("bindings", "unsafe")]
    for place, item in listed:
        if item.get("type", "ratelimit") != "ratelimit":
            raise section.error(f"{place}.type", "this engine has nothing for it")
        simple = item.get("simple")
        if not isinstance(simple, dict):
            raise section.error(f"{place}.simple", "is a table with limit and period")
        namespace = item.get("namespace_id")
        found.append(
            {
                "name": section.text(place, item, "name"),
                "type": "ratelimit",
                "namespace_id": str(namespace)
                if isinstance(namespace, int) and not isinstance(namespace, bool)
                else section.text(place, item, "namespace_id"),
                "simple": dict(simple),
            }
        )
    return found


def _vars(section: Section) -> Mapping[str, Any]:
    value = section.values.get("vars", {})
    if not isinstance(value, dict):
        raise section.error(f"{section.prefix}vars", "must be a table of variables")
    return value


def _variable(section: Section, name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"name": name, "type": "plain_text", "text": value}
    if hasattr(value, "isoformat"):
        raise section.error(f"{section.prefix}vars.{name}", "is a date: put it in quotes")
    return {"name": name, "type": "json", "json": value}


def _some(item: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item[key] for key in keys if key in item}
