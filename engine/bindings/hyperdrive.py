"""Hyperdrive as a worker's binding: the parts of a connection string (developers.cloudflare.com/hyperdrive).

There is no pool and no cache: on one machine a worker's driver talks to the database itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.bindings.variable import Variable

if TYPE_CHECKING:
    from engine.store.hyperdrive import Config
    from engine.store.secrets import Secrets


class Hyperdrive(Variable):
    """Values, one of them secret: they go into the isolate and nowhere else."""

    type = "hyperdrive"

    def __repr__(self) -> str:
        return f"Hyperdrive({self.name!r}, ***)"


def parts(config: Config, secrets: Secrets) -> dict[str, Any]:
    """`{connectionString, host, port, user, password, database}` of a configuration, in clear text."""
    origin: Mapping[str, Any] = config.settings["origin"]
    password = json.loads(secrets.reveal(config.secret)).get("password", "")
    scheme, host = origin.get("scheme", "postgres"), origin.get("host", "")
    user, database = origin.get("user", ""), origin.get("database", "")
    port = origin.get("port") or (3306 if scheme == "mysql" else 5432)
    shown = f"[{host}]" if ":" in host else host
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return {
        "connectionString": f"{scheme}://{login}@{shown}:{port}/{quote(database, safe='')}",
        "host": host,
        "port": port,
        "user": user,
        "password": password,
        "database": database,
    }
