"""The samples of a new account."""

from __future__ import annotations

from pathlib import Path

import pytest
from storekit import ANA, opened

from engine import environments as environment_verbs
from engine import seed, services
from engine.seed.samples import ACTOR, SAMPLES
from engine.store import Store, environments, kv
from engine.store import services as stored


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


async def names(store: Store) -> set[tuple[str, str]]:
    found = await store.read(stored.listing)
    return {(each.id, place.name) for each in found for place in each.environments}


async def binding(store: Store, service: str, environment: str, name: str):
    live = await store.read(lambda connection: environments.live(connection, service, environment))
    return live.version.binding(name)


async def test_three_services_with_two_environments_each(store: Store):
    assert await seed.plant(store)
    assert await names(store) == set(SAMPLES)
    production = await binding(store, "notes", "production", "NOTES")
    staging = await binding(store, "notes", "staging", "NOTES")
    assert production.settings["namespace_id"] != staging.settings["namespace_id"]
    limits = [await binding(store, "notes", place, "MAX_NOTES") for place in ("production", "staging")]
    assert limits[0].settings != limits[1].settings
    target = await binding(store, "gateway", "staging", "NOTES")
    assert dict(target.settings) == {"service": "notes", "environment": "staging"}
    page = await store.read(lambda connection: kv.entries(connection, staging.settings["namespace_id"]))
    assert [key.name for key in page.keys] == ["note:try", "note:welcome"]
    assert {change.source for change in await store.changes_since(0)} == {"seed"}


async def test_a_second_start_plants_nothing(store: Store):
    await seed.plant(store)
    assert not await seed.plant(store)


async def test_a_start_that_was_cut_short_is_completed(store: Store):
    await seed.plant(store)
    await services.delete(store, "gateway", ACTOR)
    await environment_verbs.delete(store, "notes", "staging", ACTOR)
    assert await seed.plant(store)
    assert await names(store) == set(SAMPLES)
    assert len(await store.read(kv.namespaces)) == 2


async def test_an_account_that_somebody_used_is_left_alone(store: Store):
    await seed.plant(store)
    await services.delete(store, "gateway", ANA)
    assert not await seed.plant(store)
    assert ("gateway", "production") not in await names(store)
