"""A draft that runs live calls the account's objects: they are in the live process, one instance an id.

A connection a call, on a private unix socket of the live process (`engine.durable.door`). A frame is a kind,
a length and a payload; JSON has the heads and what the object's code does, chunks are the body. Closing the
connection calls the work off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from engine.bindings.binding import BindingError, Result
from engine.durable import journal
from engine.errors import ApiError
from engine.runtime.errors import WorkerError
from engine.runtime.http import Response
from engine.runtime.invocation import Call, ConsoleLine

if TYPE_CHECKING:
    from engine.durable.ids import Address
    from engine.durable.journal import Write
    from engine.runtime.http import Body, Request
    from engine.runtime.invocation import Invocation

HEAD, CHUNK, END, BROKEN = range(4)
#: Bytes of one chunk on the wire, and chunks that wait for who reads them.
_CHUNK: Final = 256 * 1024
_AHEAD: Final = 8
_AWAY: Final = "The live process does not answer: the Durable Object was not reached."
_LOST: Final = "The live process ended before the Durable Object had answered."
_CAPS: Final = (
    "A draft that runs live cannot hand a function, a stream or a stub to a Durable Object, or get one from "
    "it: the object is in another process. Run it in the sandbox, or deploy it."
)


class Wire:
    """One connection: frames out, and a body that comes in.

    Args:
        reader: of the connection.
        writer: of the connection.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD)

    def send(self, value: Any) -> None:
        """A head."""
        self._frame(HEAD, orjson.dumps(value))

    async def send_body(self, body: Body) -> None:
        """A body, to its end."""
        try:
            if isinstance(body, bytes):
                for at in range(0, len(body), _CHUNK):
                    self._frame(CHUNK, body[at : at + _CHUNK])
                    await self._writer.drain()
            elif body is not None:
                async for chunk in body:
                    self._frame(CHUNK, chunk)
                    await self._writer.drain()
            self._frame(END, b"")
        except (BindingError, WorkerError) as error:
            self._frame(BROKEN, error.message.encode())
        finally:
            await _close(body)

    async def read(self, take: Callable[[Any], None]) -> None:
        """Read to the end: heads go to ``take``, chunks to `body`."""
        try:
            while True:
                kind, payload = await self._next()
                if kind == HEAD:
                    take(orjson.loads(payload))
                elif kind == CHUNK:
                    await self._chunks.put(payload)
                else:
                    self._ended = True
                    self._fault = BindingError(payload.decode()) if kind == BROKEN else None
                    await self._chunks.put(None)
        except (asyncio.IncompleteReadError, OSError):
            if not self._ended:
                self._fault = BindingError(_LOST)
                await self._chunks.put(None)
        except asyncio.CancelledError:
            self._fault = BindingError(_LOST)
            while not self._chunks.empty():
                self._chunks.get_nowait()
            self._chunks.put_nowait(None)
            raise

    _ended = False
    _fault: BindingError | None = None

    async def body(self) -> AsyncIterator[bytes]:
        """The chunks that come, to the end of the body."""
        while (chunk := await self._chunks.get()) is not None:
            yield chunk
        if self._fault is not None:
            raise self._fault

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        with contextlib.suppress(OSError):  # it was reset: closed as well
            await self._writer.wait_closed()

    async def first(self) -> Any:
        """The first head."""
        _, payload = await self._next()
        return orjson.loads(payload)

    def _frame(self, kind: int, payload: bytes) -> None:
        self._writer.write(bytes([kind]) + len(payload).to_bytes(4) + payload)

    async def _next(self) -> tuple[int, bytes]:
        head = await self._reader.readexactly(5)
        return head[0], await self._reader.readexactly(int.from_bytes(head[1:]))


