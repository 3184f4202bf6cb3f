"""The engine itself: `GET engine`."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import success
from engine.store import environments, services


async def show(call: Call) -> Response:
    """How it is: address, processes, and how much runs."""
    engine = call.engine
    owners, places = await call.store.read(
        lambda connection: (services.count(connection), environments.count(connection))
    )
    return success(
        {
            "version": _version(),
            "address": engine.address,
            "tls_address": engine.tls_address,
            "state": str(engine.folder.path),
            "pid": os.getpid(),
            "started_at": engine.started_at,
            "drafts": "running" if await engine.drafts.answers() else "restarting",
            "services": owners,
            "environments": places,
            "isolates": engine.environments.isolates,
            "subdomain": call.store.account.subdomain,
        }
    )


def _version() -> str:
    try:
        return version("svc-tui")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "0"


ROUTES = [resource(ACCOUNT + "/engine", get=show)]
