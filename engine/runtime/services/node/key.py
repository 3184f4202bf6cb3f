"""KeyObject of ``node:crypto``: reading, writing and making asymmetric keys.

JavaScript keeps a key as DER (PKCS #8 or SubjectPublicKeyInfo) and gives it with each operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519

from engine.bindings.binding import BindingError

from .operation import Operation, Reply

_CURVES: dict[str, ec.EllipticCurve] = {
    "prime256v1": ec.SECP256R1(),
    "secp256k1": ec.SECP256K1(),
    "secp224r1": ec.SECP224R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
}
_CURVE_ALIASES = {
    "P-256": "prime256v1",
    "P-384": "secp384r1",
    "P-521": "secp521r1",
    "secp256r1": "prime256v1",
}
_KINDS: dict[type, str] = {
    rsa.RSAPrivateKey: "rsa",
    rsa.RSAPublicKey: "rsa",
    ec.EllipticCurvePrivateKey: "ec",
    ec.EllipticCurvePublicKey: "ec",
    dsa.DSAPrivateKey: "dsa",
    dsa.DSAPublicKey: "dsa",
    ed25519.Ed25519PrivateKey: "ed25519",
    ed25519.Ed25519PublicKey: "ed25519",
    ed448.Ed448PrivateKey: "ed448",
    ed448.Ed448PublicKey: "ed448",
    x25519.X25519PrivateKey: "x25519",
    x25519.X25519PublicKey: "x25519",
    x448.X448PrivateKey: "x448",
    x448.X448PublicKey: "x448",
}


#: V8 waits meanwhile: some seconds. The next sizes take minutes.
_MOST_BITS: Final = 4096


def curve_of(name: str) -> ec.EllipticCurve:
    curve = _CURVES.get(_CURVE_ALIASES.get(name, name))
    if curve is None:
        raise BindingError("Invalid EC curve name", "TypeError")
    return curve


def curve_name(curve: ec.EllipticCurve) -> str:
    return next((name for name, each in _CURVES.items() if each.name == curve.name), curve.name)


@lru_cache(256)
def private_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


@lru_cache(256)
def public_key(der: bytes) -> Any:
    return serialization.load_der_public_key(der)


def der_of(key: Any) -> bytes:
    if hasattr(key, "private_bytes"):
        form = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return bytes(key.private_bytes(serialization.Encoding.DER, form, plain))
    form_public = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.DER, form_public))


def facts(key: Any) -> dict[str, Any]:
    """What KeyObject tells: type, asymmetricKeyType and asymmetricKeyDetails."""
    kind = next((name for each, name in _KINDS.items() if isinstance(key, each)), None)
    if kind is None:
        raise BindingError("unsupported key type", "Error")
    details: dict[str, Any] = {}
    public = key.public_key() if hasattr(key, "private_bytes") else key
    if kind == "rsa":
        details = {"modulusLength": public.key_size, "publicExponent": str(public.public_numbers().e)}
    elif kind == "ec":
        details = {"namedCurve": curve_name(public.curve)}
    elif kind == "dsa":
        numbers = public.public_numbers().parameter_numbers
        details = {"modulusLength": numbers.p.bit_length(), "divisorLength": numbers.q.bit_length()}
    return {
        "type": "private" if hasattr(key, "private_bytes") else "public",
        "kind": kind,
        "details": details,
    }


def _decode(args: list[Any], data: bytes) -> Reply:
    """``["private" | "public", "pem" | "der", type | null, size]``, passphrase and key → facts, DER."""
    wanted, form, encoding, size = args
    secret: bytes | None = data[:size] or None
    content = data[size:]
    try:
        if form == "pem":
            key: Any = _read_pem(content, secret)
        elif wanted == "private" or encoding in ("pkcs8", "sec1"):
            key = serialization.load_der_private_key(content, secret)
        else:
            key = serialization.load_der_public_key(content)
    except TypeError as error:
        if "Password was not given" in str(error):
            raise BindingError("Passphrase required for encrypted key", "TypeError") from None
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, UnsupportedAlgorithm):
        raise BindingError("error:1E08010C:DECODER routines::unsupported", "Error") from None
    private = hasattr(key, "private_bytes")
    if wanted == "private" and not private:
        raise BindingError("error:1E08010C:DECODER routines::unsupported", "Error")
    if wanted == "public" and private:
        key = key.public_key()
    return facts(key), der_of(key)


def _read_pem(content: bytes, secret: bytes | None) -> Any:
    if b"CERTIFICATE" in content:
        return x509.load_pem_x509_certificate(content).public_key()
    if b"PRIVATE KEY" in content:
        return serialization.load_pem_private_key(content, secret)
    return serialization.load_pem_public_key(content)


def key_of(private: bool, der: bytes) -> Any:
    return private_key(der) if private else public_key(der)


def _encode(args: list[Any], data: bytes) -> Reply:
    """``[private, "pem" | "der", type, has cipher, passphrase size]``, passphrase, DER → the key as asked."""
    private, form, kind, ciphered, size = args
    key = key_of(private, data[size:])
    encoding = serialization.Encoding.PEM if form == "pem" else serialization.Encoding.DER
    if not private:
        forms = {
            "pkcs1": serialization.PublicFormat.PKCS1,
            "spki": serialization.PublicFormat.SubjectPublicKeyInfo,
        }
        return None, key.public_bytes(encoding, forms[kind])
    secret = data[:size]
    protection = serialization.BestAvailableEncryption(secret) if ciphered else serialization.NoEncryption()
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    shape = serialization.PrivateFormat.PKCS8 if kind == "pkcs8" else traditional
    return None, key.private_bytes(encoding, shape, protection)


def _public_of(args: list[Any], data: bytes) -> Reply:
    """A private key's DER → facts and DER of its public key."""
    key = private_key(data).public_key()
    return facts(key), der_of(key)


def _generate(args: list[Any], data: bytes) -> Reply:
    """``[kind, {modulusLength, publicExponent, namedCurve, divisorLength}]`` → facts, DER of a key."""
    kind, options = args
    makers: dict[str, Callable[[], Any]] = {
        "rsa": lambda: rsa.generate_private_key(
            options.get("publicExponent", 65537), options["modulusLength"]
        ),
        "dsa": lambda: dsa.generate_private_key(options["modulusLength"]),
        "ec": lambda: ec.generate_private_key(curve_of(options["namedCurve"])),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "x25519": x25519.X25519PrivateKey.generate,
        "x448": x448.X448PrivateKey.generate,
    }
    makers["rsa-pss"] = makers["rsa"]
    if options.get("modulusLength", 0) > _MOST_BITS:
        told = f"A key of more than {_MOST_BITS} bits cannot be generated here: nothing could stop it."
        raise BindingError(told, "RangeError")
    try:
        key = makers[kind]()
    except ValueError as error:
        raise BindingError(str(error), "Error") from None
    return facts(key), der_of(key)


SYNC: Mapping[str, Operation] = {
    "decode": _decode,
    "encode": _encode,
    "publicOf": _public_of,
    "generate": _generate,
}
