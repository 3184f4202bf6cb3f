"""The account's subdomain: what every generated hostname has before ``.localhost``."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import Conflict
from engine.model import Actor
from engine.store import Connection, Store, accounts, changes, domains


async def change(store: Store, subdomain: str, actor: Actor) -> str:
    """Gives every environment another hostname at once.

    Raises:
        ApiError: 10033 it cannot be one, 10031 a custom domain lies in it.
    """

    def work(connection: Connection) -> None:
        taken = [
            each.hostname
            for each in domains.listing(connection)
            if each.hostname.endswith(f".{subdomain}.localhost")
        ]
        if taken:
            raise Conflict(10031, f"The subdomain {subdomain} is taken: {taken[0]} is a custom domain")
        accounts.set_subdomain(connection, subdomain)
        detail = {"subdomain": subdomain}
        changes.append(connection, store.now(), "account.changed", actor, detail=detail)

    await store.write(work)
    store.account = replace(store.account, subdomain=subdomain)
    return subdomain
