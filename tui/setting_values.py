"""Values of settings as text: on one line, as they are typed, and back with a check."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tui.format import plural

Json = dict[str, Any]
MAX_TEXT: Final = 5 * 1024
MAX_CPU_MS: Final = 300_000
SECRET: Final = "••••"
KINDS: Final[Mapping[str, str]] = {
    "plain_text": "text",
    "json": "json",
    "secret_text": "secret",
    "secret_key": "secret",
    "kv_namespace": "KV",
    "d1": "D1",
    "r2_bucket": "R2",
    "service": "service",
    "queue": "queue",
    "durable_object_namespace": "objects",
    "version_metadata": "version",
    "assets": "assets",
}
TARGETS: Final[Mapping[str, str]] = {
    "kv_namespace": "namespace_id",
    "d1": "id",
    "r2_bucket": "bucket_name",
    "queue": "queue_name",
}
"""Which part of a binding names what it points to."""
NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
_CRON = re.compile(r"[\w*/,\-#?]+", re.ASCII)


def kind(binding: Mapping[str, Any]) -> str:
    """A binding's kind in a word."""
    given = str(binding.get("type", ""))
    return KINDS.get(given, given)


def target(binding: Mapping[str, Any]) -> str:
    """The id of what a binding points to; empty for one without."""
    return str(binding.get(TARGETS.get(str(binding.get("type")), ""), ""))


def line(value: Any, labels: Mapping[tuple[str, str], str]) -> str:
    """A value on one line.

    Args:
        value: of a setting or a binding.
        labels: what people call what bindings point to, by `(type, id)`.
    """
    if isinstance(value, list):
        return "  ".join(str(each) for each in value)
    if not isinstance(value, dict):
        return str(value)
    if "type" not in value:
        return _facts(value)
    match value["type"]:
        case "plain_text":
            return " ".join(str(value.get("text", "")).split()) or '""'
        case "json":
            return json.dumps(value.get("json"), ensure_ascii=False)
        case "secret_text" | "secret_key":
            return SECRET
        case "service":
            entry = f" ({value['entrypoint']})" if value.get("entrypoint") else ""
            return f"{value['service']} › {value.get('environment') or 'production'}{entry}"
        case "durable_object_namespace":
            script = value.get("script_name")
            return f"{value.get('class_name')}" + (f" of {script}" if script else "")
        case "version_metadata" | "assets":
            return "this version's"
    found = target(value)
    if found:
        return labels.get((value["type"], found), found)
    return json.dumps({key: each for key, each in value.items() if key != "type"}, ensure_ascii=False)


def _facts(value: Mapping[str, Any]) -> str:
    if "enabled" in value and not value["enabled"]:
        return "off"
    rest = "  ".join(
        f"{key} {json.dumps(each) if isinstance(each, dict | list) else each}"
        for key, each in value.items()
        if key != "enabled"
    )
    return f"on  {rest}".rstrip() if "enabled" in value else rest


def text(key: str, value: Any) -> str:
    """A value as it is typed: a list a line each, an object as JSON, a secret never."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    if not isinstance(value, dict):
        return str(value)
    match value.get("type") if key.startswith("binding:") else None:
        case "plain_text":
            return str(value.get("text", ""))
        case "json":
            return json.dumps(value.get("json"), ensure_ascii=False, indent=2)
        case "secret_text" | "secret_key":
            return str(value.get("text", ""))
        case None:
            return json.dumps(value, indent=2) if value else ""
    return json.dumps({item: each for item, each in value.items() if item != "type"}, indent=2)


def parse(key: str, before: Any, typed: str) -> Any:
    """The value of what was typed.

    Args:
        key: the setting's key.
        before: its value until now, which says what kind of binding it is.
        typed: the text.

    Raises:
        ValueError: it is none, in a sentence.
    """
    if not key.startswith("binding:"):
        return _PARSERS[key](typed.strip())
    given = dict(before or {})
    match given.get("type"):
        case "plain_text":
            return {**given, "text": _short(typed)}
        case "json":
            return {**given, "json": _json(_short(typed))}
        case "secret_text" | "secret_key":
            return {**given, "text": _short(typed)}
    return {"type": given.get("type"), **_object(typed)}


def name_fault(name: str, taken: Mapping[str, Any]) -> str:
    """What is wrong with a binding's name; empty when it can be used."""
    if not name:
        return "A name is needed: code reads it as env.NAME."
    if not NAME.fullmatch(name):
        return "Letters, digits, _ and $ only, and no digit first: code reads it as env.NAME."
    return f"There is a {name} already." if f"binding:{name}" in taken else ""


