"""What each request to the API needs of its token: the one place where that is decided.

A path says it: of which service and environment it is, and whether data or the account. Where the request's
body names another place, as a promotion does, the door lets in who may do it somewhere, and the resource asks
for that place with `Call.require`. What has no rule is for the engine's own token and for `admin`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.errors import ApiError
from engine.model import PRODUCTION
from engine.tokens.token import (
    ACCOUNT,
    ADMIN,
    DATA_READ,
    DATA_WRITE,
    DEPLOY,
    READ,
    WRITE,
    Caller,
    place,
    told,
)

#: What is needed where a valid token is enough, and where a look at any part of the service is allowed.
ANY: Final = "any"
LOOK: Final = "look"

#: Cloudflare's number for a token that is valid but not for this.
FORBIDDEN: Final = 9109


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs: a permission, and on which service and environment; None is the account.

    `asked` says that the resource asks for the place itself: the door sees only that it may be somewhere.
    """

    permission: str
    service: str | None = None
    environment: str | None = None
    asked: bool = False


_ACCOUNT = "/accounts/{account}"
_OPEN: Final = frozenset(
    {
        "/user",
        "/user/tokens/verify",
        "/accounts",
        "/memberships",
        "/openapi.json",
        _ACCOUNT,
        f"{_ACCOUNT}/tokens/verify",
        f"{_ACCOUNT}/workers/subdomain",
        f"{_ACCOUNT}/workers/subdomains/{{name}}",
    }
)
"""Who one is, and what everybody may know."""
_OWN: Final = frozenset({"/transfers/{secret}", f"{_ACCOUNT}/workers/assets/upload"})
"""What is shown a token of its own."""
_FILTERED: Final = frozenset(f"{_ACCOUNT}/workers/{each}" for each in ("services", "scripts", "workers"))
"""Lists of services: they have those that the token is for (`Call.sees`)."""
_DATA: Final = re.compile(
    r"/accounts/\{account\}/(storage|d1|r2|event_notifications|queues|workflows|hyperdrive|analytics_engine|workers/durable_objects)(/|$)"
)
_READS: Final = ("/bulk/get", "/export", "/messages/preview", "/analytics_engine/sql")
"""Data that is asked for by POST."""
_PLACE: Final = re.compile(
    r"/accounts/\{account\}/workers/(?:services/\{service\}/environments/\{environment\}|scripts/\{service\})(?P<rest>.*)"
)
_DEPLOYS: Final = frozenset(
    {
        "",
        "/assets-upload-session",
        "/check",
        "/content",
        "/deployments",
        "/domains/changeset",
        "/domains/records",
        "/quarantine",
        "/routes",
        "/runs",
        "/runs/{session}",
        "/schedules",
        "/schedules/run",
        "/script-settings",
        "/settings",
        "/subdomain",
        "/versions",
    }
)
"""What changes an environment as a deploy does; runs do what deployed code could."""
_LISTENS: Final = frozenset({"/tails", "/tails/{tail}"})


def need(path: str, method: str, params: Mapping[str, str]) -> Need:
    """What a request needs.

    Args:
        path: the route's pattern, as `/accounts/{account}/workers/services/{service}`.
        method: the HTTP method; HEAD is GET.
        params: the names in the path, decoded.
    """
    reads = method in {"GET", "HEAD", "OPTIONS"}
    service = params.get("service")
    if (path in _OPEN and reads) or path in _OWN or (path in _FILTERED and reads):
        return Need(ANY)
    if "/tokens" in path:
        return Need(ADMIN)
    if path == f"{_ACCOUNT}/workflows/{{workflow}}" and method == "PUT":  # a deploy says whose class does it
        return Need(DEPLOY, asked=True)
    if _DATA.match(path):
        return Need(DATA_READ if reads or path.endswith(_READS) else DATA_WRITE)
    if service is not None:
        found = _PLACE.fullmatch(path)
        if found is None:
            return _of_service(path, reads, service)
        return _of_place(found["rest"], method, service, params.get("environment", PRODUCTION), path)
    if "{worker}" in path:
        return Need(READ if reads else DEPLOY, asked=True)
    if reads:
        return Need(ACCOUNT)
    if path == f"{_ACCOUNT}/workers/services":
        return Need(WRITE, asked=True)
    if path.startswith(("/zones", f"{_ACCOUNT}/workers/domains")):
        return Need(WRITE)
    return Need(DEPLOY) if path == f"{_ACCOUNT}/workers/runs" else Need(ADMIN)


def _of_service(path: str, reads: bool, service: str) -> Need:
    """What is below a service, and not below one of its environments."""
    if path.endswith("/diff"):
        return Need(READ, service, asked=True)
    if reads:
        return Need(LOOK, service)
    if path.endswith(("/promotions", "/promotions/plan", "/runs", "/approve", "/abort", "/environments")):
        return Need(LOOK, service, asked=True)
    return Need(WRITE, service)


def _of_place(rest: str, method: str, service: str, environment: str, path: str) -> Need:
    if method == "DELETE" and rest == "":  # of a script: with the service and all its environments
        return Need(WRITE, service, None if "{environment}" not in path else environment)
    if method in {"GET", "HEAD", "OPTIONS"} or rest in _LISTENS:
        return Need(READ, service, environment)
    if method == "PATCH" and rest == "":
        return Need(WRITE, service, environment)  # another name
    if rest.endswith("/copy/{target}"):
        return Need(DEPLOY, service, environment)  # whoever may deploy there could read its secrets anyway
    return Need(DEPLOY if rest in _DEPLOYS else WRITE, service, environment)


def check(caller: Caller, wanted: Need) -> None:
    """Whether the caller has what a request needs; raises ApiError 9109 (HTTP 403)."""
    if wanted.permission == ANY:
        return
    if wanted.permission == LOOK and wanted.service is not None:
        if not caller.may_look(wanted.service):
            refuse(caller, READ, wanted.service)
    elif wanted.asked:
        if not any(each.has(wanted.permission) for each in caller.grants):
            refuse(caller, wanted.permission, wanted.service)
    elif not caller.may(wanted.permission, wanted.service, wanted.environment):
        refuse(caller, wanted.permission, wanted.service, wanted.environment)


def require(caller: Caller, permission: str, service: str | None, environment: str | None = None) -> None:
    """Whether the caller may do something in a place that a body names; raises ApiError 9109."""
    if not caller.may(permission, service, environment):
        refuse(caller, permission, service, environment)


def refuse(caller: Caller, permission: str, service: str | None, environment: str | None = None) -> None:
    """Always raises ApiError 9109: what would be needed, and what the token has."""
    raise ApiError(
        FORBIDDEN,
        f"The API token {caller.name} may not do this. It needs {permission} on "
        f"{place(service, environment)}, and has {told(caller.grants)}.",
        403,
    )
