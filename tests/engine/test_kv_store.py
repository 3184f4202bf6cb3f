"""KV: order, paging, limits, expiration, and costs that do not grow with the namespace."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storekit import ANA, opened

from engine import namespaces
from engine.errors import ApiError, KvError
from engine.store import Connection, Store, kv
from engine.store.kv import Put


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


@pytest.fixture
async def ns(store: Store) -> str:
    return (await namespaces.create(store, "notes", ANA)).id


async def put(store: Store, ns: str, *entries: Put) -> int:
    return await store.write(lambda connection: kv.put_many(connection, ns, entries))


async def get(store: Store, ns: str, key: str) -> kv.Entry | None:
    return await store.read(lambda connection: kv.get(connection, ns, key))


async def names(store: Store, ns: str, **how) -> list[str]:
    page = await store.read(lambda connection: kv.entries(connection, ns, **how))
    return [key.name for key in page.keys]


async def test_put_get_delete(store: Store, ns: str) -> None:
    assert await get(store, ns, "a") is None
    await put(store, ns, Put("a", b"\x00one", metadata={"n": [1, None]}))
    assert await get(store, ns, "a") == kv.Entry(b"\x00one", {"n": [1, None]}, None)
    await put(store, ns, Put("a", b"two"))
    assert await get(store, ns, "a") == kv.Entry(b"two")
    await store.write(lambda connection: kv.delete(connection, ns, "a"))
    await store.write(lambda connection: kv.delete(connection, ns, "a"))
    assert await get(store, ns, "a") is None


async def test_listing_is_in_byte_order(store: Store, ns: str) -> None:
    keys = ["b", "a", "B", "ä", "a/1", "a0", "～", "\U0001f600", "a" * 512, "\x7f"]
    await put(store, ns, *(Put(key, b"") for key in keys))
    assert await names(store, ns) == sorted(keys, key=str.encode)
    assert await names(store, ns, prefix="a") == sorted(
        (key for key in keys if key.startswith("a")), key=str.encode
    )
    assert await names(store, ns, prefix="none") == []


@settings(max_examples=30, deadline=None)
@given(
    keys=st.sets(st.text("ab/\x01ÿ\U0010ffff", min_size=1, max_size=4), max_size=12),
    prefix=st.text("ab/ÿ\U0010ffff", max_size=2),
    limit=st.integers(1, 5),
)
def test_pages_put_together_are_the_whole_list(
    tmp_path_factory: pytest.TempPathFactory, keys: set[str], prefix: str, limit: int
) -> None:
    connection = kv_connection(tmp_path_factory)
    ns = kv.create_namespace(connection, "n", "now").id
    kv.put_many(connection, ns, [Put(key, b"v") for key in keys])
    found: list[str] = []
    cursor = ""
    for _ in range(len(keys) + 1):
        page = kv.entries(connection, ns, prefix=prefix, limit=limit, cursor=cursor)
        found += [key.name for key in page.keys]
        cursor = page.cursor
        if page.complete:
            break
    connection.execute("ROLLBACK")
    assert page.complete
    assert found == sorted((key for key in keys if key.startswith(prefix)), key=str.encode)


_connections: list[Connection] = []


def kv_connection(factory: pytest.TempPathFactory) -> Connection:
    """One writing connection for all examples; each begins a transaction that it takes back."""
    if not _connections:
        with opened(factory.mktemp("kv")) as made:
            from engine.store.database import open_writer

            _connections.append(open_writer(made.path))
    _connections[0].execute("BEGIN")
    return _connections[0]


@pytest.mark.parametrize(
    ("entry", "status", "words"),
    [
        (Put("", b""), 400, "Key name cannot be empty."),
        (Put(".", b""), 400, '"." is not allowed as a key name.'),
        (Put("..", b""), 400, '".." is not allowed as a key name.'),
        (Put("ä" * 257, b""), 414, "UTF-8 encoded length of 514 exceeds key length limit of 512."),
        (Put("k", bytes(kv_limit := 25 * 1024 * 1024 + 1)), 413, f"Value length of {kv_limit} exceeds limit"),
        (Put("k", b"", metadata="x" * 1023), 413, "Metadata length of 1025 exceeds limit of 1024."),
        (
            Put("k", b"", expiration_ttl=59),
            400,
            "Invalid expiration_ttl of 59. Expiration TTL must be at least",
        ),
        (Put("k", b"", expiration_ttl=0), 400, "Please specify integer greater than 0."),
        (Put("k", b"", expiration=1), 400, "greater than the current number of seconds"),
    ],
)
async def test_limits(store: Store, ns: str, entry: Put, status: int, words: str) -> None:
    with pytest.raises(KvError) as caught:
        await put(store, ns, Put("other", b""), entry)
    assert caught.value.status == status
    assert words in caught.value.message
    assert await names(store, ns) == []


async def test_an_expiry_in_less_than_a_minute_is_refused(store: Store, ns: str) -> None:
    with pytest.raises(KvError, match="must be at least 60 seconds in the future"):
        await put(store, ns, Put("k", b"", expiration=int(time.time()) + 30))
    assert await names(store, ns) == []


async def test_the_largest_of_all_fits(store: Store, ns: str) -> None:
    value = bytes(25 * 1024 * 1024)
    await put(store, ns, Put("k" * 512, value, metadata="x" * 1022))
    found = await get(store, ns, "k" * 512)
    assert found is not None
    assert found.value == value


async def test_expired_entries_are_absent_and_swept(
    store: Store, ns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(
        store,
        ns,
        Put("stays", b""),
        Put("goes", b"", expiration_ttl=60),
        Put("later", b"", expiration_ttl=900),
    )
    page = await store.read(lambda connection: kv.entries(connection, ns))
    assert [sorted(key.to_json()) for key in page.keys] == [["expiration", "name"]] * 2 + [["name"]]
    later = time.time() + 120
    monkeypatch.setattr(kv.time, "time", lambda: later)
    assert await get(store, ns, "goes") is None
    assert await names(store, ns) == ["later", "stays"]
    assert await store.write(kv.sweep) == 1
    assert (await store.read(lambda connection: kv.namespace(connection, ns))).keys == 2


async def test_many_expired_neighbours_give_short_pages_not_long_waits(
    store: Store, ns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, ns, *(Put(f"a{number:03}", b"", expiration_ttl=60) for number in range(100)))
    await put(store, ns, Put("z", b""))
    later = time.time() + 120
    monkeypatch.setattr(kv.time, "time", lambda: later)
    found, cursor, pages = [], "", 0
    while True:
        page = await store.read(lambda connection, at=cursor: kv.entries(connection, ns, limit=5, cursor=at))
        found += page.keys
        pages, cursor = pages + 1, page.cursor
        if page.complete:
            break
    assert [key.name for key in found] == ["z"]
    assert pages > 1


async def test_listing_refuses_what_kv_refuses(store: Store, ns: str) -> None:
    for how in ({"limit": 0}, {"limit": 1001}, {"cursor": "nonsense!"}):
        with pytest.raises(KvError):
            await names(store, ns, **how)


async def test_namespaces(store: Store, ns: str) -> None:
    with pytest.raises(ApiError) as caught:
        await namespaces.create(store, "notes", ANA)
    assert caught.value.code == 10014
    with pytest.raises(ApiError):
        await namespaces.create(store, " ", ANA)
    other = await namespaces.create(store, "abc", ANA)
    assert (await namespaces.rename(store, other.id, "xyz", ANA)).title == "xyz"
    assert (await namespaces.rename(store, other.id, "xyz", ANA)).title == "xyz"
    by_title = await store.read(lambda connection: kv.namespaces(connection, order="title"))
    assert [each.title for each in by_title] == ["notes", "xyz"]
    down = await store.read(
        lambda connection: kv.namespaces(connection, 1, 0, order="title", descending=True)
    )
    assert [each.title for each in down] == ["xyz"]
    assert await store.read(kv.namespace_count) == 2
    for run in (
        lambda connection: kv.get(connection, "0" * 32, "k"),
        lambda connection: kv.namespace(connection, "0" * 32),
    ):
        with pytest.raises(ApiError) as caught:
            await store.read(run)
        assert (caught.value.code, caught.value.status) == (10013, 404)


async def test_a_deleted_namespace_is_gone_at_once_and_freed_in_steps(store: Store, ns: str) -> None:
    await put(store, ns, *(Put(f"k{number}", b"") for number in range(25)))
    assert (await store.read(lambda connection: kv.namespace(connection, ns))).keys == 25
    await namespaces.delete(store, ns, ANA)
    again = await namespaces.create(store, "notes", ANA)
    assert await names(store, again.id) == []
    steps = [await store.write(lambda connection: kv.sweep(connection, 10)) for _ in range(4)]
    assert steps == [10, 10, 5, 0]

    def left(connection: Connection) -> tuple[int, ...]:
        return tuple(
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("kv_entries", "kv_dropped")
        )

    assert await store.read(left) == (0, 0)


async def test_a_page_costs_the_same_in_a_large_namespace(store: Store, ns: str) -> None:
    """Counted in SQLite's own steps, so that a busy machine does not matter."""
    small = (await namespaces.create(store, "small", ANA)).id

    def fill(connection: Connection) -> None:
        kv.put_many(connection, ns, (Put(f"key:{number:06}", b"v") for number in range(30_000)))
        kv.put_many(connection, small, (Put(f"key:{number:06}", b"v") for number in range(300)))

    await store.write(fill)

    def steps(connection: Connection, ns: str, run) -> int:
        count = 0

        def tick() -> None:
            nonlocal count
            count += 1

        connection.set_progress_handler(tick, 10)
        run(connection, ns)
        connection.set_progress_handler(None, 0)
        return count

    def cursor_behind(connection: Connection, ns: str) -> str:
        return kv.entries(connection, ns, limit=100).cursor

    def measure(connection: Connection) -> None:
        def page(connection: Connection, ns: str) -> None:
            kv.entries(connection, ns, prefix="key:", limit=100, cursor=cursor_behind(connection, ns))

        def read(connection: Connection, ns: str) -> None:
            kv.get(connection, ns, "key:000200")

        page(connection, small)  # the connection's first statement reads the schema too
        for run in (page, read):
            assert steps(connection, ns, run) <= steps(connection, small, run) * 1.2 + 2
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT namespace, key FROM kv_entries"
            " WHERE expiration IS NOT NULL AND expiration <= 5 LIMIT 10"
        ).fetchall()
        assert "kv_entries_expiration" in plan[0][3]

    await store.read(measure)
