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


def _get(args: list[Any], data: bytes) -> tuple[None, bytes]:
    """The source of the lazy library ``[name]``, in ASCII; only plain names are looked up."""
    name = str(args[0])
    if not name.replace("-", "").isalnum():
        raise BundleMissing(f"{name!r} is not the name of a library.")
    return None, read(f"lazy/{name}").encode("ascii")


SYNC: Mapping[str, Callable[[list[Any], bytes], tuple[Any, bytes | None]]] = {"get": _get}
