"""Which samples there are to be, and which are not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.model import PRODUCTION, Actor
from engine.store import Connection, changes, services

STAGING: Final = "staging"
MESSAGES: Final = {
    "hello": "Says hello",
    "notes": "A REST API over KV",
    "gateway": "Routes to hello and notes",
}
#: In the order in which they can be deployed: a binding's target has to be there.
SAMPLES: Final = tuple(
    (service, environment) for service in MESSAGES for environment in (PRODUCTION, STAGING)
)
ACTOR: Final = Actor("svc-tui", "seed")


def missing(connection: Connection) -> Sequence[tuple[str, str]]:
    """The environments that a new account lacks; none where anybody else has changed anything."""
    if not changes.only_of(connection, ACTOR.source):
        return ()
    there = {
        (service.id, environment.name)
        for service in services.listing(connection)
        for environment in service.environments
    }
    return [each for each in SAMPLES if each not in there]
