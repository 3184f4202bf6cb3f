"""The settings of an environment under edit: what is live, what production has, and what was changed.

Nothing here knows of widgets or of the engine. A setting is a `Row` with a key that stays the same:
`binding:NAME` for variables, secrets and bindings, else the name of the one setting it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Literal

from tui import setting_values as values

Json = dict[str, Any]
Standing = Literal["", "same", "own", "only here", "missing"]
"""Against production: the same, another value, only here, or only there; empty on production itself."""

BINDING: Final = "binding:"
GROUPS: Final = ("Variables", "Secrets", "Bindings", "Runtime", "Triggers", "Logs")
SINGLE: Final[Mapping[str, tuple[str, str, str]]] = {
    "compatibility_date": ("Runtime", "Compatibility date", "date"),
    "compatibility_flags": ("Runtime", "Compatibility flags", "flags"),
    "limits": ("Runtime", "Limits", "limits"),
    "schedules": ("Triggers", "Crons", "crons"),
    "routes": ("Triggers", "Routes", "routes"),
    "domains": ("Triggers", "Custom domains", "domains"),
    "observability": ("Logs", "Observability", "observability"),
}
"""Settings that every environment has: group, label, kind."""
VERSIONED: Final = ("compatibility_date", "compatibility_flags", "limits")
UNSET: Final[Mapping[str, Any]] = {
    "compatibility_date": None,
    "compatibility_flags": [],
    "limits": {},
    "schedules": [],
    "routes": [],
    "domains": [],
    "observability": None,
}


@dataclass(frozen=True)
class Row:
    """One setting as a line of the list."""

    key: str
    group: str
    name: str
    kind: str
    """`text`, `json`, `secret`, `KV`, `date`, …"""
    shown: str
    """The value on one line; empty when it is not set here."""
    theirs: str | None
    """Production's value on one line; None when it has none."""
    standing: Standing
    changed: bool
    """Whether it differs from what is live."""
    binding: bool = False
    """Whether its value is picked and not typed."""


@dataclass(frozen=True)
class Edit:
    """One change on its way: what is live, and what it is to be."""

    key: str
    name: str
    before: str
    after: str


