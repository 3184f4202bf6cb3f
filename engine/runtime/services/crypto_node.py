"""Digests, key derivation, ciphers and primes for ``node:crypto`` (js/src/node/internal/crypto), over hashlib and cryptography.

Several byte strings go in one: the arguments say where each ends.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.poly1305 import Poly1305

from engine.bindings.binding import BindingError

from . import crypto_keys

Reply = tuple[Any, bytes | None]

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


def cut(data: bytes, *sizes: int) -> list[bytes]:
    """The parts of these sizes, and what is left."""
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return [*parts, data[at:]]


# -- what lives from call to call

# An isolate that ends leaves its objects behind: the oldest go when there are this many.
_MOST = 8192
_objects: dict[int, Any] = {}
_ids = itertools.count(1)
_lock = threading.Lock()  # each isolate calls from a thread of its own


def _keep(value: Any) -> int:
    with _lock:
        number = next(_ids)
        _objects[number] = value
        if len(_objects) > _MOST:
            del _objects[next(iter(_objects))]
    return number


def _drop(args: list[Any], data: bytes) -> Reply:
    """``[id]``: it is not used any more."""
    _objects.pop(args[0], None)
    return None, None


# -- digests


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
    return _keep(_new_hash(args[0], data if args[1] else None)), None


def _hash_update(args: list[Any], data: bytes) -> Reply:
    """``[id]`` and data."""
    _objects[args[0]].update(data)
    return None, None


def _hash_copy(args: list[Any], data: bytes) -> Reply:
    """``[id]`` → the id of one in the same state."""
    return _keep(_objects[args[0]].copy()), None


def _hash_final(args: list[Any], data: bytes) -> Reply:
    """``[id, length | null]`` → the digest; the id is free."""
    return None, _digest(_objects.pop(args[0]), args[1])


# -- key derivation


def _pbkdf2(args: list[Any], data: bytes) -> Reply:
    """``[digest, iterations, length, password size]``, password and salt → a key."""
    name, iterations, length, size = args
    password, salt = cut(data, size)
    if length == 0:
        return None, b""
    return None, hashlib.pbkdf2_hmac(hash_name(name), password, salt, iterations, length)


def _scrypt(args: list[Any], data: bytes) -> Reply:
    """``[cost, block size, parallelization, memory, length, password size]``, password and salt → a key."""
    cost, block, parallel, memory, length, size = args
    password, salt = cut(data, size)
    if cost < 2 or cost & (cost - 1) or 128 * cost * block > memory:
        reason = "memory limit exceeded" if cost > 1 and not cost & (cost - 1) else "invalid parameters"
        raise BindingError(f"Invalid scrypt params: {reason}", "RangeError")
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
    algorithm = crypto_keys.hash_algorithm(hash_name(name))
    return None, HKDF(algorithm, length, salt or None, info).derive(key)


# -- ciphers


class _Block:
    """A block or stream cipher of `cryptography`, with PKCS #7 padding where Node pads."""

    def __init__(self, mode: str, decrypt: bool, key: bytes, iv: bytes, tag_size: int) -> None:
        form = {
            "cbc": lambda: modes.CBC(iv),
            "ctr": lambda: modes.CTR(iv),
            "ecb": modes.ECB,
            "gcm": lambda: modes.GCM(iv, None, 4),
            "ofb": lambda: modes.OFB(iv),
            "cfb": lambda: modes.CFB(iv),
            "cfb8": lambda: modes.CFB8(iv),
        }[mode]()
        cipher = Cipher(algorithms.AES(key), form)
        self._work: Any = cipher.decryptor() if decrypt else cipher.encryptor()
        self._decrypt, self._tag_size = decrypt, tag_size
        self._pad: Any = None
        if mode in ("cbc", "ecb"):
            scheme = padding.PKCS7(128)
            self._pad = scheme.unpadder() if decrypt else scheme.padder()
        self._authenticated = mode == "gcm"

    def aad(self, data: bytes) -> None:
        self._work.authenticate_additional_data(data)

    def unpadded(self) -> None:
        self._pad = None

    def update(self, data: bytes) -> bytes:
        if self._pad is None:
            return bytes(self._work.update(data))
        if self._decrypt:
            return bytes(self._pad.update(self._work.update(data)))
        return bytes(self._work.update(self._pad.update(data)))

    def final(self, tag: bytes) -> tuple[bytes, bytes]:
        try:
            if self._authenticated and self._decrypt:
                return self._work.finalize_with_tag(tag), b""
            if self._pad is None:
                rest = self._work.finalize()
            elif self._decrypt:
                rest = self._pad.update(self._work.finalize()) + self._pad.finalize()
            else:
                rest = self._work.update(self._pad.finalize()) + self._work.finalize()
        except InvalidTag:
            raise BindingError("Unsupported state or unable to authenticate data", "Error") from None
        except ValueError:
            wrong = "bad decrypt" if self._decrypt and self._pad else "wrong final block length"
            raise BindingError(wrong, "Error") from None
        return rest, self._work.tag[: self._tag_size] if self._authenticated else b""


