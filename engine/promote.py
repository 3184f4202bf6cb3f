"""Promotion: the code that is live in one environment goes live in another of the same service."""

from __future__ import annotations

from collections.abc import Collection

from engine import publish, resources
from engine.durable import migrations
from engine.errors import ApiError, Conflict
from engine.model import Actor, Binding, Deployed, Settings, Version, VersionDraft
from engine.plan import BINDING, Plan, identify, plan
from engine.store import Connection, Store, environments, modules
from engine.workflows import owners

__all__ = ["plan", "promote"]


async def promote(
    store: Store,
    service: str,
    source: str,
    target: str,
    actor: Actor,
    *,
    move: Collection[str] = (),
    plan_id: str | None = None,
    message: str | None = None,
) -> Deployed:
    """Makes a version in `target` of what is live in `source`, and deploys it.

    Args:
        move: keys of rows that move too, ``binding:NAME`` or ``limits``.
        plan_id: the plan that was looked at; None promotes whatever is live now.

    Raises:
        ApiError: 10409 (HTTP 409) when the plan is stale, 10410 when it is blocked, else as `plan`.
    """
    made = await plan(store, service, source, target, move)
    if plan_id is not None and made.id != plan_id:
        raise _stale(source, target)
    if made.blocked:
        raise ApiError(
            10410,
            blocked_words(made),
            400,
            {"blocked": made.to_json()["blocked"]},
        )

    def work(connection: Connection) -> Deployed:
        check_unchanged(connection, made)
        words = message or f"Promoted from {source} v{made.source_version.number}"
        note = publish.Note(actor, "promotion", words)
        return publish.deployed(connection, store, made.target, content(connection, store, made), note)

    return await store.write(work)


def content(connection: Connection, store: Store, made: Plan) -> publish.Content:
    """What the target's new version holds, its namespaces of Durable Objects made where they lack.

    Raises:
        ApiError: what a binding that moves leads to is gone.
    """
    return publish.Content.of(made.source_version, _bindings(connection, store, made), _settings(made))


def draft(connection: Connection, made: Plan) -> VersionDraft:
    """What would be deployed, to be tried before; nothing is made for it.

    A Durable Object's class that moves for the first time is on the source's namespace here.

    Raises:
        ApiError: as `content`.
    """
    return VersionDraft(
        made.service,
        made.target.name,
        made.source_version.main_module,
        modules.load(connection, made.source_version.modules),
        _bindings(connection, None, made),
        _settings(made),
    )


def blocked_words(made: Plan) -> str:
    """What stops a promotion, and what to do."""
    return (
        "; ".join(
            f"{row.reason}, which {row.location} uses" if row.location else str(row.reason)
            for row in made.blocked
        )
        + f": add {'it' if len(made.blocked) == 1 else 'them'} to {made.target.name}, or move "
        + f"{'its row' if len(made.blocked) == 1 else 'their rows'} too"
    )


def check_unchanged(connection: Connection, made: Plan) -> None:
    """Somebody may have deployed between the plan and this transaction; raises ApiError 10409."""
    ours = environments.live(connection, made.service, made.source.name)
    theirs = environments.live(connection, made.service, made.target.name)
    if (
        ours.version is None
        or identify(ours.environment, ours.version, theirs.environment, theirs.version, made.move) != made.id
    ):
        raise _stale(made.source.name, made.target.name)


def _stale(source: str, target: str) -> Conflict:
    return Conflict(
        10409, f"{source} or {target} has changed since this plan was made: look at the new plan first"
    )


def _bindings(connection: Connection, store: Store | None, made: Plan) -> tuple[Binding, ...]:
    """The target's own bindings, with the picked ones of the source in their places or behind."""
    kept = {binding.name: binding for binding in made.target_version.bindings} if made.target_version else {}
    kept.update({each.name: each for each in made.source_version.bindings if each.type == "assets"})
    for key in made.move:
        if not key.startswith(BINDING):
            continue
        binding = made.source_version.binding(key.removeprefix(BINDING))
        if binding is None:
            continue  # the plan allows only keys of the source's bindings, and it was checked against now
        resource = resources.of(binding)
        if resource is not None and resource[0].label(connection, resource[1]) is None:
            kind = resource[0]
            raise ApiError(kind.gone, f"{binding.name} cannot move: its {kind.word} is gone")
        if store is None:
            kept[binding.name] = binding
            continue
        moved = owners.adopt(connection, store, made.target, [binding])
        (kept[binding.name],) = migrations.adopt(connection, store, made.source, made.target, moved)
    return tuple(kept.values())


def _settings(made: Plan) -> Settings:
    """The source's compatibility settings; limits and placement are the target's unless picked."""
    source: Version = made.source_version
    base = made.target_version.settings if made.target_version else source.settings
    return Settings(
        compatibility_date=source.settings.compatibility_date,
        compatibility_flags=source.settings.compatibility_flags,
        limits=source.settings.limits if "limits" in made.move else base.limits,
        usage_model=base.usage_model,
        placement=base.placement,
        assets=source.settings.assets,
    )
