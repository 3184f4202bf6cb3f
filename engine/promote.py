"""Promotion: the code that is live in one environment goes live in another of the same service."""

from __future__ import annotations

from collections.abc import Collection

from engine import publish, resources
from engine.durable import migrations
from engine.errors import ApiError, Conflict
from engine.model import Actor, Binding, Deployed, Settings, Version
from engine.plan import BINDING, Plan, identify, plan
from engine.store import Connection, Store, environments

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
            "; ".join(
                f"{row.reason}, which {row.location} uses" if row.location else str(row.reason)
                for row in made.blocked
            )
            + f": add {'it' if len(made.blocked) == 1 else 'them'} to {target}, or move "
            + f"{'its row' if len(made.blocked) == 1 else 'their rows'} too",
            400,
            {"blocked": made.to_json()["blocked"]},
        )

    def work(connection: Connection) -> Deployed:
        _check_unchanged(connection, made)
        content = publish.Content.of(made.source_version, _bindings(connection, store, made), _settings(made))
        words = message or f"Promoted from {source} v{made.source_version.number}"
        return publish.deployed(
            connection, store, made.target, content, publish.Note(actor, "promotion", words)
        )

    return await store.write(work)


def _check_unchanged(connection: Connection, made: Plan) -> None:
    """Somebody may have deployed between the plan and this transaction."""
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


def _bindings(connection: Connection, store: Store, made: Plan) -> tuple[Binding, ...]:
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
        (kept[binding.name],) = migrations.adopt(connection, store, made.source, made.target, [binding])
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
