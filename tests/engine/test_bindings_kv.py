"""The KV binding's host half: answers, limits and texts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bindingkit import chunks, use
from storekit import ANA, opened

from engine import namespaces
from engine.bindings import BindingError
from engine.bindings.kv import Kv
from engine.store import Store


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


@pytest.fixture
async def notes(store: Store) -> Kv:
    return Kv("NOTES", store, (await namespaces.create(store, "notes", ANA)).id)


async def refused(*call, **more) -> str:
    with pytest.raises(BindingError) as caught:
        await use(*call, **more)
    return caught.value.message


async def test_what_was_put_is_read_with_its_metadata(notes: Kv):
    await use(notes, "put", "a", {"metadata": '{"x":[1,"é"]}'}, body=b"one")
    found = await use(notes, "getWithMetadata", "a", {})
    assert (found.body, found.value) == (b"one", {"metadata": {"x": [1, "é"]}})
    assert (await use(notes, "get", "none", {})).value is None


async def test_put_reads_a_stream(notes: Kv):
    await use(notes, "put", "a", {}, body=chunks(b"one ", b"two"))
    assert (await use(notes, "get", "a", {})).body == b"one two"


async def test_delete_forgets_and_may_be_repeated(notes: Kv):
    await use(notes, "put", "a", {}, body=b"1")
    for _ in range(2):
        await use(notes, "delete", "a")
    assert (await use(notes, "get", "a", {})).value is None


async def test_list_pages_in_utf8_order(notes: Kv):
    for key in ("é", "z", "a", "b"):
        await use(notes, "put", key, {}, body=b"")
    first = (await use(notes, "list", {"limit": 3})).value
    assert [key["name"] for key in first["keys"]] == ["a", "b", "z"]
    assert first["list_complete"] is False
    last = (await use(notes, "list", {"limit": 3, "cursor": first["cursor"]})).value
    assert last == {"keys": [{"name": "é"}], "list_complete": True, "cacheStatus": None}


@pytest.mark.parametrize("limit", [None, 0, -1])
async def test_list_without_a_usable_limit_gives_all(notes: Kv, limit: int | None):
    await use(notes, "put", "a", {}, body=b"")
    assert len((await use(notes, "list", {"limit": limit})).value["keys"]) == 1


async def test_bulk_get_keeps_order_and_drops_doubles(notes: Kv):
    await use(notes, "put", "a", {"metadata": "1"}, body=b'{"n":1}')
    assert (await use(notes, "getBulk", ["none", "a", "a"], {"type": "json"})).value == [
        ("none", None),
        ("a", {"n": 1}),
    ]
    with_metadata = await use(notes, "getBulk", ["a"], {"withMetadata": True})
    assert with_metadata.value == [("a", {"value": '{"n":1}', "metadata": 1})]


async def test_bulk_get_refusals(notes: Kv):
    await use(notes, "put", "a", {}, body=b"no json")
    start = "KV GET_BULK failed: 400 "
    assert await refused(notes, "getBulk", [], {}) == start + "You must request a minimum of 1 key"
    keys = [str(number) for number in range(101)]
    assert await refused(notes, "getBulk", keys, {}) == start + "You can request a maximum of 100 keys"
    assert await refused(notes, "getBulk", ["a"], {"type": "stream"}) == (
        start + '"stream" is not a valid type. Use "json" or "text"'
    )
    assert await refused(notes, "getBulk", ["a"], {"type": "json"}) == (
        start + "At least one of the requested keys corresponds to a non-json value"
    )


async def test_a_value_above_the_limit_names_its_length(notes: Kv):
    text = "KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400."
    large = bytes(26214401)
    assert await refused(notes, "put", "a", {}, body=large) == text
    assert await refused(notes, "put", "a", {}, body=chunks(large[:-5], large[:5])) == text
    await use(notes, "put", "a", {}, body=large[:-1])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"expirationTtl": 30}, "400 Invalid expiration_ttl of 30. Expiration TTL must be at least 60."),
        ({"expirationTtl": 0}, "400 Invalid expiration_ttl of 0. Please specify integer greater than 0."),
        (
            {"expiration": 1},
            "400 Invalid expiration of 1. Please specify integer greater than the current number of seconds"
            " since the UNIX epoch.",
        ),
        ({"metadata": '"' + "x" * 1023 + '"'}, "413 Metadata length of 1025 exceeds limit of 1024."),
    ],
)
async def test_put_refusals(notes: Kv, options: dict, text: str):
    assert await refused(notes, "put", "a", options, body=b"") == f"KV PUT failed: {text}"


async def test_ttl_wins_over_expiration(notes: Kv):
    await use(notes, "put", "a", {"expiration": 1, "expirationTtl": 100}, body=b"")
    [key] = (await use(notes, "list", {})).value["keys"]
    assert abs(key["expiration"] - time.time() - 100) < 3


async def test_other_refusals(notes: Kv):
    assert await refused(notes, "get", "a", {"cacheTtl": 10}) == (
        "KV GET failed: 400 Invalid cache_ttl of 10. Cache TTL must be at least 30."
    )
    assert await refused(notes, "list", {"limit": 1001}) == (
        "KV GET failed: 400 Invalid key_count_limit of 1001. Please specify an integer less than 1000."
    )
    assert (await refused(notes, "list", {"cursor": "@@@"})).startswith("KV GET failed: 400 Invalid cursor")
    assert await refused(notes, "get", "x" * 513, {}) == (
        "KV GET failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512."
    )
    gone = Kv("NOTES", notes._store, "0" * 32)
    assert "404 There is no KV namespace" in await refused(gone, "get", "a", {})


async def test_a_store_that_fails_shows_no_path(notes: Kv, store: Store):
    store.close()
    assert await refused(notes, "get", "a", {}) == "KV GET failed: 500 Internal Server Error"
