"""Code on its way to the engine: the multipart body of `PUT …/content`.

Written here because httpx guesses a part's content type from its name, and the engine takes a module's
type from just that.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

#: A module's type and the content type that Cloudflare's upload gives it.
CONTENT_TYPES = {
    "esm": "application/javascript+module",
    "commonjs": "application/javascript",
    "script": "application/javascript",
    "text": "text/plain",
    "data": "application/octet-stream",
    "json": "application/json",
    "wasm": "application/wasm",
    "sourcemap": "application/source-map",
}


def multipart(
    modules: Sequence[Mapping[str, Any]], main: str, message: str | None = None
) -> tuple[bytes, dict[str, str]]:
    """Build an upload.

    Args:
        modules: `{name, type?, text | base64}` each.
        main: The main module's name.
        message: What the history says about it.

    Returns:
        The body, and the headers: its content type and which part is the main module.
    """
    types = {module["name"]: module.get("type") or "esm" for module in modules}
    classic = types.get(main) == "script"
    metadata: dict[str, Any] = {"body_part" if classic else "main_module": main}
    if message:
        metadata["annotations"] = {"workers/message": message}
    boundary = f"svc-{os.urandom(16).hex()}"
    parts = [_part(boundary, 'name="metadata"', None, json.dumps(metadata).encode())]
    for module in modules:
        name = _quoted(module["name"])
        content_type = CONTENT_TYPES.get(types[module["name"]], "application/octet-stream")
        parts.append(_part(boundary, f'name="{name}"; filename="{name}"', content_type, _content(module)))
    parts.append(f"--{boundary}--\r\n".encode())
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    if main.isascii():  # header values are ASCII; the metadata part carries the exact name anyway
        headers["cf-worker-body-part" if classic else "cf-worker-main-module-part"] = main
    return b"".join(parts), headers


def _part(boundary: str, disposition: str, content_type: str | None, content: bytes) -> bytes:
    head = f"--{boundary}\r\ncontent-disposition: form-data; {disposition}\r\n"
    if content_type:
        head += f"content-type: {content_type}\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


def _content(module: Mapping[str, Any]) -> bytes:
    text = module.get("text")
    return text.encode() if text is not None else base64.b64decode(module["base64"])


def _quoted(name: str) -> str:
    """Escape as browsers do (HTML, "multipart/form-data"): a quote must not end the header."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
