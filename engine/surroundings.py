"""What belongs to an environment beside its versions, in words: triggers, routes, domains, observability.

Together with the live versions' differences (`engine.diff`) this is all that two environments can differ in,
but for their names, what their resources hold, and secrets' values, which are compared and not shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.model import Environment
from engine.store import Connection, deployments, domains, routes, schedules, versions

#: Keys of the script's settings, in the order they are shown; others follow by name.
_SCRIPT = ("observability", "logpush", "tail_consumers", "tags")


def rows(connection: Connection, place: Environment) -> dict[str, str]:
    """Key → text to show; what is not set is left out."""
    found = {
        "crons": ", ".join(each.cron for each in schedules.of_environment(connection, place.id)),
        "routes": ", ".join(sorted(each.pattern for each in routes.of_environment(connection, place.id))),
        "domains": ", ".join(
            sorted(
                each.hostname + ("" if each.enabled else " (off)")
                for each in domains.of_environment(connection, place.id)
            )
        ),
        "workers_dev": "" if place.subdomain_enabled else "off",
        "preview_urls": "" if place.previews_enabled else "off",
        "deployment": _shares(connection, place),
    }
    settings = place.script_settings
    for key in (*_SCRIPT, *sorted(settings.keys() - set(_SCRIPT))):
        found[key] = _text(settings.get(key))
    return {key: text for key, text in found.items() if text}


def _shares(connection: Connection, place: Environment) -> str:
    """The versions of a gradual deployment; one version alone is what the rest of the comparison is about."""
    current = deployments.current(connection, place.id)
    if current is None or len(current.versions) < 2:
        return ""
    texts = []
    for version_id, share in current.versions:
        version = versions.by_id(connection, version_id)
        texts.append(f"v{version.number if version else '?'} {share:g} %")
    return ", ".join(texts)


def _text(value: Any) -> str:
    if value in (None, False, "") or value == {} or value == []:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(sorted(value))
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "on" if value is True else str(value)
