"""Curves of RFC 7748 and RFC 8032: Ed25519, X25519, Ed448 and X448 (https://wicg.github.io/webcrypto-secure-curves/).

A key is kept by the isolate as its raw bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, x448, x25519

from engine.bindings.binding import BindingError

from . import base64url, der
from .calls import Answer, Operation, failing_as

_CLASSES: Mapping[str, tuple[Any, Any]] = {
    "Ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
    "Ed448": (ed448.Ed448PrivateKey, ed448.Ed448PublicKey),
    "X25519": (x25519.X25519PrivateKey, x25519.X25519PublicKey),
    "X448": (x448.X448PrivateKey, x448.X448PublicKey),
}
_PRIME = {"Ed25519": 2**255 - 19, "Ed448": 2**448 - 2**224 - 1}
# y of the two points of order 8 on Ed25519, up to sign; orders 1, 2 and 4 have y = 1, -1 and 0.
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826


def _small(name: str, point: bytes) -> bool:
    """Whether the point's order is small, in any encoding: such keys verify signatures of anything."""
    prime = _PRIME[name]
    y = int.from_bytes(point, "little") & ((1 << (8 * len(point) - 1)) - 1)
    y %= prime
    return y in (0, 1, prime - 1) or (name == "Ed25519" and y in (_ORDER_8, prime - _ORDER_8))


def generate(name: str, _: list[bytes]) -> Answer:
    """A private key; the value is the public one."""
    key = _CLASSES[name][0].generate()
    return {"public": base64url.encode(key.public_key().public_bytes_raw())}, key.private_bytes_raw()


def import_spki(name: str, strings: list[bytes]) -> Answer:
    """SubjectPublicKeyInfo → the public key."""
    with failing_as("DataError", f"The data is not an {name} public key in SPKI format."):
        key = der.public_key(strings[0])
        if not isinstance(key, _CLASSES[name][1]):
            raise TypeError
        return None, key.public_bytes_raw()


def import_pkcs8(name: str, strings: list[bytes]) -> Answer:
    """PrivateKeyInfo → the private key."""
    with failing_as("DataError", f"The data is not an {name} private key in PKCS #8 format."):
        key = der.private_key(strings[0])
        if not isinstance(key, _CLASSES[name][0]):
            raise TypeError
        return None, key.private_bytes_raw()


def import_jwk(parameters: dict[str, Any], _: list[bytes]) -> Answer:
    """``{name, x, d?}`` → the key."""
    name = parameters["name"]
    with failing_as("DataError", f"The JSON Web Key is not a valid {name} key."):
        x = base64url.decode(parameters["x"])
        if "d" not in parameters:
            return None, _CLASSES[name][1].from_public_bytes(x).public_bytes_raw()
        key = _CLASSES[name][0].from_private_bytes(base64url.decode(parameters["d"]))
        if key.public_key().public_bytes_raw() != x:
            raise ValueError("The public and the private part do not belong together.")
        return None, key.private_bytes_raw()


def import_raw(name: str, strings: list[bytes]) -> Answer:
    """Raw bytes → the public key."""
    with failing_as("DataError", f"The data is not an {name} public key."):
        return None, _CLASSES[name][1].from_public_bytes(strings[0]).public_bytes_raw()


def export_spki(name: str, strings: list[bytes]) -> Answer:
    """A public key → SubjectPublicKeyInfo."""
    return None, der.spki(_CLASSES[name][1].from_public_bytes(strings[0]))


def export_pkcs8(name: str, strings: list[bytes]) -> Answer:
    """A private key → PrivateKeyInfo."""
    return None, der.pkcs8(_CLASSES[name][0].from_private_bytes(strings[0]))


def public_of(name: str, strings: list[bytes]) -> Answer:
    """A private key → its public key."""
    return None, _CLASSES[name][0].from_private_bytes(strings[0]).public_key().public_bytes_raw()


def sign(name: str, strings: list[bytes]) -> Answer:
    """Key, data → signature."""
    return None, _CLASSES[name][0].from_private_bytes(strings[0]).sign(strings[1])


def verify(name: str, strings: list[bytes]) -> Answer:
    """Key, signature, data → whether it is right."""
    key, signature, data = strings
    if len(signature) != 2 * len(key) or _small(name, key) or _small(name, signature[: len(key)]):
        return False, None
    try:
        _CLASSES[name][1].from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False, None
    return True, None


def derive(name: str, strings: list[bytes]) -> Answer:
    """Private key, public key → the shared secret, which must not be all zero."""
    private, public = _CLASSES[name]
    try:
        return None, private.from_private_bytes(strings[0]).exchange(public.from_public_bytes(strings[1]))
    except ValueError as error:
        raise BindingError(
            "The public key is of small order: nothing secret comes of it.", "OperationError"
        ) from error


OPERATIONS: dict[str, Operation] = {
    "okpGenerate": generate,
    "okpImportRaw": import_raw,
    "okpImportSpki": import_spki,
    "okpImportPkcs8": import_pkcs8,
    "okpImportJwk": import_jwk,
    "okpExportSpki": export_spki,
    "okpExportPkcs8": export_pkcs8,
    "okpPublic": public_of,
    "okpSign": sign,
    "okpVerify": verify,
    "okpDerive": derive,
}
