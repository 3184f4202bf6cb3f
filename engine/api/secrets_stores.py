"""Secrets stores, as wrangler asks for them: values come in, and never out.

Source: developers.cloudflare.com/api/resources/secrets_store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import page_of, success
from engine.errors import ApiError
from engine.store import Connection, changes, secrets_stores
from engine.store.secrets_stores import SecretsStore, StoredSecret

STORES: Final = ACCOUNT + "/secrets_store/stores"
STORE: Final = STORES + "/{secrets_store}"
SECRETS: Final = STORE + "/secrets"
SECRET: Final = SECRETS + "/{secret}"
#: Bytes of a value (secrets-store/limits).
MAX_VALUE: Final = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_BAD: Final = 1003


async def stores(call: Call) -> Response:
    """`GET secrets_store/stores?page&per_page`."""
    found = await call.store.read(secrets_stores.stores)
    return page_of([_store(call, each) for each in found], call.query)


async def create_store(call: Call) -> Response:
    """`POST secrets_store/stores` `{"name"}`."""
    name = _name((await call.json_object()).get("name"))

    def work(connection: Connection) -> SecretsStore:
        made = secrets_stores.add_store(connection, name, call.store.now())
        _record(connection, call, f"created secrets store {name}")
        return made

    return success(_store(call, await call.store.write(work)))


async def delete_store(call: Call) -> Response:
    """`DELETE secrets_store/stores/:id`, with its secrets."""

    def work(connection: Connection) -> None:
        gone = secrets_stores.delete_store(connection, call.params["secrets_store"])
        _record(connection, call, f"deleted secrets store {gone.name}")

    await call.store.write(work)
    return success(None)


async def listing(call: Call) -> Response:
    """`GET …/secrets?page&per_page&search`: `search` is a part of the name."""
    store, wanted = call.params["secrets_store"], call.query.get("search", "")
    found = await call.store.read(lambda connection: secrets_stores.secrets(connection, store))
    return page_of([_shape(each) for each in found if wanted in each.name], call.query)


async def create(call: Call) -> Response:
    """`POST …/secrets` `[{"name", "value", "scopes", "comment"?}, …]`: all of them, or none."""
    body = await call.json()
    if not isinstance(body, list) or not 1 <= len(body) <= 100 or not all(isinstance(e, dict) for e in body):
        raise ApiError(_BAD, 'Give a list of 1 to 100 secrets: [{"name": "…", "value": "…"}]')
    at = call.store.now()
    store = call.params["secrets_store"]
    nothing = call.store.secrets.conceal("")
    made = [
        _given(call, each, StoredSecret(secrets_stores.new_id(), store, "", "", (), nothing, at, at), True)
        for each in body
    ]

    def work(connection: Connection) -> None:
        for each in made:
            if secrets_stores.find(connection, store, each.name) is not None:
                raise ApiError(1002, f"The store has a secret {each.name} already", 409)
            _record(
                connection, call, f"created secret {secrets_stores.put(connection, each).name} of a store"
            )

    await call.store.write(work)
    return success([_shape(each) for each in made])


async def show(call: Call) -> Response:
    """`GET …/secrets/:id`: all but its value."""
    return success(_shape(await _find(call)))


async def change(call: Call) -> Response:
    """`PATCH …/secrets/:id` `{"value"?, "scopes"?, "comment"?, "name"?}`."""
    changed = _given(call, await call.json_object(), await _find(call), False)
    return await _put(call, changed, "changed")


async def duplicate(call: Call) -> Response:
    """`POST …/secrets/:id/duplicate` `{"name", "scopes"?, "comment"?}`: the same value by another name."""
    found = await _find(call)
    given = {**await call.json_object()}
    given.pop("value", None)
    base = replace(found, id=secrets_stores.new_id(), name="", created_on=call.store.now())
    return await _put(call, _given(call, given, base, False), "created")


async def delete(call: Call) -> Response:
    """`DELETE …/secrets/:id`."""

    def work(connection: Connection) -> None:
        gone = secrets_stores.delete(connection, call.params["secrets_store"], call.params["secret"])
        _record(connection, call, f"deleted secret {gone.name} of a store")

    await call.store.write(work)
    return success(None)


async def _find(call: Call) -> StoredSecret:
    store, secret = call.params["secrets_store"], call.params["secret"]
    return await call.store.read(lambda connection: secrets_stores.get(connection, store, secret))


async def _put(call: Call, secret: StoredSecret, what: str) -> Response:
    def work(connection: Connection) -> None:
        secrets_stores.put(connection, secret)
        _record(connection, call, f"{what} secret {secret.name} of a store")

    await call.store.write(work)
    return success(_shape(secret))


def _given(call: Call, given: Mapping[str, Any], base: StoredSecret, whole: bool) -> StoredSecret:
    name = _name(given.get("name", base.name or None))
    comment, scopes, value = given.get("comment", base.comment), given.get("scopes"), given.get("value")
    if not isinstance(comment, str) or len(comment) > 1024:
        raise ApiError(_BAD, "comment is a text of at most 1,024 characters")
    if scopes is not None and (not isinstance(scopes, list) or not all(isinstance(e, str) for e in scopes)):
        raise ApiError(_BAD, 'scopes is a list of names, such as ["workers"]')
    if value is None and whole:
        raise ApiError(_BAD, f"Secret {name} has no value")
    if value is not None and (not isinstance(value, str) or len(value.encode()) > MAX_VALUE):
        raise ApiError(_BAD, f"The value of {name} is a text of at most {MAX_VALUE // 1024} KiB")
    return replace(
        base,
        name=name,
        comment=comment,
        scopes=base.scopes if scopes is None else tuple(scopes),
        value=base.value if value is None else call.store.secrets.conceal(value),
        modified_on=call.store.now(),
    )


def _name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError(_BAD, "A name has 1 to 255 letters, digits, -, _ and dots")
    return name


def _store(call: Call, store: SecretsStore) -> dict[str, Any]:
    times = {"created": store.created_on, "modified": store.created_on}
    return {"id": store.id, "name": store.name, "account_id": call.store.account.id, **times}


def _shape(secret: StoredSecret) -> dict[str, Any]:
    return {
        "id": secret.id,
        "store_id": secret.store_id,
        "name": secret.name,
        "comment": secret.comment,
        "scopes": list(secret.scopes),
        "status": "active",
        "created": secret.created_on,
        "modified": secret.modified_on,
    }


def _record(connection: Connection, call: Call, message: str) -> None:
    changes.append(connection, call.store.now(), "secrets_store", call.actor, message=message)


ROUTES = [
    resource(STORES, get=stores, post=create_store),
    resource(STORE, delete=delete_store),
    resource(SECRETS, get=listing, post=create),
    resource(SECRET, get=show, patch=change, delete=delete),
    resource(SECRET + "/duplicate", post=duplicate),
]
