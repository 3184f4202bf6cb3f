"""Doing in a live object what a draft did in its copy: in the live process, between two turns of its code."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.bindings.binding import BindingError
from engine.durable.journal import Write, state
from engine.durable.operations import OPEN, SYNC
from engine.errors import ApiError, Conflict

if TYPE_CHECKING:
    from engine.durable.objects import Objects

STALE = 10409
MEANWHILE = "the object was written to meanwhile"


async def replay(
    objects: Objects, namespace: str, object_id: str, base: str | None, writes: Sequence[Write]
) -> str:
    """Write to an object, all or nothing.

    The instance that is in memory, if it does nothing just now, is let go: it may remember what was stored.

    Args:
        objects: the live ones.
        namespace: whose object.
        object_id: which one.
        base: the state that it must be in; None is any.
        writes: what to do.

    Returns:
        The state that it is in then, when all is on the disk.

    Raises:
        Conflict: 10409, it is in another state.
        ApiError: 10026, a write failed, and none was done; 10066, the namespace is gone.
    """
    path = objects.folder / namespace / f"{object_id}.sqlite"

    def work(handle: int) -> None:
        storage = OPEN[handle]
        with storage.lock:
            if base is not None and state(path) != base:
                raise Conflict(STALE, f"Object {object_id[:12]}: {MEANWHILE}.")
            try:
                for each in writes:
                    try:
                        SYNC[each.operation]([handle, *each.args], each.data)
                    except BindingError:
                        if not each.failed:
                            raise
                SYNC["commit"]([handle], b"")
            except BindingError as error:
                storage.rollback()
                text = f"Object {object_id[:12]} cannot be written to: {error.message}"
                raise ApiError(10026, text, 409) from None

    await objects.inspect(namespace, object_id, work)
    await objects.forget(namespace, object_id)
    return await asyncio.to_thread(state, path)
