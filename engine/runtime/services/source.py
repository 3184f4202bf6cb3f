"""The bundles that ``node build.mjs`` makes: the runtime, the compiler, and the libraries that load late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).parent.parent / "bundle"


class BundleMissing(Exception):
    """The package was not built, or only in part."""


@cache
def read(name: str) -> str:
    """The text of a bundle: "runtime", "tools", or "lazy/NAME".

    Raises:
        BundleMissing: There is none of that name.
    """
    path = BUNDLE / f"{name}.js"
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise BundleMissing(
            f"{path} is missing. Reinstall the package, or run `npm ci && node build.mjs ../bundle` in "
            f"{BUNDLE.parent / 'js'}."
        ) from None


@cache
def library(name: str) -> bytes:
    """The source of a lazy library, in ASCII; only plain names are looked up.

    Raises:
        BundleMissing: There is none of that name.
    """
    return read(f"lazy/{_plain(name)}").encode("ascii")


def _get(args: list[Any], data: bytes) -> tuple[None, bytes]:
    """The source of the lazy library ``[name]``, where it cannot be evaluated from here."""
    return None, library(args[0])


@cache
def _read_wasm(name: str) -> bytes:
    path = BUNDLE / "wasm" / f"{name}.wasm"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleMissing(f"{path} is missing. Reinstall the package.") from None


def _wasm(args: list[Any], data: bytes) -> tuple[None, bytes]:
    """The WebAssembly of the lazy library ``[name]``."""
    return None, _read_wasm(_plain(args[0]))


def _plain(value: Any) -> str:
    name = str(value)
    if not name.replace("-", "").isalnum():
        raise BundleMissing(f"{name!r} is not the name of a library.")
    return name


SYNC: Mapping[str, Callable[[list[Any], bytes], tuple[Any, bytes | None]]] = {"get": _get, "wasm": _wasm}
