"""What the store's tests share: a store in a folder, an actor, and uploads in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.deploy import deploy
from engine.model import Actor, Deployed, Module
from engine.store import Store
from engine.upload import Upload

ANA = Actor("ana", "app")
BOB = Actor("bob", "wrangler")
HELLO = "export default { fetch() { return new Response('hello') } }"


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """A store in the folder, closed at the end."""
    store = Store.open(folder)
    try:
        yield store
    finally:
        store.close()


def upload(code: str = HELLO, bindings: tuple[Mapping[str, Any], ...] = (), **more: Any) -> Upload:
    """An upload of one ES module, worker.js."""
    return Upload("worker.js", (esm(code),), bindings, **more)


def esm(code: str, name: str = "worker.js") -> Module:
    """An ES module."""
    return Module(name, "esm", code.encode())


async def deployed(
    store: Store, place: str, code: str = HELLO, bindings: tuple[Mapping[str, Any], ...] = (), **more: Any
) -> Deployed:
    """Deploys one module to ``service`` or ``service/environment`` (production when not told)."""
    service, _, environment = place.partition("/")
    return await deploy(store, service, environment or "production", upload(code, bindings, **more), ANA)


def text(name: str, value: str) -> dict[str, Any]:
    """A plain_text binding."""
    return {"type": "plain_text", "name": name, "text": value}


def secret(name: str, value: str) -> dict[str, Any]:
    """A secret_text binding."""
    return {"type": "secret_text", "name": name, "text": value}


def kv_binding(name: str, namespace_id: str) -> dict[str, Any]:
    """A kv_namespace binding."""
    return {"type": "kv_namespace", "name": name, "namespace_id": namespace_id}


def service_binding(name: str, service: str, environment: str | None = None, **more: Any) -> dict[str, Any]:
    """A service binding."""
    made = {"type": "service", "name": name, "service": service, **more}
    return made | ({"environment": environment} if environment else {})
