"""RSA: RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP (https://w3c.github.io/webcrypto/#rsassa-pkcs1).

A key is kept by the isolate as DER: PrivateKeyInfo or SubjectPublicKeyInfo.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from engine.bindings.binding import BindingError

from . import base64url, der
from .calls import Answer, Operation, failing_as
from .hashes import hash_of

_WRONG = "The data could not be decrypted: the key, the label or the data is not the right one."


@lru_cache(128)
def _private(data: bytes) -> RSAPrivateKey:
    # It was checked when it was imported.
    key = load_der_private_key(data, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


@lru_cache(128)
def _public(data: bytes) -> RSAPublicKey:
    key = load_der_public_key(data)
    assert isinstance(key, RSAPublicKey)
    return key


def _checked(private: RSAPrivateKey) -> RSAPrivateKey:
    """A key whose parts fit together. That p and q are prime is not tested: it would take up to a second.

    Raises:
        ValueError: They do not fit.
    """
    numbers = private.private_numbers()
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    p, q, d = numbers.p, numbers.q, numbers.d
    if (
        p * q != n
        or (d * e - 1) % (p - 1)
        or (d * e - 1) % (q - 1)
        or numbers.dmp1 != d % (p - 1)
        or numbers.dmq1 != d % (q - 1)
        or numbers.iqmp * q % p != 1
    ):
        raise ValueError("The parts of the key do not fit together.")
    return private


def _described(public: RSAPublicKey) -> dict[str, Any]:
    return {"modulusLength": public.key_size, "publicExponent": base64url.from_int(public.public_numbers().e)}


def generate(parameters: dict[str, Any], _: list[bytes]) -> Answer:
    """``{modulusLength, publicExponent (base64url)}`` → the private key; the value is the public's DER."""
    key = rsa.generate_private_key(
        base64url.to_int(parameters["publicExponent"]), parameters["modulusLength"]
    )
    return {"public": base64url.encode(der.spki(key.public_key()))}, der.pkcs8(key)


def import_spki(_: None, strings: list[bytes]) -> Answer:
    """SubjectPublicKeyInfo → the key and what describes it."""
    with failing_as("DataError", "The data is not an RSA public key in SPKI format."):
        key = der.public_key(strings[0])
        if not isinstance(key, RSAPublicKey):
            raise TypeError
        return _described(key), der.spki(key)


def import_pkcs8(_: None, strings: list[bytes]) -> Answer:
    """PrivateKeyInfo → the key and what describes it."""
    with failing_as("DataError", "The data is not an RSA private key in PKCS #8 format."):
        key = der.private_key(strings[0])
        if not isinstance(key, RSAPrivateKey):
            raise TypeError
        return _described(key.public_key()), der.pkcs8(_checked(key))


def import_jwk(jwk: dict[str, str], _: list[bytes]) -> Answer:
    """The members n, e and perhaps d, p, q, dp, dq, qi → the key and what describes it."""
    with failing_as("DataError", "The JSON Web Key is not a valid RSA key."):
        number = {name: base64url.to_int(text) for name, text in jwk.items()}
        public = rsa.RSAPublicNumbers(number["e"], number["n"])
        if "d" not in number:
            key = public.public_key()
            return _described(key), der.spki(key)
        if "p" not in number:
            p, q = rsa.rsa_recover_prime_factors(number["n"], number["e"], number["d"])
            number |= {
                "p": p,
                "q": q,
                "dp": rsa.rsa_crt_dmp1(number["d"], p),
                "dq": rsa.rsa_crt_dmq1(number["d"], q),
                "qi": rsa.rsa_crt_iqmp(p, q),
            }
        p, q, d = number["p"], number["q"], number["d"]
        parts = rsa.RSAPrivateNumbers(p, q, d, number["dp"], number["dq"], number["qi"], public)
        private = parts.private_key(unsafe_skip_rsa_key_validation=True)
        return _described(private.public_key()), der.pkcs8(_checked(private))


def export_jwk(kind: str, strings: list[bytes]) -> Answer:
    """The members of a key's JSON Web Key; ``kind`` is "private" or "public"."""
    if kind == "public":
        public = _public(strings[0]).public_numbers()
        return {"n": base64url.from_int(public.n), "e": base64url.from_int(public.e)}, None
    numbers = _private(strings[0]).private_numbers()
    members = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return {name: base64url.from_int(number) for name, number in members.items()}, None


def public_of(_: None, strings: list[bytes]) -> Answer:
    """A private key → its public key."""
    return None, der.spki(_private(strings[0]).public_key())


def _padding(parameters: dict[str, Any]) -> AsymmetricPadding:
    salt = parameters.get("saltLength")
    if salt is None:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(hash_of(parameters["hash"])), salt)


def sign(parameters: dict[str, Any], strings: list[bytes]) -> Answer:
    """``{hash, saltLength (PSS)}``; key, data → signature."""
    with failing_as(
        "OperationError", "The data could not be signed: the key is too small for the hash and salt."
    ):
        return None, _private(strings[0]).sign(strings[1], _padding(parameters), hash_of(parameters["hash"]))


def verify(parameters: dict[str, Any], strings: list[bytes]) -> Answer:
    """``{hash, saltLength (PSS)}``; key, signature, data → whether it is right."""
    key, signature, data = strings
    try:
        _public(key).verify(signature, data, _padding(parameters), hash_of(parameters["hash"]))
    except (InvalidSignature, ValueError):
        return False, None
    return True, None


def _oaep(name: str, label: bytes) -> padding.OAEP:
    function = hash_of(name)
    return padding.OAEP(padding.MGF1(function), function, label or None)


def encrypt(name: str, strings: list[bytes]) -> Answer:
    """Key, label, data → encrypted; ``name`` is the hash's."""
    key, label, data = strings
    public = _public(key)
    most = (public.key_size + 7) // 8 - 2 * hash_of(name).digest_size - 2
    if len(data) > most:
        raise BindingError(
            f"The key encrypts at most {most} bytes, and was given {len(data)}.", "OperationError"
        )
    return None, public.encrypt(data, _oaep(name, label))


def decrypt(name: str, strings: list[bytes]) -> Answer:
    """Key, label, data → decrypted; ``name`` is the hash's."""
    key, label, data = strings
    with failing_as("OperationError", _WRONG):
        return None, _private(key).decrypt(data, _oaep(name, label))


OPERATIONS: dict[str, Operation] = {
    "rsaImportSpki": import_spki,
    "rsaImportPkcs8": import_pkcs8,
    "rsaImportJwk": import_jwk,
    "rsaExportJwk": export_jwk,
    "rsaPublic": public_of,
    "rsaSign": sign,
    "rsaVerify": verify,
    "rsaEncrypt": encrypt,
    "rsaDecrypt": decrypt,
}
HEAVY: dict[str, Operation] = {"rsaGenerate": generate}
