"""The tokens of an upload of assets: JSON Web Tokens (RFC 7519, HS256), as wrangler expects them.

One names the manifest whose files are being uploaded; one that says "complete" goes into the metadata of the
script. Nothing of a session is kept anywhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Final

from engine.errors import ApiError

#: Seconds that a session lasts (static-assets/direct-upload: one hour), as a completion token does.
LIFETIME: Final = 3600
_HEADER: Final = {"alg": "HS256", "typ": "JWT"}


def issue(key: str, service: str, manifest: str, *, complete: bool) -> str:
    """A token.

    Args:
        key: what signs it.
        service: whose assets they are.
        manifest: the manifest's hash.
        complete: whether every file of it is there.
    """
    now = int(time.time())
    claims = {"sub": service, "manifest": manifest, "complete": complete, "iat": now, "exp": now + LIFETIME}
    body = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{body}.{_encode(_signature(key, body))}"


def read(key: str, token: str, *, complete: bool) -> dict[str, Any]:
    """The claims of a token of one of the two kinds.

    Raises:
        ApiError: 10000 (HTTP 401), it is none of ours, or too old.
    """
    body, _, signature = token.rpartition(".")
    try:
        valid = hmac.compare_digest(_decode(signature), _signature(key, body))
        claims: dict[str, Any] = json.loads(_decode(body.partition(".")[2])) if valid else {}
    except ValueError:
        valid, claims = False, {}
    if not valid or claims.get("complete") is not complete or claims["exp"] < time.time():
        kind = "completion" if complete else "upload"
        raise ApiError(10000, f"This is no valid {kind} token for assets: begin the upload again", 401)
    return claims


def _signature(key: str, body: str) -> bytes:
    return hmac.new(b"assets\0" + key.encode(), body.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii", "replace") + b"=" * (-len(text) % 4))
