"""How crypto operations are called: a JSON value of parameters and byte strings, packed one after another.

JavaScript sends ``[parameters, [size, …]]`` and the byte strings in one piece (src/crypto/host.js). Whatever
`cryptography` raises becomes the DOMException that the standard names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InternalError, InvalidSignature, InvalidTag, UnsupportedAlgorithm

from engine.bindings.binding import BindingError, Result

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation

Answer = tuple[Any, bytes | None]
Operation = Callable[[Any, list[bytes]], Answer]
"""Takes the parameters and the byte strings; gives a JSON value and bytes."""

_FAILURES = (
    ValueError,
    TypeError,
    OverflowError,
    InvalidTag,
    InvalidSignature,
    UnsupportedAlgorithm,
    InternalError,
)
# Key generation and password hashing: they take from 50 ms to seconds, and leave the GIL.
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="crypto")


@contextmanager
def failing_as(name: str, message: str) -> Iterator[None]:
    """Turn what `cryptography` raises inside into a DOMException.

    Args:
        name: the exception's name, e.g. "DataError".
        message: what the user reads.
    """
    try:
        yield
    except _FAILURES as error:
        raise BindingError(message, name) from error


def _run(operation: Operation, args: list[Any], data: bytes) -> Answer:
    parameters, sizes = args
    strings: list[bytes] = []
    at = 0
    for size in sizes:
        strings.append(data[at : at + size])
        at += size
    try:
        return operation(parameters, strings)
    except _FAILURES as error:
        raise BindingError(str(error) or "The operation failed.", "OperationError") from error


def at_once(operation: Operation) -> Callable[[list[Any], bytes], Answer]:
    """The operation as a synchronous service: on V8's thread."""

    def answer(args: list[Any], data: bytes) -> Answer:
        return _run(operation, args, data)

    return answer


def in_thread(operation: Operation) -> Any:
    """The operation as an asynchronous service: in a thread, while the isolate and the event loop go on."""

    async def answer(invocation: Invocation, args: list[Any], body: Body) -> Result:
        data = (
            body
            if isinstance(body, bytes)
            else b""
            if body is None
            else b"".join([part async for part in body])
        )
        value, found = await asyncio.get_running_loop().run_in_executor(_pool, _run, operation, args, data)
        return Result(value, found)

    return answer
