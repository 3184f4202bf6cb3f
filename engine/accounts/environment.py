"""An environment as it is read over the API of this engine: its code, bindings and settings."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.cli.api import Client, Json, environment_path
from engine.wrangler.modules import SourceFile

#: Settings of a version that an upload's metadata takes back as they are.
SETTINGS = ("compatibility_date", "compatibility_flags", "limits", "placement")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, read.

    Attributes:
        service: its service.
        name: its name.
        number: the number of the version that is live.
        main: the main module's name.
        modules: all modules, the main one first.
        bindings: Cloudflare's binding objects; a secret's text is not among them.
        settings: metadata keys as an upload takes them, without those that are empty.
        crons: its cron triggers.
        migration_tag: the last migration of Durable Objects.
    """

    service: str
    name: str
    number: int
    main: str
    modules: tuple[SourceFile, ...]
    bindings: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]
    crons: tuple[str, ...] = ()
    migration_tag: str | None = None

    @property
    def classic(self) -> bool:
        """Whether it is a service-worker script."""
        return self.modules[0].type == "script"

    @property
    def assets(self) -> bool:
        """Whether static assets belong to it, which are not among the modules."""
        return any(each["type"] == "assets" for each in self.bindings)


def read(client: Client, service: str, name: str) -> Environment:
    """Read what is live in an environment.

    Raises:
        Refused: there is no such environment, or nothing is live in it.
    """
    path = environment_path(service, name)
    code = client.call("GET", f"{path}/modules")
    settings = client.call("GET", f"{path}/settings")
    crons = client.call("GET", f"{path}/schedules")["schedules"]
    shown = client.call("GET", path)
    modules = [_module(each) for each in code["modules"]]
    return Environment(
        service,
        name,
        int(code["number"]),
        str(code["main_module"]),
        tuple(sorted(modules, key=lambda each: (each.name != code["main_module"], each.name))),
        tuple(settings["bindings"]),
        {key: settings[key] for key in SETTINGS if settings.get(key)},
        tuple(str(each["cron"]) for each in crons),
        (shown.get("script") or {}).get("migration_tag"),
    )


def classes(client: Client, service: str, environment: str) -> dict[str, bool]:
    """The classes of Durable Objects that an environment has: name to whether they store in SQLite."""
    found = pages(client, "/workers/durable_objects/namespaces")
    own = [
        each
        for each in found
        if each["script"] == service and each.get("environment", environment) == environment
    ]
    return {str(each["class"]): bool(each["use_sqlite"]) for each in own}


def pages(client: Client, path: str, size: int = 100) -> list[Json]:
    """All items of a list that comes in pages."""
    found: list[Json] = []
    page = 1
    while True:
        batch: list[Json] = client.call("GET", path, params={"page": page, "per_page": size})
        found += batch
        if len(batch) < size:
            return found
        page += 1


def _module(shown: Json) -> SourceFile:
    text = shown.get("text")
    content = text.encode() if text is not None else base64.b64decode(shown["base64"])
    return SourceFile(str(shown["name"]), str(shown["type"]), content)
