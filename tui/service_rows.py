"""The rows of Browse's tree, without a widget: which are shown, in which order, and where a place is.

An account may have 20,000 environments, and a key in the filter may let all of them through. So there is
no object a row: a service knows which of its environments are shown, and lines are counted by services.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui import format

Json = dict[str, Any]

ORDERS = ("name", "newest", "attention")
"""By name; what was deployed last first; what wants to be looked at first."""


@dataclass(frozen=True)
class Place:
    """A row: a service, or one of its environments."""

    service: str
    environment: str | None = None

    @property
    def production(self) -> bool:
        """Whether it is a production environment."""
        return self.environment == "production"

    def __str__(self) -> str:
        return self.service if self.environment is None else f"{self.service} › {self.environment}"


@dataclass(slots=True)
class Group:
    """A service, and which of its environments are shown."""

    service: Json
    name: str
    environments: list[Json]
    """In the order in which they are shown."""
    shown: Sequence[int] = ()
    """Positions of those the filter lets through."""
    open: bool = True

    _names: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """The rows it takes."""
        return 1 + (len(self.shown) if self.open else 0)

    @property
    def names(self) -> list[str]:
        """Service and environment in small letters, one an environment; made when a filter first asks."""
        if not self._names:
            start = f"{self.name} ".lower()
            self._names = [start + one["environment"].lower() for one in self.environments]
        return self._names


def attention(environment: Json, unsaved: bool = False, failing: bool = False) -> int:
    """How much an environment wants to be looked at; 0 not at all.

    Args:
        environment: As the engine lists it.
        unsaved: Whether there is text that was never saved.
        failing: Whether it had errors lately.
    """
    live = environment.get("live")
    if failing:
        return 4
    if not live:
        return 1
    return 3 if live.get("percentage", 100) < 100 else 2 if unsaved else 0


@dataclass
class ServiceRows:
    """What the tree shows of the services."""

    order: str = ORDERS[0]
    folded: set[str] = field(default_factory=set)
    """Services that were folded by hand; a filter unfolds them as long as it lasts."""
    words: tuple[str, ...] = ()
    """The filter: only what has all of these in its name."""
    unsaved: Collection[Place] = frozenset()
    failing: Collection[Place] = frozenset()
    """Those that had errors lately."""
    groups: list[Group] = field(default_factory=list)
    """All services, in order."""
    visible: list[Group] = field(default_factory=list)
    """Those the filter lets through."""
    environments: int = 0
    """How many environments it lets through."""
    _starts: list[int] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _known: dict[str, Group] = field(default_factory=dict)
    _end: int = 0

    def __len__(self) -> int:
        return self._end

    def fill(self, services: Sequence[Json]) -> None:
        """Show these services.

        Args:
            services: As the engine lists them.
        """
        self.groups = [self._group(service) for service in services]
        if self.order == "newest":
            self.groups.sort(key=lambda group: _newest(group.environments), reverse=True)
        elif self.order == "attention":
            self.groups.sort(
                key=lambda group: -max(map(self._wants(group.name), group.environments), default=0)
            )
        self._known = {group.name: group for group in self.groups}
        self.filter(self.words)

    def filter(self, words: Sequence[str]) -> None:
        """Let through only what has all of these words in its name; none lets everything through."""
        self.words = tuple(words)
        self.visible = []
        for group in self.groups:
            group.shown = self._matching(group)
            group.open = bool(self.words) or group.name not in self.folded
            if group.shown or not self.words or all(word in group.name.lower() for word in self.words):
                self.visible.append(group)
        self._count()

    def fold(self, group: Group, folded: bool) -> None:
        """Fold or unfold a service."""
        group.open = not folded
        (self.folded.add if folded else self.folded.discard)(group.name)
        self._count()

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold every service."""
        self.folded = {group.name for group in self.groups} if folded else set()
        self.filter(self.words)

    def knows(self, place: Place) -> bool:
        """Whether there is such an environment, shown or not."""
        group = self._known.get(place.service)
        return group is not None and any(
            one["environment"] == place.environment for one in group.environments
        )

    def at(self, line: int) -> tuple[Group, int] | None:
        """The service of a line and the position of its environment, -1 for the service itself."""
        if not 0 <= line < self._end:
            return None
        number = bisect_right(self._starts, line) - 1
        group, below = self.visible[number], line - self._starts[number] - 1
        return group, group.shown[below] if below >= 0 else -1

    def place(self, line: int) -> Place | None:
        """What a line shows."""
        found = self.at(line)
        if found is None:
            return None
        group, position = found
        return Place(group.name, group.environments[position]["environment"] if position >= 0 else None)

    def age(self, line: int) -> str:
        """How long what a line shows is live; empty for a service."""
        found = self.at(line)
        if found is None or found[1] < 0:
            return ""
        live = found[0].environments[found[1]].get("live") or {}
        return format.age(live.get("created_on"))

    def line_of(self, place: Place, *, unfold: bool = False) -> int | None:
        """The line of a place; None when it is not shown.

        Args:
            place: The place.
            unfold: Whether to unfold its service where that hides it.
        """
        number = self._numbers.get(place.service)
        if number is None:
            return None
        group = self.visible[number]
        if place.environment is None:
            return self._starts[number]
        names = (group.environments[position]["environment"] for position in group.shown)
        below = next((n for n, name in enumerate(names) if name == place.environment), None)
        if below is None:
            return None
        if not group.open:
            if not unfold:
                return None
            self.fold(group, False)
        return self._starts[number] + 1 + below

    def places(self) -> list[Place]:
        """Every environment the filter lets through, in order, folded ones too."""
        return [
            Place(group.name, group.environments[position]["environment"])
            for group in self.visible
            for position in group.shown
        ]

    # ------------------------------------------------------------------ parts

    def _group(self, service: Json) -> Group:
        name, environments = service["id"], service["environments"]
        if self.order == "newest":
            environments = sorted(environments, key=_deployed, reverse=True)
        elif self.order == "attention":
            wants = self._wants(name)
            environments = sorted(environments, key=lambda one: -wants(one))
        return Group(service, name, environments)

    def _wants(self, service: str) -> Any:
        unsaved = {place.environment for place in self.unsaved if place.service == service}
        failing = {place.environment for place in self.failing if place.service == service}
        return lambda environment: attention(
            environment, environment["environment"] in unsaved, environment["environment"] in failing
        )

    def _matching(self, group: Group) -> Sequence[int]:
        words = self.words
        if not words or all(word in group.name.lower() for word in words):
            return range(len(group.environments))
        if len(words) == 1:
            word = words[0]
            return [position for position, name in enumerate(group.names) if word in name]
        return [position for position, name in enumerate(group.names) if all(word in name for word in words)]

    def _count(self) -> None:
        self._starts, self._numbers, line, shown = [], {}, 0, 0
        for number, group in enumerate(self.visible):
            self._starts.append(line)
            self._numbers[group.name] = number
            line += group.lines
            shown += len(group.shown)
        self._end, self.environments = line, shown


def _deployed(environment: Json) -> str:
    return str((environment.get("live") or {}).get("created_on") or "")


def _newest(environments: Sequence[Json]) -> str:
    return max(map(_deployed, environments), default="")
