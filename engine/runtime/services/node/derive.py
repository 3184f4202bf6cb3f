"""Key derivation of ``node:crypto``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.bindings.binding import BindingError

from .digest import hash_algorithm, hash_name
from .operation import Operation, Reply, cut

# A thread that derives a key cannot be stopped, and its memory is the engine's: what takes longer than a
# script may run at all, or more than it may have, is refused before it begins.
_ROUNDS: Final = 20_000_000
_SCRYPT_WORK: Final = 1 << 25
_MEMORY: Final = 128 << 20


def _pbkdf2(args: list[Any], data: bytes) -> Reply:
    """``[digest, iterations, length, password size]``, password and salt → a key."""
    name, iterations, length, size = args
    password, salt = cut(data, size)
    if length == 0:
        return None, b""
    blocks = -(-length // hash_algorithm(name).digest_size)
    if iterations * blocks > _ROUNDS:
        told = f"{iterations} iterations for {length} bytes are more than {_ROUNDS} in all"
        raise BindingError(f"Pbkdf2 failed: {told}.", "Error")
    return None, hashlib.pbkdf2_hmac(hash_name(name), password, salt, iterations, length)


def _scrypt(args: list[Any], data: bytes) -> Reply:
    """``[cost, block size, parallelization, memory, length, password size]``, password and salt → a key."""
    cost, block, parallel, memory, length, size = args
    password, salt = cut(data, size)
    if cost < 2 or cost & (cost - 1) or max(128 * cost * block, length) > min(memory, _MEMORY):
        reason = "memory limit exceeded" if cost > 1 and not cost & (cost - 1) else "invalid parameters"
        raise BindingError(f"Invalid scrypt params: {reason}", "RangeError")
    if cost * block * parallel > _SCRYPT_WORK:
        raise BindingError("Invalid scrypt params: too much work", "RangeError")
    if length == 0:
        return None, b""
    bound = 128 * block * (cost + parallel + 2) + (1 << 20)
    return None, hashlib.scrypt(
        password, salt=salt, n=cost, r=block, p=parallel, maxmem=min(bound, 2**31 - 1), dklen=length
    )


def _hkdf(args: list[Any], data: bytes) -> Reply:
    """``[digest, length, key size, salt size]``, key, salt and info → a key."""
    name, length, key_size, salt_size = args
    key, salt, info = cut(data, key_size, salt_size)
    if length == 0:
        return None, b""
    algorithm = hash_algorithm(name)
    return None, HKDF(algorithm, length, salt or None, info).derive(key)


SYNC: Mapping[str, Operation] = {"pbkdf2": _pbkdf2, "scrypt": _scrypt, "hkdf": _hkdf}
