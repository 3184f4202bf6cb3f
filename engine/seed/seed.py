"""Puts the sample services into a new account, through the same verbs that everybody uses.

`hello` answers; `notes` is a REST API with KV, a variable and a secret, and its staging has a namespace and a
variable of its own; `gateway` calls the other two through service bindings, staging those of staging.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine import deploy, namespaces
from engine.model import PRODUCTION, Module, Settings, VersionDraft
from engine.seed.samples import ACTOR, MESSAGES, STAGING
from engine.services import STARTER_DATE
from engine.store import Connection, Store, kv
from engine.upload import Upload

#: What auth.js of the sample tells its reader.
API_KEY: Final = "open-sesame"
MAX_NOTES: Final = {PRODUCTION: "500", STAGING: "20"}
NOTES: Final = {
    PRODUCTION: {"welcome": ("Welcome", "Press e on an environment to edit its code, F5 to run it.")},
    STAGING: {
        "welcome": ("Welcome to staging", "Nothing here reaches production: staging has its own KV."),
        "try": ("Try it", "PUT /notes/try with the header Authorization: Bearer open-sesame"),
    },
}
_FILES = Path(__file__).parent


async def make(store: Store, wanted: Sequence[tuple[str, str]]) -> None:
    """Make sample environments, in the order in which they can be deployed."""
    for service, environment in wanted:
        await _deploy(store, service, environment, await _bindings(store, service, environment))


async def _bindings(store: Store, service: str, environment: str) -> tuple[Mapping[str, Any], ...]:
    if service == "notes":
        namespace = await _namespace(store, f"notes-{environment}", NOTES[environment])
        return (
            {"name": "NOTES", "type": "kv_namespace", "namespace_id": namespace},
            {"name": "MAX_NOTES", "type": "plain_text", "text": MAX_NOTES[environment]},
            {"name": "API_KEY", "type": "secret_text", "text": API_KEY},
        )
    if service == "gateway":
        return tuple(
            {"name": name.upper(), "type": "service", "service": name, "environment": environment}
            for name in ("hello", "notes")
        )
    return ()


async def _deploy(
    store: Store, service: str, environment: str, bindings: tuple[Mapping[str, Any], ...]
) -> None:
    files = sorted((_FILES / service).glob("*.js"), key=lambda path: (path.name != "worker.js", path.name))
    upload = Upload(
        "worker.js",
        tuple(Module(path.name, "esm", path.read_bytes()) for path in files),
        bindings,
        Settings(compatibility_date=STARTER_DATE),
        message=MESSAGES[service],
    )
    await deploy.deploy(store, service, environment, upload, ACTOR, validate=_known)


async def _known(draft: VersionDraft) -> Mapping[str, Any]:
    """What the samples export: starting V8 to find out would make the first start slower."""
    return {"handlers": ["fetch"], "named_handlers": []}


async def _namespace(store: Store, title: str, notes: Mapping[str, tuple[str, str]]) -> str:
    """The namespace with this title, made and filled when it is not there; gives its id."""
    for known in await store.read(kv.namespaces):
        if known.title == title:
            return known.id
    namespace = await namespaces.create(store, title, ACTOR)
    at = int(time.time() * 1000)
    entries = [
        kv.Put(
            f"note:{key}",
            json.dumps({"id": key, "title": title, "body": body, "at": at - order}).encode(),
            metadata={"title": title, "at": at - order},
        )
        for order, (key, (title, body)) in enumerate(notes.items())
    ]

    def write(connection: Connection) -> None:
        kv.put_many(connection, namespace.id, entries)

    await store.write(write)
    return namespace.id
