"""The objects of a sandboxed draft: copies, which vanish with the draft's session unless they are applied."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from engine.bindings.kept import Marked
from engine.bindings.overlay import Key, Overlay, Space
from engine.durable.ids import Address
from engine.durable.journal import Journal, Write, state
from engine.durable.replay import MEANWHILE
from engine.errors import ApiError
from engine.runtime.invocation import Call

if TYPE_CHECKING:
    from engine.durable.objects import Objects
    from engine.store import Connection
    from engine.store.durable import Namespace


class Live(Protocol):
    """Whoever reaches the account's objects (`engine.durable.bridge`)."""

    async def replay(self, address: Address, base: str | None, writes: Sequence[Write]) -> str:
        """As `engine.durable.replay.replay`."""
        ...


@dataclass(slots=True)
class _Copy:
    """One object that the draft has brought to life."""

    namespace: Namespace
    id: str
    journal: Journal


@dataclass(slots=True)
class _Pending:
    """What one call has made an object write."""

    copy: _Copy
    writes: list[Write]

    @property
    def size(self) -> int:
        return sum(each.size for each in self.writes)


class Sandbox(Space):
    """The objects of one draft session, and what they have written by the number of the call."""

    outside: ClassVar[bool] = True
    objects: Objects | None = None
    folder: tempfile.TemporaryDirectory[str] | None = None
    live: Live | None = None

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self._copies: dict[tuple[str, str], _Copy] = {}
        self._pending: dict[int, _Pending] = {}
        self._last = 0

    def make_folder(self) -> Path:
        """Where the copies are, from now on."""
        self.folder = tempfile.TemporaryDirectory(prefix="svc-do-")
        return Path(self.folder.name)

    def journal(self, namespace: Namespace, object_id: str) -> Journal:
        """The journal of an object that comes to life."""
        place = (namespace.id, object_id)
        if place not in self._copies:
            self._copies[place] = _Copy(namespace, object_id, Journal())
        return self._copies[place].journal

    def ran(self, namespace: str, object_id: str) -> None:
        """An object has done something: what it wrote belongs to the call that is being made."""
        copy = self._copies[namespace, object_id]
        if writes := copy.journal.take():
            self._keep(copy, writes)

    def settle(self) -> None:
        """Find a write for what objects have written between calls: by timers, or after their answers."""
        for copy in self._copies.values():
            writes = copy.journal.take()
            if not writes:
                continue
            last = next((each for each in reversed(self._pending.values()) if each.copy is copy), None)
            if last is not None:
                last.writes.extend(writes)
                self.overlay.grow(sum(each.size for each in writes))
                continue
            place = copy.namespace
            call = Call(0, None, place.class_name, "durable_object_namespace", "storage", copy.id[:12], 0.0)
            call.service, call.environment = place.service, place.environment
            with Marked():
                self._keep(copy, writes)
                self.overlay.record(call)

    def _keep(self, copy: _Copy, writes: list[Write]) -> None:
        made = _Pending(copy, writes)
        self.overlay.grow(made.size)
        self._last += 1
        self._pending[self._last] = made
        self.wrote(self._last)

    # ------------------------------------------------------------------ applying

    def conflicts(self, connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
        """All writes of an object that is no longer as it was when the copy was made."""
        found: dict[Key, str] = {}
        known: dict[tuple[str, str], str] = {}
        for number, each in self._pending.items():
            if number not in keys or self.objects is None or self.objects.origin is None:
                continue
            copy = each.copy
            place = (copy.namespace.id, copy.id)
            if place not in known:
                known[place] = state(self.objects.origin / place[0] / f"{copy.id}.sqlite")
            if known[place] != copy.journal.base:
                found[number] = MEANWHILE
        return found

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Nothing here: the live objects are in another process (`finish`)."""

    async def finish(self, keys: Collection[Key], forced: Collection[Key]) -> None:
        """Have each live object do what its copy did, object by object."""
        chosen: dict[tuple[str, str], list[int]] = {}
        for number, each in self._pending.items():
            if number in keys:
                chosen.setdefault((each.copy.namespace.id, each.copy.id), []).append(number)
        for (namespace, object_id), numbers in chosen.items():
            copy = self._copies[namespace, object_id]
            writes = [each for number in numbers for each in self._pending[number].writes]
            base = None if any(number in forced for number in numbers) else copy.journal.base
            if self.live is None:
                raise ApiError(10013, "The live Durable Objects cannot be reached.", 503)
            copy.journal.base = await self.live.replay(Address(namespace, object_id), base, writes)
            for number in numbers:  # at once: the next object may refuse
                self.overlay.grow(-self._pending.pop(number).size)
                del self.writers[number]

    def forget(self, keys: Collection[Key]) -> None:
        """When nothing is pending any more, the draft sees the live objects again."""
        if keys and not self._pending:
            self.drop()

    def drop(self) -> None:
        """Forget the copies."""
        objects, self.objects = self.objects, None
        self._copies.clear()
        self._pending.clear()
        if objects is not None:
            asyncio.ensure_future(_discard(objects, self.folder))  # noqa: RUF006  (it ends by itself)


async def _discard(objects: Objects, folder: tempfile.TemporaryDirectory[str] | None) -> None:
    await objects.close()
    if folder is not None:
        await asyncio.get_running_loop().run_in_executor(None, folder.cleanup)
