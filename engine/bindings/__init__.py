"""Bindings: what a version's `env` is made of on the host, one file a kind.

`build` makes those of a version; `trace.traced_call` is how a worker calls one. A kind is imported when a
version first has one: an environment's first answer after a start does not wait for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine import model
from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.context import Context

__all__ = ["KINDS", "Binding", "BindingError", "Context", "Result", "build"]

Make = Callable[[model.Binding, model.Version, Context], Binding]


def _unavailable(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.unavailable import Unavailable

    return Unavailable(binding.name, binding.type)


def _plain_text(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.variable import PlainText

    return PlainText(binding.name, {"text": binding.settings["text"]})


def _json(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.variable import Json

    return Json(binding.name, {"json": binding.settings["json"]})


def _secret_text(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.variable import SecretText

    return SecretText(binding.name, {"text": context.store.secrets.reveal(binding.settings["text"])})


def _version_metadata(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.variable import VersionMetadata

    values = {"id": version.id, "tag": version.tag or "", "timestamp": version.created_on}
    return VersionMetadata(binding.name, values)


def _assets(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.assets.sites import Sites
    from engine.bindings.assets import Assets

    return Assets(binding.name, context.sites or Sites(context.store), version)


def _kv_namespace(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.kv import Kv

    return Kv(binding.name, context.store, binding.settings["namespace_id"])


def _d1(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.d1 import D1

    return D1(binding.name, context.store, binding.settings["id"])


def _r2_bucket(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.r2 import R2

    return R2(binding.name, context.store, binding.settings["bucket_name"])


def _queue(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.queue import JSON_SINCE, Sender

    settings, flags = binding.settings, version.settings.compatibility_flags
    json = (
        version.settings.compatibility_date or ""
    ) >= JSON_SINCE and "no_queues_json_messages" not in flags
    return Sender(
        binding.name,
        context.store,
        settings["queue_name"],
        context.queues,
        settings.get("delivery_delay"),
        json or "queues_json_messages" in flags,
    )


def _workflow(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.workflow import WorkflowBinding

    return WorkflowBinding(binding.name, context.store, binding.settings["workflow_name"], context.workflows)


def _secrets_store(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.secrets_store import SecretsStoreSecret

    settings = binding.settings
    return SecretsStoreSecret(binding.name, context.store, settings["store_id"], settings["secret_name"])


def _ratelimit(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.ratelimit import RateLimit

    settings = binding.settings
    simple = settings["simple"]
    return RateLimit(
        binding.name, context.limits, settings["namespace_id"], simple["limit"], simple["period"]
    )


def _analytics_engine(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.analytics import AnalyticsEngine

    return AnalyticsEngine(binding.name, context.points, binding.settings["dataset"])


def _hyperdrive(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.hyperdrive import Hyperdrive, parts
    from engine.store import hyperdrive

    store = context.store
    config = hyperdrive.look(store.path, binding.settings["id"])
    if config is None:
        return _unavailable(binding, version, context)
    return Hyperdrive(binding.name, parts(config, store.secrets))


def _service(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.service import Service

    settings = binding.settings
    return Service(
        binding.name,
        context.environments,
        settings["service"],
        settings.get("environment"),
        settings.get("entrypoint"),
        settings.get("props"),
    )


def _platform(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.platform import Platform

    return Platform(binding.name, context.environments, "the platform")


def _durable_objects(binding: model.Binding, version: model.Version, context: Context) -> Binding:
    from engine.bindings.durable import DurableObjects

    if context.objects is None:
        return _unavailable(binding, version, context)
    settings = binding.settings
    own = settings.get("script_name") is None
    return DurableObjects(
        binding.name,
        context.objects,
        settings.get("namespace_id", ""),
        settings.get("class_name") if own else None,
    )


KINDS: Final[dict[str, Make]] = {
    "plain_text": _plain_text,
    "json": _json,
    "secret_text": _secret_text,
    "version_metadata": _version_metadata,
    "assets": _assets,
    "kv_namespace": _kv_namespace,
    "d1": _d1,
    "r2_bucket": _r2_bucket,
    "queue": _queue,
    "workflow": _workflow,
    "secrets_store_secret": _secrets_store,
    "ratelimit": _ratelimit,
    "hyperdrive": _hyperdrive,
    "analytics_engine": _analytics_engine,
    "service": _service,
    "platform": _platform,
    "durable_object_namespace": _durable_objects,
}
"""Cloudflare's type name of each kind that works on this machine, and how one is made."""


def build(version: model.Version, context: Context) -> list[Binding]:
    """The bindings of a version, in its order, which is the index that JavaScript calls them by."""
    return [KINDS.get(binding.type, _unavailable)(binding, version, context) for binding in version.bindings]
