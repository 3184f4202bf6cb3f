"""The plan of a promotion: what moves to the target, what stays there, and what stops it.

The code and its compatibility date and flags move: what was tried in the source is what runs in the target.
The target keeps its own variables, secrets, resources and limits unless a row is picked to move as well. A
binding that the code uses and the target lacks stops the promotion before anything changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.diff import KINDS, ModuleDiff, binding_text, code, code_json, same_binding, setting_text
from engine.errors import ApiError, NotFound
from engine.model import PRODUCTION, Environment, Version, hostnames
from engine.store import Connection, Store, accounts, environments, modules
from engine.store.secrets import Secrets
from engine.usage import uses

After = Literal["moves", "stays", "same", "stops"]
BINDING: Final = "binding:"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the plan. `source` and `target` are texts to show, None where that side has nothing.

    `movable`: naming its key in `move` makes it move as well. `location` is where the code uses a binding.
    """

    key: str
    label: str
    kind: str
    source: str | None
    target: str | None
    after: After
    movable: bool = False
    location: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The row as the API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a promotion would do. `id` changes when either side's live version or the picked rows change."""

    id: str
    service: str
    source: Environment
    source_version: Version
    target: Environment
    target_version: Version | None
    hostnames: tuple[str, ...]
    rows: tuple[Row, ...]
    code: tuple[ModuleDiff, ...]
    move: tuple[str, ...]

    @property
    def blocked(self) -> tuple[Row, ...]:
        """The rows that stop it."""
        return tuple(row for row in self.rows if row.after == "stops")

    def to_json(self) -> dict[str, Any]:
        """The plan as ``POST services/:s/promotions/plan`` answers it."""
        target = self.target_version
        return {
            "id": self.id,
            "from": {
                "environment": self.source.name,
                "version_id": self.source_version.id,
                "number": self.source_version.number,
            },
            "to": {
                "environment": self.target.name,
                "version_id": target.id if target else None,
                "number": target.number if target else None,
                "production": self.target.production,
                "hostnames": list(self.hostnames),
            },
            "rows": [row.to_json() for row in self.rows],
            "code": code_json(self.code),
            "blocked": [{"key": row.key, "reason": row.reason} for row in self.blocked],
            "confirm": PRODUCTION if self.target.production else None,
        }


async def plan(store: Store, service: str, source: str, target: str, move: Collection[str] = ()) -> Plan:
    """The plan of promoting what is live in `source` to `target`, with the rows in `move` moving as well.

    Raises:
        ApiError: 10007 10092 not found, 10222 nothing is live in the source, 10026 a key in `move` that is no
            row of the source, or source and target are one.
    """
    return await store.read(lambda connection: make(connection, store.secrets, service, source, target, move))


def make(
    connection: Connection,
    secrets: Secrets,
    service: str,
    source: str,
    target: str,
    move: Collection[str] = (),
) -> Plan:
    """As `plan`, within a transaction that is open."""
    if source == target:
        raise ApiError(10026, f"{source} cannot be promoted to itself: choose another target")
    ours = environments.live(connection, service, source)
    theirs = environments.live(connection, service, target)
    if ours.version is None:
        raise NotFound(10222, f"{source} of {service} has no version yet: deploy one first")
    picked = tuple(sorted(set(move)))
    names = [
        binding.name
        for version in (theirs.version, ours.version)
        if version is not None
        for binding in version.bindings
    ]
    used = uses(
        modules.load(connection, ours.version.modules),
        {binding.name for binding in ours.version.bindings},
        ours.version.main_module,
    )
    rows = [
        _code_row(ours.version, theirs.version),
        *(
            row
            for key, label in (
                ("compatibility_date", "Compatibility date"),
                ("compatibility_flags", "Compatibility flags"),
                ("assets", "Static assets"),
            )
            if (row := _compatibility_row(key, label, ours.version, theirs.version))
        ),
        *_limits_rows(ours.version, theirs.version, picked),
        *(
            _binding_row(connection, secrets, name, ours.version, theirs.version, target, used, picked)
            for name in dict.fromkeys(names)
        ),
    ]
    offered = {row.key for row in rows if row.source is not None}
    for key in picked:
        # A picked row that has become the same, or that moves anyway, is no fault of the person.
        if key not in offered:
            raise ApiError(10026, f"{key} cannot move: {source} has none, or it is no row of the plan")
    return Plan(
        id=identify(ours.environment, ours.version, theirs.environment, theirs.version, picked),
        service=service,
        source=ours.environment,
        source_version=ours.version,
        target=theirs.environment,
        target_version=theirs.version,
        hostnames=hostnames(service, target, accounts.get(connection).subdomain),
        rows=tuple(rows),
        code=code(connection, theirs.version, ours.version),
        move=picked,
    )


def identify(
    source: Environment,
    source_version: Version,
    target: Environment,
    target_version: Version | None,
    move: Collection[str],
) -> str:
    """A hash over both live versions and the picked rows: equal as long as none of them has changed."""
    facts = [
        source.id,
        source_version.id,
        target.id,
        target_version.id if target_version else None,
        sorted(set(move)),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _code_row(ours: Version, theirs: Version | None) -> Row:
    same = theirs is not None and theirs.etag == ours.etag
    shown = f"v{theirs.number}" if theirs else None
    return Row("code", "Code", "code", f"v{ours.number}", shown, "same" if same else "moves")


def _compatibility_row(key: str, label: str, ours: Version, theirs: Version | None) -> Row | None:
    """Moves with the code, which was tried with it; None when neither side has any."""
    mine, other = setting_text(ours, key), setting_text(theirs, key)
    if mine is None and other is None:
        return None
    return Row(key, label, "setting", mine, other, "same" if mine == other else "moves")


def _limits_rows(ours: Version, theirs: Version | None, move: Collection[str]) -> list[Row]:
    mine, other = setting_text(ours, "limits"), setting_text(theirs, "limits")
    if mine == other:
        return [Row("limits", "Limits", "setting", mine, other, "same")] if mine else []
    after: After = "moves" if "limits" in move else "stays"
    return [Row("limits", "Limits", "setting", mine, other, after, movable=True)]


def _binding_row(
    connection: Connection,
    secrets: Secrets,
    name: str,
    ours: Version,
    theirs: Version | None,
    target: str,
    used: dict[str, str],
    move: Collection[str],
) -> Row:
    mine, other = ours.binding(name), theirs.binding(name) if theirs else None
    shown = mine or other
    kind = KINDS.get(shown.type, shown.type) if shown else ""
    texts = [binding_text(connection, each) if each else None for each in (mine, other)]
    after: After = "stays"
    reason: str | None = None
    # That two secrets hold the same text is not told: it would be an oracle for guessing one.
    if mine and other and mine.type != "secret_text" and same_binding(secrets, mine, other):
        after = "same"
    elif mine is not None and (f"{BINDING}{name}" in move or mine.type == "assets"):  # files are code
        after = "moves"
    elif mine is not None and other is None and name in used:
        after, reason = "stops", f"{target} has no {name}"
    elif mine is not None and other is not None and mine.type != other.type:
        reason = f"{kind} in the source, {KINDS.get(other.type, other.type)} in {target}"
    return Row(
        key=f"{BINDING}{name}",
        label=name,
        kind=kind,
        source=texts[0],
        target=texts[1],
        after=after,
        movable=mine is not None and after != "same",
        location=used.get(name),
        reason=reason,
    )
