"""Errors of every part of the engine: one class for what a caller did wrong, one for the state folder.

Codes are those of Cloudflare's catalogue (workers/platform/error-codes). Ours, without a counterpart there:

10405 a path does not have this method
10409 a promotion plan is stale
10410 a promotion is blocked
10412 another version is live now
10420 no such pipeline, or no such run of one
10421 a pipeline's definition is wrong: the message has the file, the line and the key
10422 a run of the pipeline is under way
10423 a run does not wait for an approval, or has ended
10430 a query of Analytics Engine's SQL is wrong
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request cannot be done as asked; the API answers it in Cloudflare's envelope.

    Attributes:
        code: Cloudflare's error code, for example 10007.
        message: one line that says what is wrong and, where it helps, what to do.
        status: HTTP status.
        data: more for a client that wants it (JSON values only), or None.
    """

    def __init__(
        self, code: int, message: str, status: int = 400, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data

    def __str__(self) -> str:
        return f"{self.message} [code: {self.code}]"


class NotFound(ApiError):
    """Something named in the request does not exist: HTTP 404."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message, 404)


class Conflict(ApiError):
    """The request does not fit the present state: HTTP 409 unless told (412 for a failed If-Match)."""

    def __init__(
        self, code: int, message: str, status: int = 409, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code, message, status, data)


class KvError(ApiError):
    """A KV operation was refused; bindings show it as ``KV PUT failed: <status> <message>``."""


class StoreError(Exception):
    """The state folder or its database cannot be used: one line naming the file and what to do."""


class StoreBusy(StoreError):
    """Another process held the database longer than the busy timeout; trying again is right."""


def service_not_found(service: str) -> NotFound:
    """10007: wrangler takes it for "does not exist yet"."""
    return NotFound(10007, f"This Worker does not exist on your account: {service}")


def environment_not_found(service: str, environment: str) -> NotFound:
    """10092: wrangler takes it for the first deploy of this environment."""
    return NotFound(10092, f"Service {service} has no environment {environment}")


def version_not_found(version: str) -> NotFound:
    """10071: no version with this id in the environment."""
    return NotFound(10071, f"There is no version {version}")


def deployment_not_found(deployment: str) -> NotFound:
    """10336: no deployment with this id in the environment."""
    return NotFound(10336, f"There is no deployment {deployment}")


def namespace_not_found(namespace: str) -> NotFound:
    """10013 (KV's own numbering): no KV namespace with this id."""
    return NotFound(10013, f"There is no KV namespace {namespace}")


def name_taken(what: str, name: str) -> Conflict:
    """10040: the name of a new service or environment is in use."""
    return Conflict(10040, f"There is already {what} {name}: choose another name")
