"""An app with nothing but a screen or a dialog on it, and an engine that only remembers what it was asked."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.reactive import reactive
from textual.screen import Screen
from textual.signal import Signal

from tui.accounts import LOCAL, Account
from tui.client import EngineError
from tui.messages import Change, Connected, EngineState
from tui.themes import load

THEMES = Path(__file__).parents[2] / "themes"
NOW = "2026-11-23T14:02:11.204000Z"


def environment(name: str, number: int | None, service: str = "notes") -> dict[str, Any]:
    """An environment as the engine lists it."""
    production = name == "production"
    host = f"{service}.dev.localhost" if production else f"{name}.{service}.dev.localhost"
    live = None if number is None else {"version_id": f"{name}-{number}", "number": number, "created_on": NOW}
    return {
        "environment": name,
        "production": production,
        "hostname": host,
        "url": f"http://{host}:8787",
        "urls": [f"http://{host}:8787"],
        "live": live,
    }


NOTES: dict[str, Any] = {
    "id": "notes",
    "environments": [environment("production", 38), environment("staging", 41), environment("empty", None)],
}

WORKER_DIFF: dict[str, Any] = {
    "name": "worker.js",
    "status": "changed",
    "added": 2,
    "removed": 1,
    "hunks": [
        {
            "header": "@@ -29,3 +29,4 @@ save()",
            "lines": [
                {"op": " ", "old": 29, "new": 29, "text": "async function save(env) {"},
                {"op": "-", "old": 30, "new": None, "text": "  return 1;"},
                {"op": "+", "old": None, "new": 30, "text": "  const limit = 2;"},
                {"op": "+", "old": None, "new": 31, "text": "  return limit;"},
                {"op": " ", "old": 31, "new": 32, "text": "}"},
            ],
        }
    ],
}


class RecordingEngine:
    """Answers promotions, history and diffs from memory."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.revision = 1
        self.missing = True
        self.fail: list[EngineError] = []
        self.history: list[dict[str, Any]] = [
            self.deployment(5, "v38", "Cap list at 500", "ana"),
            self.deployment(4, "v37", None, "wrangler", source="wrangler"),
            self.deployment(3, "v36", "[b]not markup[/b]", "bo"),
        ]

    @staticmethod
    def deployment(
        number: int, version: str, message: str | None, author: str, source: str = "app"
    ) -> dict[str, Any]:
        """A deployment of one version, as the engine lists it."""
        return {
            "id": f"d{number}",
            "created_on": f"2026-11-2{number}T09:00:00.000000Z",
            "source": source,
            "author_email": author,
            "annotations": {"workers/message": message} if message else {},
            "versions": [{"version_id": version, "percentage": 100}],
        }

    def _fail(self) -> None:
        if self.fail:
            raise self.fail.pop(0)

    async def plan_promotion(self, service: str, source: str, target: str, move: Any = ()) -> dict[str, Any]:
        """A plan with a row of every kind; MAIL is missing in production until it moves along."""
        move = set(move)
        self.asked.append(("plan", source, target, tuple(sorted(move))))
        self._fail()
        production = target == "production"
        stops = production and self.missing and "binding:MAIL" not in move

        def row(
            key: str, kind: str, mine: str, other: str | None, after: str, movable: bool
        ) -> dict[str, Any]:
            return {
                "key": key,
                "label": key.removeprefix("binding:").capitalize() if kind == "code" else key[8:],
                "kind": kind,
                "source": mine,
                "target": other,
                "after": "moves" if key in move else after,
                "movable": movable,
                "location": "worker.js:31" if after == "stops" else None,
                "reason": None,
            }

        rows = [
            row("code", "code", "v41", "v38", "moves", False),
            row("binding:MAX_NOTES", "text", "50", "500", "stays", True),
            row("binding:MAIL", "service", "mail", None, "stops" if stops else "stays", True),
            row("binding:NOTES", "KV", "notes", "notes", "same", False),
        ]
        return {
            "id": f"plan-{self.revision}-{sorted(move)}",
            "from": {"environment": source, "version_id": "a", "number": 41},
            "to": {
                "environment": target,
                "version_id": "b",
                "number": 37 + self.revision,
                "production": production,
                "hostnames": [f"{target}.example"],
            },
            "rows": rows,
            "code": {"added": 2, "removed": 1, "modules": [deepcopy(WORKER_DIFF)]},
            "blocked": [{"key": "binding:MAIL", "reason": "production has no MAIL"}] if stops else [],
            "confirm": "production" if production else None,
        }

    async def promote(
        self, service: str, source: str, target: str, move: Any, plan_id: str, message: str | None = None
    ) -> dict[str, Any]:
        """Done, unless a failure is queued."""
        self.asked.append(("promote", source, target, tuple(move), plan_id))
        self._fail()
        return {"version": {"number": 39}, "deployment": {"id": "d"}}

    async def environment(self, service: str, name: str) -> dict[str, Any]:
        """One environment."""
        self._fail()
        return environment(name, 38)

    async def deployments(self, service: str, name: str) -> list[dict[str, Any]]:
        """The history."""
        return self.history

    async def versions(self, service: str, name: str) -> list[dict[str, Any]]:
        """Numbers of versions: `v38` is 38."""
        return [{"id": f"v{number}", "number": number} for number in range(30, 50)]

    async def diff(self, service: str, source: str, target: str) -> dict[str, Any]:
        """Always the same difference."""
        self.asked.append(("diff", source, target))
        return {
            "from": {"environment": "production", "version_id": source, "number": int(source[1:])},
            "to": {"environment": "production", "version_id": target, "number": int(target[1:])},
            "settings": [{"key": "MAX_NOTES", "kind": "text", "from": "50", "to": "500"}],
            "modules": [deepcopy(WORKER_DIFF)],
            "added": 2,
            "removed": 1,
        }

    async def roll_back(
        self, service: str, name: str, version_id: str, message: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """A new deployment of an old version."""
        self.asked.append(("roll back", version_id, options.get("force", False)))
        self._fail()
        made = self.deployment(6, version_id, f"Rolled back to {version_id}", "ana")
        self.history.insert(0, made)
        return made

    async def share_traffic(
        self, service: str, name: str, shares: list[tuple[str, float]], message: str
    ) -> dict[str, Any]:
        """A deployment of several versions."""
        self.asked.append(("share", tuple(shares)))
        self._fail()
        made = self.deployment(7, shares[0][0], message, "ana")
        made["versions"] = [{"version_id": version, "percentage": share} for version, share in shares]
        self.history.insert(0, made)
        return made


class DialogApp(App[None]):
    """Shows one screen over an empty one and keeps what it was dismissed with."""

    CSS_PATH = "../../tui/styles/app.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012
    engine_state: reactive[EngineState] = reactive(EngineState("ready", "8787"))
    read_only = False
    account = Account(LOCAL)

    def __init__(self, engine: RecordingEngine | None = None) -> None:
        super().__init__()
        self.engine = engine or RecordingEngine()
        self.account_changed: Signal[Connected | Change] = Signal(self, "account-changed")
        self.results: list[Any] = []
        self.told: list[str] = []
        self.register_theme(load(THEMES / "dusk.toml"))
        self.theme = "dusk"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Before the theme is chosen its variables are needed already."""
        return dict(load(THEMES / "dusk.toml").variables)

    def came(self, screen: Screen[Any]) -> None:
        """The app remembers the way; nobody goes back here."""

    def show(self, screen: Screen[Any]) -> None:
        """Put a screen on top."""
        self.push_screen(screen, self.results.append)

    def notify(self, message: str, **options: Any) -> None:  # type: ignore[override]
        """Keep what was said, too."""
        self.told.append(message)
        super().notify(message, **options)


async def typed(pilot: Pilot[Any], text: str, *keys: str) -> None:
    """Type all of it in one go, as a terminal sends it (`pilot.press` waits 80 ms for each key)."""
    for character in text:
        pilot.app.post_message(events.Key(character, character))
    await pilot.pause()
    for key in keys:
        await pilot.press(key)


def text_of(app: App[Any]) -> str:
    """The screen as the terminal shows it."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
