"""Signatures, RSA encryption and the agreement of two KeyObjects, for ``node:crypto``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, utils
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding

from engine.bindings.binding import BindingError

from .digest import hash_algorithm
from .key import private_key, public_key
from .operation import Operation, Reply

_PKCS1, _OAEP, _PSS = 1, 4, 6


def _padding(number: int | None, salt: int | None, digest: Any, verify: bool) -> Any:
    if number in (None, _PKCS1):
        return rsa_padding.PKCS1v15()
    if number != _PSS:
        raise BindingError("illegal or unsupported padding mode", "Error")
    length: Any = salt
    if salt is None or salt == -2:
        length = rsa_padding.PSS.AUTO if verify else rsa_padding.PSS.MAX_LENGTH
    elif salt == -1:
        length = digest.digest_size
    return rsa_padding.PSS(rsa_padding.MGF1(digest), length)


def _sign(args: list[Any], data: bytes) -> Reply:
    """``[digest | null, padding, salt length, "der" | "ieee-p1363", key size]``, key, data → a signature."""
    name, pad, salt, form, size = args
    key, message = private_key(data[:size]), data[size:]
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None, key.sign(message)
    digest = hash_algorithm(name or "sha256")
    if isinstance(key, rsa.RSAPrivateKey):
        return None, key.sign(message, _padding(pad, salt, digest, False), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(message, ec.ECDSA(digest))
        width = (key.key_size + 7) // 8
    elif isinstance(key, dsa.DSAPrivateKey):
        signature = key.sign(message, digest)
        width = (key.parameters().parameter_numbers().q.bit_length() + 7) // 8
    else:
        raise BindingError("operation not supported for this keytype", "Error")
    if form == "ieee-p1363":
        r, s = utils.decode_dss_signature(signature)
        signature = r.to_bytes(width, "big") + s.to_bytes(width, "big")
    return None, signature


def _verify(args: list[Any], data: bytes) -> Reply:
    """As ``sign``, and the signature's size before the key's; key, signature, data → is it right."""
    name, pad, salt, form, signature_size, size = args
    key, signature = public_key(data[:size]), data[size : size + signature_size]
    message = data[size + signature_size :]
    try:
        if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, message)
            return True, None
        digest = hash_algorithm(name or "sha256")
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, _padding(pad, salt, digest, True), digest)
            return True, None
        if form == "ieee-p1363":
            half = len(signature) // 2
            r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            signature = utils.encode_dss_signature(r, s)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(digest))
        else:
            key.verify(signature, message, digest)
    except InvalidSignature:
        return False, None
    return True, None


def _encryption(pad: int, name: str, label: bytes) -> Any:
    if pad == _OAEP:
        digest = hash_algorithm(name)
        return rsa_padding.OAEP(rsa_padding.MGF1(digest), digest, label or None)
    if pad == _PKCS1:
        return rsa_padding.PKCS1v15()
    raise BindingError("illegal or unsupported padding mode", "Error")


def _crypt(args: list[Any], data: bytes) -> Reply:
    """``["encrypt" | "decrypt", padding, OAEP digest, key size, label size]``, key, label, data → output."""
    direction, pad, name, size, label_size = args
    label, content = data[size : size + label_size], data[size + label_size :]
    try:
        if direction == "encrypt":
            return None, public_key(data[:size]).encrypt(content, _encryption(pad, name, label))
        return None, private_key(data[:size]).decrypt(content, _encryption(pad, name, label))
    except ValueError:
        wrong = "data too large for key size" if direction == "encrypt" else "oaep decoding error"
        raise BindingError(f"error:0200009F:rsa routines::{wrong}", "Error") from None


def _agree(args: list[Any], data: bytes) -> Reply:
    """``[private key size]``, a private and a public key → the shared secret."""
    private, public = private_key(data[: args[0]]), public_key(data[args[0] :])
    try:
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return None, private.exchange(ec.ECDH(), public)
        return None, private.exchange(public)
    except (TypeError, ValueError):
        raise BindingError("Incompatible key types for Diffie-Hellman", "Error") from None


SYNC: Mapping[str, Operation] = {"sign": _sign, "verify": _verify, "crypt": _crypt, "agree": _agree}
