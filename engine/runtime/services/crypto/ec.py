"""Elliptic curves of NIST: ECDSA and ECDH (https://w3c.github.io/webcrypto/#ecdsa).

A key is kept by the isolate as DER: PrivateKeyInfo or SubjectPublicKeyInfo.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from . import base64url, der
from .calls import Answer, Operation, failing_as
from .hashes import hash_of

_CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}


@lru_cache(256)
def _private(data: bytes) -> EllipticCurvePrivateKey:
    key = load_der_private_key(data, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


@lru_cache(256)
def _public(data: bytes) -> EllipticCurvePublicKey:
    key = load_der_public_key(data)
    assert isinstance(key, EllipticCurvePublicKey)
    return key


def _size(curve: ec.EllipticCurve) -> int:
    """Bytes of a coordinate."""
    return (curve.key_size + 7) // 8


def _require(key: Any, kind: type, curve: str) -> None:
    if not isinstance(key, kind) or key.curve.name != _CURVES[curve].name:  # type: ignore[attr-defined]
        raise ValueError("The key is of another kind or curve.")


def generate(curve: str, _: list[bytes]) -> Answer:
    """A private key; the value is the public one's DER."""
    key = ec.generate_private_key(_CURVES[curve])
    return {"public": base64url.encode(der.spki(key.public_key()))}, der.pkcs8(key)


def import_raw(curve: str, strings: list[bytes]) -> Answer:
    """A point, compressed or not → the public key."""
    with failing_as("DataError", f"The data is not a point of {curve}."):
        if strings[0][:1] == b"\0":
            raise ValueError("The point at infinity is no key.")
        return None, der.spki(EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], strings[0]))


def import_spki(curve: str, strings: list[bytes]) -> Answer:
    """SubjectPublicKeyInfo → the public key."""
    with failing_as("DataError", f"The data is not a {curve} public key in SPKI format."):
        key = der.public_key(strings[0])
        _require(key, EllipticCurvePublicKey, curve)
        return None, der.spki(key)


def import_pkcs8(curve: str, strings: list[bytes]) -> Answer:
    """PrivateKeyInfo → the private key."""
    with failing_as("DataError", f"The data is not a {curve} private key in PKCS #8 format."):
        key = der.private_key(strings[0])
        _require(key, EllipticCurvePrivateKey, curve)
        return None, der.pkcs8(key)


def import_jwk(parameters: dict[str, Any], _: list[bytes]) -> Answer:
    """``{curve, x, y, d?}`` → the key."""
    curve = _CURVES[parameters["curve"]]
    with failing_as("DataError", f"The JSON Web Key is not a valid {parameters['curve']} key."):
        coordinates = {
            name: base64url.decode(parameters[name]) for name in ("x", "y", "d") if name in parameters
        }
        if any(len(part) != _size(curve) for part in coordinates.values()):
            raise ValueError("A coordinate has the wrong size.")
        number = {name: int.from_bytes(part, "big") for name, part in coordinates.items()}
        public = ec.EllipticCurvePublicNumbers(number["x"], number["y"], curve)
        if "d" not in number:
            return None, der.spki(public.public_key())
        private = ec.derive_private_key(number["d"], curve)
        if private.public_key().public_numbers() != public:
            raise ValueError("The public and the private part do not belong together.")
        return None, der.pkcs8(private)


def export_jwk(kind: str, strings: list[bytes]) -> Answer:
    """x, y and perhaps d of a key; ``kind`` is "private" or "public"."""
    private = _private(strings[0]) if kind == "private" else None
    public = private.public_key() if private is not None else _public(strings[0])
    size = _size(public.curve)
    numbers = public.public_numbers()
    members = {"x": base64url.from_int(numbers.x, size), "y": base64url.from_int(numbers.y, size)}
    if private is not None:
        members["d"] = base64url.from_int(private.private_numbers().private_value, size)
    return members, None


def export_raw(_: None, strings: list[bytes]) -> Answer:
    """A public key → its point, uncompressed."""
    return None, _public(strings[0]).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_of(_: None, strings: list[bytes]) -> Answer:
    """A private key → its public key."""
    return None, der.spki(_private(strings[0]).public_key())


def sign(name: str, strings: list[bytes]) -> Answer:
    """Key, data → r and s, one after the other; ``name`` is the hash's."""
    key = _private(strings[0])
    r, s = decode_dss_signature(key.sign(strings[1], ec.ECDSA(hash_of(name))))
    size = _size(key.curve)
    return None, r.to_bytes(size, "big") + s.to_bytes(size, "big")


def verify(name: str, strings: list[bytes]) -> Answer:
    """Key, signature, data → whether it is right."""
    key = _public(strings[0])
    signature, data = strings[1:]
    size = _size(key.curve)
    if len(signature) != 2 * size:
        return False, None
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hash_of(name)))
    except (InvalidSignature, ValueError):
        return False, None
    return True, None


def derive(_: None, strings: list[bytes]) -> Answer:
    """Private key, public key → the shared secret."""
    return None, _private(strings[0]).exchange(ec.ECDH(), _public(strings[1]))


OPERATIONS: dict[str, Operation] = {
    "ecGenerate": generate,
    "ecImportRaw": import_raw,
    "ecImportSpki": import_spki,
    "ecImportPkcs8": import_pkcs8,
    "ecImportJwk": import_jwk,
    "ecExportJwk": export_jwk,
    "ecExportRaw": export_raw,
    "ecPublic": public_of,
    "ecSign": sign,
    "ecVerify": verify,
    "ecDerive": derive,
}
