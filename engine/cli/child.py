"""`python -m engine child …`: what the engine itself starts; not for people.

`live` and `drafts` are the supervisor's, `isolate` is the live process's (engine.runtime.apart).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from engine.statefolder import StateFolder

#: Seconds that closing isolates and database may take.
CLOSING = 2.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line, without help: people have `serve`."""
    parser = subparsers.add_parser("child")
    parser.add_argument("kind", choices=("live", "drafts", "isolate"))
    parser.add_argument("--state", type=Path)
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--fd", type=int)
    parser.add_argument("--address", default="")
    parser.add_argument("--tls-fd", type=int)
    parser.add_argument("--tls-address", default="")
    parser.add_argument("--dns-fds", type=int, nargs=2)
    parser.add_argument("--no-samples", action="store_true")
    parser.add_argument("--ended", type=int)


def run(args: argparse.Namespace) -> int:
    """Run one of the processes until it is told to stop; returns the exit code."""
    if args.kind == "isolate":
        from engine.runtime import apart_child

        apart_child.serve(args.fd)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(asctime)s {args.kind} %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # Imports leave nearly no garbage: to look for it costs 50 ms of a start. Both processes turn it on again.
    gc.disable()
    ready = Ready(args.ready_fd)
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:  # there is none for this platform
        runner = asyncio.Runner()
    with runner:
        work = _live(args, ready) if args.kind == "live" else _drafts(args, ready)
        return runner.run(work)


class Ready:
    """The pipe to the supervisor: one line when this process answers, or why it cannot."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, **message: str) -> None:
        """Send the line; there is only one."""
        with os.fdopen(self._descriptor, "wb") as pipe:
            pipe.write(json.dumps(message).encode() + b"\n")


async def _live(args: argparse.Namespace, ready: Ready) -> int:
    from engine.runtime.boot import boot

    loop = asyncio.get_running_loop()
    first = loop.run_in_executor(None, boot, loop)  # V8 boots while what follows is imported

    from engine.errors import StoreError
    from engine.gateway.live import Live
    from engine.store import Store

    folder = StateFolder(args.state)
    try:
        store = Store.open(folder.path)
    except StoreError as error:
        ready.tell(error=str(error))
        isolate = await first
        await asyncio.to_thread(isolate.close)
        return 1
    tls = (socket.socket(fileno=args.tls_fd), args.tls_address) if args.tls_fd is not None else None
    sock = socket.socket(fileno=args.fd)
    live = Live(folder, store, sock, args.address, tls, ended=args.ended, first=first)
    if args.dns_fds is not None:
        live.dns_sockets = args.dns_fds
    _stop_when_told(live.stop)
    try:
        await live.prepare(samples=not args.no_samples)
        ready.tell(account_id=store.account.id)
        await live.serve()
    finally:
        await _within(CLOSING, live.close())
    return 0


async def _drafts(args: argparse.Namespace, ready: Ready) -> int:
    from engine.runtime.boot import boot

    loop = asyncio.get_running_loop()
    first = loop.run_in_executor(None, boot, loop)  # as above

    from engine.drafts.process import DraftsProcess
    from engine.errors import StoreError
    from engine.store import Store

    folder = StateFolder(args.state)
    try:
        store = Store.open(folder.path)
    except StoreError as error:
        ready.tell(error=str(error))
        isolate = await first
        await asyncio.to_thread(isolate.close)
        return 1
    process = DraftsProcess(folder, store, first)
    _stop_when_told(process.stop)
    try:
        await process.listen()
        ready.tell(ready="drafts")
        await process.serve()
    finally:
        await _within(CLOSING, process.close())
    return 0


async def _within(limit: float, closing: Coroutine[Any, Any, None]) -> None:
    """Close in good order; when V8 does not let go, the end of the process frees everything just as well."""
    from engine.gateway.vitals import leave

    try:
        await asyncio.wait_for(closing, limit)
    except TimeoutError:
        logging.getLogger("engine").warning("closing took more than %s s", limit)
        leave(0)


def _stop_when_told(stop: Callable[[], Any]) -> None:
    """By SIGTERM, or because the supervisor is gone, whose end of our standard input closes with it."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    descriptor = sys.stdin.fileno()

    def heard() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            stop()

    loop.add_reader(descriptor, heard)
