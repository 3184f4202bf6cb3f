"""The nouns of the platform, as frozen values; one long file because they name each other. No I/O.

A service has environments; an environment has versions (immutable) and deployments (which version answers).
Times are ISO 8601 UTC with microseconds, of one fixed width, so that they sort as strings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from engine.errors import ApiError

PRODUCTION: Final = "production"
"""Name of the environment that answers at the service's own hostname."""

ModuleType = Literal["esm", "commonjs", "script", "text", "data", "json", "wasm", "sourcemap"]
MODULE_TYPES: Final[frozenset[str]] = frozenset(get_args(ModuleType))
CODE_TYPES: Final[frozenset[str]] = frozenset({"esm", "commonjs", "script"})
TEXT_TYPES: Final[frozenset[str]] = frozenset({"esm", "commonjs", "script", "text", "json", "sourcemap"})
BINDING_TYPES: Final[frozenset[str]] = frozenset(
    {"plain_text", "json", "secret_text", "assets", "kv_namespace", "d1", "r2_bucket", "service"}
)

NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""Names of services and environments: one DNS label that starts with a letter."""


class Secret:
    """A secret value as it is kept: encrypted. Shows itself as ``Secret(***)`` wherever it is printed.

    Only `engine.store.secrets.Secrets.reveal` turns it back into text. It has no JSON form on purpose.
    """

    __slots__ = ("ciphertext",)

    def __init__(self, ciphertext: bytes) -> None:
        self.ciphertext = ciphertext

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.ciphertext == self.ciphertext

    def __hash__(self) -> int:
        return hash(self.ciphertext)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and through what: wrangler, api, dash, app, cli, pipeline or seed."""

    author: str
    source: str = "api"


@dataclass(frozen=True, slots=True)
class Module:
    """One file of a script. TypeScript and JSX are told by the name's suffix (.ts .mts .tsx .jsx)."""

    name: str
    type: ModuleType
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module of a version by the hash (SHA-256, hex) of its content; `size` is in bytes."""

    name: str
    type: ModuleType
    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Binding:
    """Cloudflare's binding object: `settings` is the object without `name` and `type`.

    kv_namespace ``{namespace_id}`` · plain_text ``{text}`` · json ``{json}`` ·
    d1 ``{id}`` · r2_bucket ``{bucket_name}`` · secret_text ``{text: Secret}`` ·
    service ``{service, environment?, entrypoint?, props?}``.
    """

    name: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def redacted(self) -> dict[str, Any]:
        """The object as the API may show it: a secret has name and type only."""
        shown: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.type != "secret_text":
            shown.update(self.settings)
        return shown


@dataclass(frozen=True, slots=True)
class Settings:
    """What a version fixes besides code and bindings. `limits` knows ``cpu_ms`` (milliseconds a request).

    `assets` are its static files: ``{manifest: hash, config: {…}}``, or empty. They belong to the code.
    """

    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    usage_model: str = "standard"
    placement: Mapping[str, Any] = field(default_factory=dict)
    assets: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {
            "compatibility_date": self.compatibility_date,
            "compatibility_flags": list(self.compatibility_flags),
            "limits": dict(self.limits),
            "usage_model": self.usage_model,
            "placement": dict(self.placement),
            "assets": dict(self.assets),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Settings:
        """The settings that `to_json` gave; keys that are missing take their defaults."""
        return Settings(
            compatibility_date=value.get("compatibility_date"),
            compatibility_flags=tuple(value.get("compatibility_flags") or ()),
            limits=dict(value.get("limits") or {}),
            usage_model=value.get("usage_model") or "standard",
            placement=dict(value.get("placement") or {}),
            assets=dict(value.get("assets") or {}),
        )


@dataclass(frozen=True, slots=True)
class NamedHandlers:
    """A named entrypoint (an exported class) and the handlers it has."""

    name: str
    handlers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """Code, bindings and settings of one moment; never changes. `number` is unique, rising in its service."""

    id: str
    number: int
    service_id: str
    environment_id: str
    main_module: str
    modules: tuple[ModuleRef, ...]
    bindings: tuple[Binding, ...]
    settings: Settings
    created_on: str
    author: str
    source: str
    message: str | None = None
    tag: str | None = None
    triggered_by: str = "upload"
    alias: str | None = None
    etag: str = ""
    handlers: tuple[str, ...] = ()
    named_handlers: tuple[NamedHandlers, ...] = ()
    startup_time_ms: int | None = None

    def binding(self, name: str) -> Binding | None:
        """The binding with this name, or None."""
        return next((binding for binding in self.bindings if binding.name == name), None)

    @property
    def is_service_worker(self) -> bool:
        """Whether the main module is a classic script (``addEventListener("fetch", …)``)."""
        return any(ref.name == self.main_module and ref.type == "script" for ref in self.modules)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which versions of an environment answer: pairs of version id and percentage that sum to 100."""

    id: str
    environment_id: str
    created_on: str
    author: str
    source: str
    versions: tuple[tuple[str, float], ...]
    message: str | None = None
    triggered_by: str = "upload"
    strategy: str = "percentage"

    @property
    def main_version_id(self) -> str:
        """The version with the largest share (the first of them when two are equal)."""
        return max(self.versions, key=lambda pair: pair[1])[0]


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of a service. `script_settings` (tags, observability, …) are not versioned.

    `subdomain_enabled`: whether it answers at its generated hostname; `previews_enabled`: its versions too.
    """

    id: str
    service: str
    name: str
    created_on: str
    modified_on: str
    script_settings: Mapping[str, Any] = field(default_factory=dict)
    subdomain_enabled: bool = True
    previews_enabled: bool = True

    @property
    def service_id(self) -> str:
        """The service's id, which is its name."""
        return self.service

    @property
    def production(self) -> bool:
        """Whether this is the production environment."""
        return self.name == PRODUCTION


