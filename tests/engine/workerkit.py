"""Workers made from source text, for the tests of the runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from engine.bindings.binding import Binding
from engine.model import Module
from engine.runtime.compile import Compiler
from engine.runtime.errors import WorkerError
from engine.runtime.http import Request, Response, read
from engine.runtime.invocation import ConsoleLine, Invocation
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.runtime.worker import Worker

ORIGIN = "http://hello.dev.localhost"


def request(
    path: str = "/", method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: Any = None
) -> Request:
    """A request to the worker under test."""
    return Request(method, ORIGIN + path, list(headers), body)


class Lab:
    """A runtime, and what its workers said."""

    def __init__(self, **options: Any) -> None:
        self.runtime = Runtime(**options)
        self.compiler = Compiler()
        self.lines: list[ConsoleLine] = []
        self.errors: list[WorkerError] = []

    async def worker(
        self,
        *sources: str | Module,
        bindings: Sequence[Binding] = (),
        limits: Limits | None = None,
        kind: str = "esm",
        **options: Any,
    ) -> Worker:
        """A worker of ``worker.js``, and of more modules if given."""
        modules = [
            source if isinstance(source, Module) else Module("worker.js", kind, source.encode())
            for source in sources
        ]
        program = await self.compiler.compile(modules, modules[0].name)
        return self.runtime.worker(program, bindings, limits, **options)

    def invocation(self) -> Invocation:
        """One that keeps what it is told here."""
        return Invocation(
            "hello", "production", on_console=self.lines.append, on_exception=self.errors.append
        )

    async def fetch(self, worker: Worker, *args: Any, **options: Any) -> Response:
        """Ask a worker, in an invocation of its own."""
        return await worker.fetch(request(*args, **options), self.invocation())

    async def text(self, worker: Worker, *args: Any, **options: Any) -> str:
        """The body of the worker's response."""
        response = await self.fetch(worker, *args, **options)
        return (await read(response.body)).decode()

    @property
    def said(self) -> list[str]:
        """The console's lines."""
        return [line.text for line in self.lines]


@asynccontextmanager
async def lab(**options: Any) -> AsyncIterator[Lab]:
    """A lab that is closed at the end."""
    made = Lab(**options)
    try:
        yield made
    finally:
        await made.runtime.close()
        await made.compiler.close()
