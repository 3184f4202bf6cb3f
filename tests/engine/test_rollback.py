"""Rolling back and gradual deployments."""

from __future__ import annotations

from pathlib import Path

import pytest
from storekit import ANA, BOB, deployed, kv_binding, opened, secret, text

from engine import environments, namespaces
from engine.errors import ApiError
from engine.rollback import deploy_versions, rollback
from engine.settings import put_secrets
from engine.store import Store, deployments, versions
from engine.store import environments as rows


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


async def live(store: Store):
    return await store.read(lambda connection: rows.live(connection, "notes", "production"))


async def refused(code: int, waiting) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await waiting
    assert caught.value.code == code
    return caught.value


async def test_an_old_version_answers_again(store: Store) -> None:
    first = await deployed(store, "notes", "1", (text("A", "old"),))
    await deployed(store, "notes", "2", (text("A", "new"),))
    made = await rollback(store, "notes", "production", first.version.id, BOB)
    found = await live(store)
    assert found.version == first.version
    assert found.deployment == made.deployment
    assert (made.deployment.triggered_by, made.deployment.message) == ("rollback", "Rolled back to v1")
    history = await store.read(lambda connection: deployments.listing(connection, found.environment.id))
    assert [each.versions[0][0] == first.version.id for each in history] == [True, False, True]
    assert await store.read(lambda connection: versions.count(connection, found.environment.id)) == 2
    change = (await store.changes_since(0))[-1]
    assert (change.kind, change.version_number, change.author) == ("deployment", 1, "bob")


async def test_a_lost_namespace_stops_it(store: Store) -> None:
    ns = (await namespaces.create(store, "n", ANA)).id
    first = await deployed(store, "notes", bindings=(kv_binding("KV", ns),))
    await deployed(store, "notes")
    await namespaces.delete(store, ns, ANA)
    error = await refused(10041, rollback(store, "notes", "production", first.version.id, ANA))
    assert "v1 binds KV" in error.message


async def test_changed_secrets_need_force(store: Store) -> None:
    first = await deployed(store, "notes", bindings=(secret("A", "1"), secret("B", "1"), secret("C", "1")))
    await put_secrets(store, "notes", "production", {"A": "1", "B": "2", "C": None, "D": "new"}, ANA)
    error = await refused(10220, rollback(store, "notes", "production", first.version.id, ANA))
    assert error.message.endswith("The following secrets have changed: B, C, D")
    made = await rollback(store, "notes", "production", first.version.id, ANA, force=True)
    assert (await live(store)).deployment == made.deployment


async def test_the_way_forward_needs_no_force(store: Store) -> None:
    first = await deployed(store, "notes", bindings=(secret("A", "1"),))
    second = await put_secrets(store, "notes", "production", {"A": "2"}, ANA)
    await rollback(store, "notes", "production", first.version.id, ANA, force=True)
    await deploy_versions(store, "notes", "production", ((second.version.id, 100),), ANA)
    assert (await live(store)).version.id == second.version.id


async def test_gradual_deployments(store: Store) -> None:
    first, second = await deployed(store, "notes", "1"), await deployed(store, "notes", "2")
    shares = ((first.version.id, 90), (second.version.id, 10))
    made = await deploy_versions(store, "notes", "production", shares, ANA, message="")
    found = await live(store)
    assert found.deployment.versions == shares
    assert found.version == first.version == made.version
    assert all(isinstance(percentage, int) for _, percentage in found.deployment.versions)
    half = ((first.version.id, 99.5), (second.version.id, 0.5))
    await deploy_versions(store, "notes", "production", half, ANA)
    assert (await live(store)).deployment.versions == half


@pytest.mark.parametrize("percentages", [(), (50,), (60, 60), (-10, 110), (40, 40, 20)])
async def test_shares_that_cannot_be(store: Store, percentages: tuple[int, ...]) -> None:
    made = [(await deployed(store, "notes", str(number))).version.id for number in range(len(percentages))]
    await refused(
        10210,
        deploy_versions(store, "notes", "production", list(zip(made, percentages, strict=True)), ANA),
    )


async def test_versions_of_other_environments_and_twice_the_same(store: Store) -> None:
    first = await deployed(store, "notes")
    other = await environments.create(store, "notes", "staging", ANA)
    await refused(10071, rollback(store, "notes", "production", other.version.id, ANA))
    await refused(10071, rollback(store, "notes", "production", "nothing", ANA))
    await refused(
        10210,
        deploy_versions(store, "notes", "production", ((first.version.id, 50), (first.version.id, 50)), ANA),
    )
    await refused(10092, rollback(store, "notes", "no", first.version.id, ANA))
