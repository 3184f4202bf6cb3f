"""Asymmetric keys for ``node:crypto``: reading, writing, making them, signatures, encryption, agreement.

JavaScript keeps a key as DER (PKCS #8 or SubjectPublicKeyInfo) and gives it with each operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, utils, x448, x25519
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding

from engine.bindings.binding import BindingError

Reply = tuple[Any, bytes | None]

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
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
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
_PKCS1, _OAEP, _PSS = 1, 4, 6


def hash_algorithm(name: str) -> hashes.HashAlgorithm:
    """The digest of cryptography for Python's name.

    Raises:
        BindingError: It has none.
    """
    if name not in _HASHES:
        raise BindingError("Invalid digest", "Error")
    return _HASHES[name]()


def _hash_of(name: str) -> hashes.HashAlgorithm:
    from .crypto_node import hash_name

    return hash_algorithm(hash_name(name))


def _curve(name: str) -> ec.EllipticCurve:
    curve = _CURVES.get(_CURVE_ALIASES.get(name, name))
    if curve is None:
        raise BindingError("Invalid EC curve name", "TypeError")
    return curve


def _curve_name(curve: ec.EllipticCurve) -> str:
    return next((name for name, each in _CURVES.items() if each.name == curve.name), curve.name)


@lru_cache(256)
def _private(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


@lru_cache(256)
def _public(der: bytes) -> Any:
    return serialization.load_der_public_key(der)


def _der(key: Any) -> bytes:
    if hasattr(key, "private_bytes"):
        form = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return bytes(key.private_bytes(serialization.Encoding.DER, form, plain))
    form_public = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.DER, form_public))


def _facts(key: Any) -> dict[str, Any]:
    """What KeyObject tells: type, asymmetricKeyType and asymmetricKeyDetails."""
    kind = next((name for each, name in _KINDS.items() if isinstance(key, each)), None)
    if kind is None:
        raise BindingError("unsupported key type", "Error")
    details: dict[str, Any] = {}
    public = key.public_key() if hasattr(key, "private_bytes") else key
    if kind == "rsa":
        details = {"modulusLength": public.key_size, "publicExponent": str(public.public_numbers().e)}
    elif kind == "ec":
        details = {"namedCurve": _curve_name(public.curve)}
    elif kind == "dsa":
        numbers = public.public_numbers().parameter_numbers
        details = {"modulusLength": numbers.p.bit_length(), "divisorLength": numbers.q.bit_length()}
    return {
        "type": "private" if hasattr(key, "private_bytes") else "public",
        "kind": kind,
        "details": details,
    }


def _decode(args: list[Any], data: bytes) -> Reply:
    """``["private" | "public", "pem" | "der", type | null, passphrase size]``, passphrase and key → facts, DER."""
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
    return _facts(key), _der(key)


def _read_pem(content: bytes, secret: bytes | None) -> Any:
    if b"CERTIFICATE" in content:
        return x509.load_pem_x509_certificate(content).public_key()
    if b"PRIVATE KEY" in content:
        return serialization.load_pem_private_key(content, secret)
    return serialization.load_pem_public_key(content)


def _key(private: bool, der: bytes) -> Any:
    return _private(der) if private else _public(der)


def _encode(args: list[Any], data: bytes) -> Reply:
    """``[private, "pem" | "der", type, has cipher, passphrase size]``, passphrase and DER → the key as asked."""
    private, form, kind, ciphered, size = args
    key = _key(private, data[size:])
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
    key = _private(data).public_key()
    return _facts(key), _der(key)


def _generate(args: list[Any], data: bytes) -> Reply:
    """``[kind, {modulusLength, publicExponent, namedCurve, divisorLength}]`` → facts and DER of a private key."""
    kind, options = args
    makers: dict[str, Callable[[], Any]] = {
        "rsa": lambda: rsa.generate_private_key(
            options.get("publicExponent", 65537), options["modulusLength"]
        ),
        "dsa": lambda: dsa.generate_private_key(options["modulusLength"]),
        "ec": lambda: ec.generate_private_key(_curve(options["namedCurve"])),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "x25519": x25519.X25519PrivateKey.generate,
        "x448": x448.X448PrivateKey.generate,
    }
    makers["rsa-pss"] = makers["rsa"]
    try:
        key = makers[kind]()
    except ValueError as error:
        raise BindingError(str(error), "Error") from None
    return _facts(key), _der(key)


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
    """``[digest | null, padding, salt length, "der" | "ieee-p1363", key size]``, key and data → a signature."""
    name, pad, salt, form, size = args
    key, message = _private(data[:size]), data[size:]
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None, key.sign(message)
    digest = _hash_of(name or "sha256")
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
    """As ``sign``, and the signature's size before the key's; key, signature and data → whether it is right."""
    name, pad, salt, form, signature_size, size = args
    key, signature = _public(data[:size]), data[size : size + signature_size]
    message = data[size + signature_size :]
    try:
        if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, message)
            return True, None
        digest = _hash_of(name or "sha256")
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
        digest = _hash_of(name)
        return rsa_padding.OAEP(rsa_padding.MGF1(digest), digest, label or None)
    if pad == _PKCS1:
        return rsa_padding.PKCS1v15()
    raise BindingError("illegal or unsupported padding mode", "Error")


def _crypt(args: list[Any], data: bytes) -> Reply:
    """``["encrypt" | "decrypt", padding, OAEP digest, key size, label size]``, key, label and data → output."""
    direction, pad, name, size, label_size = args
    label, content = data[size : size + label_size], data[size + label_size :]
    try:
        if direction == "encrypt":
            return None, _public(data[:size]).encrypt(content, _encryption(pad, name, label))
        return None, _private(data[:size]).decrypt(content, _encryption(pad, name, label))
    except ValueError:
        wrong = "data too large for key size" if direction == "encrypt" else "oaep decoding error"
        raise BindingError(f"error:0200009F:rsa routines::{wrong}", "Error") from None


def _agree(args: list[Any], data: bytes) -> Reply:
    """``[private key size]``, a private and a public key → the shared secret."""
    private, public = _private(data[: args[0]]), _public(data[args[0] :])
    try:
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return None, private.exchange(ec.ECDH(), public)
        return None, private.exchange(public)
    except (TypeError, ValueError):
        raise BindingError("Incompatible key types for Diffie-Hellman", "Error") from None


# -- ECDH with bare numbers and points


def _point(key: ec.EllipticCurvePublicKey, form: str) -> bytes:
    shapes = serialization.PublicFormat
    shape = shapes.CompressedPoint if form == "compressed" else shapes.UncompressedPoint
    return key.public_bytes(serialization.Encoding.X962, shape)


def _ecdh_public(args: list[Any], data: bytes) -> Reply:
    """``[curve, form]`` and a private number (empty: a new one) → its size, the number and its point."""
    curve = _curve(args[0])
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
    curve = _curve(args[0])
    key = ec.derive_private_key(int.from_bytes(data[: args[1]], "big"), curve)
    try:
        other = ec.EllipticCurvePublicKey.from_encoded_point(curve, data[args[1] :])
    except ValueError:
        raise BindingError("Public key is not valid for specified curve", "Error") from None
    return None, key.exchange(ec.ECDH(), other)


def _ecdh_convert(args: list[Any], data: bytes) -> Reply:
    """``[curve, form]`` and a point → the point in that form."""
    return None, _point(ec.EllipticCurvePublicKey.from_encoded_point(_curve(args[0]), data), args[1])


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


def _jwk(args: list[Any], data: bytes) -> Reply:
    """``[private]`` and DER → the members of a JSON web key that are numbers or bytes, in hexadecimal."""
    key = _key(args[0], data)
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
        curve = _curve_name(key.curve)
        result = {"kty": "EC", "crv": names_of.get(curve, curve)}
        result |= {"x": _hex(point.x, width), "y": _hex(point.y, width)}
        if isinstance(key, ec.EllipticCurvePrivateKey):
            result["d"] = _hex(key.private_numbers().private_value, width)
        return result, None
    facts = _facts(key)
    name = {"ed25519": "Ed25519", "ed448": "Ed448", "x25519": "X25519", "x448": "X448"}.get(facts["kind"])
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
    return _facts(key), _der(key)


def _jwk_key(jwk: dict[str, str], number: Callable[[str], int]) -> Any:
    if jwk["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(number("e"), number("n"))
        if "d" not in jwk:
            return public.public_key()
        parts = [number(name) for name in ("p", "q", "d", "dp", "dq", "qi")]
        return rsa.RSAPrivateNumbers(*parts, public).private_key()
    if jwk["kty"] == "EC":
        point = ec.EllipticCurvePublicNumbers(number("x"), number("y"), _curve(jwk["crv"]))
        return (
            ec.EllipticCurvePrivateNumbers(number("d"), point).private_key()
            if "d" in jwk
            else point.public_key()
        )
    private, public_class = {
        "Ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
        "Ed448": (ed448.Ed448PrivateKey, ed448.Ed448PublicKey),
        "X25519": (x25519.X25519PrivateKey, x25519.X25519PublicKey),
        "X448": (x448.X448PrivateKey, x448.X448PublicKey),
    }[jwk["crv"]]
    if "d" in jwk:
        return private.from_private_bytes(bytes.fromhex(jwk["d"]))
    return public_class.from_public_bytes(bytes.fromhex(jwk["x"]))


SYNC: Mapping[str, Callable[[list[Any], bytes], Reply]] = {
    "decode": _decode,
    "encode": _encode,
    "publicOf": _public_of,
    "generate": _generate,
    "sign": _sign,
    "verify": _verify,
    "crypt": _crypt,
    "agree": _agree,
    "ecdhPublic": _ecdh_public,
    "ecdhSecret": _ecdh_secret,
    "ecdhConvert": _ecdh_convert,
    "group": _group,
    "jwk": _jwk,
    "fromJwk": _from_jwk,
}
