"""Sandboxed KV: live reads, writes kept back, seen by later reads, applied on request or dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from bindingkit import Listener, use
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storekit import ANA, opened

from engine import namespaces
from engine.bindings import BindingError
from engine.bindings.kv import Kv
from engine.bindings.overlay import Overlay
from engine.store import Store


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


@pytest.fixture
async def notes(store: Store) -> Kv:
    return Kv("NOTES", store, (await namespaces.create(store, "notes", ANA)).id)


async def names(binding: Kv, invocation=None, **how) -> list[str]:
    """All pages of a listing."""
    found, cursor = [], None
    while True:
        value = (await use(binding, "list", {**how, "cursor": cursor}, invocation=invocation)).value
        found += [key["name"] for key in value["keys"]]
        if value["list_complete"]:
            return found
        cursor = value["cursor"]


async def test_writes_are_seen_in_the_session_only(notes: Kv):
    await use(notes, "put", "a", {}, body=b"live")
    await use(notes, "put", "b", {}, body=b"live")
    draft = Listener().invocation(Overlay())
    await use(notes, "put", "a", {"metadata": "7"}, body=b"draft", invocation=draft)
    await use(notes, "delete", "b", invocation=draft)
    await use(notes, "put", "c", {}, body=b"new", invocation=draft)

    seen = await use(notes, "getWithMetadata", "a", {}, invocation=draft)
    assert (seen.body, seen.value) == (b"draft", {"metadata": 7})
    assert (await use(notes, "get", "b", {}, invocation=draft)).value is None
    assert await names(notes, draft) == ["a", "c"]
    bulk = await use(notes, "getBulk", ["a", "b", "c"], {}, invocation=draft)
    assert bulk.value == [("a", "draft"), ("b", None), ("c", "new")]

    assert (await use(notes, "get", "a", {})).body == b"live"
    assert await names(notes) == ["a", "b"]
    assert await names(notes, Listener().invocation(Overlay())) == ["a", "b"]


async def test_another_binding_of_the_namespace_sees_the_writes(notes: Kv, store: Store):
    draft = Listener().invocation(Overlay())
    await use(notes, "put", "a", {}, body=b"draft", invocation=draft)
    other = Kv("SAME", store, notes.namespace)
    assert (await use(other, "get", "a", {}, invocation=draft)).body == b"draft"


async def test_kept_back_writes_are_listed_by_run(notes: Kv):
    overlay = Overlay()
    await use(notes, "put", "a", {}, body=b"12345", invocation=Listener().invocation(overlay))
    mark = overlay.count
    listener = Listener()
    run = listener.invocation(overlay)
    await use(notes, "delete", "a", invocation=run)
    await use(notes, "get", "a", {}, invocation=run)
    assert [item.to_json() for item in overlay.since(mark)] == [
        {
            "id": 2,
            "binding": "NOTES",
            "operation": "delete",
            "subject": "a",
            "size": None,
            "service": "caller",
            "environment": "production",
            "kind": "kv_namespace",
        }
    ]
    assert [(item.operation, item.size) for item in overlay.since()] == [("put", 5), ("delete", None)]
    assert [call.kept_back for call in listener.ended] == [True, False]


async def test_apply_does_it_for_real_and_starts_over(notes: Kv, store: Store):
    await use(notes, "put", "b", {}, body=b"live")
    overlay = Overlay()
    draft = Listener().invocation(overlay)
    await use(notes, "put", "a", {"expirationTtl": 60, "metadata": "[1]"}, body=b"draft", invocation=draft)
    await use(notes, "delete", "b", invocation=draft)
    assert await overlay.apply(store) == 2
    assert await names(notes) == ["a"]
    found = await use(notes, "getWithMetadata", "a", {})
    assert (found.body, found.value) == (b"draft", {"metadata": [1]})
    assert (overlay.count, overlay.bytes, list(overlay.since())) == (0, 0, [])


async def test_a_refused_write_is_not_kept(notes: Kv):
    overlay = Overlay()
    draft = Listener().invocation(overlay)
    with pytest.raises(BindingError, match="Expiration TTL must be at least 60"):
        await use(notes, "put", "a", {"expirationTtl": 5}, body=b"", invocation=draft)
    assert overlay.count == 0
    gone = Kv("GONE", notes._store, "0" * 32)
    with pytest.raises(BindingError, match="no KV namespace"):
        await use(gone, "put", "a", {}, body=b"", invocation=draft)


async def test_an_overlay_has_a_limit(notes: Kv):
    overlay = Overlay(limit=10)
    draft = Listener().invocation(overlay)
    await use(notes, "put", "a", {}, body=b"12345678", invocation=draft)
    await use(notes, "put", "a", {}, body=b"1234567890", invocation=draft)
    with pytest.raises(BindingError, match="keeps back at most"):
        await use(notes, "put", "b", {}, body=b"1", invocation=draft)
    await use(notes, "delete", "a", invocation=draft)
    await use(notes, "put", "b", {}, body=b"1", invocation=draft)
    assert overlay.bytes == 1


KEY = st.text("abé/", min_size=1, max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    live=st.sets(KEY),
    put=st.sets(KEY),
    deleted=st.sets(KEY),
    prefix=st.sampled_from(["", "a", "é"]),
    limit=st.integers(1, 4),
)
async def test_merged_pages_equal_what_applying_would_list(
    store: Store, live: set[str], put: set[str], deleted: set[str], prefix: str, limit: int
):
    created = await namespaces.create(store, f"n{store.now()}", ANA)
    binding = Kv("N", store, created.id)
    for key in live:
        await use(binding, "put", key, {}, body=b"")
    overlay = Overlay()
    for key in put:
        await use(binding, "put", key, {}, body=b"", invocation=Listener().invocation(overlay))
    for key in deleted:
        await use(binding, "delete", key, invocation=Listener().invocation(overlay))
    merged = await names(binding, Listener().invocation(overlay), prefix=prefix, limit=limit)
    await overlay.apply(store)
    assert merged == await names(binding, prefix=prefix)
