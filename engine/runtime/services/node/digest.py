"""Hash and Hmac of ``node:crypto``, over hashlib."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes

from engine.bindings.binding import BindingError

from .operation import Operation, Reply, cut, kept

_HASHES: dict[str, str] = {
    **{name: name for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")},
    "sha512-224": "sha512_224",
    "sha512-256": "sha512_256",
    "sha3-224": "sha3_224",
    "sha3-256": "sha3_256",
    "sha3-384": "sha3_384",
    "sha3-512": "sha3_512",
    "shake128": "shake_128",
    "shake256": "shake_256",
    "ripemd160": "ripemd160",
    "blake2b512": "blake2b",
    "blake2s256": "blake2s",
}


def hash_name(name: str) -> str:
    """Python's name of a digest that may be written ``RSA-SHA256``, ``SHA-256`` or ``sha256``.

    Raises:
        BindingError: There is none of that name.
    """
    plain = name.lower().removeprefix("rsa-").removesuffix("withrsaencryption")
    for form in (
        plain,
        plain.replace("sha-", "sha"),
        plain.replace("rmd", "ripemd").replace("md160", "md160"),
    ):
        if form in _HASHES:
            return _HASHES[form]
    raise BindingError("Digest method not supported", "Error")


_ALGORITHMS: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha512_224": hashes.SHA512_224,
    "sha512_256": hashes.SHA512_256,
    "sha3_224": hashes.SHA3_224,
    "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
}


def hash_algorithm(name: str) -> hashes.HashAlgorithm:
    """The digest of cryptography, of any name that `hash_name` takes.

    Raises:
        BindingError: It has none.
    """
    make = _ALGORITHMS.get(hash_name(name))
    if make is None:
        raise BindingError("Invalid digest", "Error")
    return make()


def _new_hash(name: str, key: bytes | None) -> Any:
    form = hash_name(name)
    try:
        return hashlib.new(form, usedforsecurity=False) if key is None else hmac.new(key, digestmod=form)
    except ValueError:
        raise BindingError("Digest method not supported", "Error") from None


def _digest(state: Any, length: int | None) -> bytes:
    if state.name.startswith("shake"):
        size = {"shake_128": 16, "shake_256": 32}[state.name]
        return bytes(state.digest(size if length is None else length))
    result: bytes = state.digest()
    if length is not None and length != len(result):
        raise BindingError("Unsupported state or unable to set digest length", "Error")
    return result


def _hash(args: list[Any], data: bytes) -> Reply:
    """``[name, key size | null, length | null]``, a key and data → the digest."""
    name, key_size, length = args
    key, rest = cut(data, key_size) if key_size is not None else (None, data)
    state = _new_hash(name, key)
    state.update(rest)
    return None, _digest(state, length)


def _hash_open(args: list[Any], data: bytes) -> Reply:
    """``[name, is HMAC]`` and a key → an id."""
    return kept.add(_new_hash(args[0], data if args[1] else None)), None


def _hash_update(args: list[Any], data: bytes) -> Reply:
    """``[id]`` and data."""
    kept.get(args[0]).update(data)
    return None, None


def _hash_copy(args: list[Any], data: bytes) -> Reply:
    """``[id]`` → the id of one in the same state."""
    return kept.add(kept.get(args[0]).copy()), None


def _hash_final(args: list[Any], data: bytes) -> Reply:
    """``[id, length | null]`` → the digest; the id is free."""
    return None, _digest(kept.take(args[0]), args[1])


def _hashes(args: list[Any], data: bytes) -> Reply:
    """→ the digests there are, as Node writes them."""
    return [name for name, form in _HASHES.items() if form in hashlib.algorithms_available], None


def _drop(args: list[Any], data: bytes) -> Reply:
    """``[id]`` of a digest or a cipher: it is not used any more."""
    kept.take(args[0])
    return None, None


SYNC: Mapping[str, Operation] = {
    "drop": _drop,
    "hash": _hash,
    "hashOpen": _hash_open,
    "hashUpdate": _hash_update,
    "hashCopy": _hash_copy,
    "hashFinal": _hash_final,
    "hashes": _hashes,
}
