"""Wrangler's configuration file: what a deploy to this engine needs of it.

Source: developers.cloudflare.com/workers/wrangler/configuration and PLATFORM.md §1 and §4. Bindings and vars
are not inherited by `[env.NAME]`; name, main, compatibility and limits are. Without `legacy_env = false` an
environment of wrangler's is a service of its own, `<name>-<env>`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.model import PRODUCTION
from engine.wrangler.errors import ProjectError

NAMES: Final = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In the order in which wrangler looks for them."""

UNAVAILABLE: Final = (
    "ai",
    "analytics_engine_datasets",
    "assets",
    "browser",
    "build",
    "containers",
    "data_blobs",
    "dispatch_namespaces",
    "hyperdrive",
    "images",
    "mtls_certificates",
    "pipelines",
    "queues",
    "ratelimits",
    "secrets_store_secrets",
    "send_email",
    "site",
    "text_blobs",
    "tail_consumers",
    "unsafe",
    "vectorize",
    "wasm_modules",
    "workflows",
)
"""Keys that a script depends on and that this engine has nothing for: better refused than half deployed."""

_RESOURCES: Final = (
    ("kv_namespaces", "kv_namespace", "id", "namespace_id"),
    ("d1_databases", "d1", "database_id", "id"),
    ("r2_buckets", "r2_bucket", "bucket_name", "bucket_name"),
)
"""Lists of bindings to resources: key, binding type, and which of an item's keys is which setting."""


@dataclass(frozen=True, slots=True)
class Config:
    """One environment of a configuration file, ready to deploy.

    Attributes:
        file: the configuration file.
        service: name of the service.
        environment: environment of that service.
        main: the entry file.
        bindings: Cloudflare's binding objects; a kv_namespace without `namespace_id` has none yet.
        settings: metadata keys as the upload takes them: compatibility_date, compatibility_flags, limits, …;
            `migrations` is the file's whole list.
        keep_vars: whether variables that are not named here stay.
    """

    file: Path
    service: str
    environment: str
    main: Path
    bindings: tuple[Mapping[str, Any], ...] = field(repr=False)
    settings: Mapping[str, Any]
    keep_vars: bool = False


