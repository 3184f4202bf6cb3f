"""Looking at another account, and comparing a service here with the one of the same name there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui import accounts, diff, paths
from tui.accounts import Account
from tui.client import Engine, EngineAway, EngineError
from tui.markup import escape

if TYPE_CHECKING:
    from tui.app import SvcApp
    from tui.widgets.service_tree import Place

Json = dict[str, Any]


def offer(app: SvcApp, chosen: Callable[[Account], object], *, others: bool = False) -> None:
    """Show the accounts; the chosen one is passed on.

    Args:
        app: The app.
        chosen: What to do with it.
        others: Leave out the account on the screen.
    """
    try:
        found = accounts.read(paths.config_folder())
    except ValueError as error:
        app.notify(escape(str(error)), severity="error")
        return
    found = [one for one in found if not others or one.name != app.account.name]
    if not found or (len(found) == 1 and not others and app.account.name == found[0].name):
        app.notify("There is no other account.  svc-tui account add NAME makes one known.")
        return
    items = [(one.name, partial(chosen, one), _hint(one, one.name == app.account.name)) for one in found]
    app.search_commands(items, placeholder="Account")


def _hint(account: Account, current: bool) -> str:
    words = [account.where, "" if account.write else "read-only", "on the screen" if current else ""]
    return ", ".join(word for word in words if word)


def state_of(account: Account, local: Path) -> Path:
    """The folder for an account's kept texts and requests; for engines of this machine their own."""
    if account.base_url:
        return local / "accounts" / account.name
    return account.state or local


async def connect(account: Account, local: Path, read_only: bool) -> Engine:
    """An engine's client for an account: of ours, or of Cloudflare when it does not know what ours know.

    Args:
        account: The account.
        local: The state folder of this machine's engine.
        read_only: Whether the app was started with --read-only.

    Raises:
        EngineError: It refuses the token.
        EngineAway: It does not answer.
    """
    from tui.standard import StandardEngine

    remote = account.remote(paths.config_folder())
    state, still = state_of(account, local), read_only or not account.write
    engine = Engine(state, read_only=still, remote=remote)
    engine.read_only_because = "" if account.write else f"the account {account.name} is read-only"
    if remote is None:
        return engine
    try:
        await engine.status()
    except EngineAway:
        await engine.close()
        raise
    except EngineError as error:
        await engine.close()
        if error.status in (401, 403):
            raise
        other = StandardEngine(state, read_only=still, remote=remote)
        other.read_only_because = engine.read_only_because
        return other
    return engine


async def compare(here: Engine, there: Engine, place: Place, names: tuple[str, str]) -> Json:
    """The difference of an environment and the one of the same name in another account.

    Args:
        here: The account on the screen.
        there: The other one.
        place: The environment.
        names: What the two accounts are called.

    Raises:
        EngineError: There is no such environment there.
    """
    environment = str(place.environment)
    sides = []
    for engine in (there, here):
        code = await engine.modules(place.service, environment)
        settings = await engine.settings(place.service, environment)
        sides.append((code, settings))
    (old, old_settings), (new, new_settings) = sides
    before, after = ({one["name"]: _text(one) for one in side["modules"]} for side in (old, new))
    ends = [
        {
            "environment": name,
            "label": environment,
            "version_id": side["version_id"],
            "number": side["number"],
        }
        for name, side in ((names[1], old), (names[0], new))
    ]
    found = diff.compare(before, after, ends[0], ends[1])
    found["settings"] = _settings(old_settings, new_settings)
    return found


def _text(module: Json) -> str:
    return str(module["text"]) if "text" in module else f"{module.get('size')} bytes\n{module['base64']}\n"


def _settings(old: Json, new: Json) -> list[Json]:
    rows: list[Json] = []
    for key in ("compatibility_date", "compatibility_flags"):
        before, after = (_words(side.get(key)) for side in (old, new))
        if before != after:
            rows.append({"key": key, "kind": "setting", "from": before, "to": after})
    olds, news = ({one["name"]: one for one in side.get("bindings") or ()} for side in (old, new))
    for name in sorted({*olds, *news}):
        before, after = (_binding(side.get(name)) for side in (olds, news))
        if before != after:
            kind = (news.get(name) or olds[name])["type"]
            rows.append({"key": f"binding:{name}", "kind": kind, "from": before, "to": after})
    return rows


def _words(value: Any) -> str | None:
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value)) if value else None


def _binding(binding: Json | None) -> str | None:
    """What it holds, without what differs by nature: ids of resources are of one account only."""
    if binding is None:
        return None
    for key in ("text", "json", "service", "class_name", "bucket_name", "queue_name"):
        if binding.get(key) is not None:
            return str(binding[key])
    return "set" if binding["type"] == "secret_text" else str(binding["type"])
