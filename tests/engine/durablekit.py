"""An engine's inside for tests of Durable Objects: a store, environments, and what is deployed to them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from storekit import deployed
from workerkit import request

from engine.durable.house import House
from engine.gateway.environments import Environments
from engine.gateway.programs import StoredPrograms
from engine.logs.logs import Logs
from engine.runtime.compile import Compiler
from engine.runtime.http import read
from engine.runtime.invocation import Invocation
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.store import Store

HEAD = 'import { DurableObject, RpcTarget } from "cloudflare:workers";\n'
DRIVER = """
const failure = async (run) => {
  try { return ["no error", await run()]; } catch (e) { return [e.name, e.message]; }
};
const AsyncFunction = (async () => {}).constructor;
export default { async fetch(request, env, ctx) {
  const { DO } = env;
  const result = await (async () => { CODE })();
  return Response.json(result === undefined ? "undefined" : result);
} };
"""
BINDING = {"type": "durable_object_namespace", "name": "DO", "class_name": "Thing"}
MIGRATION = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]}


class Engine:
    """The live process without its server; `logs` records what deployed code does."""

    def __init__(self, folder: Path, logs: Logs | None = None) -> None:
        self.folder = folder
        self.store = Store.open(folder)
        self.runtime = Runtime()
        self.compiler = Compiler(StoredPrograms(self.store, writes=True))
        self.environments = Environments(self.store, self.runtime, self.compiler, Limits(), logs=logs)
        self.objects = self.environments.objects
        self.store.subscribe(self.environments.on_change)

    async def deploy(self, classes: str, code: str, place: str = "things", **more: Any) -> None:
        """Deploy the class Thing, and a worker whose handler is ``code`` with ``DO`` in scope."""
        options: dict[str, Any] = {"bindings": (BINDING,), "migrations": MIGRATION, **more}
        await deployed(self.store, place, HEAD + classes + DRIVER.replace("CODE", code), **options)

    async def ask(self, path: str = "/", place: str = "things", invocation: Invocation | None = None) -> Any:
        """What the worker answers."""
        service, _, environment = place.partition("/")
        environment = environment or "production"
        given = invocation or Invocation(service, environment)
        response = await self.environments.fetch(service, environment, request(path), given)
        return json.loads(await read(response.body))

    async def run(self, classes: str, code: str) -> Any:
        """Deploy and ask."""
        await self.deploy(classes, code)
        return await self.ask()

    @property
    def house(self) -> House:
        """The first namespace that has run something."""
        return self.objects.houses[0]

    async def close(self) -> None:
        """End it."""
        await self.objects.close()
        await self.runtime.close()
        await self.compiler.close()
        self.store.close()


@asynccontextmanager
async def engine(folder: Path) -> AsyncIterator[Engine]:
    """One that is closed at the end."""
    made = Engine(folder)
    try:
        yield made
    finally:
        await made.close()
