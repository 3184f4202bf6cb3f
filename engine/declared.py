"""Bindings as an upload declares them: checked, completed from the version before, secrets encrypted.

Retention rules of API.md §3: without `keep`, secrets of the previous version stay and everything else is
replaced; with it, exactly these types stay. An object with only name and type means "keep" as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from engine.errors import ApiError
from engine.model import PRODUCTION, Binding, Version
from engine.queues.limits import queue_settings
from engine.store import (
    d1,
    durable,
    environments,
    hyperdrive,
    kv,
    queues,
    r2,
    secrets_stores,
    services,
    versions,
    workflows,
)
from engine.store.database import Connection
from engine.store.secrets import Secrets
from engine.workflows import owners

MAX_TEXT: Final = 5 * 1024
MAX_TEXTS: Final = 128
SECRET_TYPES: Final = frozenset({"secret_text", "secret_key"})
_TEXT_TYPES: Final = frozenset({"plain_text", "json", "secret_text"})
UNAVAILABLE: Final = frozenset(
    {
        "agent_memory",
        "ai",
        "ai_search",
        "ai_search_namespace",
        "artifacts",
        "browser",
        "dispatch_namespace",
        "flagship",
        "images",
        "logfwdr",
        "media",
        "mtls_certificate",
        "pipelines",
        "send_email",
        "stream",
        "unsafe_hello_world",
        "vectorize",
        "vpc_network",
        "vpc_service",
        "worker_loader",
    }
)
"""Types that a script may declare and that this machine lacks: using one throws, and names the binding."""
_NAMESPACE = re.compile(r"[0-9a-f]{32}")
_DATASET = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Declared:
    """Resolves the bindings of one upload for one environment."""

    def __init__(
        self,
        connection: Connection,
        secrets: Secrets,
        service: str,
        environment: str,
        previous: Version | None,
        fresh: frozenset[str] = frozenset(),
    ) -> None:
        """Make one.

        Args:
            previous: the version whose bindings ``inherit`` and retention take from.
            fresh: Durable Object classes that the upload's migrations are about to make.
        """
        self._connection = connection
        self._secrets = secrets
        self._owner = service
        self._place = environment
        self._previous = previous
        self._fresh = fresh
        self._kinds: dict[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
            "plain_text": self._plain_text,
            "secret_text": self._secret_text,
            "json": self._json,
            "assets": self._assets,
            "kv_namespace": self._kv_namespace,
            "d1": self._d1,
            "r2_bucket": self._r2_bucket,
            "queue": self._queue,
            "workflow": self._workflow,
            "hyperdrive": self._hyperdrive,
            "secrets_store_secret": self._secrets_store,
            "ratelimit": self._ratelimit,
            "analytics_engine": self._analytics_engine,
            "service": self._service,
            "platform": self._platform,
            "durable_object_namespace": self._durable_objects,
            "version_metadata": self._version_metadata,
        }

    def resolve(
        self,
        declared: Sequence[Mapping[str, Any]],
        keep: frozenset[str] | None = None,
        strict: bool = False,
    ) -> tuple[Binding, ...]:
        """The version's bindings, declared ones first, then those kept.

        Raises:
            ApiError: 10041 10042 10052 10053 10054 10055 10056 10057 10061 10085 10098 10143 10144 10145
                10181 10200, or 10021 for a type that this platform does not have.
        """
        made: dict[str, Binding] = {}
        for item in declared:
            name = item.get("name")
            if not isinstance(name, str) or not name:
                raise ApiError(10052, "A binding has no name")
            if name in made:
                raise ApiError(10053, f"There are two bindings named {name}")
            binding = self._one(name, item, strict)
            if binding is not None:
                made[name] = binding
        named = {item.get("name") for item in declared}
        for binding in self._previous.bindings if self._previous else ():
            if binding.name not in named and binding.type in (SECRET_TYPES if keep is None else keep):
                made[binding.name] = binding
        return check_count(tuple(made.values()))

    def _one(self, name: str, item: Mapping[str, Any], strict: bool) -> Binding | None:
        kind = item.get("type")
        if kind == "inherit":
            return self._inherited(name, item, strict)
        if not isinstance(kind, str):
            raise ApiError(10021, f"Binding {name} has no type")
        if kind in UNAVAILABLE:
            return Binding(name, kind, {key: item[key] for key in item if key not in ("name", "type")})
        if kind not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise ApiError(10021, f"Binding {name} has type {kind}, which this engine lacks: it has {known}")
        if set(item) <= {"name", "type"}:
            before = self._previous.binding(name) if self._previous else None
            if before is not None and before.type == kind:
                return before
            if kind == "secret_text":
                raise ApiError(10056, f"There is no secret {name} to keep: send its text")
        return Binding(name, kind, self._kinds[kind](name, item))

    def _inherited(self, name: str, item: Mapping[str, Any], strict: bool) -> Binding | None:
        source = self._previous
        if isinstance(item.get("version_id"), str) and item["version_id"] != "latest":
            place = environments.find(self._connection, self._owner, self._place)
            source = versions.get(self._connection, place.id if place else "", item["version_id"])
        old_name = item.get("old_name")
        found = source.binding(old_name if isinstance(old_name, str) else name) if source else None
        if found is None:
            if strict:
                raise ApiError(10057, f"Binding {name} cannot be inherited: the version before has none")
            return None
        return Binding(name, found.type, found.settings)

    def _plain_text(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return {"text": _text(name, item)}

    def _secret_text(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return {"text": self._secrets.conceal(_text(name, item))}

    def _json(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        if "json" not in item:
            raise ApiError(10021, f"Binding {name} of type json has no json")
        _check_length(name, json.dumps(item["json"], ensure_ascii=False))
        return {"json": item["json"]}

    def _assets(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def _kv_namespace(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        namespace = item.get("namespace_id")
        if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
            raise ApiError(10042, f"Binding {name}: namespace_id is 32 hexadecimal digits")
        if kv.find_namespace(self._connection, namespace) is None:
            raise ApiError(10041, f"Binding {name}: there is no KV namespace {namespace}")
        return {"namespace_id": namespace}

    def _d1(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        database = item.get("id") or item.get("database_id")
        if not isinstance(database, str):
            raise ApiError(10021, f"Binding {name} of type d1 must have a valid id")
        if d1.by_id(self._connection, database) is None:
            raise ApiError(10181, f"Binding {name}: there is no D1 database {database}. Create it first")
        return {"id": database}

    def _r2_bucket(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        bucket = item.get("bucket_name")
        if not isinstance(bucket, str):
            raise ApiError(10021, f"Binding {name} of type r2_bucket must have a valid bucket_name")
        if r2.find_bucket(self._connection, bucket) is None:
            raise ApiError(10085, f"Binding {name}: there is no R2 bucket {bucket}. Create it first")
        return {"bucket_name": bucket}

    def _queue(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        queue, delay = item.get("queue_name"), item.get("delivery_delay")
        if not isinstance(queue, str):
            raise ApiError(10021, f"Binding {name} of type queue must have a valid queue_name")
        if queues.find(self._connection, queue) is None:
            raise ApiError(11000, f"Binding {name}: there is no queue {queue}. Create it first")
        settings: dict[str, Any] = {"queue_name": queue}
        if delay is not None:
            settings.update(queue_settings({"delivery_delay": delay}))
        return settings

    def _workflow(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        workflow, class_name, script = (
            item.get(key) for key in ("workflow_name", "class_name", "script_name")
        )
        if not isinstance(workflow, str) or not workflow:
            raise ApiError(10021, f"Binding {name} of type workflow must have a valid workflow_name")
        if script not in (None, "", self._owner):  # another script does it
            if workflows.find(self._connection, workflow) is None:
                raise ApiError(
                    10200, f"Binding {name}: there is no workflow {workflow}. Deploy {script} first"
                )
            kept = {"class_name": class_name} if isinstance(class_name, str) else {}
            return {"workflow_name": workflow, **kept, "script_name": script}
        if not isinstance(class_name, str) or not class_name:
            raise ApiError(10021, f"Binding {name} of type workflow has no class_name")
        own = owners.name_for(self._connection, workflow, self._owner, self._place)
        return {"workflow_name": own, "class_name": class_name}

    def _hyperdrive(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        config = item.get("id")
        if not isinstance(config, str) or hyperdrive.find(self._connection, config) is None:
            raise ApiError(2004, f"Binding {name}: there is no Hyperdrive configuration {config!r:.64}")
        return {"id": config}

    def _secrets_store(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        store, secret = item.get("store_id"), item.get("secret_name")
        if not isinstance(store, str) or not isinstance(secret, str):
            raise ApiError(10021, f"Binding {name} of type secrets_store_secret has store_id and secret_name")
        if secrets_stores.find(self._connection, store, secret) is None:
            raise ApiError(
                10182, f"Binding {name}: store {store[:64]} has no secret {secret}. Create it first"
            )
        return {"store_id": store, "secret_name": secret}

    def _ratelimit(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        namespace, simple = item.get("namespace_id"), item.get("simple")
        limit, period = (simple.get("limit"), simple.get("period")) if isinstance(simple, dict) else (0, 0)
        if not isinstance(namespace, str) or not namespace.isdecimal() or int(namespace) < 1:
            raise ApiError(10021, f"Binding {name}: namespace_id is a positive number, as text")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1 or period not in (10, 60):
            raise ApiError(
                10021, f"Binding {name}: simple has a limit above 0 and a period of 10 or 60 seconds"
            )
        return {"namespace_id": namespace, "simple": {"limit": limit, "period": period}}

    def _analytics_engine(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        dataset = item.get("dataset", name)
        if not isinstance(dataset, str) or not _DATASET.fullmatch(dataset):
            raise ApiError(
                10021, f"Binding {name}: dataset is 1 to 64 letters, digits, dashes and underscores"
            )
        return {"dataset": dataset}

    def _service(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        target, environment = item.get("service"), item.get("environment")
        entrypoint, props = item.get("entrypoint"), item.get("props")
        if not isinstance(target, str) or not target:
            raise ApiError(10143, f"Binding {name} of type service has no service")
        if environment is not None and not isinstance(environment, str):
            raise ApiError(10144, f"Binding {name}: environment is a name")
        self._check_target(name, target, environment or PRODUCTION, entrypoint)
        settings: dict[str, Any] = {"service": target}
        if environment:
            settings["environment"] = environment
        if entrypoint:
            settings["entrypoint"] = entrypoint
        if props is not None:
            if not isinstance(props, Mapping):
                raise ApiError(10026, f"Binding {name}: props is an object")
            settings["props"] = dict(props)
        return settings

    def _platform(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def _version_metadata(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def _durable_objects(self, name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        class_name, script = item.get("class_name"), item.get("script_name")
        environment = item.get("environment")
        if not isinstance(class_name, str) or not class_name:
            raise ApiError(10021, f"Binding {name} of type durable_object_namespace has no class_name")
        settings: dict[str, Any] = {"class_name": class_name}
        if script in (None, "", self._owner) and environment in (None, "", self._place):
            place = environments.find(self._connection, self._owner, self._place)
        else:
            target = script if isinstance(script, str) and script else self._owner
            settings["script_name"] = target
            if services.find(self._connection, target) is None:
                raise ApiError(10061, f"Binding {name}: there is no script {target}. Deploy it first")
            if environment:
                settings["environment"] = environment
            place = environments.find(self._connection, target, environment or PRODUCTION)
            if place is None:
                raise ApiError(10098, f"Binding {name}: {target} has no environment {environment}")
        found = durable.of_class(self._connection, place.id, class_name) if place else None
        if found is None and ("script_name" in settings or class_name not in self._fresh):
            raise ApiError(
                10061,
                f"Cannot create binding for class '{class_name}' because it is not currently configured to "
                "implement Durable Objects. Did you forget to apply a migration?",
            )
        settings["namespace_id"] = found.id if found else ""
        return settings

    def _check_target(self, name: str, target: str, environment: str, entrypoint: object) -> None:
        if (target, environment) == (self._owner, self._place):
            return  # itself, perhaps on its first deploy
        if services.find(self._connection, target) is None:
            raise ApiError(10143, f"Binding {name}: there is no service {target}. Deploy it first")
        place = environments.find(self._connection, target, environment)
        if place is None:
            raise ApiError(10144, f"Binding {name}: service {target} has no environment {environment}")
        if entrypoint is None or entrypoint == "default":
            return
        live = environments.live_of(self._connection, place).version
        known = {each.name for each in live.named_handlers} if live else set()
        # No handlers recorded means that nobody evaluated the target; only a known list can say no.
        if live is not None and (known or live.handlers) and entrypoint not in known:
            raise ApiError(10145, f"Binding {name}: {target} exports no entrypoint {entrypoint}")


def check_count(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """The bindings, if there are not too many variables and secrets; raises ApiError 10055."""
    texts = sum(binding.type in _TEXT_TYPES for binding in bindings)
    if texts > MAX_TEXTS:
        raise ApiError(10055, f"There are {texts} variables and secrets: at most {MAX_TEXTS} fit one Worker")
    return bindings


def _text(name: str, item: Mapping[str, Any]) -> str:
    text = item.get("text")
    if not isinstance(text, str):
        raise ApiError(10021, f"Binding {name} has no text")
    _check_length(name, text)
    return text


def _check_length(name: str, text: str) -> None:
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_TEXT:
        raise ApiError(10054, f"Binding {name} has {size} bytes: a variable or secret has at most {MAX_TEXT}")
