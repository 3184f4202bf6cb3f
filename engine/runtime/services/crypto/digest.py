"""Digests for crypto.subtle and crypto.DigestStream, over hashlib.

A digest of one buffer is one call. A stream opens one, and the isolate drops it when the stream is garbage.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from engine.bindings.binding import BindingError

_NAMES = {
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
    "MD5": "md5",
    "SHA3-256": "sha3_256",
    "SHA3-384": "sha3_384",
    "SHA3-512": "sha3_512",
}
_XOF = {"cSHAKE128": hashlib.shake_128, "cSHAKE256": hashlib.shake_256}


def _new(name: str) -> Any:
    algorithm = _NAMES.get(name)
    if algorithm is None:
        raise BindingError(f"Unrecognized digest algorithm: {name}", "NotSupportedError")
    # MD5 and SHA-1 are the platform's to offer; they are not used for anything of ours.
    return hashlib.new(algorithm, usedforsecurity=False)


def _digest(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[name]`` and the bytes → their digest."""
    digest = _new(args[0])
    digest.update(data)
    return None, digest.digest()


def _shake(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[name, size]`` and the bytes → ``size`` bytes; cSHAKE without name and customization is SHAKE."""
    return None, _XOF[args[0]](data).digest(args[1])


# An isolate that ends leaves its open digests behind: the oldest go when there are this many.
_MOST = 8192
_digests: dict[int, Any] = {}
_ids = itertools.count(1)
_lock = threading.Lock()  # each isolate calls from a thread of its own


def _open(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[name]`` → an id."""
    digest = _new(args[0])
    with _lock:
        number = next(_ids)
        _digests[number] = digest
        if len(_digests) > _MOST:
            del _digests[next(iter(_digests))]
    return number, None


def _update(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]`` and the next bytes."""
    _find(args[0]).update(data)
    return None, None


def _finish(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]`` → the digest; the id is free."""
    digest = _find(args[0])
    del _digests[args[0]]
    return None, digest.digest()


def _drop(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]``: nobody has the stream any more."""
    _digests.pop(args[0], None)
    return None, None


def _find(number: int) -> Any:
    digest = _digests.get(number)
    if digest is None:
        raise BindingError("The digest stream has ended.", "TypeError")
    return digest


SYNC: Mapping[str, Callable[[list[Any], bytes], tuple[Any, bytes | None]]] = {
    "digest": _digest,
    "shake": _shake,
    "digestOpen": _open,
    "digestUpdate": _update,
    "digestFinish": _finish,
    "digestDrop": _drop,
}
