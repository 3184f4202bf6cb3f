"""The live process's half of the bridge: a draft's calls of the account's objects come in here."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from engine.bindings.binding import BindingError, Result
from engine.durable import journal
from engine.durable.bridge import Wire
from engine.durable.ids import Address
from engine.durable.objects import Objects
from engine.durable.replay import replay
from engine.errors import ApiError
from engine.runtime.errors import WorkerError
from engine.runtime.http import Body, Request, read
from engine.runtime.invocation import Call, ConsoleLine, Invocation
from engine.runtime.rpc import Handles

log = logging.getLogger("engine.durable")


class Door:
    """Answers `engine.durable.bridge.Bridge`.

    Args:
        objects: the account's.
        handles: what isolates of this process hold of each other.
    """

    def __init__(self, objects: Objects, handles: Handles) -> None:
        self._objects = objects
        self._handles = handles
        self._server: asyncio.Server | None = None

    async def open(self, path: Path) -> None:
        """Listen on the socket, which only this user may open."""
        await asyncio.to_thread(path.unlink, missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(path))
        finally:
            os.umask(mask)

    def close(self) -> None:
        """Take no more calls."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        try:
            question = await wire.first()
        except (asyncio.IncompleteReadError, OSError):  # somebody looked whether this process answers
            await wire.close()
            return
        visit = _Visit(wire, question)
        reading = asyncio.ensure_future(wire.read(lambda _: None))
        work = asyncio.ensure_future(self._answer(visit))
        try:
            await asyncio.wait({reading, work}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():  # the draft was stopped
                visit.invocation.cancel("The draft was stopped.")
                work.cancel()
            await asyncio.wait({work})
            if not work.cancelled() and (error := work.exception()) is not None:
                log.error("a draft's call of an object failed", exc_info=error)
        finally:
            reading.cancel()
            self._handles.drop(visit.invocation)
            await wire.close()

    async def _answer(self, visit: _Visit) -> None:
        try:
            answer, body = await self._ask(visit)
        except ApiError as error:
            told = {"code": error.code, "status": error.status, "data": error.data}
            visit.tell("error", of="api", message=error.message, **told)
            return
        except (BindingError, WorkerError) as error:
            kind = "binding" if isinstance(error, BindingError) else "worker"
            visit.tell("error", of=kind, message=error.message, name=error.name)
            return
        shape = None if body is None else "whole" if isinstance(body, bytes) else "stream"
        visit.tell("answer", **answer, body=shape)
        if body is not None:
            await visit.wire.send_body(body)
        await visit.invocation.closed()

    async def _ask(self, visit: _Visit) -> tuple[dict[str, Any], Body]:
        question, invocation = visit.question, visit.invocation
        head = question["head"]
        address = Address(question["namespace"], question["object"], question["name"])
        if question["verb"] == "replay":
            writes = journal.unpack(head["writes"], await read(visit.body()))
            state = await replay(self._objects, address.namespace, address.id, head["base"], writes)
            return {"state": state}, None
        body = await _whole(visit.body()) if question["body"] == "whole" else visit.body()
        if question["verb"] == "fetch":
            headers = [(name, value) for name, value in head["headers"]]
            request = Request(head["method"], head["url"], headers, body, head["cf"])
            response, wrote = await self._objects.fetch(address, request, invocation, None)
            shown = [response.status, response.status_text, response.headers, response.coding]
            return {"response": shown, "wrote": wrote}, response.body
        call = {**head, "caps": []}
        result: Result = await self._objects.remote(address, call, body, invocation, None)
        return {"caps": bool(result.value), "size": result.size, "wrote": result.wrote}, result.body


class _Visit:
    """One call of a draft, and the invocation that it has here."""

    def __init__(self, wire: Wire, question: dict[str, Any]) -> None:
        self.wire = wire
        self.question = question
        self.invocation = Invocation(
            question.get("service", ""),
            question.get("environment", ""),
            "live",
            on_console=self._on_console,
            on_call_start=lambda call: self._on_call("call_start", call),
            on_call=lambda call: self._on_call("call", call),
        )
        self.invocation.depth = question.get("depth", 0)
        self.invocation.tree.network = question.get("network", True)

    def body(self) -> AsyncIterator[bytes] | None:
        """What the draft sends."""
        return None if self.question["body"] is None else self.wire.body()

    def tell(self, kind: str, **what: Any) -> None:
        """A head to the draft's process."""
        self.wire.send({"type": kind, **what})

    def _on_console(self, line: ConsoleLine) -> None:
        self.tell("console", line=dataclasses.asdict(line))

    def _on_call(self, kind: str, call: Call) -> None:
        self.tell(kind, call=dataclasses.asdict(call))


async def _whole(body: AsyncIterator[bytes] | None) -> bytes:
    return await read(body)
