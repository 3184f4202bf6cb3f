"""JSON web keys (RFC 7517) for ``node:crypto``; their numbers and bytes go over as hexadecimal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519

from engine.bindings.binding import BindingError

from .key import curve_name, curve_of, der_of, facts, key_of
from .operation import Operation, Reply


def _jwk(args: list[Any], data: bytes) -> Reply:
    """``[private]`` and DER → the members of a JSON web key that are numbers or bytes, in hexadecimal."""
    key = key_of(args[0], data)
    if isinstance(key, rsa.RSAPrivateKey):
        n = key.private_numbers()
        names = {"n": n.public_numbers.n, "e": n.public_numbers.e, "d": n.d, "p": n.p, "q": n.q}
        values = {**names, "dp": n.dmp1, "dq": n.dmq1, "qi": n.iqmp}
        return {"kty": "RSA", **{name: _hex(value) for name, value in values.items()}}, None
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _hex(numbers.n), "e": _hex(numbers.e)}, None
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
        width = (key.curve.key_size + 7) // 8
        point = public.public_numbers()
        names_of = {"prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        curve = curve_name(key.curve)
        result = {"kty": "EC", "x": _hex(point.x, width), "y": _hex(point.y, width)}
        result["crv"] = names_of.get(curve, curve)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            result["d"] = _hex(key.private_numbers().private_value, width)
        return result, None
    kind = facts(key)["kind"]
    name = {"ed25519": "Ed25519", "ed448": "Ed448", "x25519": "X25519", "x448": "X448"}.get(kind)
    if name is None:
        raise BindingError("Unsupported JWK Key Type.", "Error")
    public = key.public_key() if args[0] else key
    result = {"kty": "OKP", "crv": name, "x": public.public_bytes_raw().hex()}
    return result | ({"d": key.private_bytes_raw().hex()} if args[0] else {}), None


def _hex(number: int, width: int | None = None) -> str:
    return number.to_bytes(width or max(1, math.ceil(number.bit_length() / 8)), "big").hex()


def _from_jwk(args: list[Any], data: bytes) -> Reply:
    """``[{kty, …}]`` with members in hexadecimal → facts and DER."""
    jwk = args[0]

    def number(name: str) -> int:
        return int(jwk[name], 16)

    try:
        key = _jwk_key(jwk, number)
    except (KeyError, ValueError):
        raise BindingError("Invalid JWK data", "TypeError") from None
    return facts(key), der_of(key)


def _jwk_key(jwk: dict[str, str], number: Callable[[str], int]) -> Any:
    if jwk["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(number("e"), number("n"))
        if "d" not in jwk:
            return public.public_key()
        p, q, d, dp, dq, qi = (number(name) for name in ("p", "q", "d", "dp", "dq", "qi"))
        return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()
    if jwk["kty"] == "EC":
        point = ec.EllipticCurvePublicNumbers(number("x"), number("y"), curve_of(jwk["crv"]))
        return (
            ec.EllipticCurvePrivateNumbers(number("d"), point).private_key()
            if "d" in jwk
            else point.public_key()
        )
    classes: dict[str, tuple[Any, Any]] = {
        "Ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
        "Ed448": (ed448.Ed448PrivateKey, ed448.Ed448PublicKey),
        "X25519": (x25519.X25519PrivateKey, x25519.X25519PublicKey),
        "X448": (x448.X448PrivateKey, x448.X448PublicKey),
    }
    private, public_class = classes[jwk["crv"]]
    if "d" in jwk:
        return private.from_private_bytes(bytes.fromhex(jwk["d"]))
    return public_class.from_public_bytes(bytes.fromhex(jwk["x"]))


SYNC: Mapping[str, Operation] = {"jwk": _jwk, "fromJwk": _from_jwk}
