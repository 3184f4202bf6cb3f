"""Tokens in Cloudflare's shapes: policies of permission groups on resources.

Source: developers.cloudflare.com/api/resources/user/subresources/tokens. A policy is `{id, effect: "allow",
resources: {KEY: "*"}, permission_groups: [{id, name}]}`. Keys of resources are Cloudflare's for an account;
those of one service or environment are made as Cloudflare makes those of buckets:

    com.cloudflare.api.account.ACCOUNT
    com.cloudflare.edge.worker.service.ACCOUNT_SERVICE
    com.cloudflare.edge.worker.environment.ACCOUNT_SERVICE_ENVIRONMENT
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.errors import ApiError
from engine.tokens.token import (
    ACCOUNT,
    ADMIN,
    APPROVE,
    DATA_READ,
    DATA_WRITE,
    DEPLOY,
    PERMISSIONS,
    READ,
    WHOLE,
    WRITE,
    Grant,
    Token,
)
from engine.tokens.verbs import WRONG

Json = dict[str, Any]

_NAMES: Final[Mapping[str, str]] = {
    READ: "Workers Scripts Read",
    DEPLOY: "Workers Scripts Deploy",
    WRITE: "Workers Scripts Write",
    APPROVE: "Workers Pipelines Approve",
    ACCOUNT: "Account Settings Read",
    DATA_READ: "Workers Data Read",
    DATA_WRITE: "Workers Data Write",
    ADMIN: "API Tokens Write",
}
_ACCOUNT: Final = "com.cloudflare.api.account."
_SERVICE: Final = "com.cloudflare.edge.worker.service."
_ENVIRONMENT: Final = "com.cloudflare.edge.worker.environment."


def groups() -> list[Json]:
    """Every permission group: `{id, name, scopes, key, description}`; `key` is our word for it."""
    return [
        {
            "id": _id(each),
            "name": _NAMES[each],
            "scopes": [_ACCOUNT[:-1]] if each in WHOLE else [_ACCOUNT[:-1], _SERVICE[:-1], _ENVIRONMENT[:-1]],
            "key": each,
            "description": PERMISSIONS[each],
        }
        for each in PERMISSIONS
    ]


def policies(grants: Iterable[Grant], account: str) -> list[Json]:
    """Grants as policies: those on the same place are one."""
    places: dict[str, list[str]] = {}
    for each in grants:
        places.setdefault(_key(each, account), []).append(each.permission)
    return [
        {
            "id": uuid.uuid5(uuid.NAMESPACE_URL, key).hex,
            "effect": "allow",
            "resources": {key: "*"},
            "permission_groups": [{"id": _id(each), "name": _NAMES[each]} for each in permissions],
        }
        for key, permissions in places.items()
    ]


def parse(given: Any, account: str) -> tuple[Grant, ...]:
    """Grants of policies; raises ApiError 1003 for what they cannot say here."""
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise ApiError(WRONG, "policies must be a list of objects.")
    found: dict[Grant, None] = {}
    for policy in given:
        if policy.get("effect", "allow") != "allow":
            raise ApiError(WRONG, 'The only effect of a policy is "allow": what it does not name is refused.')
        resources, wanted = policy.get("resources"), policy.get("permission_groups")
        if not isinstance(resources, dict) or not resources:
            raise ApiError(WRONG, f'A policy needs resources: {{"{_ACCOUNT}{account}": "*"}}.')
        if not isinstance(wanted, list) or not wanted:
            raise ApiError(WRONG, "A policy needs permission_groups; see GET /user/tokens/permission_groups.")
        for key, value in resources.items():
            if value != "*":
                raise ApiError(WRONG, f'The value of the resource {key[:100]} must be "*".')
            for group in wanted:
                found[Grant(_permission(group), *_place(key, account))] = None
    return tuple(found)


def shown(token: Token, account: str, now: str) -> Json:
    """A token as the API shows it: all but its text."""
    return {
        "id": token.id,
        "name": token.name,
        "status": token.status(now),
        "issued_on": token.issued_on,
        "modified_on": token.modified_on,
        "last_used_on": token.last_used_on,
        "not_before": token.not_before,
        "expires_on": token.expires_on,
        "author": token.author,
        "policies": policies(token.grants, account),
        "grants": [
            {"permission": each.permission, "service": each.service, "environment": each.environment}
            for each in token.grants
        ],
    }


def _id(permission: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{permission}.permissions.svc-tui").hex


_BY_ID: Final = {_id(each): each for each in PERMISSIONS}
_BY_NAME: Final = {name: each for each, name in _NAMES.items()}


def _permission(group: Any) -> str:
    """By its id, its name or our word for it."""
    if isinstance(group, dict):
        number, name = group.get("id"), group.get("name", group.get("key"))
        if isinstance(number, str) and number in _BY_ID:
            return _BY_ID[number]
        if number is None and isinstance(name, str) and (name in PERMISSIONS or name in _BY_NAME):
            return _BY_NAME.get(name, name)
    raise ApiError(
        WRONG, "A policy names a permission group that is not here; see GET /user/tokens/permission_groups."
    )


def _key(grant: Grant, account: str) -> str:
    if grant.service is None:
        return f"{_ACCOUNT}{account}"
    if grant.environment is None:
        return f"{_SERVICE}{account}_{grant.service}"
    return f"{_ENVIRONMENT}{account}_{grant.service}_{grant.environment}"


def _place(key: str, account: str) -> tuple[str | None, str | None]:
    if key in {_ACCOUNT + account, _ACCOUNT + "*"}:
        return None, None
    for prefix, length in ((_SERVICE, 2), (_ENVIRONMENT, 3)):
        parts = key.removeprefix(prefix).split("_")
        if key.startswith(prefix) and len(parts) == length and parts[0] == account:
            return parts[1], parts[2] if length == 3 else None
    raise ApiError(WRONG, f"{key[:200]} names nothing of this account.")
