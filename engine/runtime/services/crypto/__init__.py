"""crypto.subtle's host half, over `cryptography` and hashlib: one module a family of algorithms.

What is light is answered on V8's thread. What takes long (RSA keys, passwords) can be asked for in either
way: asynchronously within an event, and synchronously in a global scope, where nothing asynchronous may run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import aes, digest, ec, kdf, lattice, mac, okp, rsa
from .calls import Answer, Operation, at_once, in_thread

if TYPE_CHECKING:
    from engine.bindings.binding import Result
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation

_LIGHT: dict[str, Operation] = {
    **aes.OPERATIONS,
    **ec.OPERATIONS,
    **kdf.OPERATIONS,
    **lattice.OPERATIONS,
    **mac.OPERATIONS,
    **okp.OPERATIONS,
    **rsa.OPERATIONS,
}
_HEAVY: dict[str, Operation] = {**rsa.HEAVY, **kdf.HEAVY}

SYNC: Mapping[str, Callable[[list[Any], bytes], Answer]] = {
    **digest.SYNC,
    **{name: at_once(operation) for name, operation in (_LIGHT | _HEAVY).items()},
}
ASYNC: Mapping[str, Callable[[Invocation, list[Any], Body], Awaitable[Result]]] = {
    name: in_thread(operation) for name, operation in _HEAVY.items()
}
