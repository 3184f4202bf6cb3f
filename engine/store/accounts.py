"""The account: one a state folder."""

from __future__ import annotations

import re
import secrets
from typing import Final

from engine.errors import ApiError
from engine.model import Account
from engine.store.database import Connection

DEFAULT_SUBDOMAIN: Final = "dev"
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def ensure(connection: Connection, at: str) -> Account:
    """The account, made now when the database is new."""
    found = connection.execute("SELECT id, name, subdomain, created_on FROM accounts").fetchone()
    if found is None:
        found = (secrets.token_hex(16), "this machine", DEFAULT_SUBDOMAIN, at)
        connection.execute(
            "INSERT INTO accounts (id, name, subdomain, created_on) VALUES (?, ?, ?, ?)", found
        )
    return Account(*found)


def get(connection: Connection) -> Account:
    """The account."""
    return Account(*connection.execute("SELECT id, name, subdomain, created_on FROM accounts").fetchone())


def set_subdomain(connection: Connection, subdomain: str) -> None:
    """Changes the part of hostnames before ``.localhost``; raises ApiError 10033 when it cannot be one."""
    if not _SUBDOMAIN.fullmatch(subdomain):
        raise ApiError(10033, f"{subdomain!r} is no subdomain: lower-case letters, digits and inner dashes")
    connection.execute("UPDATE accounts SET subdomain = ?", (subdomain,))
