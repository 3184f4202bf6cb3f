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
from engine.wrangler import assets, bindings, triggers
from engine.wrangler.assets import Assets
from engine.wrangler.errors import ProjectError
from engine.wrangler.section import Section
from engine.wrangler.triggers import Consumer

NAMES: Final = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In the order in which wrangler looks for them."""

UNAVAILABLE: Final = (
    "build",
    "containers",
    "data_blobs",
    "site",
    "text_blobs",
    "wasm_modules",
)
"""Keys that a script depends on and that this engine has nothing for: better refused than half deployed."""


@dataclass(frozen=True, slots=True)
class Config:
    """One environment of a configuration file, ready to deploy.

    Attributes:
        file: the configuration file.
        service: name of the service.
        environment: environment of that service.
        main: the entry file; None for static assets alone.
        bindings: Cloudflare's binding objects; a kv_namespace without `namespace_id` has none yet.
        settings: metadata keys as the upload takes them: compatibility_date, compatibility_flags, limits, …;
            `migrations` is the file's whole list.
        keep_vars: whether variables that are not named here stay.
        consumers: the queues that the script consumes.
        crons: its cron triggers; None leaves those that it has.
        assets: its static files.
    """

    file: Path
    service: str
    environment: str
    main: Path | None
    bindings: tuple[Mapping[str, Any], ...] = field(repr=False)
    settings: Mapping[str, Any]
    keep_vars: bool = False
    consumers: tuple[Consumer, ...] = ()
    crons: tuple[str, ...] | None = None
    assets: Assets | None = None


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
    values: Mapping[str, Any] = top
    prefix = ""
    if environment is not None and environment in environments:
        prefix = f"env.{environment}."
        values = _table(file, environments, environment, f"env.{environment}")
    section = Section(file, prefix, values, top)
    _check(section)
    found = assets.read(section)
    main = section.inherited("main", str)
    if main is None and found is None:
        raise ProjectError(file, "is missing: name the file to run", "main")
    named, place = _place(section, environment)
    return Config(
        file=file,
        service=service or named,
        environment=place,
        main=None if main is None else file.parent / main,
        bindings=tuple(bindings.read(section)),
        settings=_settings(section),
        keep_vars=bool(section.inherited("keep_vars", bool)),
        consumers=triggers.consumers(section),
        crons=triggers.crons(section),
        assets=found,
    )


def _check(section: Section) -> None:
    """Refuse what would be left out of the deploy."""
    for key in UNAVAILABLE:
        if section.values.get(key):
            raise section.error(section.prefix + key, "this engine has nothing for it yet")
    for key in _table(section.file, section.values, "unsafe", f"{section.prefix}unsafe"):
        if key != "bindings":
            raise section.error(f"{section.prefix}unsafe.{key}", "this engine has nothing for it")


def _place(section: Section, environment: str | None) -> tuple[str, str]:
    """Service and environment."""
    name = section.top.get("name")
    own = section.values.get("name") if section.prefix else None
    if not isinstance(own or name, str):
        raise section.error("name", "is missing: name the service")
    if environment is None:
        return str(name), PRODUCTION
    if not section.prefix or section.top.get("legacy_env") is False:
        return str(name), environment
    return str(own or f"{name}-{environment}"), PRODUCTION


def _settings(section: Section) -> dict[str, Any]:
    kinds: Mapping[str, type] = {
        "compatibility_date": str,
        "compatibility_flags": list,
        "limits": dict,
        "observability": dict,
        "logpush": bool,
        "migrations": list,
    }
    values = {key: section.inherited(key, kind) for key, kind in kinds.items()}
    values["tail_consumers"] = triggers.tail_consumers(section)
    return {key: value for key, value in values.items() if value is not None}


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
