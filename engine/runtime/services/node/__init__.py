"""What ``node:crypto`` and ``node:zlib`` ask of the host (js/src/node/internal/crypto, zlib.js)."""

from __future__ import annotations

from collections.abc import Mapping

from . import certificate, cipher, derive, digest, exchange, jwk, key, prime, signature, zlib
from .operation import Operation

CRYPTO: Mapping[str, Operation] = {
    name: operation
    for module in (digest, derive, cipher, prime, key, jwk, signature, exchange, certificate)
    for name, operation in module.SYNC.items()
}
ZLIB: Mapping[str, Operation] = zlib.SYNC
