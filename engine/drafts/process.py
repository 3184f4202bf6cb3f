"""The drafts process: runs, checks and evaluates code that may bring V8 down, and nothing else."""

from __future__ import annotations

import asyncio
import gc

from engine.drafts.server import Server
from engine.durable.bridge import Bridge
from engine.gateway import vitals
from engine.gateway.environments import Environments
from engine.gateway.programs import StoredPrograms
from engine.runtime.compile import Compiler
from engine.runtime.isolate import Isolate
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.statefolder import StateFolder
from engine.store import Store

#: Seconds until V8 must answer, and seconds that other runs get when this process gives itself up.
PATIENCE, FAREWELL = 5.0, 1.0


class DraftsProcess:
    """Everything the drafts process is made of.

    Args:
        folder: the state folder, where its socket is.
        store: the database, which the live process uses as well.
        first: an isolate that is being booted already.
    """

    def __init__(
        self, folder: StateFolder, store: Store, first: asyncio.Future[Isolate] | None = None
    ) -> None:
        self._folder = folder
        self._store = store
        self._runtime = Runtime(first=first)
        self._compiler = Compiler(StoredPrograms(store, writes=False))
        environments = Environments(store, self._runtime, self._compiler, Limits(), follows=False)
        environments.objects.bridge = Bridge(folder.objects_socket)
        self._server = Server(environments, self._compiler, self._give_up)
        self._listening: asyncio.Server | None = None
        self._stopping = asyncio.Event()

    async def listen(self) -> None:
        """Open the socket."""
        self._listening = await self._server.listen(self._folder.drafts_socket)

    async def serve(self) -> None:
        """Answer until `stop`."""
        gc.freeze()
        gc.enable()
        await self._runtime.warm()
        await self._runtime.warm_outgoing()
        watching = asyncio.ensure_future(vitals.watch(self._runtime, PATIENCE, self._farewell))
        await self._stopping.wait()
        watching.cancel()

    def stop(self) -> None:
        """End it: a run that is under way is stopped, its reader is told."""
        self._stopping.set()

    async def _give_up(self) -> None:
        """A run has left V8 in a state from which it will not come back: be started anew."""
        await self._farewell()
        vitals.leave(vitals.EXIT_SICK)

    async def _farewell(self) -> None:
        """Take no more questions, which wait for the next process, and let the others end."""
        self._unlisten()
        await self._server.finish(FAREWELL)

    def _unlisten(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            self._folder.drafts_socket.unlink(missing_ok=True)

    async def close(self) -> None:
        """Free the socket, the isolates and the database."""
        self._unlisten()
        await self._runtime.close()
        await asyncio.to_thread(self._store.close)
