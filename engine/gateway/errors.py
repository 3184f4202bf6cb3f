"""Why the gateway has no worker to ask."""

from __future__ import annotations

from engine.errors import ApiError


class NoCode(ApiError):
    """The environment exists, but nothing has been deployed to it."""

    def __init__(self, message: str) -> None:
        super().__init__(10222, message, 404)
