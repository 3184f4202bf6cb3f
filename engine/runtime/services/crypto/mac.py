"""HMAC (https://w3c.github.io/webcrypto/#hmac)."""

from __future__ import annotations

import hmac

from .calls import Answer, Operation

_NAMES = {
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
    "SHA3-256": "sha3_256",
    "SHA3-384": "sha3_384",
    "SHA3-512": "sha3_512",
}


def sign(name: str, strings: list[bytes]) -> Answer:
    """Key, data → the code; ``name`` is the hash's."""
    return None, hmac.digest(strings[0], strings[1], _NAMES[name])


def verify(name: str, strings: list[bytes]) -> Answer:
    """Key, code, data → whether it is right, in constant time."""
    key, code, data = strings
    return hmac.compare_digest(code, hmac.digest(key, data, _NAMES[name])), None


OPERATIONS: dict[str, Operation] = {"hmacSign": sign, "hmacVerify": verify}
