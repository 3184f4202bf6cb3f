"""The far end of `apart`: a process with one isolate and a socket, and nothing that could be lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

from . import apart, services
from .frames import TIMER, loads, pack
from .isolate import Isolate
from .limits import resident_bytes
from .services.source import library, read

#: Seconds between two words about itself while JavaScript runs.
_INTERVAL = 0.1
#: What only the other process can answer: it has the files of the Durable Objects.
_THERE = frozenset({"storage"})


class Child:
    """Serves the isolate until the other end is gone.

    Args:
        sock: the connection.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=1 << 18)
        self._sending = threading.Lock()
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        loop = cast(asyncio.AbstractEventLoop, _Here())
        self._isolate = Isolate(read("runtime"), loop, self._on_sync, 0, library)
        self._isolate.on_output = lambda data: self._send(apart.OUTPUT, data)
        self._isolate.on_pumped = lambda: self._tell(apart.PUMPED)
        self._isolate.on_problem = lambda problem: self._send(apart.PROBLEM, problem.encode())
        soon = pack(TIMER, 0, 0, b"0")
        self._isolate.on_rejections = lambda: self._send(apart.OUTPUT, soon)

    def serve(self) -> None:
        """Take what comes; returns when nothing more can."""
        self._tell(apart.BOOTED)
        threading.Thread(target=self._report, daemon=True).start()
        isolate = self._isolate
        while head := self._file.read(apart.message.size):
            size, kind = apart.message.unpack(head)
            data = self._file.read(size)
            if kind == apart.PUMP:
                isolate.pump(data)
            elif kind == apart.ANSWER:
                self._answers.put(data)
            elif kind == apart.MEMORY:
                isolate.limit_memory(int.from_bytes(data, "little"))
            else:
                isolate.tidy()

    def _report(self) -> None:
        wait = threading.Event().wait
        while not wait(_INTERVAL):
            if self._isolate.busy_since is not None:
                self._tell(apart.STATUS)

    def _tell(self, kind: int) -> None:
        isolate = self._isolate
        used = isolate.processor_seconds() or 0.0
        full = isolate.out_of_memory()
        self._send(
            kind, apart.status.pack(isolate.pumps, max(0, isolate.pending), full, used, resident_bytes())
        )

    def _send(self, kind: int, data: bytes) -> None:
        """From V8's thread or another; when the other end is gone this process is about to end."""
        with self._sending, contextlib.suppress(OSError):
            self._sock.sendall(apart.message.pack(len(data), kind) + data)

    def _on_sync(self, request: bytes) -> bytes:
        size = int.from_bytes(request[:4], "little")
        if loads(request[4 : 4 + size])[0] not in _THERE:
            return services.answer(request)
        self._send(apart.SYNC, request)
        return self._answers.get()


class _Here:
    """Stands for the event loop that this process has not: what is told to it happens at once."""

    def call_soon_threadsafe(self, function: Callable[..., None], *values: Any) -> None:
        """Call it, on V8's thread."""
        function(*values)


def serve(descriptor: int) -> None:
    """Run the process; it ends without waiting for V8."""
    with contextlib.suppress(OSError):  # where memory runs out, this process is the one that can be spared
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        Child(socket.socket(fileno=descriptor)).serve()
    finally:
        os._exit(0)
