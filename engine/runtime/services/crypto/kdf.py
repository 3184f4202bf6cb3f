"""Key derivation: HKDF, PBKDF2 and Argon2 (https://w3c.github.io/webcrypto/#hkdf)."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2i, Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from engine.bindings.binding import BindingError

from .calls import Answer, Operation
from .hashes import hash_of

# A derivation cannot be stopped once it runs: this many take some seconds. OWASP asks for 0.6 million.
_MOST_ITERATIONS = 10_000_000
_MOST_ARGON2_KIB = 256 * 1024
_ARGON2: dict[str, type[Argon2d | Argon2i | Argon2id]] = {
    "Argon2d": Argon2d,
    "Argon2i": Argon2i,
    "Argon2id": Argon2id,
}
# Workers that derive a key from a secret do it at every request. What was derived last is kept, under a
# digest of everything that went in.
_KEPT = 64
_WORTH_KEEPING = 1000
_derived: OrderedDict[bytes, bytes] = OrderedDict()
_lock = threading.Lock()


def hkdf(parameters: dict[str, Any], strings: list[bytes]) -> Answer:
    """``{hash, size}``; key, salt, info → ``size`` bytes."""
    key, salt, info = strings
    function = hash_of(parameters["hash"])
    size = parameters["size"]
    if size > 255 * function.digest_size:
        raise BindingError(
            f"HKDF derives at most {255 * function.digest_size} bytes with this hash.", "OperationError"
        )
    return None, HKDF(function, size, salt, info).derive(key)


def pbkdf2(parameters: dict[str, Any], strings: list[bytes]) -> Answer:
    """``{hash, iterations, size}``; password, salt → ``size`` bytes."""
    password, salt = strings
    iterations, size = parameters["iterations"], parameters["size"]
    if iterations > _MOST_ITERATIONS:
        raise BindingError(
            f"Pbkdf2 failed: iteration counts above {_MOST_ITERATIONS} are not supported "
            f"(requested {iterations}).",
            "NotSupportedError",
        )
    function = hash_of(parameters["hash"])
    # The bytes come in blocks of the hash's size, each as dear as the first: whole ones are made and kept.
    whole = -(-size // function.digest_size) * function.digest_size
    label = f"{function.name} {iterations} {len(salt)} ".encode()
    name = hashlib.sha256(label + salt + password).digest()
    with _lock:
        found = _derived.get(name)
        if found is not None:
            _derived.move_to_end(name)
    if found is None or len(found) < size:
        found = PBKDF2HMAC(function, whole, salt, iterations).derive(password)
        if iterations >= _WORTH_KEEPING:
            with _lock:
                _derived[name] = found
                if len(_derived) > _KEPT:
                    _derived.popitem(last=False)
    return None, found[:size]


def argon2(parameters: dict[str, Any], strings: list[bytes]) -> Answer:
    """``{name, size, passes, parallelism, memory (KiB)}``; password, nonce, secret, associated data."""
    password, nonce, secret, associated = strings
    if parameters["memory"] > _MOST_ARGON2_KIB:
        raise BindingError(f"Argon2 takes at most {_MOST_ARGON2_KIB} KiB here.", "OperationError")
    derive = _ARGON2[parameters["name"]](
        salt=nonce,
        length=parameters["size"],
        iterations=parameters["passes"],
        lanes=parameters["parallelism"],
        memory_cost=parameters["memory"],
        ad=associated or None,
        secret=secret or None,
    )
    return None, derive.derive(password)


OPERATIONS: dict[str, Operation] = {"hkdf": hkdf}
HEAVY: dict[str, Operation] = {"pbkdf2": pbkdf2, "argon2": argon2}
