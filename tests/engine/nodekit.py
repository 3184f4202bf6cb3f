"""Workers with ``nodejs_compat``, for the tests of Node's modules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from workerkit import Lab, request

from engine.bindings.binding import Binding
from engine.model import Module
from engine.runtime.http import read
from engine.runtime.worker import Worker

DATE = "2026-01-01"
FLAGS = ("nodejs_compat",)

#: `answer` becomes the response; what it throws, too.
HEAD = """
export default { async fetch(request, env, ctx) {
  try {
    return Response.json(await answer(request, env, ctx) ?? null);
  } catch (error) {
    return Response.json({ thrown: `${error?.stack ?? error}` }, { status: 500 });
  }
} };
"""


class NodeLab(Lab):
    """A runtime whose workers may use Node's modules."""

    async def node(
        self,
        source: str,
        *more: Module,
        bindings: Sequence[Binding] = (),
        date: str = DATE,
        flags: Sequence[str] = FLAGS,
    ) -> Worker:
        """A worker of a module that declares ``answer(request, env, ctx)``."""
        modules = [Module("worker.js", "esm", (source + HEAD).encode()), *more]
        program = await self.compiler.compile(modules, "worker.js", date, flags)
        return self.runtime.worker(program, bindings)

    async def run(self, source: str, **options: Any) -> Any:
        """What ``answer`` gives.

        Raises:
            AssertionError: It threw.
        """
        worker = await self.node(source, **options)
        return await self.ask(worker)

    async def ask(self, worker: Worker, path: str = "/") -> Any:
        """What one request to a worker gives."""
        response = await worker.fetch(request(path), self.invocation())
        text = (await read(response.body)).decode()
        value = json.loads(text)
        assert response.status == 200, value["thrown"]
        return value

    async def eval(self, imports: str, expression: str, **options: Any) -> Any:
        """The value of an expression (of statements that return, when it begins with a brace)."""
        body = expression if expression.lstrip().startswith("{") else f"{{ return {expression}; }}"
        return await self.run(f"{imports}\nasync function answer(request, env, ctx) {body}", **options)


@asynccontextmanager
async def node_lab(**options: Any) -> AsyncIterator[NodeLab]:
    """A lab that is closed at the end."""
    made = NodeLab(**options)
    try:
        yield made
    finally:
        await made.runtime.close()
        await made.compiler.close()