class Bridge:
    """The way to the live objects.

    Args:
        path: the socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(
        self, address: Address, request: Request, caller: Invocation, parent: int | None
    ) -> tuple[Response, bool]:
        """As `Objects.fetch`."""
        head = {"method": request.method, "url": request.url, "headers": request.headers, "cf": request.cf}
        question = _question("fetch", address, head)
        answer, body = await self._ask(question, request.body, caller, parent)
        status, text, headers, coding = answer["response"]
        fields = [(name, value) for name, value in headers]
        return Response(status, text, fields, body, coding), answer["wrote"]

    async def remote(
        self, address: Address, call: dict[str, Any], body: Body, caller: Invocation, parent: int | None
    ) -> Result:
        """As `Objects.remote`, with values that can be copied."""
        if call["caps"]:
            raise BindingError(_CAPS, "TypeError")
        head = {"path": call["path"], "called": call["called"]}
        answer, content = await self._ask(_question("rpc", address, head), body, caller, parent)
        if answer["caps"]:
            raise BindingError(_CAPS, "TypeError")
        return Result([], content, answer["size"], answer["wrote"])

    async def replay(self, address: Address, base: str | None, writes: Sequence[Write]) -> str:
        """As `engine.durable.replay.replay`."""
        heads, data = journal.pack(writes)
        question = _question("replay", address, {"base": base, "writes": heads})
        try:
            answer, _ = await self._ask(question, data, None, None)
        except (BindingError, WorkerError) as error:
            raise ApiError(10013, error.message, 503) from None
        state: str = answer["state"]
        return state

    async def _ask(
        self, question: dict[str, Any], body: Body, caller: Invocation | None, parent: int | None
    ) -> tuple[dict[str, Any], Body]:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError:
            await _close(body)
            raise BindingError(_AWAY) from None
        exchange = _Exchange(Wire(reader, writer), caller, parent)
        task = exchange.task = asyncio.ensure_future(exchange.run(question, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if caller is not None:
            caller.on_cancel(exchange.stop)
        try:
            answer = await asyncio.shield(exchange.answer)
        except BaseException:
            task.cancel()
            raise
        if answer["body"] is None:
            return answer, None
        if answer["body"] == "whole":
            return answer, b"".join([chunk async for chunk in exchange.wire.body()])
        return answer, exchange.streamed()


class _Exchange:
    """One question, its answer, and what the object's code does meanwhile."""

    def __init__(self, wire: Wire, caller: Invocation | None, parent: int | None) -> None:
        self.wire = wire
        self.answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._caller = caller
        self._parent = parent
        self._since = caller.elapsed_ms() if caller is not None else 0.0
        self._ids: dict[int, int] = {}

    async def run(self, question: dict[str, Any], body: Body) -> None:
        """To the end, which is that of all that the object's code does for it."""
        caller = self._caller
        if caller is not None:
            caller.hold()
            question |= {
                "service": caller.service,
                "environment": caller.environment,
                "depth": caller.depth,
                "network": caller.tree.network,
            }
        self.wire.send({**question, "body": _kind(body)})
        sending = asyncio.ensure_future(self.wire.send_body(body))
        try:
            await self.wire.read(self._take)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            if not self.answer.done():
                self.answer.set_exception(WorkerError(_LOST))
                self.answer.exception()  # seen, when nobody waits any more
            await self.wire.close()
            if caller is not None:
                caller.release()

    task: asyncio.Task[None] | None = None
    """Runs it."""

    def stop(self, reason: str = "") -> None:
        """Call it off."""
        if self.task is not None:
            self.task.cancel()

    async def streamed(self) -> AsyncIterator[bytes]:
        """The answer's body; whoever does not read on calls the work off."""
        ended = False
        try:
            async for chunk in self.wire.body():
                yield chunk
            ended = True
        finally:
            if not ended:
                self.stop()

    def _take(self, head: dict[str, Any]) -> None:
        match head["type"]:
            case "answer" if not self.answer.done():
                self.answer.set_result(head)
            case "error" if not self.answer.done():
                self.answer.set_exception(_error(head))
            case "console" if self._caller is not None:
                line = ConsoleLine(**head["line"])
                self._caller.on_console(replace(line, at=line.at + self._since, invocation=None))
            case "call_start" if self._caller is not None:
                self._caller.on_call_start(self._mine(head["call"]))
            case "call" if self._caller is not None:
                self._caller.on_call(self._mine(head["call"]))

    def _mine(self, told: dict[str, Any]) -> Call:
        """A call of the other tree in this one."""
        assert self._caller is not None
        call = Call(**told)
        if call.id not in self._ids:
            self._ids[call.id] = self._caller.next_call()
        call.id = self._ids[call.id]
        call.parent = self._parent if call.parent is None else self._ids.get(call.parent, self._parent)
        call.start += self._since
        return call


def _question(verb: str, address: Address, head: dict[str, Any]) -> dict[str, Any]:
    place = {"namespace": address.namespace, "object": address.id, "name": address.name}
    return {"verb": verb, **place, "head": head}


def _error(told: dict[str, Any]) -> Exception:
    if told["of"] == "api":
        return ApiError(told["code"], told["message"], told["status"], told["data"])
    if told["of"] == "binding":
        return BindingError(told["message"], told["name"])
    return WorkerError(told["message"], told["name"])


def _kind(body: Body) -> str | None:
    return None if body is None else "whole" if isinstance(body, bytes) else "stream"


async def _close(body: Body) -> None:
    close = getattr(body, "aclose", None)
    if close is not None:
        await close()
