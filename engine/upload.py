"""What a deploy brings: modules and metadata, and the checks that need no store.

Shapes are those of the multipart upload of `PUT workers/scripts/:n` (API.md §3).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from engine.errors import ApiError
from engine.model import CODE_TYPES, MODULE_TYPES, Module, ModuleRef, Settings
from engine.store import modules as blobs

MAX_GZIP: Final = 10 * 1024 * 1024
MAX_RAW: Final = 64 * 1024 * 1024
MAX_CPU_MS: Final = 300_000
SCRIPT_SETTINGS: Final = ("observability", "logpush", "tail_consumers", "tags")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A script to deploy.

    `bindings` are Cloudflare's binding objects, secrets in clear (so they are left out of the repr).
    `keep_bindings` None keeps secrets and replaces the rest; a set keeps exactly these types.
    `strict_inherit` refuses an ``inherit`` binding without an ancestor (``bindings_inherit=strict``).
    `exports` says which classes of Durable Objects there are to be, instead of `migrations`, which say how
    they come to be. `script_settings` None leaves tags, observability… of the environment as they are.
    """

    main_module: str
    modules: tuple[Module, ...]
    bindings: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    settings: Settings = field(default_factory=Settings)
    keep_bindings: frozenset[str] | None = None
    strict_inherit: bool = False
    script_settings: Mapping[str, Any] | None = None
    message: str | None = None
    tag: str | None = None
    alias: str | None = None
    migrations: Mapping[str, Any] | None = None
    exports: Mapping[str, Any] | None = None

    @staticmethod
    def from_metadata(
        metadata: Mapping[str, Any], modules: Sequence[Module], *, strict_inherit: bool = False
    ) -> Upload:
        """The upload that a metadata part and its modules describe; raises ApiError 10026 (wrong shape)."""
        main = metadata.get("main_module") or metadata.get("body_part")
        if not isinstance(main, str):
            raise ApiError(10026, "metadata needs main_module (ES modules) or body_part (service worker)")
        annotations = _mapping(metadata, "annotations")
        keep = metadata.get("keep_bindings")
        if keep is not None and not _strings(keep):
            raise ApiError(10026, "metadata.keep_bindings is a list of binding types")
        bindings = metadata.get("bindings") or []
        if not isinstance(bindings, list) or not all(isinstance(each, dict) for each in bindings):
            raise ApiError(10026, "metadata.bindings is a list of objects")
        kept_out = {key: metadata[key] for key in SCRIPT_SETTINGS if metadata.get(key) is not None}
        return Upload(
            main_module=main,
            modules=tuple(modules),
            bindings=tuple(bindings),
            settings=parse_settings(metadata),
            keep_bindings=None if keep is None else frozenset(keep),
            strict_inherit=strict_inherit,
            script_settings=kept_out or None,
            message=annotations.get("workers/message"),
            tag=annotations.get("workers/tag"),
            alias=annotations.get("workers/alias"),
            migrations=_mapping(metadata, "migrations") or None,
            exports=_mapping(metadata, "exports") or None,
        )


def parse_settings(metadata: Mapping[str, Any], base: Settings | None = None) -> Settings:
    """The settings in a metadata object; a key that is missing is taken from `base`.

    Raises:
        ApiError: 10021 bad compatibility date or CPU limit, 10026 wrong shape.
    """
    values = (base or Settings()).to_json()
    # What an upload says of its assets is a token; who has verified it sets them.
    values.update({key: metadata[key] for key in values if key in metadata and key != "assets"})
    day, flags, limits = values["compatibility_date"], values["compatibility_flags"], values["limits"]
    if day is not None:
        _check_date(day)
    if flags is not None and not _strings(flags):
        raise ApiError(10026, "compatibility_flags is a list of names")
    values["limits"] = _mapping({"limits": limits}, "limits")
    values["placement"] = _mapping(values, "placement")
    cpu = values["limits"].get("cpu_ms")
    if cpu is not None and (
        isinstance(cpu, bool) or not isinstance(cpu, int | float) or not 1 <= cpu <= MAX_CPU_MS
    ):
        raise ApiError(10021, f"limits.cpu_ms is {cpu!r}: give milliseconds from 1 to {MAX_CPU_MS}")
    values["compatibility_flags"] = list(dict.fromkeys(flags or ()))
    return Settings.from_json(values)


def check_code(main_module: str, modules: Sequence[Module]) -> tuple[ModuleRef, ...]:
    """The modules by hash, after the checks of names, types and size.

    Hashes and maybe compresses up to 64 MiB: call it off the event loop.

    Raises:
        ApiError: 10021 names or types, 10027 too large.
    """
    names: set[str] = set()
    for module in modules:
        if not module.name or len(module.name) > 255 or "\0" in module.name:
            raise ApiError(10021, f"{module.name[:60]!r} is no name for a module: 1 to 255 characters")
        if module.name in names:
            raise ApiError(10021, f"There are two modules named {module.name}")
        if module.type not in MODULE_TYPES:
            raise ApiError(10021, f"Module {module.name} has the unknown type {module.type!r}")
        names.add(module.name)
    main = next((module for module in modules if module.name == main_module), None)
    if main is None:
        shown = ", ".join(sorted(names)) or "none"
        raise ApiError(10021, f'No such module "{main_module}": the uploaded modules are {shown}')
    if main.type not in CODE_TYPES:
        raise ApiError(10021, f"The main module {main_module} is {main.type}, not JavaScript")
    _check_size([module.content for module in modules if module.type != "sourcemap"])
    return tuple(blobs.refer(module) for module in modules)


def _check_size(contents: Sequence[bytes]) -> None:
    raw = sum(map(len, contents))
    if raw > MAX_RAW:
        raise ApiError(
            10027, f"Your Worker exceeded the size limit of {_mib(MAX_RAW)} (it has {_mib(raw)})", 413
        )
    if raw <= MAX_GZIP:
        return  # compressed, it is smaller still
    compressor = zlib.compressobj(wbits=31)
    packed = sum(len(compressor.compress(content)) for content in contents) + len(compressor.flush())
    if packed > MAX_GZIP:
        raise ApiError(
            10027,
            f"Your Worker exceeded the size limit of {_mib(MAX_GZIP)} after gzip (it has {_mib(packed)})",
            413,
        )


def _check_date(day: object) -> None:
    try:
        if not isinstance(day, str) or not _DATE.fullmatch(day):
            raise ValueError
        parsed = date.fromisoformat(day)
    except ValueError:
        raise ApiError(10021, f"compatibility_date is {day!r}: give a day as YYYY-MM-DD") from None
    # One day of grace: it may be tomorrow already where the person is.
    if parsed > datetime.now(UTC).date() + timedelta(days=1):
        raise ApiError(10021, f"compatibility_date {day} is in the future: give today's or an earlier one")


def _mapping(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = values.get(key) or {}
    if not isinstance(value, Mapping):
        raise ApiError(10026, f"{key} is an object")
    return dict(value)


def _strings(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _mib(size: int) -> str:
    return f"{size / 1048576:.1f} MiB"
