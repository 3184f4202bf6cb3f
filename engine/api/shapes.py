"""The objects of the API: nouns of the model in Cloudflare's shapes (API.md §4), and ours beside them.

Secrets are shown by name and type only; nothing here ever sees their text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine.api.listed import Listed
from engine.api.process import Engine
from engine.gateway.previews import has_preview
from engine.model import Deployed, Deployment, Environment, Live, Service, Version
from engine.store import Connection, deployments, durable, environments, overview, versions
from engine.store.overview import Overview

Json = dict[str, Any]

#: What wrangler knows of "deployed from": it is silent about its own deploys, and asks about others.
_DEPLOYED_FROM = {"app": "dash", "dash": "dash", "api": "api", "pipeline": "api"}
#: Reasons that wrangler has words for; it prints "Unknown (…)" for others.
_TRIGGERS = frozenset({"upload", "secret", "rollback", "promotion"})


def deployed_from(source: str | None) -> str:
    """`last_deployed_from` for the source of a deployment or version."""
    return _DEPLOYED_FROM.get(source or "", "wrangler")


def script(environment: Environment, live: Live, tag: str, migration_tag: str | None = None) -> Json:
    """The script of an environment: `{id, tag, tags, etag, handlers, …}`.

    Args:
        migration_tag: the last migration of Durable Objects, after which wrangler goes on.
    """
    version, deployment = live.version, live.deployment
    settings = environment.script_settings
    return {
        "id": environment.service,
        "tag": tag,
        "tags": settings.get("tags"),
        "etag": version.etag if version else "",
        "handlers": list(version.handlers) if version else [],
        "named_handlers": _named_handlers(version),
        "created_on": environment.created_on,
        "modified_on": environment.modified_on,
        "last_deployed_from": deployed_from(deployment.source if deployment else None),
        "usage_model": version.settings.usage_model if version else "standard",
        "compatibility_date": version.settings.compatibility_date if version else None,
        "compatibility_flags": list(version.settings.compatibility_flags) if version else [],
        "has_modules": version is None or not version.is_service_worker,
        "has_assets": bool(version and version.settings.assets),
        "logpush": settings.get("logpush", False),
        "observability": settings.get("observability"),
        "tail_consumers": settings.get("tail_consumers"),
        "placement_mode": None,
        "deployment_id": deployment.id if deployment else None,
        **({"migration_tag": migration_tag} if migration_tag else {}),
    }


def environment(connection: Connection, engine: Engine, place: Environment, tag: str) -> Json:
    """EnvSummary: an environment, its hostname and what is live in it."""
    live = environments.live_of(connection, place)
    count, migration_tag = versions.count(connection, place.id), durable.tag(connection, place.id)
    return _environment(engine, Overview(live, count, migration_tag), tag)


def _environment(engine: Engine, found: Overview, tag: str) -> Json:
    live = found.live
    place, version, deployment = live.environment, live.version, live.deployment
    shown: Json | None = None
    if version is not None and deployment is not None:
        share = next(share for version_id, share in deployment.versions if version_id == version.id)
        shown = {
            "version_id": version.id,
            "number": version.number,
            "created_on": deployment.created_on,
            "percentage": share,
            "author": deployment.author,
            "source": deployment.source,
        }
    return {
        "id": place.id,
        "environment": place.name,
        "production": place.production,
        "created_on": place.created_on,
        "modified_on": place.modified_on,
        "hostname": engine.hostname(place.service, place.name),
        "url": engine.url(place.service, place.name),
        "live": shown,
        "versions_count": found.versions,
        "script": script(place, live, tag, found.migration_tag),
    }


def service(connection: Connection, engine: Engine, found: Service) -> Json:
    """A service with all its environments."""
    places = [environment(connection, engine, place, found.tag) for place in found.environments]
    default = next((place for place in places if place["production"]), places[0] if places else None)
    return _service(found, places, default)


def services(connection: Connection, engine: Engine, found: Sequence[Service]) -> list[Json]:
    """Services with all their environments; those in `found` need not have them."""
    subdomain = engine.store.account.subdomain  # it is part of the hostnames
    beside = {each.id: (engine, each.tag, subdomain) for each in found}
    places = _in_services.of(connection, overview.rows(connection, found), beside)
    # Production, where there is one, comes first.
    return [_service(each, places[each.id], next(iter(places[each.id]), None)) for each in found]


def scripts(connection: Connection, found: Sequence[Service]) -> list[orjson.Fragment]:
    """The production scripts of services; those in `found` need not have their environments."""
    beside = {each.id: each.tag for each in found}
    places = _in_scripts.of(connection, overview.rows(connection, found, production=True), beside)
    return [place for each in found for place in places[each.id]]


def _service(found: Service, places: Sequence[Any], default: Any) -> Json:
    return {
        "id": found.id,
        "created_on": found.created_on,
        "modified_on": found.modified_on,
        "default_environment": default,
        "environments": places,
    }


def version(found: Version) -> Json:
    """A version, complete: `versions secret list` reads the bindings from the list's items."""
    annotations: Json = {}
    if found.message is not None:
        annotations["workers/message"] = found.message
    if found.tag is not None:
        annotations["workers/tag"] = found.tag
    if found.alias is not None:
        annotations["workers/alias"] = found.alias
    if found.triggered_by in _TRIGGERS:
        annotations["workers/triggered_by"] = found.triggered_by
    return {
        "id": found.id,
        "number": found.number,
        "metadata": {
            "created_on": found.created_on,
            "modified_on": found.created_on,
            "source": found.source,
            "author_id": found.author,
            "author_email": found.author,
            "has_preview": has_preview(found),
        },
        "annotations": annotations,
        "triggered_by": found.triggered_by,
        "main_module": found.main_module,
        "resources": {
            "bindings": [binding.redacted() for binding in found.bindings],
            "script": {
                "etag": found.etag,
                "handlers": list(found.handlers),
                "named_handlers": _named_handlers(found),
                "last_deployed_from": deployed_from(found.source),
            },
            "script_runtime": {
                "compatibility_date": found.settings.compatibility_date,
                "compatibility_flags": list(found.settings.compatibility_flags),
                "usage_model": found.settings.usage_model,
                "limits": dict(found.settings.limits),
            },
        },
        "startup_time_ms": found.startup_time_ms,
    }


