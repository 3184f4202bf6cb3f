"""What an upload says of its assets (`metadata.assets.config`), checked and kept with the version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.assets.paths import HTML_HANDLING, NOT_FOUND_HANDLING
from engine.errors import ApiError


def check(given: Any) -> dict[str, Any]:
    """The configuration, with nothing in it but what is known.

    Raises:
        ApiError: 10021, a value is not one of those allowed.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ApiError(10021, "metadata.assets.config is an object")
    made: dict[str, Any] = {}
    for key, allowed in (("html_handling", HTML_HANDLING), ("not_found_handling", NOT_FOUND_HANDLING)):
        value = given.get(key)
        if value is None:
            continue
        if value not in allowed:
            raise ApiError(10021, f"assets.config.{key} is {value!r:.60}: one of {', '.join(allowed)}")
        made[key] = value
    first = given.get("run_worker_first", given.get("invoke_user_worker_ahead_of_assets"))
    if first is not None:
        made["run_worker_first"] = _worker_first(first)
    for key in ("_headers", "_redirects"):
        if given.get(key) is not None:
            if not isinstance(given[key], str):
                raise ApiError(10021, f"assets.config.{key} is the text of the file {key}")
            made[key] = given[key]
    return made


def _worker_first(value: Any) -> bool | list[str]:
    if isinstance(value, bool):
        return value
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= 100
        or not all(isinstance(each, str) and each.startswith(("/", "!/")) for each in value)
    ):
        raise ApiError(
            10021, 'assets.config.run_worker_first is true, false, or patterns like ["/api/*", "!/api/docs"]'
        )
    return list(value)
