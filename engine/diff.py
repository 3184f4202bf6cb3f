"""What differs between two versions: code line by line, settings and bindings by row."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine import resources, surroundings
from engine.errors import ApiError
from engine.model import TEXT_TYPES, Binding, Environment, ModuleRef, Version
from engine.store import Connection, Store, environments, modules, services, versions
from engine.store.secrets import Secrets

CONTEXT: Final = 3
MAX_COMPARED: Final = 4 * 1024 * 1024
"""Larger texts are only said to differ: comparing them line by line would take too long."""

KINDS: Final[Mapping[str, str]] = {
    "plain_text": "text",
    "json": "json",
    "secret_text": "secret",
    "kv_namespace": "KV",
    "assets": "assets",
    "d1": "D1",
    "r2_bucket": "R2",
    "queue": "queue",
    "workflow": "workflow",
    "analytics_engine": "dataset",
    "secrets_store_secret": "stored secret",
    "service": "service",
    "platform": "platform",
    "durable_object_namespace": "DO",
}
Status = Literal["same", "added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a hunk: `op` is " ", "+" or "-"; `old` and `new` are line numbers from 1 or None."""

    op: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """Neighbouring changed lines with their context; `header` is ``@@ -1,3 +1,4 @@``."""

    header: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ModuleDiff:
    """How one module differs; `added` and `removed` count lines. Hunks are of texts only."""

    name: str
    status: Status
    added: int = 0
    removed: int = 0
    hunks: tuple[Hunk, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The module as the API shows it."""
        return {
            "name": self.name,
            "status": self.status,
            "added": self.added,
            "removed": self.removed,
            "hunks": [
                {
                    "header": hunk.header,
                    "lines": [
                        {"op": line.op, "old": line.old, "new": line.new, "text": line.text}
                        for line in hunk.lines
                    ],
                }
                for hunk in self.hunks
            ],
        }


@dataclass(frozen=True, slots=True)
class SettingDiff:
    """A setting or binding that differs; `old` and `new` are texts to show, None where it is missing."""

    key: str
    kind: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class End:
    """One side of a comparison; version None for an environment that has none yet."""

    environment: str
    version: Version | None

    def to_json(self) -> dict[str, Any]:
        """The side as the API shows it."""
        return {
            "environment": self.environment,
            "version_id": self.version.id if self.version else None,
            "number": self.version.number if self.version else None,
        }


@dataclass(frozen=True, slots=True)
class Diff:
    """The whole comparison."""

    source: End
    target: End
    settings: tuple[SettingDiff, ...]
    modules: tuple[ModuleDiff, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison as ``GET services/:s/diff`` answers it."""
        return {
            "from": self.source.to_json(),
            "to": self.target.to_json(),
            "settings": [
                {"key": each.key, "kind": each.kind, "from": each.old, "to": each.new}
                for each in self.settings
            ],
            **code_json(self.modules),
        }


async def diff(store: Store, service: str, source: str, target: str) -> Diff:
    """Compares two ends, each an environment's name (what is live there) or a version id.

    Raises:
        ApiError: 10007 no such service, 10071 no such environment or version.
    """

    def work(connection: Connection) -> Diff:
        services.get(connection, service)
        first, second = end(connection, service, source), end(connection, service, target)
        settings = list(_settings(connection, store.secrets, first.version, second.version))
        places = [environments.find(connection, service, each) for each in (source, target)]
        if places[0] is not None and places[1] is not None:
            settings += _around(connection, places[0], places[1])
        return Diff(
            first,
            second,
            tuple(settings),
            code(connection, first.version, second.version),
        )

    return await store.read(work)


def end(connection: Connection, service: str, name: str) -> End:
    """The end that a name or a version id means; raises ApiError 10071."""
    place = environments.find(connection, service, name)
    if place is not None:
        return End(place.name, environments.live_of(connection, place).version)
    version = versions.by_id(connection, name)
    if version is None or version.service_id != service:
        raise ApiError(10071, f"{service} has neither an environment nor a version {name}", 404)
    owner = environments.by_id(connection, version.environment_id)
    return End(owner.name if owner else "", version)


def code(connection: Connection, old: Version | None, new: Version | None) -> tuple[ModuleDiff, ...]:
    """How the modules differ, the new version's order first; None stands for no modules."""
    before = {ref.name: ref for ref in old.modules} if old else {}
    after = {ref.name: ref for ref in new.modules} if new else {}
    names = [*after, *(name for name in before if name not in after)]
    return tuple(_module(connection, name, before.get(name), after.get(name)) for name in names)


def code_json(found: Sequence[ModuleDiff]) -> dict[str, Any]:
    """``{"added", "removed", "modules"}`` of a code comparison; the counts are lines."""
    return {
        "added": sum(each.added for each in found),
        "removed": sum(each.removed for each in found),
        "modules": [each.to_json() for each in found],
    }


def lines(old: str, new: str) -> tuple[int, int, tuple[Hunk, ...]]:
    """Lines added, lines removed, and the hunks that turn `old` into `new`."""
    before, after = old.splitlines(), new.splitlines()
    added = removed = 0
    hunks = []
    for group in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT):
        shown: list[Line] = []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                shown.extend(
                    Line(" ", i + 1, j + 1, before[i])
                    for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
                )
                continue
            removed, added = removed + i2 - i1, added + j2 - j1
            shown.extend(Line("-", i + 1, None, before[i]) for i in range(i1, i2))
            shown.extend(Line("+", None, j + 1, after[j]) for j in range(j1, j2))
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        hunks.append(Hunk(f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@", tuple(shown)))
    return added, removed, tuple(hunks)


def binding_text(connection: Connection, binding: Binding) -> str:
    """A binding's value in a few words for a person; a secret is ``set``, whatever it holds."""
    settings = binding.settings
    resource = resources.of(binding)
    if resource is not None:
        kind, name = resource
        return kind.label(connection, name) or f"{name} (gone)"
    match binding.type:
        case "secret_text":
            return "set"
        case "plain_text":
            return str(settings["text"])
        case "json":
            return json.dumps(settings["json"], ensure_ascii=False)
        case "durable_object_namespace":
            script, place = settings.get("script_name"), settings.get("environment")
            owner = f" of {script}{f' › {place}' if place else ''}" if script else ""
            return f"{settings['class_name']}{owner}"
        case "service":
            place = settings.get("environment")
            entry = settings.get("entrypoint")
            return f"{settings['service']}{f' › {place}' if place else ''}{f' #{entry}' if entry else ''}"
        case "secrets_store_secret":
            return str(settings["secret_name"])
        case other:
            return other


def same_binding(secrets: Secrets, first: Binding, second: Binding) -> bool:
    """Whether two bindings hold the same; secrets are compared by their clear text."""
    if first.type != second.type:
        return False
    if first.type == "secret_text":
        return secrets.same(first.settings["text"], second.settings["text"])
    if first.type == "durable_object_namespace" and "script_name" not in first.settings:
        # Each environment has its own objects of a class.
        hidden = {"namespace_id": None}
        return {**first.settings, **hidden} == {**second.settings, **hidden}
    return dict(first.settings) == dict(second.settings)


def _settings(
    connection: Connection, secrets: Secrets, old: Version | None, new: Version | None
) -> Iterator[SettingDiff]:
    for key in ("compatibility_date", "compatibility_flags", "assets", "limits", "placement", "usage_model"):
        before = setting_text(old, key)
        after = setting_text(new, key)
        if before != after:
            yield SettingDiff(key, "setting", before, after)
    if old is not None and new is not None and old.main_module != new.main_module:
        yield SettingDiff("main_module", "setting", old.main_module, new.main_module)
    names = [binding.name for version in (old, new) if version for binding in version.bindings]
    for name in dict.fromkeys(names):
        first = old.binding(name) if old else None
        second = new.binding(name) if new else None
        if first is not None and second is not None and same_binding(secrets, first, second):
            continue
        shown = second or first
        after = binding_text(connection, second) if second else None
        if first is not None and second is not None and first.type == second.type == "secret_text":
            after = "set anew"
        yield SettingDiff(
            f"binding:{name}",
            KINDS.get(shown.type, shown.type) if shown else "",
            binding_text(connection, first) if first else None,
            after,
        )


def _around(connection: Connection, old: Environment, new: Environment) -> Iterator[SettingDiff]:
    """What two environments differ in beside their versions."""
    before, after = surroundings.rows(connection, old), surroundings.rows(connection, new)
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield SettingDiff(key, "environment", before.get(key), after.get(key))


def setting_text(version: Version | None, key: str) -> str | None:
    """A setting's value in a few words for a person, None when it has none."""
    if version is None:
        return None
    value = version.settings.to_json()[key]
    if not value:
        return None
    if key == "assets":
        config = value.get("config") or {}
        return ", ".join(
            [f"files {value['manifest'][:8]}", *(f"{each} {config[each]}" for each in sorted(config))]
        )
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in sorted(value.items()))
    return str(value)


def _module(
    connection: Connection, name: str, before: ModuleRef | None, after: ModuleRef | None
) -> ModuleDiff:
    if before and after and (before.hash, before.type) == (after.hash, after.type):
        return ModuleDiff(name, "same")
    status: Status = "changed" if before and after else "added" if after else "removed"
    present = [ref for ref in (before, after) if ref]
    if any(ref.type not in TEXT_TYPES or ref.size > MAX_COMPARED for ref in present):
        return ModuleDiff(name, status)
    old, new = (
        modules.content(connection, ref.hash).decode("utf-8", "replace") if ref else ""
        for ref in (before, after)
    )
    added, removed, hunks = lines(old, new)
    return ModuleDiff(name, status, added, removed, hunks)


def _range(start: int, stop: int) -> str:
    """A range of a hunk header, as unified diffs write it: ``first,count``, the line before when empty."""
    count = stop - start
    first = start + 1 if count else start
    return f"{first}" if count == 1 else f"{first},{count}"