def find(folder: Path) -> Path | None:
    """The configuration file of a folder."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def load(file: Path, environment: str | None = None, service: str | None = None) -> Config:
    """Read a configuration file.

    Args:
        file: its path; the suffix tells its language.
        environment: `[env.NAME]`; a name that the file does not have is an environment of the service.
        service: name to use instead of the file's.

    Raises:
        ProjectError: it cannot be read or used; names the line or the key.
    """
    top = _parse(file)
    environments = _table(file, top, "env", "env")
    section: Mapping[str, Any] = top
    prefix = ""
    if environment is not None and environment in environments:
        prefix = f"env.{environment}."
        section = _table(file, environments, environment, f"env.{environment}")
    for key in UNAVAILABLE:
        if section.get(key):
            raise ProjectError(file, "this engine has nothing for it yet", prefix + key)
    reader = _Reader(file, prefix, section)
    main = reader.inherited(top, "main", str)
    if main is None:
        raise ProjectError(file, "is missing: name the file to run", "main")
    named, place = _place(file, top, reader, environment)
    return Config(
        file=file,
        service=service or named,
        environment=place,
        main=file.parent / main,
        bindings=tuple(reader.bindings()),
        settings=_settings(top, reader),
        keep_vars=bool(reader.inherited(top, "keep_vars", bool)),
    )


def _place(file: Path, top: Mapping[str, Any], reader: _Reader, environment: str | None) -> tuple[str, str]:
    """Service and environment."""
    name = top.get("name")
    own = reader.section.get("name") if reader.prefix else None
    if not isinstance(own or name, str):
        raise ProjectError(file, "is missing: name the service", "name")
    if environment is None:
        return str(name), PRODUCTION
    if not reader.prefix or top.get("legacy_env") is False:
        return str(name), environment
    return str(own or f"{name}-{environment}"), PRODUCTION


def _settings(top: Mapping[str, Any], reader: _Reader) -> dict[str, Any]:
    kinds: Mapping[str, type] = {
        "compatibility_date": str,
        "compatibility_flags": list,
        "limits": dict,
        "observability": dict,
        "logpush": bool,
        "migrations": list,
    }
    values = {key: reader.inherited(top, key, kind) for key, kind in kinds.items()}
    return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Reader:
    """One section of the file, and how errors name it."""

    file: Path
    prefix: str
    section: Mapping[str, Any]

    def inherited(self, top: Mapping[str, Any], key: str, kind: type) -> Any:
        """A value of the section, else of the top level."""
        own = key in self.section
        value = self.section.get(key, top.get(key))
        if kind is str and hasattr(value, "isoformat"):
            value = value.isoformat()  # TOML knows dates: compatibility_date = 2026-11-01
        if value is not None and not isinstance(value, kind):
            raise self.error((self.prefix if own else "") + key, f"must be {_WORDS[kind]}")
        return value

    def bindings(self) -> list[dict[str, Any]]:
        """All bindings of the section."""
        found = [self._variable(name, value) for name, value in self._vars().items()]
        for table, kind, key, setting in _RESOURCES:
            for place, item in self._items(table):
                binding = {"name": self._text(place, item, "binding"), "type": kind}
                if item.get(key) is not None:
                    binding[setting] = self._text(place, item, key)
                found.append(binding)
        for place, item in self._items("services"):
            binding = {
                "name": self._text(place, item, "binding"),
                "type": "service",
                "service": self._text(place, item, "service"),
            }
            found.append(
                binding | {key: item[key] for key in ("environment", "entrypoint", "props") if key in item}
            )
        found += self._objects()
        own = self.section.get("version_metadata")
        if isinstance(own, dict):
            name = self._text(f"{self.prefix}version_metadata", own, "binding")
            found.append({"name": name, "type": "version_metadata"})
        names = [binding["name"] for binding in found]
        for name in names:
            if names.count(name) > 1:
                raise self.error("", f"there are two bindings named {name}")
        return found

    def _objects(self) -> list[dict[str, Any]]:
        """The namespaces of Durable Objects: `durable_objects.bindings`."""
        table = self.section.get("durable_objects", {})
        listed = table.get("bindings", []) if isinstance(table, dict) else None
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise self.error(f"{self.prefix}durable_objects.bindings", "must be a list of tables")
        found = []
        for number, item in enumerate(listed):
            place = f"{self.prefix}durable_objects.bindings[{number}]"
            binding = {"name": self._text(place, item, "name"), "type": "durable_object_namespace"}
            binding["class_name"] = self._text(place, item, "class_name")
            found.append(binding | {key: item[key] for key in ("script_name", "environment") if key in item})
        return found

    def error(self, key: str, message: str) -> ProjectError:
        """An error at a key of the file."""
        return ProjectError(self.file, message, key)

    def _vars(self) -> Mapping[str, Any]:
        value = self.section.get("vars", {})
        if not isinstance(value, dict):
            raise self.error(f"{self.prefix}vars", "must be a table of variables")
        return value

    def _variable(self, name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, str):
            return {"name": name, "type": "plain_text", "text": value}
        if hasattr(value, "isoformat"):
            raise self.error(f"{self.prefix}vars.{name}", "is a date: put it in quotes")
        return {"name": name, "type": "json", "json": value}

    def _items(self, key: str) -> list[tuple[str, Mapping[str, Any]]]:
        value = self.section.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(self.prefix + key, "must be a list of tables")
        return [(f"{self.prefix}{key}[{number}]", item) for number, item in enumerate(value)]

    def _text(self, place: str, item: Mapping[str, Any], key: str) -> str:
        value = item.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(f"{place}.{key}", "is missing" if value is None else "must be text")
        return value


_WORDS: Final[Mapping[type, str]] = {str: "text", list: "a list", dict: "a table", bool: "true or false"}


def _table(file: Path, parent: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ProjectError(file, "must be a table", place)
    return value


def _parse(file: Path) -> Mapping[str, Any]:
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise ProjectError(file, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ProjectError(file, "is not UTF-8 text") from None
    try:
        value = tomllib.loads(text) if file.suffix == ".toml" else _jsonc(text)
    except ValueError as error:
        raise _syntax_error(file, str(error)) from None
    if not isinstance(value, dict):
        raise ProjectError(file, "must be an object")
    return value


def _syntax_error(file: Path, text: str) -> ProjectError:
    """tomllib says `… (at line 2, column 5)`, json5 `<string>:2 … at column 5`."""
    toml = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", text)
    if toml:
        return ProjectError(file, toml[1], f"{toml[2]}:{toml[3]}")
    other = re.fullmatch(r"<string>:(\d+) (.*) at column (\d+)", text)
    if other:
        return ProjectError(file, other[2], f"{other[1]}:{other[3]}")
    return ProjectError(file, text)


def _jsonc(text: str) -> Any:
    """JSON with comments and trailing commas: json5 reads all of it, and somewhat more."""
    import json5  # only for who has such a file

    return json5.loads(text)
