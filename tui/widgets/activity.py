"""What happened in the account lately, newest first; for terminals with room to spare."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from tui import format
from tui.commands.base import Command, CommandHost
from tui.commands.lists import LIST
from tui.markup import escape
from tui.messages import Change
from tui.widgets.facts import Block, Facts

Json = dict[str, Any]
#: Rows kept; more than any screen has.
KEPT = 200
WORDS = {
    "environment.created": "created",
    "environment.renamed": "renamed",
    "environment.deleted": "deleted",
    "service.created": "created",
    "service.deleted": "deleted",
    "quarantine.entered": "quarantine",
    "quarantine.left": "out of quarantine",
    "pipeline.changed": "pipeline",
    "pipeline.deleted": "pipeline deleted",
    "pipeline.run": "pipeline",
}


class Activity(CommandHost, VerticalScroll):
    """Deployments and what else changed: time, where, what, who."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = LIST
    HELP_TITLE = "Lists"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: deque[tuple[str, ...]] = deque(maxlen=KEPT)

    def compose(self) -> ComposeResult:
        """One block of rows."""
        yield Facts()

    def begin(self, services: Sequence[Json]) -> None:
        """Start with what the list of services knows: when each live version went live."""
        if self._rows:
            return
        found = [
            (live["created_on"], service["id"], environment["environment"], live)
            for service in services
            for environment in service["environments"]
            if (live := environment.get("live"))
        ]
        for at, service, environment, live in sorted(found, key=lambda row: row[:3])[-KEPT:]:
            who = f"[$muted]{escape(live.get('author') or '')}[/]"
            row = (_time(at), _place(service, environment), f"[b]{format.version(live['number'])}[/]", who)
            self._rows.append(row)
        self._show()

    def forget(self) -> None:
        """Begin anew: another account is looked at."""
        self._rows.clear()
        self._show()

    def add(self, change: Change) -> None:
        """Put a change on top."""
        at = str(change.raw.get("at") or datetime.now(UTC).isoformat())
        what = WORDS.get(change.kind) or format.version(change.version)
        run = ""
        if change.kind == "pipeline.run":
            event = str(change.raw.get("event", "")).replace(".", " ").replace("_", " ")
            run = f"{change.raw.get('pipeline')} #{change.raw.get('run')} {event}"
        why = "  ".join(part for part in (change.author, run, change.message.split("\n")[0]) if part)
        row = (
            _time(at),
            _place(change.service, change.environment),
            f"[b]{what}[/]",
            f"[$muted]{escape(why)}[/]",
        )
        self._rows.append(row)
        self._show()

    def action_cursor_down(self) -> None:
        """Scroll one row."""
        self.scroll_relative(y=1, animate=False)

    def action_cursor_up(self) -> None:
        """Scroll one row back."""
        self.scroll_relative(y=-1, animate=False)

    def action_cursor_first(self) -> None:
        """Scroll to the newest."""
        self.scroll_home(animate=False)

    def action_cursor_last(self) -> None:
        """Scroll to the oldest."""
        self.scroll_end(animate=False)

    def _show(self) -> None:
        self.query_one(Facts).show(Block(list(reversed(self._rows)), rigid=frozenset({0, 2})))


def _time(at: str) -> str:
    """The clock for today, the day for what is older."""
    today = format.moment(at).date() == datetime.now().astimezone().date()
    return f"[$faint]{format.clock(at) if today else format.day(at)}[/]"


def _place(service: str, environment: str | None) -> str:
    if environment is None:
        return service
    mark = "[$production]▲[/]" if environment == "production" else " "
    return f"{mark} [$muted]{service} ›[/] {environment}"
