"""From the parts of an upload to modules and metadata (API.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.api.call import Call
from engine.api.envelope import loads_object
from engine.api.multipart import Part
from engine.errors import ApiError
from engine.model import Module, ModuleType
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
_CODE_SUFFIXES = (".js", ".mjs", ".ts", ".mts", ".jsx", ".tsx")


async def read_upload(call: Call) -> Upload:
    """The script that a request uploads.

    Raises:
        ApiError: 10004 broken form, 10005 no metadata, 10001 metadata is no JSON, 10021 a module's type.
    """
    metadata, parts = split(await call.form())
    if metadata is None:
        raise ApiError(10005, "The upload has no part named metadata.", 400)
    strict = call.query.get("bindings_inherit") == "strict"
    return Upload.from_metadata(metadata, modules_of(parts, metadata), strict_inherit=strict)


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
