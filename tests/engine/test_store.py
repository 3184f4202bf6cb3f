"""The store itself: transactions, group commit, two openers, damage, migrations."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from storekit import ANA, deployed, opened

from engine import services
from engine.errors import ApiError, StoreError
from engine.model import Change
from engine.store import Connection, Store, compiled, database, modules
from engine.store.clock import Clock


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


def put(key: str):
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, '1')", (key,))


def keys(connection: Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT key FROM meta")}


async def test_the_folder_and_its_files_are_the_owners_alone(store: Store) -> None:
    await store.write(put("a"))
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    for path in store.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_wide_permissions_are_narrowed(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    tmp_path.chmod(0o755)
    (tmp_path / "secret.key").chmod(0o644)
    with opened(tmp_path):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


async def test_a_function_that_raises_takes_back_only_its_own_work(store: Store) -> None:
    def fail(connection: Connection) -> None:
        put("bad")(connection)
        raise ApiError(10021, "no")

    results = await asyncio.gather(
        store.write(put("a")), store.write(fail), store.write(put("b")), return_exceptions=True
    )
    assert isinstance(results[1], ApiError)
    found = await store.read(keys)
    assert {"a", "b"} <= found
    assert "bad" not in found


async def test_writes_that_wait_share_a_commit(store: Store) -> None:
    commits = 0

    def watch(connection: Connection) -> None:
        def count(statement: str) -> None:
            nonlocal commits
            commits += statement == "COMMIT"

        connection.set_trace_callback(count)

    await store.write(watch)
    await asyncio.gather(*(store.write(put(f"k{number}")) for number in range(100)))
    assert len(await store.read(keys)) >= 100
    assert commits < 50


async def test_a_failing_disk_fails_every_write_of_the_group(store: Store) -> None:
    def full(connection: Connection) -> None:
        put("lost")(connection)
        connection.execute("ROLLBACK")  # what SQLite does by itself when the disk is full
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with pytest.raises(StoreError, match=r"store\.db cannot grow, the disk is full"):
        await store.write(full)
    await store.write(put("later"))
    found = await store.read(keys)
    assert "later" in found
    assert "lost" not in found


async def test_readers_cannot_write_and_see_one_snapshot(store: Store) -> None:
    with pytest.raises((StoreError, sqlite3.OperationalError)):
        await store.read(put("x"))
    assert "x" not in await store.read(keys)


async def test_two_stores_on_one_folder(store: Store) -> None:
    with opened(store.folder) as other:
        await asyncio.gather(
            *(
                each.write(put(f"{name}{number}"))
                for number in range(20)
                for name, each in (("a", store), ("b", other))
            )
        )
        assert len(await store.read(keys)) == len(await other.read(keys)) >= 40
        assert other.account == store.account


async def test_a_cancelled_writer_does_not_hinder_the_others(store: Store) -> None:
    task = asyncio.create_task(store.write(put("a")))
    await asyncio.sleep(0)
    task.cancel()
    await store.write(put("b"))
    assert "b" in await store.read(keys)
    assert task.cancelled() or task.done()


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    waiting = [asyncio.ensure_future(store.write(put(f"k{number}"))) for number in range(30)]
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    await asyncio.gather(*waiting)
    with pytest.raises(StoreError, match="closed"):
        await store.write(put("late"))
    with opened(tmp_path) as again:
        assert len(await again.read(keys)) >= 30


async def test_listeners_hear_of_a_change_before_its_verb_returns(store: Store) -> None:
    heard: list[Change] = []

    def broken(change: Change) -> None:
        raise RuntimeError(change.kind)

    store.subscribe(broken)
    stop = store.subscribe(heard.append)
    await services.create(store, "hello", ANA)
    assert [change.kind for change in heard] == ["service.created", "environment.created", "deployment"]
    assert heard[-1].version_number == 1
    assert await store.changes_since(0) == heard
    assert await store.changes_since(heard[0].seq) == heard[1:]
    assert await store.last_change() == heard[-1].seq
    stop()
    await services.create(store, "other", ANA)
    assert len(heard) == 3


async def test_a_refused_verb_leaves_no_change(store: Store) -> None:
    heard: list[Change] = []
    store.subscribe(heard.append)
    with pytest.raises(ApiError):
        await services.delete(store, "nothing", ANA)
    assert heard == []
    assert await store.changes_since(0) == []


def test_the_clock_never_repeats_and_never_falls() -> None:
    clock = Clock("2999-01-01T00:00:00.000000Z")
    times = [clock.now() for _ in range(100)]
    assert times == sorted(set(times))
    assert {len(each) for each in times} == {len("2026-11-23T14:02:11.204000Z")}
    assert times[0] == "2999-01-01T00:00:00.000001Z"


async def test_module_contents_are_kept_once_and_go_with_their_last_user(store: Store) -> None:
    def contents(connection: Connection) -> int:
        return int(connection.execute("SELECT count(*) FROM modules").fetchone()[0])

    await deployed(store, "one", "export default 1")
    await deployed(store, "two", "export default 1")
    assert await store.read(contents) == 1
    await services.delete(store, "one", ANA)
    assert await store.read(contents) == 1
    await services.delete(store, "two", ANA)
    assert await store.read(contents) == 0


async def test_the_compiled_cache(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "KEPT", 2)
    for name in ("a", "b", "c"):
        await store.write(lambda connection, name=name: compiled.put(connection, name, name.encode()))
    found = [await store.read(lambda connection, name=name: compiled.get(connection, name)) for name in "abc"]
    assert sum(each is not None for each in found) == 2


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is not a database" * 200)
    with pytest.raises(StoreError, match=r"store\.db is damaged .*: put back a copy"):
        Store.open(tmp_path)


def test_another_programs_database(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(StoreError, match="is not svc-tui's database"):
        Store.open(tmp_path)


def test_a_database_of_a_newer_program(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreError, match=r"newer svc-tui \(schema 999"):
        Store.open(tmp_path)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StoreError, match="state cannot be written"):
        Store.open(tmp_path / "state")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place where nobody may make a folder")
def test_a_folder_that_cannot_be_made() -> None:
    with pytest.raises(StoreError, match=r"/proc/svc-tui cannot be written .* another one with --state"):
        Store.open("/proc/svc-tui")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            Store.open(tmp_path / "state")
    finally:
        tmp_path.chmod(0o700)


async def test_damage_found_while_running_is_named(store: Store) -> None:
    def damaged(connection: Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    for run in (store.read, store.write):
        with pytest.raises(StoreError, match=r"store\.db is damaged"):
            await run(damaged)


def test_migrations_run_in_order_and_each_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path):
        pass
    steps = tmp_path / "steps"
    steps.mkdir()
    done = database.migrations()
    for path in done.values():
        (steps / path.name).write_text("")
    more = steps / f"{len(done) + 1:04}_more.sql"
    more.write_text("CREATE TABLE more (x);\nCREATE TABLE more (x);\n")
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    with pytest.raises(sqlite3.OperationalError):
        Store.open(tmp_path)
    more.write_text(
        "CREATE TABLE more (x);\nCREATE TRIGGER t AFTER INSERT ON more BEGIN\n  SELECT 1;\nEND;\n"
    )
    with opened(tmp_path):
        connection = sqlite3.connect(tmp_path / "store.db")
        assert connection.execute("PRAGMA user_version").fetchone() == (len(done) + 1,)
        assert connection.execute("SELECT count(*) FROM more").fetchone() == (0,)
        connection.close()


WRITER = """
import asyncio, sys
from engine.store import Store

async def main():
    store = Store.open(sys.argv[1])
    async def one(key):
        await store.write(lambda c: c.execute("INSERT INTO meta VALUES (?, '1')", (key,)))
        sys.stdout.write(key + "\\n")
        sys.stdout.flush()
    for round in range(10_000):
        await asyncio.gather(*(one(f"k{round}-{number}") for number in range(8)))

asyncio.run(main())
"""


def test_kill_9_loses_no_acknowledged_write(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as writer:
        assert writer.stdout is not None
        acknowledged = {writer.stdout.readline().strip() for _ in range(100)}
        writer.send_signal(signal.SIGKILL)
        acknowledged |= {
            line.strip() for line in writer.stdout.read().splitlines(True) if line.endswith("\n")
        }
    with opened(tmp_path):
        connection = sqlite3.connect(tmp_path / "store.db")
        found = {row[0] for row in connection.execute("SELECT key FROM meta")}
        connection.close()
    assert len(acknowledged) >= 100
    assert acknowledged <= found


def test_refs_name_content_by_hash() -> None:
    from engine.model import Module

    ref = modules.refer(Module("a", "text", b"x"))
    assert ref == modules.refer(Module("a", "text", b"x"))
    assert (ref.size, len(ref.hash)) == (1, 64)