def deployment(connection: Connection, found: Deployment) -> Json:
    """A deployment; each of its versions also with its number."""
    of = {version_id: versions.by_id(connection, version_id) for version_id, _ in found.versions}
    return _deployment(found, {version_id: each.number for version_id, each in of.items() if each})


def deployed(made: Deployed) -> Json:
    """What a deploy has made, as `deployment` shows it: without asking the store."""
    return _deployment(made.deployment, {made.version.id: made.version.number})


def _deployment(found: Deployment, numbers: Mapping[str, int]) -> Json:
    annotations: Json = {}
    if found.message is not None:
        annotations["workers/message"] = found.message
    if found.triggered_by in _TRIGGERS:
        annotations["workers/triggered_by"] = found.triggered_by
    shares = []
    for version_id, percentage in found.versions:
        share: Json = {"version_id": version_id, "percentage": percentage}
        if version_id in numbers:
            share["number"] = numbers[version_id]
        shares.append(share)
    return {
        "id": found.id,
        "source": found.source,
        "strategy": found.strategy,
        "author_email": found.author,
        "author": found.author,
        "created_on": found.created_on,
        "annotations": annotations,
        "triggered_by": found.triggered_by,
        "versions": shares,
    }


def history(connection: Connection, place: Environment, limit: int = -1) -> list[Json]:
    """An environment's deployments, the live one first."""
    return [deployment(connection, each) for each in deployments.listing(connection, place.id, limit)]


def uploaded(made: Version, live: Deployment | None, place: Environment) -> Json:
    """What `PUT scripts/:n` answers: the script, and the *version's* id as `deployment_id`."""
    shown = script(place, Live(place, live, made), "")
    del shown["tag"]
    shown.update(
        deployment_id=made.id,
        pipeline_hash=made.etag,
        mutable_pipeline_id=None,
        startup_time_ms=made.startup_time_ms or 0,
    )
    return shown


def settings(place: Environment, found: Version | None) -> Json:
    """`GET …/settings`: bindings without secret texts, and what a version fixes besides."""
    values: Mapping[str, Any] = found.settings.to_json() if found else {}
    return {
        "bindings": [binding.redacted() for binding in found.bindings] if found else [],
        "compatibility_date": values.get("compatibility_date"),
        "compatibility_flags": values.get("compatibility_flags", []),
        "limits": values.get("limits", {}),
        "placement": values.get("placement", {}),
        "usage_model": values.get("usage_model", "standard"),
        **script_settings(place),
    }


def script_settings(place: Environment) -> Json:
    """`GET …/script-settings`: what is not versioned."""
    kept = place.script_settings
    return {
        "tags": kept.get("tags", []),
        "logpush": kept.get("logpush", False),
        "observability": kept.get("observability"),
        "tail_consumers": kept.get("tail_consumers", []),
    }


def _named_handlers(found: Version | None) -> list[Json]:
    if found is None:
        return []
    return [{"name": each.name, "handlers": list(each.handlers)} for each in found.named_handlers]


_in_services = Listed(lambda place, beside: _environment(beside[0], place, beside[1]))
_in_scripts = Listed(lambda place, tag: script(place.live.environment, place.live, tag, place.migration_tag))
