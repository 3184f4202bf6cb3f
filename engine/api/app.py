"""The API's application: authentication, routing and the errors, for every resource alike.

It is given requests below `/client/v4` whose Host is this machine's own. Routing works on the path as
it was sent: a KV key may contain an encoded slash, so names are decoded after the path was split.
"""

from __future__ import annotations

import logging
from importlib import import_module

from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute, Router
from starlette.types import Receive, Scope, Send

from engine.api import assets, envelope, transfers, unavailable
from engine.api.process import Engine
from engine.errors import ApiError, NotFound, StoreBusy, StoreError
from engine.tokens.token import Caller

PREFIX = "/client/v4"
#: Who shows a token that only the resource knows.
GUEST = Caller("", ())
#: One module a resource, each with its `ROUTES`; the first that matches a path answers it.
RESOURCES = (
    "accounts",
    "tokens",
    "services",
    "scripts",
    "environments",
    "modules",
    "content",
    "versions",
    "deployments",
    "secrets",
    "settings",
    "workers",
    "previews",
    "triggers",
    "zones",
    "routes",
    "domains",
    "schedules",
    "assets",
    "tails",
    "logs",
    "metrics",
    "references",
    "kv_namespaces",
    "kv_values",
    "kv_browse",
    "durable_objects",
    "durable_storage",
    "d1_databases",
    "d1_queries",
    "d1_transfers",
    "r2_buckets",
    "r2_objects",
    "r2_rules",
    "queues",
    "queue_messages",
    "workflows",
    "workflow_instances",
    "hyperdrive",
    "secrets_stores",
    "analytics_engine",
    "transfers",
    "runs",
    "diff",
    "promotions",
    "pipelines",
    "changes",
    "engine",
    "openapi",
)

log = logging.getLogger("engine.api")


class Api:
    """The ASGI application; to make it imports every resource, so do it in a thread.

    Args:
        engine: what the resources work on.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._router = _resources()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; always with the envelope, unless the resource's own answer has begun."""
        path = scope["raw_path"].decode("latin-1").partition("?")[0].removeprefix(PREFIX)
        if len(path) > 1:
            path = path.rstrip("/")
        inner = {**scope, "path": path, "root_path": "", "svc.engine": self._engine}
        begun = False

        async def sender(message: dict[str, object]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            # An upload of assets shows its session's token, which the resource checks.
            own = path.startswith(transfers.PATH) or path.endswith(assets.UPLOAD_PATH)
            inner["svc.caller"] = GUEST if own else await self._engine.caller(Request(inner).headers)
            await self._router(inner, receive, sender)  # type: ignore[arg-type]  # a message is a mapping
            return
        except ApiError as error:
            failure = error
        except ClientDisconnect:
            return
        except UnicodeDecodeError:
            failure = ApiError(10001, "The path is not valid UTF-8 once its % escapes are decoded.", 400)
        except StoreBusy as error:
            failure = ApiError(10013, str(error), 503)
        except StoreError as error:
            log.error("%s %s: %s", scope["method"], path, error)
            failure = ApiError(10013, str(error), 500)
        except Exception:
            if begun:  # too late for an envelope: the server ends the connection
                raise
            log.exception("%s %s failed", scope["method"], path)
            failure = ApiError(10013, "An unknown error has occurred; the engine's log has its details.", 500)
        await envelope.failure(failure)(inner, receive, send)


def _resources() -> Router:
    routes: list[BaseRoute] = []
    for name in RESOURCES:
        routes += import_module(f"engine.api.{name}").ROUTES
    return Router(routes, redirect_slashes=False, default=_no_route)


async def _no_route(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"][:200]
    if (told := unavailable.words(path)) is not None:
        raise NotFound(7003, told)
    raise NotFound(7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
