"""What Durable Objects ask of the runtime: ids, storage, and to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.bindings.binding import BindingError, Result
from engine.durable import ids, operations, socket_operations, sockets

if TYPE_CHECKING:
    from ..http import Body
    from ..invocation import Invocation

SYNC = ids.SYNC
STORAGE = operations.SYNC
SOCKETS = socket_operations.SYNC
SOCKETS_ASYNC = socket_operations.ASYNC
take = sockets.take


async def _sync(invocation: Invocation, args: list[Any], body: Body) -> Result:
    """``[storage]``: settles when all that was written is on the disk."""
    storage = operations.OPEN.get(args[0])
    if storage is not None:
        try:
            await storage.flushed()
        except Exception as error:
            raise BindingError(f"The storage could not be written: {error}") from error
    return Result()


async def _turn(invocation: Invocation, args: list[Any], body: Body) -> Result:
    """Comes back in a turn of its own, when everything that runs now has come to rest."""
    return Result()


ASYNC = {"sync": _sync, "turn": _turn}
