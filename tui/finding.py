"""Everything that can be opened by a few letters: services, environments, their modules and bindings.

Services and environments are those that Browse lists. Modules and bindings are read when somebody first
asks, of so many environments as one can have in mind, and again when a newer version is live.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tui import format
from tui.client import EngineAway, EngineError
from tui.service_rows import Place

if TYPE_CHECKING:
    from tui.client import Engine

Json = dict[str, Any]
Kind = Literal["service", "environment", "module", "binding"]
#: Environments whose modules and bindings are read.
KNOWN = 40
#: Read at the same time.
AT_ONCE = 4
#: Hits that are shown; whoever has more in mind types another letter.
MOST = 60
#: Names that are looked at without letting go of the event loop.
STRETCH = 4000
#: What is no binding to a person.
PLAIN = {"plain_text": "variable", "json": "variable", "secret_text": "secret", "secret_key": "secret"}


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be opened."""

    kind: Kind
    place: Place
    name: str
    """Of the module or binding; empty for the others."""
    hint: str
    """A line about it, markup."""

    def __str__(self) -> str:
        return f"{self.place} › {self.name}" if self.name else str(self.place)


class Finder:
    """What was read for finding, kept as long as the app runs."""

    def __init__(self) -> None:
        self._inside: dict[Place, tuple[str, list[Target]]] = {}
        """By environment: the version that it is of, and its modules and bindings."""

    async def read(self, engine: Engine, services: Sequence[Json], first: Place | None) -> None:
        """Read what is inside the environments, those of the service one is in first.

        Args:
            engine: The account.
            services: As Browse lists them.
            first: Where one is.
        """
        live = {
            Place(service["id"], each["environment"]): each["live"]["version_id"]
            for service in services
            for each in service["environments"]
            if each.get("live")
        }
        here = first.service if first is not None else ""
        near = sorted(live, key=lambda place: (place.service != here, str(place)))[:KNOWN]
        due = [place for place in near if self._inside.get(place, ("",))[0] != live[place]]
        queue = iter(due)

        async def work() -> None:
            for place in queue:
                self._inside[place] = live[place], await _inside(engine, place)

        try:
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        except (EngineAway, EngineError):
            return  # what was read so far is found; the rest the next time

    async def find(
        self, query: str, services: Sequence[Json], score: Callable[[str], float]
    ) -> AsyncIterator[tuple[float, Target]]:
        """What matches, the best only where there is much.

        Args:
            query: What was typed.
            services: As Browse lists them.
            score: How well a name matches; 0 not at all. Slow: asked only of what may.
        """
        words = query.lower().split()
        letters = re.compile(".*?".join(map(re.escape, query.lower().replace(" ", ""))))
        exact: list[Target] = []
        loose: list[Target] = []
        for number, target in enumerate(self._all(services), 1):
            name = str(target).lower()
            if all(word in name for word in words):
                exact.append(target)
            elif len(loose) < MOST and letters.search(name):
                loose.append(target)
            if number % STRETCH == 0:
                await asyncio.sleep(0)  # keys come first
            if len(exact) >= MOST:
                break
        for target in [*exact, *loose][:MOST]:
            if (found := score(str(target))) > 0:
                yield found, target

    def _all(self, services: Sequence[Json]) -> Iterable[Target]:
        for service in services:
            many = format.plural(len(service["environments"]), "environment")
            yield Target("service", Place(service["id"]), "", f"service, {many}")
            for target in environments(service):
                yield target
                yield from self._inside.get(target.place, ("", ()))[1]


def environments(service: Json) -> Iterator[Target]:
    """The environments of a service."""
    for each in service["environments"]:
        live = each.get("live") or {}
        number = format.version(live.get("number")) if live else "nothing live"
        hint = f"environment, {number}, {format.age(live.get('created_on'))}"
        yield Target("environment", Place(service["id"], each["environment"]), "", hint)


async def _inside(engine: Engine, place: Place) -> list[Target]:
    from tui.widgets.environment_detail import binding_words

    environment = str(place.environment)
    try:
        detail = await engine.environment(place.service, environment)
        code = await engine.modules(place.service, environment)
    except EngineError:
        return []  # it went away meanwhile
    modules = [
        Target("module", place, each["name"], f"module, {format.size(each.get('size'))}")
        for each in code["modules"]
    ]
    return modules + [
        Target("binding", place, each["name"], PLAIN.get(each["type"]) or f"binding, {binding_words(each)}")
        for each in detail["bindings"]
    ]
