"""Workers that reach each other by service bindings, for the tests of RPC."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import Any

from workerkit import Lab, lab

from engine.bindings.service import Service
from engine.runtime.invocation import Invocation
from engine.runtime.worker import Worker

CALLER = """
import * as platform from "cloudflare:workers";
const { RpcTarget, RpcStub } = platform;
class Local extends RpcTarget {
  constructor(seen) { super(); this.seen = seen; }
  note(text) { this.seen.push(text); return this.seen.length; }
  [Symbol.dispose]() { this.seen.push("disposed"); }
}
const failure = async (run) => {
  try { return ["no error", await run()]; } catch (e) { return [e.name, e.message]; }
};
export default { async fetch(request, env, ctx) {
  const { SVC } = env;
  const result = await (async () => { CODE })();
  return Response.json(result === undefined ? "undefined" : result);
} };
"""


class Neighbours:
    """Answers service bindings with the workers it is given by name."""

    def __init__(self, made: Lab) -> None:
        self.lab = made
        self.workers: dict[str, Worker] = {}

    async def fetch(self, service: str, environment: str, request: Any, invocation: Any, **more: Any) -> Any:
        """As the engine's environments do it."""
        return await self.workers[service].fetch(request, invocation, **more)

    async def remote(
        self,
        service: str,
        environment: str,
        caller: Invocation,
        call: dict[str, Any],
        body: Any,
        *,
        parent_call: int | None = None,
        **more: Any,
    ) -> Any:
        """As the engine's environments do it."""
        child = caller.child(service, environment, parent_call)

        async def run(call: dict[str, Any], body: Any, child: Invocation) -> Any:
            return await self.workers[service].remote(call, body, child, **more)

        return await self.lab.runtime.handles.invoke(caller, child, call, body, run)

    async def ask(self, code: str, invocation: Invocation | None = None, **binding: Any) -> Any:
        """What the body of an async function returns that has ``SVC``, bound to the worker "target"."""
        bound = Service("SVC", self, "target", **binding)  # type: ignore[arg-type]  # by shape
        worker = await self.lab.worker(CALLER.replace("CODE", code), bindings=[bound])
        from workerkit import request

        from engine.runtime.http import read

        response = await worker.fetch(request(), invocation or self.lab.invocation())
        return json.loads(await read(response.body))


@asynccontextmanager
async def neighbours(target: str, **options: Any):
    """The worker "target", and whoever asks it."""
    async with lab(**options) as made:
        found = Neighbours(made)
        found.workers["target"] = await made.worker(target)
        yield found
