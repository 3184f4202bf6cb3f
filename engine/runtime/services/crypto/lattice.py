"""ML-DSA and ML-KEM (https://wicg.github.io/webcrypto-modern-algos/, FIPS 204 and 203).

A key is kept by the isolate as its raw bytes: the seed, or the public key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa, mlkem

from . import base64url, der
from .calls import Answer, Operation, failing_as

_CLASSES: Mapping[str, tuple[Any, Any]] = {
    "ML-DSA-44": (mldsa.MLDSA44PrivateKey, mldsa.MLDSA44PublicKey),
    "ML-DSA-65": (mldsa.MLDSA65PrivateKey, mldsa.MLDSA65PublicKey),
    "ML-DSA-87": (mldsa.MLDSA87PrivateKey, mldsa.MLDSA87PublicKey),
    "ML-KEM-768": (mlkem.MLKEM768PrivateKey, mlkem.MLKEM768PublicKey),
    "ML-KEM-1024": (mlkem.MLKEM1024PrivateKey, mlkem.MLKEM1024PublicKey),
}


def generate(name: str, _: list[bytes]) -> Answer:
    """A seed; the value is the public key."""
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
    """PrivateKeyInfo with a seed → the seed."""
    with failing_as("DataError", f"The data is not an {name} private key in PKCS #8 format with a seed."):
        key = der.private_key(strings[0])
        if not isinstance(key, _CLASSES[name][0]):
            raise TypeError
        return None, key.private_bytes_raw()


def import_raw(name: str, strings: list[bytes]) -> Answer:
    """A public key's bytes → the public key."""
    with failing_as("DataError", f"The data is not an {name} public key."):
        return None, _CLASSES[name][1].from_public_bytes(strings[0]).public_bytes_raw()


def import_seed(name: str, strings: list[bytes]) -> Answer:
    """A seed → the seed; the value is the public key."""
    with failing_as("DataError", f"The data is not an {name} seed."):
        key = _CLASSES[name][0].from_seed_bytes(strings[0])
        return {"public": base64url.encode(key.public_key().public_bytes_raw())}, strings[0]


def export_spki(name: str, strings: list[bytes]) -> Answer:
    """A public key → SubjectPublicKeyInfo."""
    return None, der.spki(_CLASSES[name][1].from_public_bytes(strings[0]))


def export_pkcs8(name: str, strings: list[bytes]) -> Answer:
    """A seed → PrivateKeyInfo."""
    return None, der.pkcs8(_CLASSES[name][0].from_seed_bytes(strings[0]))


def sign(name: str, strings: list[bytes]) -> Answer:
    """Seed, context, data → signature."""
    seed, context, data = strings
    return None, _CLASSES[name][0].from_seed_bytes(seed).sign(data, context or None)


def verify(name: str, strings: list[bytes]) -> Answer:
    """Public key, context, signature, data → whether it is right."""
    key, context, signature, data = strings
    try:
        _CLASSES[name][1].from_public_bytes(key).verify(signature, data, context or None)
    except (InvalidSignature, ValueError):
        return False, None
    return True, None


def encapsulate(name: str, strings: list[bytes]) -> Answer:
    """Public key → the ciphertext; the value is the shared secret."""
    secret, ciphertext = _CLASSES[name][1].from_public_bytes(strings[0]).encapsulate()
    return base64url.encode(secret), ciphertext


def decapsulate(name: str, strings: list[bytes]) -> Answer:
    """Seed, ciphertext → the shared secret."""
    return None, _CLASSES[name][0].from_seed_bytes(strings[0]).decapsulate(strings[1])


OPERATIONS: dict[str, Operation] = {
    "latticeGenerate": generate,
    "latticeImportSpki": import_spki,
    "latticeImportPkcs8": import_pkcs8,
    "latticeImportRaw": import_raw,
    "latticeImportSeed": import_seed,
    "latticeExportSpki": export_spki,
    "latticeExportPkcs8": export_pkcs8,
    "latticeSign": sign,
    "latticeVerify": verify,
    "latticeEncapsulate": encapsulate,
    "latticeDecapsulate": decapsulate,
}
