"""From the parts of an upload to modules and metadata (API.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.api.call import Call
from engine.api.envelope import loads_object
from engine.api.multipart import Part
from engine.assets import session
from engine.assets.config import check
from engine.assets.site import ASSETS_ONLY
from engine.errors import ApiError
from engine.model import Module, ModuleType, Version
from engine.store import Connection, environments, versions
from engine.upload import Upload

_TYPES: Mapping[str, ModuleType] = {
    "application/javascript+module": "esm",
    "text/javascript+module": "esm",
    "application/typescript": "esm",
    "text/typescript": "esm",
    "application/javascript": "commonjs",
    "text/javascript": "commonjs",
    "application/wasm": "wasm",
    "text/plain": "text",
    "text/html": "text",
    "application/json": "json",
    "application/octet-stream": "data",
    "application/source-map": "sourcemap",
}
CONTENT_TYPES: Mapping[ModuleType, str] = {
    "esm": "application/javascript+module",
    "commonjs": "application/javascript",
    "script": "application/javascript",
    "text": "text/plain",
    "data": "application/octet-stream",
    "json": "application/json",
    "wasm": "application/wasm",
    "sourcemap": "application/source-map",
}
#: The module of a Worker that has files and no code; requests never reach it.
_NO_CODE = b"export default { fetch: () => new Response(null, { status: 404 }) };\n"
_CODE_SUFFIXES = (".js", ".mjs", ".ts", ".mts", ".jsx", ".tsx")


async def read_upload(call: Call) -> Upload:
    """The script that a request uploads.

    Raises:
        ApiError: 10004 broken form, 10005 no metadata, 10001 metadata is no JSON, 10021 a module's type.
    """
    metadata, parts = split(await call.form())
    if metadata is None:
        raise ApiError(10005, "The upload has no part named metadata.", 400)
    return await upload_of(call, metadata, parts, call.service, call.environment)


async def upload_of(
    call: Call, metadata: dict[str, Any], parts: Sequence[Part], service: str, environment: str
) -> Upload:
    """The script that metadata and modules describe, for this environment.

    Raises:
        ApiError: 10021 a module's type, or what is said of assets; 10026 wrong shape.
    """
    strict = call.query.get("bindings_inherit") == "strict"
    assets = await _assets(call, metadata, service, environment)
    modules = modules_of(parts, metadata)
    if assets and not metadata.get("main_module") and not metadata.get("body_part"):
        metadata = {**metadata, "main_module": ASSETS_ONLY}
        modules = (Module(ASSETS_ONLY, "esm", _NO_CODE),)
    upload = Upload.from_metadata(metadata, modules, strict_inherit=strict)
    return replace(upload, settings=replace(upload.settings, assets=assets)) if assets else upload


async def _assets(call: Call, metadata: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    """The static files of the new version: those uploaded for it, or those of the version before."""
    given = metadata.get("assets")
    keeps = metadata.get("keep_assets") is True
    if given is None and not keeps:
        return {}
    if given is not None and not isinstance(given, Mapping):
        raise ApiError(10021, "metadata.assets is an object with the jwt of the upload's last answer")
    token = (given or {}).get("jwt")
    config = check((given or {}).get("config"))
    if isinstance(token, str):
        claims = session.read(call.engine.token, token, complete=True)
        return {"manifest": claims["manifest"], "config": config}
    before = await call.store.read(lambda connection: _latest(connection, service, environment))
    if before is None or not before.settings.assets:
        if keeps:
            return {}
        raise ApiError(10021, "metadata.assets has no jwt, and no version before has assets to keep")
    kept = dict(before.settings.assets)
    return {**kept, "config": config} if (given or {}).get("config") is not None else kept


def _latest(connection: Connection, service: str, environment: str) -> Version | None:
    place = environments.find(connection, service, environment)
    return None if place is None else versions.latest(connection, place.id)


def split(parts: Sequence[Part]) -> tuple[dict[str, Any] | None, list[Part]]:
    """The metadata, if there is such a part, and all other parts."""
    metadata: dict[str, Any] | None = None
    rest = []
    for part in parts:
        if part.name == "metadata" and metadata is None:
            metadata = loads_object(part.content, "The metadata part")
        else:
            rest.append(part)
    return metadata, rest


def modules_of(parts: Sequence[Part], metadata: Mapping[str, Any]) -> tuple[Module, ...]:
    """The modules among an upload's parts, typed by their Content-Type.

    Raises:
        ApiError: 10021 for a type that cannot run here.
    """
    script = metadata.get("body_part")
    main = metadata.get("main_module")
    return tuple(
        _module(part, is_script=_name(part) == script, is_main=_name(part) == main) for part in parts
    )


def _name(part: Part) -> str:
    """Previews name every part "files" and tell modules apart by filename; else the field's name counts."""
    return part.filename if part.name == "files" and part.filename else part.name


def _module(part: Part, *, is_script: bool, is_main: bool) -> Module:
    name = _name(part)
    if is_script:
        return Module(name, "script", part.content)
    kind = _TYPES.get(part.content_type)
    if kind is None and part.content_type in {"", "application/octet-stream"}:
        kind = "esm" if is_main or name.endswith(_CODE_SUFFIXES) else "text"
    if kind is None:
        known = ", ".join(sorted(_TYPES))
        raise ApiError(
            10021,
            f"Module {name} has Content-Type {part.content_type!r}, which does not run here: {known} do.",
        )
    return Module(name, kind, part.content)
