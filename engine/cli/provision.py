"""Resources that a project's bindings name or ask for: those that may be made are made, as wrangler does it.

A KV namespace, D1 database, R2 bucket or queue that a binding does not name is made on the first deploy and
found again on later ones; a bucket or database that is named is made when it does not exist. A queue that is
named must exist, since others may be waiting for what is in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from engine.cli.api import Client, Json, Refused
from engine.cli.errors import CliError

if TYPE_CHECKING:
    from engine.wrangler.project import Project

TITLE_TAKEN: Final = 10014
DATABASE_TAKEN, DATABASE_MISSING = 7502, 7404
BUCKET_TAKEN, BUCKET_MISSING = 10004, 10006
QUEUE_TAKEN: Final = 11009


def bindings(client: Client, project: Project, live: Json | None, dev_vars: bool) -> list[Json] | None:
    """The upload's bindings; each that names no resource gets one of its own. None for a mere file.

    Args:
        live: the environment as it is now, None before its first deploy.
        dev_vars: whether the values of .dev.vars become secrets.
    """
    if project.bindings is None:
        return None
    named = {str(each["name"]): each for each in (live or {}).get("bindings", ())}
    made: list[Json] = []
    for binding in project.bindings:
        complete = dict(binding)
        setting, make = _MADE.get(str(binding["type"]), ("", None))
        if make is not None and setting not in binding:
            before = named.get(str(binding["name"]), {})
            title = f"{project.service}-{project.environment}-{binding['name']}"
            complete[setting] = before.get(setting) or make(client, str(binding.get("database_name", title)))
        elif binding["type"] == "r2_bucket":
            _named_bucket(client, str(binding["bucket_name"]))
        complete.pop("database_name", None)
        made.append(complete)
    if dev_vars:
        made = [each for each in made if each["name"] not in project.dev_vars]
        made += [
            {"name": name, "type": "secret_text", "text": text} for name, text in project.dev_vars.items()
        ]
    return made


def queues(client: Client, names: Iterable[str]) -> dict[str, Json]:
    """The queues of these names.

    Raises:
        CliError: one does not exist; says how to make it.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    listed = client.call("GET", "/queues", params={"name": wanted, "per_page": len(wanted)})
    found: dict[str, Json] = {str(each["queue_name"]): each for each in listed}
    for name in wanted:
        if name not in found:
            raise CliError(f"there is no queue {name}; make it with: svc-tui wrangler queues create {name}")
    return found


def _namespace(client: Client, title: str) -> str:
    """The KV namespace of that title, made when there is none."""
    try:
        created = client.call("POST", "/storage/kv/namespaces", {"title": title})
    except Refused as error:
        if error.number != TITLE_TAKEN:
            raise
        page = 1
        while found := client.call("GET", "/storage/kv/namespaces", params={"page": page, "per_page": 100}):
            for each in found:
                if each["title"] == title:
                    return str(each["id"])
            page += 1
        raise
    print(f"made the KV namespace {title}", file=sys.stderr)
    return str(created["id"])


def _database(client: Client, name: str) -> str:
    """The D1 database of that name, made when there is none."""
    try:
        created = client.call("POST", "/d1/database", {"name": name})
    except Refused as error:
        if error.number != DATABASE_TAKEN:
            raise
        return str(client.call("GET", f"/d1/database/{quote(name, safe='')}")["uuid"])
    print(f"made the D1 database {name}", file=sys.stderr)
    return str(created["uuid"])


def _bucket(client: Client, name: str) -> str:
    """The R2 bucket of that name (in lower case, as they are), made when there is none."""
    name = name.lower().replace("_", "-")
    try:
        client.call("POST", "/r2/buckets", {"name": name})
    except Refused as error:
        if error.number != BUCKET_TAKEN:
            raise
        return name
    print(f"made the R2 bucket {name}", file=sys.stderr)
    return name


def _named_bucket(client: Client, name: str) -> None:
    """Make the bucket of just that name when there is none."""
    try:
        client.call("GET", f"/r2/buckets/{quote(name, safe='')}")
    except Refused as error:
        if error.number != BUCKET_MISSING:
            raise
        client.call("POST", "/r2/buckets", {"name": name})
        print(f"made the R2 bucket {name}", file=sys.stderr)


def _queue(client: Client, name: str) -> str:
    """The queue of that name (in lower case), made when there is none."""
    name = name.lower().replace("_", "-")
    try:
        client.call("POST", "/queues", {"queue_name": name})
    except Refused as error:
        if error.number != QUEUE_TAKEN:
            raise
        return name
    print(f"made the queue {name}", file=sys.stderr)
    return name


#: Bindings to resources: the setting that names one, and what makes one for a binding that names none.
_MADE: Final = {
    "kv_namespace": ("namespace_id", _namespace),
    "d1": ("id", _database),
    "r2_bucket": ("bucket_name", _bucket),
    "queue": ("queue_name", _queue),
}
