"""Cloning: code and settings travel, KV data does not unless asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from storekit import ANA, BOB, deployed, kv_binding, opened, secret, service_binding, text

from engine import namespaces
from engine.clone import clone
from engine.errors import ApiError
from engine.model import Settings
from engine.store import Store, environments, kv


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


@pytest.fixture
async def ns(store: Store) -> str:
    """A namespace with one key, bound twice in notes/production beside a variable, a secret and a service."""
    made = (await namespaces.create(store, "notes", ANA)).id
    await store.write(lambda connection: kv.put(connection, made, "note:1", b"one"))
    await deployed(store, "whoami")
    await deployed(
        store,
        "notes",
        bindings=(
            kv_binding("NOTES", made),
            kv_binding("SAME", made),
            text("MAX", "50"),
            secret("TOKEN", "t"),
            service_binding("WHO", "whoami"),
        ),
        settings=Settings("2026-01-01", ("flag",)),
        script_settings={"observability": {"enabled": True}},
    )
    return made


async def test_a_clone_has_its_own_empty_data(store: Store, ns: str) -> None:
    made = await clone(store, "notes", "production", "ana-dev", BOB)
    source = await store.read(lambda connection: environments.live(connection, "notes", "production"))
    own = made.version.binding("NOTES").settings["namespace_id"]
    assert own != ns
    assert made.version.binding("SAME").settings == {"namespace_id": own}
    found = await store.read(lambda connection: kv.namespace(connection, own))
    assert (found.title, found.keys) == ("notes-ana-dev-NOTES", 0)
    assert made.version.etag == source.version.etag
    assert made.version.settings == source.version.settings
    for name in ("MAX", "TOKEN", "WHO"):
        assert made.version.binding(name) == source.version.binding(name)
    assert made.environment.script_settings == {"observability": {"enabled": True}}
    assert made.deployment.versions == ((made.version.id, 100),)
    assert (made.version.author, made.version.message) == ("bob", "Cloned from production v1")
    kinds = [change.kind for change in await store.changes_since(0)]
    assert kinds[-3:] == ["environment.created", "kv", "deployment"]


async def test_a_clone_shares_data_when_told(store: Store, ns: str) -> None:
    before = await store.read(kv.namespace_count)
    made = await clone(store, "notes", "production", "ana-dev", ANA, data="share")
    assert made.version.binding("NOTES").settings == {"namespace_id": ns}
    assert await store.read(kv.namespace_count) == before


async def test_a_title_in_use_gets_a_number(store: Store, ns: str) -> None:
    await namespaces.create(store, "notes-two-NOTES", ANA)
    made = await clone(store, "notes", "production", "two", ANA)
    own = made.version.binding("NOTES").settings["namespace_id"]
    found = await store.read(lambda connection: kv.namespace(connection, own))
    assert found.title == "notes-two-NOTES-2"


@pytest.mark.parametrize(
    ("source", "target", "how", "code"),
    [
        ("production", "production", {}, 10040),
        ("missing", "new", {}, 10092),
        ("production", "Bad", {}, 10094),
        ("production", "new", {"data": "some"}, 10026),
    ],
)
async def test_refusals_leave_nothing_behind(
    store: Store, ns: str, source: str, target: str, how: dict, code: int
) -> None:
    before = await store.last_change()
    with pytest.raises(ApiError) as caught:
        await clone(store, "notes", source, target, ANA, **how)
    assert caught.value.code == code
    assert await store.last_change() == before
    assert await store.read(kv.namespace_count) == 1


async def test_a_clone_of_nothing_is_refused(store: Store) -> None:
    with pytest.raises(ApiError) as caught:
        await clone(store, "no", "production", "new", ANA)
    assert caught.value.code == 10007
