"""Versions that answer at a hostname of their own, deployed or not: `<id8>-…` and `<alias>-…`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from engine.errors import NotFound
from engine.gateway.entry import Slot
from engine.model import PRODUCTION, Change, Version
from engine.store import Connection, Store, environments, previews, versions

#: Versions kept ready besides the deployed ones; the one not asked longest goes first.
KEPT: Final = 32

Key = tuple[str, str]


class Previews:
    """The workers of versions that were asked for by hostname.

    Args:
        store: where versions are.
        start: gives a version's slot, counted as used once more.
        release: gives slots back.
    """

    def __init__(
        self,
        store: Store,
        start: Callable[[Version], Awaitable[Slot]],
        release: Callable[[Iterable[Slot]], None],
    ) -> None:
        self._store = store
        self._start = start
        self._release = release
        self._slots: OrderedDict[tuple[Key, str], Slot] = OrderedDict()
        self._changes = 0

    async def slot(self, service: str, environment: str, name: str) -> Slot:
        """The version that the first part of a hostname names.

        Args:
            name: the first eight digits of its id, or its alias.

        Raises:
            ApiError: 10071, there is none, or it has no preview because it implements a Durable Object.
            WorkerError: its global scope threw.
        """
        at = (service, environment), name
        found = self._slots.get(at)
        if found is not None:
            self._slots.move_to_end(at)
            return found
        changes = self._changes
        version = await self._store.read(lambda connection: _version(connection, service, environment, name))
        if version is None or not has_preview(version):
            raise NotFound(10071, f"{environment} of {service} has no version {name} to preview")
        slot = await self._start(version)
        if changes != self._changes or at in self._slots:  # it changed meanwhile, or another one came first
            self._release([slot])
            return await self.slot(service, environment, name)
        self._slots[at] = slot
        if len(self._slots) > KEPT:
            self._release([self._slots.popitem(last=False)[1]])
        return slot

    def on_change(self, change: Change) -> None:
        """Forget the environment that changed: an alias may mean another version now."""
        if change.service is None or change.kind == "kv":
            return
        self._changes += 1
        services = {change.service, change.detail.get("old_service")}
        for at in [at for at in self._slots if at[0][0] in services]:
            self._release([self._slots.pop(at)])

    def close(self) -> None:
        """Give every slot back."""
        self._release(self._slots.values())
        self._slots.clear()


def has_preview(version: Version) -> bool:
    """Whether a version answers at its own hostname: not with a Durable Object class of its own."""
    return not any(
        binding.type == "durable_object_namespace"
        and binding.settings.get("script_name") in {None, "", version.service_id}
        for binding in version.bindings
    )


def _version(connection: Connection, service: str, environment: str, name: str) -> Version | None:
    place = environments.find(connection, service, environment)
    found = versions.named(connection, place.id, name) if place else None
    if found is None and environment == PRODUCTION:  # `<slug>-<worker>`: what the preview answers with
        preview = previews.find(connection, service, name)
        found = environments.live_of(connection, preview.environment).version if preview else None
    return found
