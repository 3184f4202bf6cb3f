"""Uploading static assets: a session for a manifest, and the files that are missing (API.md §2)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from engine.api import multipart
from engine.api.call import ACCOUNT, Call, resource, worker_resource
from engine.api.envelope import success
from engine.assets import session
from engine.errors import ApiError
from engine.model import check_environment_name, check_service_name
from engine.store import Connection, assets
from engine.store.assets import Asset

#: Static-assets limits: files of a version, bytes of a file.
MAX_FILES: Final = 100_000
MAX_SIZE: Final = 25 * 1024 * 1024
#: What is asked for in one request: so many files, so many bytes, unless one file alone is larger.
BUCKET_FILES: Final = 100
BUCKET_BYTES: Final = 20 * 1024 * 1024
FORM_LIMIT: Final = 72 * 1024 * 1024
#: wrangler's word for a file whose type it does not know.
NO_TYPE: Final = "application/null"
_KEY = re.compile(r"[0-9a-f]{32}")


async def begin(call: Call) -> Response:
    """`POST …/assets-upload-session` `{"manifest": {"/path": {hash, size}}}`: `{jwt, buckets: [[hash]]}`."""
    check_service_name(call.service)
    check_environment_name(call.environment)
    sizes, files = _manifest((await call.json_object()).get("manifest"))

    def work(connection: Connection) -> tuple[str, set[str]]:
        kept = assets.keep_manifest(connection, files, call.store.now())
        return kept, set(assets.find(connection, sizes.keys()))

    manifest, present = await call.store.write(work)
    buckets = _buckets({key: size for key, size in sizes.items() if key not in present})
    token = session.issue(call.engine.token, call.service, manifest, complete=not buckets)
    return success({"jwt": token, "buckets": buckets})


async def upload(call: Call) -> Response:
    """`POST workers/assets/upload?base64=true`: files by hash; 201 with the completion token after the last.

    It is authorized by the session's token.
    """
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    claims = session.read(call.engine.token, token if scheme.lower() == "bearer" else "", complete=False)
    manifest = str(claims["manifest"])
    found = await call.store.read(lambda connection: assets.manifest(connection, manifest))
    wanted = set((found or {}).values())
    content_type = call.request.headers.get("content-type", "")
    for part in await multipart.read_form(content_type, call.request.stream(), FORM_LIMIT):
        if part.name not in wanted:
            raise ApiError(10021, f"{part.name[:64]} is no file of this upload's manifest")
        await _keep(call, part)
    present = await call.store.read(lambda connection: assets.find(connection, wanted))
    if len(present) < len(wanted):
        return success({"jwt": None}, status=202)
    done = session.issue(call.engine.token, str(claims["sub"]), manifest, complete=True)
    return success({"jwt": done}, status=201)


async def _keep(call: Call, part: multipart.Part) -> None:
    content = part.content
    if call.flag("base64"):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise ApiError(10021, f"The file {part.name} is not valid base64") from None
    if len(content) > MAX_SIZE:
        raise ApiError(10027, f"The file {part.name} is larger than {MAX_SIZE >> 20} MiB", 413)
    kind = "" if part.content_type == NO_TYPE else part.content_type
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    blobs = call.store.assets
    written = await blobs.write(content, ())

    def work(connection: Connection) -> None:
        if part.name not in assets.find(connection, [part.name]):
            blobs.keep(written)
            assets.keep(connection, Asset(part.name, written.hash, written.size, kind))

    try:
        await call.store.write(work)
    finally:
        await blobs.discard(written)  # one that was kept stays


def _manifest(given: Any) -> tuple[dict[str, int], dict[str, str]]:
    """Sizes by key, and keys by path."""
    if not isinstance(given, Mapping):
        raise ApiError(10021, 'Give {"manifest": {"/path": {"hash": "…", "size": 1}}}')
    if len(given) > MAX_FILES:
        raise ApiError(10021, f"There are {len(given)} assets: a version has at most {MAX_FILES}")
    sizes: dict[str, int] = {}
    files: dict[str, str] = {}
    for path, entry in given.items():
        key, size = (entry.get("hash"), entry.get("size")) if isinstance(entry, Mapping) else (None, None)
        if not path.startswith("/") or not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ApiError(10021, f"{path[:100]!r}: a path begins with /, its hash is 32 hexadecimal digits")
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MAX_SIZE:
            raise ApiError(10021, f"{path[:100]}: a file has at most {MAX_SIZE >> 20} MiB, not {size!r:.40}")
        sizes[key] = size
        files[path] = key
    return sizes, files


def _buckets(missing: Mapping[str, int]) -> list[list[str]]:
    buckets: list[list[str]] = []
    filled = 0
    for key, size in missing.items():
        if not buckets or len(buckets[-1]) >= BUCKET_FILES or filled + size > BUCKET_BYTES:
            buckets.append([])
            filled = 0
        buckets[-1].append(key)
        filled += size
    return buckets


ROUTES = [
    *worker_resource("/assets-upload-session", post=begin),
    resource(ACCOUNT + "/workers/assets/upload", post=upload),
]
UPLOAD_PATH: Final = "/workers/assets/upload"
"""The end of the one path that a session's token opens."""
