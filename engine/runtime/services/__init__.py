"""What the runtime itself answers to JavaScript, beside bindings: one module a service.

A module has ``SYNC``, operations answered at once on V8's thread (they get JSON arguments and bytes, and give
a JSON value and bytes), or ``ASYNC``, operations answered on the event loop. The tables here name them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.bindings.binding import BindingError, Result

from ..frames import dumps, loads
from . import crypto, crypto_node, random, source, zlib, zlib_node

if TYPE_CHECKING:
    from ..http import Body
    from ..invocation import Invocation

Sync = Callable[[list[Any], bytes], tuple[Any, bytes | None]]
Async = Callable[["Invocation", list[Any], "Body"], Awaitable[Result]]

SYNC: Mapping[str, Mapping[str, Sync]] = {
    "crypto": crypto.SYNC,
    "crypto-node": crypto_node.SYNC,
    "random": random.SYNC,
    "source": source.SYNC,
    "zlib": zlib.SYNC,
    "zlib-node": zlib_node.SYNC,
}
ASYNC: Mapping[str, Mapping[str, Async]] = {"crypto": crypto.ASYNC}


def answer(request: bytes) -> bytes:
    """Answer a synchronous call: both are a u32 size of JSON, the JSON, and raw bytes.

    It never raises: what goes wrong becomes an exception in JavaScript.
    """
    size = int.from_bytes(request[:4], "little")
    data: bytes | None = None
    try:
        service, operation, args = loads(request[4 : 4 + size])
        function = SYNC.get(service, {}).get(operation)
        if function is None:
            raise BindingError(f"The runtime has no operation {service}.{operation}.", "TypeError")
        value, data = function(args, request[4 + size :])
        text = dumps([0, value, data is not None])
    except BindingError as error:
        text = dumps([1, error.name, error.message])
    except Exception as error:  # on V8's thread nobody else could catch it
        text = dumps([1, "Error", f"{type(error).__name__}: {error}"])
    return len(text).to_bytes(4, "little") + text + (data or b"")


async def call(invocation: Invocation, service: str, operation: str, args: list[Any], body: Body) -> Result:
    """Answer an asynchronous call.

    Raises:
        BindingError: There is no such operation, or it failed.
    """
    function = ASYNC.get(service, {}).get(operation)
    if function is None:
        raise BindingError(f"The runtime has no operation {service}.{operation}.", "TypeError")
    return await function(invocation, args, body)
