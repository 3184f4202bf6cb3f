"""Source for an editor: `GET environments/:e/modules[?version=]`."""

from __future__ import annotations

import base64
from typing import Any

from starlette.responses import Response

from engine.api.call import Call, worker_resource
from engine.api.envelope import success
from engine.errors import NotFound
from engine.model import TEXT_TYPES, Module, Version
from engine.store import Connection, environments, modules, versions


async def show(call: Call) -> Response:
    """Every module of the live version, or of `?version=`: text where it is text, else base64."""
    found, code = await call.store.read(lambda connection: load(connection, call))
    return success(
        {
            "version_id": found.id,
            "number": found.number,
            "main_module": found.main_module,
            "modules": [_module(each) for each in code],
        }
    )


def load(connection: Connection, call: Call) -> tuple[Version, tuple[Module, ...]]:
    """The version that a request means, with its code.

    Raises:
        NotFound: 10007, 10092, 10071, or 10222 when nothing was deployed yet.
    """
    live = environments.live(connection, call.service, call.environment)
    wanted = call.query.get("version")
    found = versions.get(connection, live.environment.id, wanted) if wanted else live.version
    if found is None:
        raise NotFound(10222, f"{call.environment} of {call.service} has no version yet: deploy one first.")
    return found, modules.load(connection, found.modules)


def _module(module: Module) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": module.name, "type": module.type, "size": len(module.content)}
    if module.type in TEXT_TYPES:
        try:
            shown["text"] = module.content.decode("utf-8")
        except UnicodeDecodeError:
            shown["base64"] = base64.b64encode(module.content).decode("ascii")
    else:
        shown["base64"] = base64.b64encode(module.content).decode("ascii")
    return shown


ROUTES = worker_resource("/modules", get=show)
