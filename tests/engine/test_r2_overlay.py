"""Sandboxed R2: live reads, writes kept back, seen by later reads and lists, applied or dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from bindingkit import chunks, use
from casekit import draft, value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storekit import ANA, opened
from workerkit import Lab, lab

from engine import buckets
from engine.bindings import BindingError
from engine.bindings.overlay import Overlay
from engine.bindings.r2 import R2
from engine.r2.bucket import Bucket
from engine.r2.metadata import Put
from engine.store import Store


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made_store:
        yield made_store


@pytest.fixture
async def bucket(store: Store) -> R2:
    await buckets.create(store, "notes", ANA)
    return R2("R2", store, "notes")


async def test_a_draft_reads_live_and_keeps_writes_back(made: Lab, bucket: R2, store: Store) -> None:
    await use(bucket, "put", "live/1", {}, body=b"one")
    await use(bucket, "put", "live/2", {}, body=b"two")
    overlay = Overlay()
    invocation, calls = draft(overlay)
    body = """const text = async (key) => (await R2.get(key))?.text() ?? null;
        await R2.put("live/1", "draft"); await R2.delete("live/2");
        await R2.put("new", "x", {customMetadata: {a: 1}});
        const u = await R2.createMultipartUpload("big");
        await u.complete([await u.uploadPart(1, "part")]);
        const kept = await R2.put("new", "z", {onlyIf: {etagDoesNotMatch: "*"}});
        return [await text("live/1"), await text("live/2"), await text("big"), kept,
                (await R2.get("new", {range: {suffix: 1}})).customMetadata,
                (await R2.list()).objects.map((o) => o.key),
                (await R2.list({delimiter: "/"})).delimitedPrefixes]"""
    seen = await value(made, [bucket], body, invocation)
    assert seen == ["draft", None, "part", None, {"a": "1"}, ["big", "live/1", "new"], ["live/"]]
    assert [each.operation for each in calls if each.kept_back][:3] == ["put", "delete", "put"]
    assert (calls[0].kind, calls[0].subject, calls[0].result, calls[0].size) == (
        "r2_bucket",
        "live/1",
        "5 B",
        5,
    )
    assert (await use(bucket, "get", "live/1", {})).body == b"one"
    listed = (await use(bucket, "list", {})).value["objects"]
    assert [each["key"] for each in listed] == ["live/1", "live/2"]
    await overlay.apply(store)
    assert (await use(bucket, "get", "live/1", {})).body == b"draft"
    listed = (await use(bucket, "list", {})).value["objects"]
    assert [each["key"] for each in listed] == ["big", "live/1", "new"]


async def test_a_draft_has_room_for_so_much(bucket: R2) -> None:
    overlay = Overlay(limit=10)
    invocation, _ = draft(overlay)
    await use(bucket, "put", "a", {}, body=b"123456", invocation=invocation)
    with pytest.raises(BindingError, match="keeps back at most"):
        await use(bucket, "put", "b", {}, body=chunks(b"123", b"456"), invocation=invocation)
    assert (await use(bucket, "head", "b", invocation=invocation)).value is None


KEY = st.text("ab/é", min_size=1, max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    live=st.sets(KEY),
    put=st.sets(KEY),
    deleted=st.sets(KEY),
    prefix=st.sampled_from(["", "a", "a/", "é"]),
    delimiter=st.sampled_from(["", "/", "b"]),
    limit=st.integers(1, 4),
)
async def test_pages_are_what_their_definition_says(
    store: Store, live: set[str], put: set[str], deleted: set[str], prefix: str, delimiter: str, limit: int
) -> None:
    name = f"b{store.now()[-8:-1].replace('.', '')}{len(live)}x"
    await buckets.create(store, name, ANA)
    binding = R2("R2", store, name)
    for key in live:
        await Bucket(store, name).put(key, b"", Put())
    overlay = Overlay()
    for key in put:
        await use(binding, "put", key, {}, body=b"", invocation=draft(overlay)[0])
    if deleted:
        await use(binding, "delete", sorted(deleted), invocation=draft(overlay)[0])
    keys = sorted(((live | put) - deleted), key=str.encode)
    expected_objects, expected_groups = [], []
    for key in (key for key in keys if key.startswith(prefix)):
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            expected_groups.append(prefix + rest[: rest.index(delimiter) + len(delimiter)])
        else:
            expected_objects.append(key)
    objects: list[str] = []
    groups: list[str] = []
    cursor = None
    while True:
        options = {"prefix": prefix, "delimiter": delimiter, "limit": limit, "cursor": cursor}
        page = (await use(binding, "list", options, invocation=draft(overlay)[0])).value
        assert len(page["objects"]) + len(page["delimitedPrefixes"]) <= limit
        objects += [each["key"] for each in page["objects"]]
        groups += page["delimitedPrefixes"]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert objects == expected_objects
    assert groups == list(dict.fromkeys(expected_groups))
