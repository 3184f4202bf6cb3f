"""The outermost layer of DER keys: whether data is SPKI or PKCS #8.

The loaders of `cryptography` take PKCS #1 and SEC 1 keys as well; the standard wants exactly one structure a
format.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

_SEQUENCE = 0x30
_INTEGER = 0x02


def _content(der: bytes, tag: int, at: int) -> tuple[int, int]:
    """Where the content of the value at ``at`` starts and ends.

    Raises:
        ValueError: The value is not of this tag, or is cut short.
    """
    if len(der) < at + 2 or der[at] != tag:
        raise ValueError("The key is not a DER structure of this format.")
    size = der[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(der[at : at + count], "big")
        at += count
    if at + size > len(der):
        raise ValueError("The key is cut short.")
    return at, at + size


def public_key(der: bytes) -> Any:
    """The public key in a SubjectPublicKeyInfo.

    Raises:
        ValueError: It is not one, or of a kind nobody knows.
    """
    start, end = _content(der, _SEQUENCE, 0)
    _content(der, _SEQUENCE, start)
    if end != len(der):
        raise ValueError("There are bytes after the key.")
    return load_der_public_key(der)


def private_key(der: bytes) -> Any:
    """The private key in a PrivateKeyInfo.

    Raises:
        ValueError: It is not one, or of a kind nobody knows.
    """
    start, end = _content(der, _SEQUENCE, 0)
    _, after = _content(der, _INTEGER, start)
    _content(der, _SEQUENCE, after)
    if end != len(der):
        raise ValueError("There are bytes after the key.")
    # RSA keys are checked by who asks: OpenSSL's own check tests primes for up to a second.
    return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def spki(key: Any) -> bytes:
    """A public key as SubjectPublicKeyInfo."""
    der: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def pkcs8(key: Any) -> bytes:
    """A private key as PrivateKeyInfo."""
    der: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return der
