"""Creating, renaming and deleting services and environments."""

from __future__ import annotations

from pathlib import Path

import pytest
from storekit import ANA, deployed, opened, service_binding

from engine import environments, services
from engine.errors import ApiError
from engine.model import hostnames
from engine.store import Store, modules
from engine.store import deployments as deployment_rows
from engine.store import environments as rows
from engine.store import services as service_rows
from engine.store import versions as version_rows


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


async def live(store: Store, service: str, environment: str = "production"):
    return await store.read(lambda connection: rows.live(connection, service, environment))


async def refused(code: int, waiting) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await waiting
    assert caught.value.code == code
    return caught.value


async def test_a_new_service_answers_in_production(store: Store) -> None:
    made = await services.create(store, "hello", ANA)
    found = await live(store, "hello")
    assert found.version == made.version
    assert found.version.handlers == ("fetch",)
    assert (found.version.number, found.deployment.versions) == (1, ((made.version.id, 100),))
    code = await store.read(lambda connection: modules.load(connection, found.version.modules))
    assert b"export default" in code[0].content
    listed = await store.read(service_rows.listing)
    assert [each.id for each in listed] == ["hello"]
    assert listed[0].default_environment == made.environment


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "1a", "a_b", "a.b", "a" * 64, "ä", "a\n", "a b"])
async def test_bad_names(store: Store, name: str) -> None:
    await services.create(store, "hello", ANA)
    await refused(10016, services.create(store, name, ANA))
    await refused(10016, services.rename(store, "hello", name, ANA))
    await refused(10094, environments.create(store, "hello", name, ANA))


@pytest.mark.parametrize("name", ["a", "a-1", "a" * 63, "a--b"])
async def test_good_names(store: Store, name: str) -> None:
    await services.create(store, name, ANA)


async def test_a_taken_name_is_refused_and_nothing_changes(store: Store) -> None:
    await services.create(store, "hello", ANA)
    assert (await refused(10040, services.create(store, "hello", ANA))).status == 409
    await refused(10040, environments.create(store, "hello", "production", ANA))
    assert await store.last_change() == 3


async def test_environments_have_histories_of_their_own_and_numbers_of_the_service(store: Store) -> None:
    await services.create(store, "hello", ANA)
    made = await environments.create(store, "hello", "staging", ANA)
    assert made.version.number == 2
    assert (await deployed(store, "hello")).version.number == 3
    for name, numbers in (("production", [3, 1]), ("staging", [2])):
        place = (await live(store, "hello", name)).environment
        listed = await store.read(lambda connection, place=place: version_rows.listing(connection, place.id))
        assert [version.number for version in listed] == numbers
    found = await store.read(lambda connection: service_rows.get(connection, "hello"))
    assert [each.name for each in found.environments] == ["production", "staging"]


async def test_renaming_an_environment_moves_its_hostname(store: Store) -> None:
    await services.create(store, "hello", ANA)
    before = (await environments.create(store, "hello", "staging", ANA)).environment
    after = await environments.rename(store, "hello", "staging", "preview", ANA)
    assert (after.id, after.name) == (before.id, "preview")
    assert hostnames("hello", after.name, "dev") == ("preview.hello.dev.localhost",)
    assert hostnames("hello", "production", "dev") == ("hello.dev.localhost",)
    change = (await store.changes_since(0))[-1].to_json()
    assert (change["kind"], change["environment"], change["old_environment"]) == (
        "environment.renamed",
        "preview",
        "staging",
    )
    await refused(10092, live(store, "hello", "staging"))
    await refused(10094, environments.rename(store, "hello", "production", "live", ANA))
    await refused(10040, environments.rename(store, "hello", "preview", "production", ANA))


async def test_renaming_a_service_keeps_its_history(store: Store) -> None:
    made = await services.create(store, "hello", ANA)
    after = await services.rename(store, "hello", "hallo", ANA)
    assert after.tag
    found = await live(store, "hallo")
    assert found.version.id == made.version.id
    assert found.version.service_id == "hallo"
    assert (await deployed(store, "hallo")).version.number == 2
    await refused(10007, live(store, "hello"))


async def test_what_others_bind_to_is_not_taken_away(store: Store) -> None:
    for name in ("whoami", "gateway"):
        await services.create(store, name, ANA)
    await environments.create(store, "whoami", "staging", ANA)
    await deployed(store, "gateway", bindings=(service_binding("WHO", "whoami", "staging"),))
    error = await refused(10142, environments.delete(store, "whoami", "staging", ANA))
    assert "gateway › production (WHO) binds to it" in error.message
    await refused(10142, environments.rename(store, "whoami", "staging", "other", ANA))
    await refused(10142, services.delete(store, "whoami", ANA))
    await refused(10142, services.rename(store, "whoami", "other", ANA))
    await environments.delete(store, "whoami", "production", ANA)
    await deployed(store, "gateway")  # the binding is in an old version only
    await services.delete(store, "whoami", ANA)
    assert [each.id for each in await store.read(service_rows.listing)] == ["gateway"]


async def test_force_deletes_all_the_same(store: Store) -> None:
    await services.create(store, "whoami", ANA)
    await deployed(store, "gateway", bindings=(service_binding("WHO", "whoami"),))
    await services.delete(store, "whoami", ANA, force=True)
    await refused(10007, live(store, "whoami"))


async def test_deleting_an_environment_removes_its_rows_and_the_last_one_the_service(store: Store) -> None:
    await services.create(store, "hello", ANA)
    staging = (await environments.create(store, "hello", "staging", ANA)).environment
    await environments.delete(store, "hello", "production", ANA)
    found = await store.read(lambda connection: service_rows.get(connection, "hello"))
    assert found.default_environment is None
    await environments.delete(store, "hello", "staging", ANA)
    assert await store.read(service_rows.listing) == []
    assert await store.read(lambda connection: deployment_rows.count(connection, staging.id)) == 0
    kinds = [change.kind for change in await store.changes_since(0)]
    assert kinds[-3:] == ["environment.deleted", "environment.deleted", "service.deleted"]


async def test_what_is_not_there(store: Store) -> None:
    await refused(10007, services.delete(store, "no", ANA))
    await refused(10007, environments.create(store, "no", "staging", ANA))
    await services.create(store, "hello", ANA)
    assert (await refused(10092, environments.delete(store, "hello", "no", ANA))).status == 404
