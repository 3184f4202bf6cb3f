"""What a row of Browse's tree says: markup for its left and its right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from tui import format
from tui.service_rows import Group, Place, ServiceRows, attention

if TYPE_CHECKING:
    from tui.traffic import Traffic

LIVE = "[$success]●[/]"
#: By `attention`.
MARKS = {0: LIVE, 1: "[$faint]○[/]", 2: LIVE, 3: "[$accent]◐[/]", 4: "[$error]✗[/]"}


def of_service(group: Group, rows: ServiceRows, marked: Collection[Place]) -> tuple[str, str]:
    """A service: its name, its worst state while it is folded, and how many environments it has."""
    marks = ""
    if not group.open:
        places = [(one, Place(group.name, one["environment"])) for one in group.environments]
        worst = max((attention(one, False, place in rows.failing) for one, place in places), default=0)
        marks = f" {MARKS[worst]}" if worst else ""
        if any(place in rows.unsaved for _, place in places):
            marks += " [$warning]◆[/]"
        if any(place in marked for _, place in places):
            marks += " [$accent]▌[/]"
    fold = "▾" if group.open else "▸"
    return f"[$faint]{fold}[/] [b]{group.name}[/]{marks}", f"[$faint]{len(group.environments)}[/]"


def of_environment(
    group: Group,
    position: int,
    rows: ServiceRows,
    marked: Collection[Place],
    traffic: Mapping[Place, Traffic],
    *,
    quiet: bool,
) -> tuple[str, str]:
    """An environment: state, name and marks; requests a second, version and age.

    Args:
        group: Its service.
        position: Which of the service's environments.
        rows: What is unsaved, and what failed lately.
        marked: What was marked by hand.
        traffic: What was asked lately; empty where there is no room for it.
        quiet: Whether production's name has its colour too: anywhere but under the cursor.
    """
    environment = group.environments[position]
    place, live = Place(group.name, environment["environment"]), environment.get("live") or {}
    dirty = " [$warning]◆[/]" if place in rows.unsaved else ""
    chosen = "[b $accent]▌[/] " if place in marked else "  "
    mark = MARKS[attention(environment, False, place in rows.failing)]
    if place.production:
        name = "[$production]production[/]" if quiet else "production"
        left = f"{chosen}[$production]▲[/] {name}{'' if mark == LIVE else ' ' + mark}{dirty}"
    else:
        left = f"{chosen}{mark} {place.environment}{dirty}"
    number, age = format.version(live.get("number")), format.age(live.get("created_on"))
    asked = traffic.get(place)
    rate = f"[$accent]{asked.rate}[/] " if asked and asked.rate else ""
    return left, f"{rate}[$muted]{number:>3}[/] [$faint]{age:>3}[/]"
