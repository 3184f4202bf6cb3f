"""An isolate in a process of its own: for code that has brought V8 down before.

Only V8 is over there. Bindings, Durable Objects' storage, queues, logs and limits stay in this process, which
sees the same frames as from an isolate of its own, so all of them work as ever; what differs is that a call
takes some tens of microseconds longer, and that nothing else ends when V8 does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

from . import services
from .isolate import IN_SIZE, Isolate

# A message: u32 size of what follows its kind, u8 kind.
PUMP, MEMORY, ANSWER, TIDY = range(4)
BOOTED, OUTPUT, PUMPED, PROBLEM, SYNC, STATUS = range(16, 22)
message = struct.Struct("<IB")
# Pumps taken, things that JavaScript waits for, whether the heap is full, processor seconds, resident bytes.
status = struct.Struct("<IIBdQ")

_START_SECONDS = 30.0
_READ = 1 << 18

_log = logging.getLogger("engine.apart")


class ApartIsolate:
    """The near end of one: what `Isolate` is to a channel. Made by `start`.

    Attributes:
        resident: bytes that its process has grown by since it was booted.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, process: subprocess.Popen[bytes]) -> None:
        self.loop = loop
        self.on_output: Callable[[bytes], None] | None = None
        self.on_pumped: Callable[[], None] | None = None
        self.on_problem: Callable[[str], None] | None = None
        self.on_rejections: Callable[[], None] | None = None  # its process sends the frame itself
        self.on_crash: Callable[[], None] | None = None
        self.pumps = 0
        self.tidied: int | None = None
        self.busy_since: float | None = None
        self.resident: int | None = 0
        self.thread: int | None = None
        self.pending = 0
        self.asks = False  # the scripts are over here
        self.scripts: Mapping[str, bytes] = {}
        self._process = process
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._booted: asyncio.Future[None] = loop.create_future()
        self._base: int | None = None
        self._full = False
        self._processor = 0.0
        self._stopped = False

    @classmethod
    async def start(cls, loop: asyncio.AbstractEventLoop) -> ApartIsolate:
        """Start a process and boot an isolate in it.

        Raises:
            OSError: there is no process to be had, or it ended while it started.
        """
        near, far = socket.socketpair()
        try:
            process = await asyncio.to_thread(_spawn, far)
        except BaseException:
            near.close()
            raise
        finally:
            far.close()
        made = cls(loop, process)
        near.setblocking(False)
        reader, made._writer = await asyncio.open_unix_connection(sock=near)
        made._reading = loop.create_task(made._read(reader))
        try:
            await asyncio.wait_for(made._booted, _START_SECONDS)
        except BaseException:
            await asyncio.to_thread(made.close)
            raise
        return made

    # -- as Isolate

    def pump(self, batch: bytes) -> None:
        """Hand over a batch; ``on_pumped`` tells when it has been taken."""
        if self._stopped:
            return
        self.pumps += 1
        self.busy_since = time.monotonic()
        self._send(PUMP, batch)

    def stop(self) -> tuple[bytes, int]:
        """Listen no longer, before ``close``. How much of the last batch was entered is not known."""
        self._stopped = True
        self.on_output = self.on_pumped = self.on_problem = None
        return b"", IN_SIZE

    def processor_seconds(self) -> float | None:
        """Processor time its thread had used when last heard of: at most a tenth of a second ago."""
        return self._processor

    def limit_memory(self, memory_mb: int) -> None:
        """Set the heap's hard limit."""
        self._send(MEMORY, memory_mb.to_bytes(4, "little"))

    def out_of_memory(self) -> bool:
        """Whether the heap's limit has ended a task."""
        return self._full and not self._stopped

    def tidy(self) -> None:
        """Have it collect its garbage; what is sent later waits for that. Any thread."""
        self.tidied = self.pumps
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            self.loop.call_soon_threadsafe(self._send, TIDY, b"")

    def close(self) -> None:
        """End its process, whatever V8 does in it. Blocks for a few milliseconds; not on the event loop."""
        self._stopped = True
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._let_go)

    # -- the connection

    def _send(self, kind: int, data: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(message.pack(len(data), kind) + data)

    def _let_go(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size, kind = message.unpack(await reader.readexactly(message.size))
                self._take(kind, await reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError):
            self._gone()

    def _take(self, kind: int, data: bytes) -> None:
        if kind in (PUMPED, STATUS, BOOTED):
            pumped, self.pending, full, self._processor, resident = status.unpack(data)
            self._full = bool(full)
            self._base = resident if self._base is None else min(self._base, resident)
            self.resident = resident - self._base
            if kind == BOOTED and not self._booted.done():
                self._booted.set_result(None)
            if kind == PUMPED and pumped == self.pumps and self.busy_since is not None:
                self.busy_since = None
                if self.on_pumped is not None:
                    self.on_pumped()
        elif kind == OUTPUT:
            if self.on_output is not None:
                self.on_output(data)
        elif kind == SYNC:
            self.loop.run_in_executor(None, self._answer, data)
        elif self.on_problem is not None:
            self.on_problem(data.decode("utf-8", "replace"))

    def _answer(self, request: bytes) -> None:
        """A synchronous call that needs this process; V8 waits for it over there. On a thread of its own."""
        if not self._stopped:
            answer = services.answer(request)
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._send, ANSWER, answer)

    def _gone(self) -> None:
        """Its process has ended by itself."""
        if not self._booted.done():
            self._booted.set_exception(OSError("the process of an isolate ended while it started"))
            return
        if self._stopped:
            return
        _log.warning("V8 brought the process of an isolate down")
        if self.on_crash is not None:
            self.on_crash()
        if self.on_problem is not None:
            self.on_problem("ended: its process is gone")


AnyIsolate = Isolate | ApartIsolate
KIND: Final = "isolate"


def _spawn(far: socket.socket) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "engine", "child", KIND, "--fd", str(far.fileno())]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, pass_fds=[far.fileno()], start_new_session=True
    )
