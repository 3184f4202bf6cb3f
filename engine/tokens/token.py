"""A token and what it may do: permissions on services and environments, by name or pattern.

What a request needs is told by `engine.api.access`; whether a token has it is told here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

READ: Final = "read"
DEPLOY: Final = "deploy"
WRITE: Final = "write"
APPROVE: Final = "approve"
ACCOUNT: Final = "account"
DATA_READ: Final = "data-read"
DATA_WRITE: Final = "data-write"
ADMIN: Final = "admin"

PERMISSIONS: Final[Mapping[str, str]] = {
    READ: "see code, settings, history and logs",
    DEPLOY: "deploy, roll back, set routes and triggers, promote to it, run pipelines; and read",
    WRITE: "change everything, create, rename and delete; and deploy and read",
    APPROVE: "let the runs of pipelines through their approvals",
    ACCOUNT: "see lists of the whole account, its zones and the state of the engine",
    DATA_READ: "read KV, D1, R2, queues and Durable Objects",
    DATA_WRITE: "change KV, D1, R2, queues and Durable Objects; and read them",
    ADMIN: "everything, tokens too",
}
"""Each permission, and what it lets do."""

WHOLE: Final = frozenset({ACCOUNT, DATA_READ, DATA_WRITE, ADMIN})
"""Permissions on the account as a whole."""

_HAS: Final[Mapping[str, frozenset[str]]] = {
    DEPLOY: frozenset({DEPLOY, READ}),
    WRITE: frozenset({WRITE, DEPLOY, READ}),
    DATA_WRITE: frozenset({DATA_WRITE, DATA_READ}),
    ADMIN: frozenset(PERMISSIONS),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission on one place.

    Attributes:
        permission: one of `PERMISSIONS`.
        service: a service's name, or a pattern with `*` and `?`; None is all services.
        environment: the same of its environments; None is all, and the service itself.
    """

    permission: str
    service: str | None = None
    environment: str | None = None

    def has(self, permission: str) -> bool:
        """Whether the permission is this one, or comes with it."""
        return permission in _HAS.get(self.permission, (self.permission,))

    def covers(self, service: str | None, environment: str | None) -> bool:
        """Whether a place is in it; a service without an environment is the service as a whole."""
        if self.service is None:
            return True
        if service is None or not fnmatchcase(service, self.service):
            return False
        if self.environment is None:
            return True
        return environment is not None and fnmatchcase(environment, self.environment)

    def __str__(self) -> str:
        return f"{self.permission} on {place(self.service, self.environment)}"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept; times are the store's.

    Attributes:
        name: what the history calls who used it.
        grants: what it may do.
        active: whether it is accepted at all.
        not_before: when it begins to be, None at once.
        expires_on: when it ends to be, None never.
    """

    id: str
    name: str
    grants: tuple[Grant, ...]
    active: bool
    not_before: str | None
    expires_on: str | None
    issued_on: str
    modified_on: str
    last_used_on: str | None
    author: str

    def status(self, now: str) -> str:
        """`active`, `disabled` or `expired`, as Cloudflare calls them."""
        if not self.active:
            return "disabled"
        return "expired" if self.expires_on is not None and self.expires_on <= now else "active"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks the API.

    Attributes:
        name: what the history calls them; None lets the request say so.
        grants: what they may do.
        token: the token, None for the engine's own.
    """

    name: str | None
    grants: tuple[Grant, ...]
    token: Token | None = field(default=None, repr=False)

    def may(self, permission: str, service: str | None = None, environment: str | None = None) -> bool:
        """Whether they may do something in a place."""
        return any(each.has(permission) and each.covers(service, environment) for each in self.grants)

    def may_look(self, service: str) -> bool:
        """Whether they may see that a service is there and what it consists of: with any grant in it."""
        return any(
            each.permission not in WHOLE - {ADMIN}
            and (each.service is None or fnmatchcase(service, each.service))
            for each in self.grants
        )


OWNER: Final = Caller(None, (Grant(ADMIN),))
"""Who has the engine's own token: the person whose machine it is."""


def place(service: str | None, environment: str | None) -> str:
    """A place in words."""
    if service is None:
        return "the account"
    return service if environment is None else f"{service} › {environment}"


def told(grants: Iterable[Grant]) -> str:
    """What a token may do, in words."""
    return ", ".join(map(str, grants)) or "nothing"