class _ChaCha20Poly1305:
    """RFC 8439, piece by piece."""

    def __init__(self, decrypt: bool, key: bytes, iv: bytes) -> None:
        self._work = Cipher(algorithms.ChaCha20(key, bytes(4) + iv), None).encryptor()
        self._mac = Poly1305(self._work.update(bytes(64))[:32])
        self._decrypt, self._sizes = decrypt, [0, 0]

    def aad(self, data: bytes) -> None:
        self._mac.update(data + bytes(-len(data) % 16))
        self._sizes[0] += len(data)

    def unpadded(self) -> None:
        """A stream cipher has no padding."""

    def update(self, data: bytes) -> bytes:
        result = self._work.update(data)
        self._mac.update(data if self._decrypt else result)
        self._sizes[1] += len(data)
        return result

    def final(self, tag: bytes) -> tuple[bytes, bytes]:
        lengths = b"".join(size.to_bytes(8, "little") for size in self._sizes)
        self._mac.update(bytes(-self._sizes[1] % 16) + lengths)
        computed = self._mac.finalize()
        if self._decrypt and not hmac.compare_digest(computed, tag):
            raise BindingError("Unsupported state or unable to authenticate data", "Error")
        return b"", computed


def _cipher_open(args: list[Any], data: bytes) -> Reply:
    """``[mode, decrypt, key size, tag size]``, key and initialisation vector → an id."""
    mode, decrypt, size, tag_size = args
    key, iv = cut(data, size)
    try:
        made = (
            _ChaCha20Poly1305(decrypt, key, iv)
            if mode == "chacha20"
            else _Block(mode, decrypt, key, iv, tag_size)
        )
    except ValueError as error:
        raise BindingError(str(error), "Error") from None
    return _keep(made), None


def _cipher_update(args: list[Any], data: bytes) -> Reply:
    """``[id, "aad" | "unpadded" | "data"]`` and data → output."""
    cipher = _objects[args[0]]
    if args[1] == "data":
        return None, cipher.update(data)
    cipher.unpadded() if args[1] == "unpadded" else cipher.aad(data)
    return None, None


def _cipher_final(args: list[Any], data: bytes) -> Reply:
    """``[id]`` and, to decrypt, the authentication tag → the tag's size, and output followed by the tag."""
    rest, tag = _objects.pop(args[0]).final(data)
    return len(tag), rest + tag


# -- primes


def _is_prime(number: int, rounds: int = 40) -> bool:
    """Miller and Rabin's test."""
    if number < 4:
        return number in (2, 3)
    for small in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if number % small == 0:
            return number == small
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        power = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def _check_prime(args: list[Any], data: bytes) -> Reply:
    """A big-endian number → whether it is a prime."""
    return _is_prime(int.from_bytes(data, "big")), None


def _generate_prime(args: list[Any], data: bytes) -> Reply:
    """``[bits, safe, add size]``, add and rem (both may be empty) → a prime, big-endian."""
    bits, safe, size = args
    add, rem = (int.from_bytes(part, "big") for part in cut(data, size))
    while True:
        number = secrets.randbits(bits) | (1 << (bits - 1)) | 1
        if bits > 2 and not add:
            number |= 1 << (bits - 2)
        if add:
            number += (rem or 1) - number % add
        if number.bit_length() == bits and _is_prime(number) and (not safe or _is_prime(number // 2)):
            return None, number.to_bytes((bits + 7) // 8, "big")


def _hashes(args: list[Any], data: bytes) -> Reply:
    """→ the digests there are, as Node writes them."""
    return [name for name, form in _HASHES.items() if form in hashlib.algorithms_available], None


SYNC: Mapping[str, Callable[[list[Any], bytes], Reply]] = {
    "drop": _drop,
    "hash": _hash,
    "hashOpen": _hash_open,
    "hashUpdate": _hash_update,
    "hashCopy": _hash_copy,
    "hashFinal": _hash_final,
    "hashes": _hashes,
    "pbkdf2": _pbkdf2,
    "scrypt": _scrypt,
    "hkdf": _hkdf,
    "cipherOpen": _cipher_open,
    "cipherUpdate": _cipher_update,
    "cipherFinal": _cipher_final,
    "checkPrime": _check_prime,
    "generatePrime": _generate_prime,
    **crypto_keys.SYNC,
}
