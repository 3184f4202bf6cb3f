"""ECDH with bare numbers and points, and the groups of Diffie and Hellman's exchange, for ``node:crypto``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.bindings.binding import BindingError

from .key import curve_of
from .operation import Operation, Reply


def _point(key: ec.EllipticCurvePublicKey, form: str) -> bytes:
    shapes = serialization.PublicFormat
    shape = shapes.CompressedPoint if form == "compressed" else shapes.UncompressedPoint
    return key.public_bytes(serialization.Encoding.X962, shape)


def _ecdh_public(args: list[Any], data: bytes) -> Reply:
    """``[curve, form]`` and a private number (empty: a new one) → its size, the number and its point."""
    curve = curve_of(args[0])
    try:
        if data:
            key = ec.derive_private_key(int.from_bytes(data, "big"), curve)
        else:
            key = ec.generate_private_key(curve)
    except ValueError:
        raise BindingError("Private key is not valid for specified curve.", "Error") from None
    width = (curve.key_size + 7) // 8
    number = data or key.private_numbers().private_value.to_bytes(width, "big")
    return len(number), number + _point(key.public_key(), args[1])


def _ecdh_secret(args: list[Any], data: bytes) -> Reply:
    """``[curve, number size]``, a private number and the other's point → the shared secret."""
    curve = curve_of(args[0])
    key = ec.derive_private_key(int.from_bytes(data[: args[1]], "big"), curve)
    try:
        other = ec.EllipticCurvePublicKey.from_encoded_point(curve, data[args[1] :])
    except ValueError:
        raise BindingError("Public key is not valid for specified curve", "Error") from None
    return None, key.exchange(ec.ECDH(), other)


def _ecdh_convert(args: list[Any], data: bytes) -> Reply:
    """``[curve, form]`` and a point → the point in that form."""
    return None, _point(ec.EllipticCurvePublicKey.from_encoded_point(curve_of(args[0]), data), args[1])


# -- groups for Diffie and Hellman's exchange

_GROUPS = {
    "modp1": (768, 149686),
    "modp2": (1024, 129093),
    "modp5": (1536, 741804),
    "modp14": (2048, 124476),
    "modp15": (3072, 1690314),
    "modp16": (4096, 240904),
    "modp17": (6144, 929484),
    "modp18": (8192, 4743158),
}


def _pi(bits: int) -> int:
    """The integral part of pi * 2**bits, by Machin's formula."""
    one = 1 << (bits + 64)

    def inverse_tangent(divisor: int) -> int:
        total = term = one // divisor
        sign, odd = -1, 3
        while term:
            term //= divisor * divisor
            total += sign * (term // odd)
            sign, odd = -sign, odd + 2
        return total

    return 4 * (4 * inverse_tangent(5) - inverse_tangent(239)) >> 64


@lru_cache(16)
def _group_prime(name: str) -> bytes:
    bits, extra = _GROUPS[name]
    prime = (1 << bits) - (1 << (bits - 64)) - 1 + (1 << 64) * (_pi(bits - 130) + extra)
    return prime.to_bytes(bits // 8, "big")


def _group(args: list[Any], data: bytes) -> Reply:
    """``[name]`` of a group of RFC 2409 or RFC 3526 → its prime."""
    if args[0] not in _GROUPS:
        raise BindingError("Unknown DH group", "Error")
    return None, _group_prime(args[0])


SYNC: Mapping[str, Operation] = {
    "ecdhPublic": _ecdh_public,
    "ecdhSecret": _ecdh_secret,
    "ecdhConvert": _ecdh_convert,
    "group": _group,
}
