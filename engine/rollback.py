"""Deployments of versions that exist: gradual ones, and the way back to an old version."""

from __future__ import annotations

from collections.abc import Sequence

from engine import publish, resources
from engine.declared import SECRET_TYPES
from engine.errors import ApiError
from engine.model import Actor, Deployed, Live, Version
from engine.store import Connection, Store, environments, versions
from engine.store.secrets import Secrets


async def rollback(
    store: Store,
    service: str,
    environment: str,
    version_id: str,
    actor: Actor,
    *,
    message: str | None = None,
    force: bool = False,
) -> Deployed:
    """Makes an old version live again at 100 %; data and resources stay as they are.

    Raises:
        ApiError: as `deploy_versions`.
    """
    return await deploy_versions(
        store,
        service,
        environment,
        ((version_id, 100),),
        actor,
        message=message,
        triggered_by="rollback",
        force=force,
    )


async def deploy_versions(
    store: Store,
    service: str,
    environment: str,
    shares: Sequence[tuple[str, float]],
    actor: Actor,
    *,
    message: str | None = None,
    triggered_by: str = "deployment",
    force: bool = False,
) -> Deployed:
    """Makes one or two versions of the environment live (`POST …/deployments`).

    Args:
        shares: pairs of version id and percentage that sum to 100.
        force: deploy an older version although secrets have changed since.

    Raises:
        ApiError: 10007 10092 10071 not found, 10210 the shares are wrong, 10041 10085 10181 a bound
            resource is gone, 10220 secrets have changed since an older version (unless `force`).
    """
    _check_shares(shares)

    def work(connection: Connection) -> Deployed:
        live = environments.live(connection, service, environment)
        chosen = [versions.get(connection, live.environment.id, version_id) for version_id, _ in shares]
        for version in chosen:
            check_resources(connection, version)
            if not force:
                _check_secrets(store.secrets, version, live)
        main = chosen[max(range(len(shares)), key=lambda index: shares[index][1])]
        words = message
        if words is None and triggered_by == "rollback":
            words = f"Rolled back to v{main.number}"
        note = publish.Note(actor, triggered_by, words)
        made = publish.deployment(connection, store, live.environment, shares, note, number=main.number)
        return Deployed(main, made, environments.get(connection, service, environment))

    return await store.write(work)


def _check_shares(shares: Sequence[tuple[str, float]]) -> None:
    if not 1 <= len(shares) <= 2:
        raise ApiError(10210, f"A deployment has one or two versions, not {len(shares)}")
    if len({version_id for version_id, _ in shares}) != len(shares):
        raise ApiError(10210, "A deployment names each version once")
    if any(not 0 <= percentage <= 100 for _, percentage in shares):
        raise ApiError(10210, "A percentage is from 0 to 100")
    total = sum(percentage for _, percentage in shares)
    if abs(total - 100) > 1e-6:
        raise ApiError(10210, f"The percentages of a deployment sum to 100, not {total:g}")


def check_resources(connection: Connection, version: Version) -> None:
    """Whether what the version is bound to is still there; raises ApiError 10041 10085 10181 …."""
    for binding in version.bindings:
        resource = resources.of(binding)
        if resource is None:
            continue
        kind, name = resource
        if kind.label(connection, name) is None:
            raise ApiError(
                kind.gone, f"v{version.number} binds {binding.name} to {kind.word} {name}, which is gone"
            )


def _check_secrets(secrets: Secrets, version: Version, live: Live) -> None:
    """wrangler cuts the names out of the message behind the literal words, so they stay as they are."""
    if live.version is None or version.number >= live.version.number:
        return
    then = {each.name: each.settings["text"] for each in version.bindings if each.type in SECRET_TYPES}
    now = {each.name: each.settings["text"] for each in live.version.bindings if each.type in SECRET_TYPES}
    changed = sorted(
        name
        for name in then.keys() | now.keys()
        if name not in then or name not in now or not secrets.same(then[name], now[name])
    )
    if changed:
        raise ApiError(
            10220,
            f"Secrets differ from those of v{version.number}. The following secrets have changed: "
            f"{', '.join(changed)}",
        )