@dataclass(frozen=True, slots=True)
class Service:
    """A service; its id is its name. `tag` is 32 hex that stay the same through renames."""

    id: str
    created_on: str
    modified_on: str
    tag: str
    environments: tuple[Environment, ...] = ()

    @property
    def default_environment(self) -> Environment | None:
        """The production environment, or None when it was deleted."""
        return next((each for each in self.environments if each.production), None)


@dataclass(frozen=True, slots=True)
class KvNamespace:
    """A KV namespace: `id` 32 hex, `title` unique; `keys` counts entries (expired ones until swept)."""

    id: str
    title: str
    created_on: str = ""
    keys: int = 0


@dataclass(frozen=True, slots=True)
class D1Database:
    """A D1 database: `id` is a UUID, `name` unique."""

    id: str
    name: str
    created_on: str = ""


@dataclass(frozen=True, slots=True)
class R2Bucket:
    """An R2 bucket by its unique name; `objects` and `size` (bytes) are what it holds."""

    name: str
    created_on: str = ""
    storage_class: str = "Standard"
    location: str | None = None
    objects: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """The one account of a state folder; `id` 32 hex, `subdomain` the part before ``.localhost``."""

    id: str
    name: str
    subdomain: str
    created_on: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the change feed: something was created, changed or deleted. `seq` only rises."""

    seq: int
    at: str
    kind: str
    service: str | None
    environment: str | None
    author: str
    source: str
    message: str | None = None
    version_number: int | None = None
    old_environment: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The change as the API's feed sends it; keys without a value are left out."""
        row: dict[str, Any] = {
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind,
            "service": self.service,
            "environment": self.environment,
            "author": self.author,
            "source": self.source,
            "message": self.message,
        }
        for key in ("version_number", "old_environment"):
            if getattr(self, key) is not None:
                row[key] = getattr(self, key)
        return row | dict(self.detail)


@dataclass(frozen=True, slots=True)
class VersionDraft:
    """What is about to become a version: what the validator compiles and evaluates."""

    service: str
    environment: str
    main_module: str
    modules: tuple[Module, ...]
    bindings: tuple[Binding, ...]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a verb that changes an environment made. `created` tells whether the environment is new."""

    version: Version
    deployment: Deployment
    environment: Environment
    created: bool = False


@dataclass(frozen=True, slots=True)
class Live:
    """An environment, its current deployment and that one's main version (None before the first)."""

    environment: Environment
    deployment: Deployment | None
    version: Version | None


def check_service_name(name: str) -> str:
    """The name, if a service may have it; raises ApiError 10016."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ApiError(10016, f"{name!r:.80} is no name for a service: {_NAME_RULE}")
    return name


def check_environment_name(name: str) -> str:
    """The name, if an environment may have it; raises ApiError 10094."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ApiError(10094, f"{name!r:.80} is no name for an environment: {_NAME_RULE}")
    return name


def hostnames(service: str, environment: str, subdomain: str) -> tuple[str, ...]:
    """The generated hostnames of an environment, for example ``("staging.notes.dev.localhost",)``."""
    label = service if environment == PRODUCTION else f"{environment}.{service}"
    return (f"{label}.{subdomain}.localhost",)


_NAME_RULE: Final = (
    "lower-case letters, digits and dashes, at most 63, starting with a letter, not ending in a dash"
)