class EnvironmentSettings:
    """What is live in an environment, and the changes that were not saved so far.

    Args:
        live: the settings by key, as `read` makes them.
        theirs: production's, None when this is production.
        version_id: the version that `live` is of.
        labels: what a person calls the things that bindings point to, by `(type, id)`.
    """

    def __init__(
        self,
        live: Mapping[str, Any],
        theirs: Mapping[str, Any] | None = None,
        version_id: str | None = None,
        labels: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.live = dict(live)
        self.now = deepcopy(self.live)
        self.theirs = theirs
        self.version_id = version_id
        self.labels = dict(labels or {})
        self.texts: dict[str, str] = {}
        """What was typed and is no value so far, by key."""
        self.faults: dict[str, str] = {}
        """Why not, by key."""

    # ------------------------------------------------------------------ what there is

    def rows(self) -> list[Row]:
        """Every setting, by group and name, those that only production has with the others."""
        keys = {**self.now, **self.live, **(self.theirs or {})}
        rows = [self.row(key) for key in keys]
        return sorted(rows, key=lambda row: (GROUPS.index(row.group), row.key in SINGLE, _order(row)))

    def row(self, key: str) -> Row:
        """One setting."""
        mine, live = self.now.get(key), self.live.get(key)
        theirs = self.theirs.get(key) if self.theirs is not None else None
        given = mine if mine is not None else live if live is not None else theirs
        if key in SINGLE:
            group, name, kind = SINGLE[key]
        else:
            kind = values.kind(given or {})
            name = key.removeprefix(BINDING)
            group = {"text": "Variables", "json": "Variables", "secret": "Secrets"}.get(kind, "Bindings")
        return Row(
            key=key,
            group=group,
            name=name,
            kind=kind,
            shown=self.line(key, mine),
            theirs=self.line(key, theirs) if theirs not in (None, UNSET.get(key)) else None,
            standing=self._standing(key, mine, theirs),
            changed=mine != live or key in self.faults,
            binding=group == "Bindings",
        )

    def line(self, key: str, value: Any) -> str:
        """A value on one line."""
        if value is None or value == UNSET.get(key, value is None):
            return ""
        return values.line(value if key in SINGLE else dict(value), self.labels)

    def text(self, key: str) -> str:
        """A value as it is typed."""
        return self.texts.get(key, values.text(key, self.now.get(key)))

    def _standing(self, key: str, mine: Any, theirs: Any) -> Standing:
        if self.theirs is None:
            return ""
        unset = UNSET.get(key)
        here, there = mine not in (None, unset), theirs not in (None, unset)
        if not here or not there:
            return "only here" if here else "missing" if there else ""
        # A secret's text is not known: that both have one is all that can be told.
        return "same" if mine == theirs else "own"

    # ------------------------------------------------------------------ changing it

    def type(self, key: str, text: str) -> str:
        """Take what was typed for a setting.

        Returns:
            What is wrong with it, a sentence; empty when it is a value.
        """
        try:
            value = values.parse(key, self.now.get(key) or self.live.get(key), text)
        except ValueError as error:
            self.texts[key], self.faults[key] = text, str(error)
            return str(error)
        self.texts.pop(key, None)
        self.faults.pop(key, None)
        if values.kind(value if isinstance(value, dict) else {}) == "secret" and not value.get("text"):
            value = self.live.get(key, value)
        self.now[key] = value
        return ""

    def put(self, name: str, binding: Mapping[str, Any]) -> str:
        """Add or replace a variable, secret or binding; gives its key."""
        key = BINDING + name
        self._forget(key)
        self.now[key] = {item: value for item, value in binding.items() if item != "name"}
        if binding.get("type") == "secret_text" and not binding.get("text"):
            self.faults[key] = "A new secret needs a text."
        return key

    def remove(self, key: str) -> None:
        """Take a setting away; one of those that are always there is emptied."""
        self._forget(key)
        if key in SINGLE:
            self.now[key] = deepcopy(UNSET[key])
        else:
            self.now.pop(key, None)

    def undo(self, key: str) -> None:
        """What is live, again."""
        self._forget(key)
        if key in self.live:
            self.now[key] = deepcopy(self.live[key])
        else:
            self.now.pop(key, None)

    def inherit(self, key: str) -> str:
        """Take production's value; gives why that cannot be, or nothing."""
        theirs = (self.theirs or {}).get(key)
        if theirs is None:
            return "production has none."
        if values.kind(theirs if isinstance(theirs, dict) else {}) == "secret":
            return "A secret's text cannot be read: type it again."
        self._forget(key)
        self.now[key] = deepcopy(theirs)
        return ""

    def _forget(self, key: str) -> None:
        self.texts.pop(key, None)
        self.faults.pop(key, None)

    # ------------------------------------------------------------------ saving it

    @property
    def dirty(self) -> bool:
        """Whether anything was changed."""
        return bool(self.faults) or self.now != self.live

    def edits(self) -> list[Edit]:
        """What saving would change, in the order of the list."""
        found = []
        for row in self.rows():
            before, after = self.live.get(row.key), self.now.get(row.key)
            if before != after:
                secret = row.kind == "secret" and before is not None and after is not None
                shown = "new text" if secret else self.line(row.key, after) or "–"
                found.append(Edit(row.key, row.name, self.line(row.key, before) or "–", shown))
        return found

    def patch(self) -> Json:
        """What `PATCH …/settings` takes; empty when nothing of it was changed."""
        changed = {edit.key for edit in self.edits()}
        patch: Json = {key: self.now[key] for key in VERSIONED if key in changed}
        if any(key.startswith(BINDING) for key in changed):
            patch["bindings"] = [
                {"name": name, **self.now[key]} if key in changed else {"name": name, "type": "inherit"}
                for key in self.now
                if key.startswith(BINDING) and (name := key.removeprefix(BINDING))
            ]
            patch["keep_bindings"] = []  # all that stay are named
        return patch

    def apart(self) -> Json:
        """Changed settings that are no part of a version, by key."""
        changed = {edit.key for edit in self.edits()}
        return {key: self.now[key] for key in SINGLE if key in changed and key not in VERSIONED}

    def rebased(self, fresh: EnvironmentSettings) -> EnvironmentSettings:
        """These changes on top of what is live by now."""
        for edit in self.edits():
            if edit.key in self.now:
                fresh.now[edit.key] = deepcopy(self.now[edit.key])
            else:
                fresh.now.pop(edit.key, None)
        fresh.texts, fresh.faults = dict(self.texts), dict(self.faults)
        return fresh

    def clashes(self, fresh: EnvironmentSettings) -> list[str]:
        """Names of what was changed both here and, meanwhile, elsewhere."""
        return [edit.name for edit in self.edits() if fresh.live.get(edit.key) != self.live.get(edit.key)]


def read(
    settings: Json,
    schedules: Sequence[Json] = (),
    routes: Sequence[Json] = (),
    domains: Sequence[Json] = (),
) -> Json:
    """The settings by key, from the API's answers."""
    found: Json = {
        BINDING + each["name"]: {key: value for key, value in each.items() if key != "name"}
        for each in settings["bindings"]
    }
    found["compatibility_date"] = settings.get("compatibility_date")
    found["compatibility_flags"] = list(settings.get("compatibility_flags") or [])
    found["limits"] = dict(settings.get("limits") or {})
    found["schedules"] = [each["cron"] for each in schedules]
    found["routes"] = [each["pattern"] for each in routes]
    found["domains"] = [each["hostname"] for each in domains]
    found["observability"] = settings.get("observability")
    return found


def labels(bindings: Sequence[Json]) -> dict[tuple[str, str], str]:
    """What people call the ends of bindings, from an environment's detail."""
    found: dict[tuple[str, str], str] = {}
    for each in bindings:
        name = each.get("title") or each.get("database_name")
        target = values.target(each)
        if name and target:
            found[each["type"], target] = str(name)
    return found


def _order(row: Row) -> tuple[int, str]:
    singles = list(SINGLE)
    return (singles.index(row.key), "") if row.key in SINGLE else (0, row.name)
