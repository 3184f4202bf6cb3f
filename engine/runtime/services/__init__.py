"""What the runtime itself answers to JavaScript, beside bindings: one module a service.

A module has ``SYNC``, operations answered at once on V8's thread (they get JSON arguments and bytes, and give
a JSON value and bytes), or ``ASYNC``, operations answered on the event loop. The tables here name them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.bindings.binding import BindingError, Result

from ..frames import dumps, loads
from . import random, source

if TYPE_CHECKING:
    from ..http import Body
    from ..invocation import Invocation

Sync = Callable[[list[Any], bytes], tuple[Any, bytes | None]]
Async = Callable[["Invocation", list[Any], "Body"], Awaitable[Result]]

SYNC: dict[str, Mapping[str, Sync]] = {"random": random.SYNC, "source": source.SYNC}
ASYNC: dict[str, Mapping[str, Async]] = {}

#: Module and table of the services that are imported when first asked: a start has no 100 ms for them.
_LATE_SYNC = {
    "crypto": ("crypto", "SYNC"),
    "crypto-node": ("node", "CRYPTO"),
    "durable": ("durable", "SYNC"),
    "sockets": ("durable", "SOCKETS"),
    "storage": ("durable", "STORAGE"),
    "zlib": ("zlib", "SYNC"),
    "zlib-node": ("node", "ZLIB"),
}
_LATE_ASYNC = {
    "crypto": ("crypto", "ASYNC"),
    "durable": ("durable", "ASYNC"),
    "sockets": ("durable", "SOCKETS_ASYNC"),
    "workflow": ("workflow", "ASYNC"),
}


def load() -> None:
    """Import them all; any thread."""
    for service in _LATE_SYNC:
        _sync(service)
    for service in _LATE_ASYNC:
        _async(service)


def _sync(service: str) -> Mapping[str, Sync]:
    if service not in SYNC and service in _LATE_SYNC:
        module, table = _LATE_SYNC[service]
        SYNC[service] = getattr(import_module(f"{__name__}.{module}"), table)
    return SYNC.get(service, {})


def _async(service: str) -> Mapping[str, Async]:
    if service not in ASYNC and service in _LATE_ASYNC:
        module, table = _LATE_ASYNC[service]
        ASYNC[service] = getattr(import_module(f"{__name__}.{module}"), table)
    return ASYNC.get(service, {})


def answer(request: bytes) -> bytes:
    """Answer a synchronous call: both are a u32 size of JSON, the JSON, and raw bytes.

    It never raises: what goes wrong becomes an exception in JavaScript.
    """
    size = int.from_bytes(request[:4], "little")
    data: bytes | None = None
    try:
        service, operation, args = loads(request[4 : 4 + size])
        function = _sync(service).get(operation)
        if function is None:
            raise BindingError(f"The runtime has no operation {service}.{operation}.", "TypeError")
        value, data = function(args, request[4 + size :])
        text = dumps([0, value, data is not None])
    except BindingError as error:
        text = dumps([1, error.name, error.message])
    except Exception as error:  # on V8's thread nobody else could catch it
        text = dumps([1, "Error", f"{type(error).__name__}: {error}"])
    return len(text).to_bytes(4, "little") + text + (data or b"")


def take_socket(number: int, operation: int, data: bytes) -> None:
    """What an isolate says of a Durable Object's WebSocket; nothing comes back."""
    import_module(f"{__name__}.durable").take(number, operation, data)


async def call(invocation: Invocation, service: str, operation: str, args: list[Any], body: Body) -> Result:
    """Answer an asynchronous call.

    Raises:
        BindingError: There is no such operation, or it failed.
    """
    function = _async(service).get(operation)
    if function is None:
        raise BindingError(f"The runtime has no operation {service}.{operation}.", "TypeError")
    return await function(invocation, args, body)