def _short(typed: str) -> str:
    size = len(typed.encode("utf-8", "replace"))
    if size > MAX_TEXT:
        raise ValueError(f"{size:,} bytes: a variable has at most {MAX_TEXT:,}.")
    return typed


def _json(typed: str) -> Any:
    try:
        return json.loads(typed)
    except json.JSONDecodeError as error:
        raise ValueError(f"No JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ValueError("This JSON is nested too deeply.") from None


def _object(typed: str) -> Json:
    found = _json(typed) if typed else {}
    if not isinstance(found, dict):
        raise ValueError('An object is needed: {"name": value}.')
    return found


def _date(typed: str) -> str:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise ValueError("A day as YYYY-MM-DD is needed.") from None
    if typed != day.isoformat():
        raise ValueError(f"A day as YYYY-MM-DD is needed: {day.isoformat()}.")
    if day > datetime.now(UTC).date() + timedelta(days=1):
        raise ValueError(f"{typed} is in the future.")
    return typed


def _lines(typed: str) -> list[str]:
    return list(dict.fromkeys(each.strip() for each in typed.splitlines() if each.strip()))


def _flags(typed: str) -> list[str]:
    flags = list(dict.fromkeys(typed.split()))
    if wrong := next((each for each in flags if not re.fullmatch(r"[a-z0-9_]+", each)), None):
        raise ValueError(f"{wrong} is no flag: small letters, digits and _ only.")
    return flags


def _limits(typed: str) -> Json:
    found = _object(typed)
    for key, value in found.items():
        if key not in ("cpu_ms", "subrequests"):
            raise ValueError(f"There is no limit {key}: cpu_ms and subrequests are.")
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{key} is a whole number from 1.")
    if found.get("cpu_ms", 1) > MAX_CPU_MS:
        raise ValueError(f"cpu_ms is at most {MAX_CPU_MS:,}.")
    return found


def _crons(typed: str) -> list[str]:
    crons = [" ".join(each.split()) for each in _lines(typed)]
    for cron in crons:
        parts = cron.split()
        if len(parts) != 5:
            raise ValueError(
                f"{cron}: {plural(len(parts), 'field')}, a cron has 5: minute hour day month weekday."
            )
        if wrong := next((each for each in parts if not _CRON.fullmatch(each)), None):
            raise ValueError(f"{cron}: {wrong} is no field of a cron.")
    return crons


def _routes(typed: str) -> list[str]:
    patterns = _lines(typed)
    for pattern in patterns:
        host, _, _ = re.sub(r"^https?://", "", pattern).partition("/")
        if not _HOST.fullmatch(host.removeprefix("*") if host.startswith("*") and host[1:2] != "." else host):
            raise ValueError(f"{pattern}: a route is a hostname and a path, as example.com/api/*.")
    return patterns


def _domains(typed: str) -> list[str]:
    hostnames = _lines(typed)
    if wrong := next((each for each in hostnames if "*" in each or not _HOST.fullmatch(each)), None):
        raise ValueError(f"{wrong}: a custom domain is one hostname, as shop.example.com.")
    return hostnames


def _observability(typed: str) -> Json | None:
    found = _object(typed)
    if not found:
        return None
    if not isinstance(found.get("enabled"), bool):
        raise ValueError('enabled is true or false: {"enabled": true, "head_sampling_rate": 1}.')
    rate = found.get("head_sampling_rate", 1)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise ValueError("head_sampling_rate is a number from 0 to 1.")
    return found


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "compatibility_date": _date,
    "compatibility_flags": _flags,
    "limits": _limits,
    "schedules": _crons,
    "routes": _routes,
    "domains": _domains,
    "observability": _observability,
}
HINTS: Final[Mapping[str, str]] = {
    "compatibility_date": "a day, YYYY-MM-DD",
    "compatibility_flags": "one a line",
    "limits": '{"cpu_ms": 50}',
    "schedules": "one a line: minute hour day month weekday",
    "routes": "one a line: example.com/api/*",
    "domains": "one a line: shop.example.com",
    "observability": '{"enabled": true, "head_sampling_rate": 1}',
}
"""What is typed, by key."""
