"""The hash functions, by the names of the Web Cryptography standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives import hashes

from engine.bindings.binding import BindingError

_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "SHA-1": hashes.SHA1,
    "SHA-256": hashes.SHA256,
    "SHA-384": hashes.SHA384,
    "SHA-512": hashes.SHA512,
    "SHA3-256": hashes.SHA3_256,
    "SHA3-384": hashes.SHA3_384,
    "SHA3-512": hashes.SHA3_512,
}


def hash_of(name: str) -> hashes.HashAlgorithm:
    """The hash function called ``name``.

    Raises:
        BindingError: NotSupportedError, when there is none.
    """
    make = _HASHES.get(name)
    if make is None:
        raise BindingError(f"Unrecognized hash function: {name}", "NotSupportedError")
    return make()
