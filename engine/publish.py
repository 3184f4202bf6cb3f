"""Making versions and deployments inside a write transaction: the one way in which an environment changes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ApiError
from engine.model import (
    Actor,
    Binding,
    Deployed,
    Deployment,
    Environment,
    ModuleRef,
    NamedHandlers,
    Settings,
    Version,
)
from engine.store import Connection, Store, changes, deployments, environments, services, versions


@dataclass(frozen=True, slots=True)
class Content:
    """What a new version holds; the contents of `modules` are in the store already, or kept just before."""

    main_module: str
    modules: tuple[ModuleRef, ...]
    bindings: tuple[Binding, ...]
    settings: Settings
    handlers: tuple[str, ...] = ()
    named_handlers: tuple[NamedHandlers, ...] = ()
    startup_time_ms: int | None = None

    @staticmethod
    def of(
        version: Version, bindings: tuple[Binding, ...] | None = None, settings: Settings | None = None
    ) -> Content:
        """The content of an existing version, perhaps with other bindings or settings."""
        return Content(
            main_module=version.main_module,
            modules=version.modules,
            bindings=version.bindings if bindings is None else bindings,
            settings=version.settings if settings is None else settings,
            handlers=version.handlers,
            named_handlers=version.named_handlers,
            startup_time_ms=version.startup_time_ms,
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Why a version is made: what history shows beside it."""

    actor: Actor
    triggered_by: str = "upload"
    message: str | None = None
    tag: str | None = None
    alias: str | None = None


def described(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """The handlers that evaluating a script found, as fields of `Content`.

    Args:
        value: ``{"handlers": [name], "named_handlers": [{"name", "handlers"}], "startup_time_ms"?}`` as
            `Worker.describe` gives it; None when nobody evaluated the script.

    Raises:
        ApiError: 10068, the script handles no event.
    """
    if value is None:
        return {}
    named = tuple(
        NamedHandlers(each["name"], tuple(each["handlers"])) for each in value.get("named_handlers") or ()
    )
    handlers = tuple(value.get("handlers") or ())
    if not handlers and not named:
        raise ApiError(
            10068, "The script has no registered event handlers: export default { fetch(request, env) {…} }"
        )
    return {"handlers": handlers, "named_handlers": named, "startup_time_ms": value.get("startup_time_ms")}


def version(
    connection: Connection, store: Store, environment: Environment, content: Content, note: Note
) -> Version:
    """Adds a version to the environment, without deploying it."""
    at = store.now()
    made = Version(
        id=str(uuid.uuid4()),
        number=services.next_number(connection, environment.service),
        service_id=environment.service,
        environment_id=environment.id,
        main_module=content.main_module,
        modules=content.modules,
        bindings=content.bindings,
        settings=content.settings,
        created_on=at,
        author=note.actor.author,
        source=note.actor.source,
        message=note.message,
        tag=note.tag,
        triggered_by=note.triggered_by,
        alias=note.alias,
        etag=versions.etag_of(content.main_module, content.modules),
        handlers=content.handlers,
        named_handlers=content.named_handlers,
        startup_time_ms=content.startup_time_ms,
    )
    versions.insert(connection, made)
    _touch(connection, environment, at)
    return made


def version_only(
    connection: Connection, store: Store, environment: Environment, content: Content, note: Note
) -> Version:
    """Adds a version that is not deployed, and records it as a change."""
    made = version(connection, store, environment, content, note)
    changes.append(
        connection,
        made.created_on,
        "version",
        note.actor,
        service=environment.service,
        environment=environment.name,
        message=note.message,
        version_number=made.number,
        detail={"version_id": made.id},
    )
    return made


def deployment(
    connection: Connection,
    store: Store,
    environment: Environment,
    shares: Sequence[tuple[str, float]],
    note: Note,
    *,
    number: int,
) -> Deployment:
    """Makes the environment answer with these versions, and records it as a change of version `number`."""
    at = store.now()
    made = Deployment(
        id=str(uuid.uuid4()),
        environment_id=environment.id,
        created_on=at,
        author=note.actor.author,
        source=note.actor.source,
        versions=tuple(shares),
        message=note.message,
        triggered_by=note.triggered_by,
    )
    deployments.insert(connection, made)
    _touch(connection, environment, at)
    changes.append(
        connection,
        at,
        "deployment",
        note.actor,
        service=environment.service,
        environment=environment.name,
        message=note.message,
        version_number=number,
        detail={"deployment_id": made.id, "version_id": made.main_version_id},
    )
    return made


def deployed(
    connection: Connection,
    store: Store,
    environment: Environment,
    content: Content,
    note: Note,
    *,
    created: bool = False,
) -> Deployed:
    """Adds a version and deploys it at 100 %."""
    new = version(connection, store, environment, content, note)
    live = deployment(connection, store, environment, ((new.id, 100),), note, number=new.number)
    place = environments.get(connection, environment.service, environment.name)
    return Deployed(new, live, place, created)


def _touch(connection: Connection, environment: Environment, at: str) -> None:
    environments.touch(connection, environment.id, at)
    services.touch(connection, environment.service, at)
