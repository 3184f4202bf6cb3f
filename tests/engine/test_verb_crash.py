"""A verb that fails or dies between two of its statements has done nothing; one that committed did all."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from storekit import ANA, deployed, opened, secret, text, upload

from engine import clone, environments, previews, promote, rollback, services, settings
from engine.deploy import deploy, save_content, upload_version
from engine.store import Store, database
from engine.store import environments as rows
from engine.store.writer import Writer

Verb = Callable[[Store], Awaitable[Any]]


async def first_version(store: Store, environment: str) -> str:
    """The id of the version that an environment had first."""
    return await store.read(
        lambda connection: str(
            connection.execute(
                "SELECT v.id FROM versions v JOIN environments e ON e.id = v.environment_id"
                " WHERE e.service_id = 'a' AND e.name = ? ORDER BY v.number LIMIT 1",
                (environment,),
            ).fetchone()[0]
        )
    )


async def _percentages(store: Store) -> None:
    old = await first_version(store, "staging")
    live = await store.read(lambda connection: rows.live(connection, "a", "staging"))
    assert live.version is not None
    shares = ((old, 10), (live.version.id, 90))
    await rollback.deploy_versions(store, "a", "staging", shares, ANA, force=True)


async def _rollback(store: Store) -> None:
    await rollback.rollback(store, "a", "staging", await first_version(store, "staging"), ANA, force=True)


async def _promote(store: Store) -> None:
    made = await promote.plan(store, "a", "staging", "production", ["binding:NEW"])
    await promote.promote(store, "a", "staging", "production", ANA, move=["binding:NEW"], plan_id=made.id)


VERBS: dict[str, Verb] = {
    "create": lambda store: environments.create(store, "a", "fresh", ANA),
    "clone": lambda store: clone.clone(store, "a", "staging", "copy", ANA),
    "clone with its data": lambda store: clone.clone(store, "a", "staging", "copy", ANA, data="copy"),
    "make a preview": lambda store: previews.create(store, "a", "feat/x", {"tags": ["t"]}, ANA),
    "rename": lambda store: environments.rename(store, "a", "staging", "other", ANA),
    "delete": lambda store: environments.delete(store, "a", "staging", ANA),
    "deploy": lambda store: deploy(store, "a", "staging", upload("export default {}; // 3"), ANA),
    "deploy a new service": lambda store: deploy(
        store, "b", "staging", upload("export default {}; // 3"), ANA
    ),
    "save": lambda store: save_content(
        store, "a", "staging", "worker.js", upload("export default {}; // 4").modules, ANA
    ),
    "upload a version": lambda store: upload_version(
        store, "a", "staging", upload("export default {}; //5"), ANA
    ),
    "promote": _promote,
    "roll back": _rollback,
    "percentages": _percentages,
    "secret": lambda store: settings.put_secrets(store, "a", "staging", {"S": "new", "MORE": "x"}, ANA),
    "settings": lambda store: settings.change(store, "a", "staging", {"bindings": [text("V", "new")]}, ANA),
    "rename the service": lambda store: services.rename(store, "a", "z", ANA),
    "delete the service": lambda store: services.delete(store, "a", ANA),
}


async def seed(folder: Path) -> None:
    """Production and staging of a service, each with some history."""
    with opened(folder) as store:
        await deployed(store, "a", "export default {}; // 1", (text("V", "1"), secret("S", "one")))
        await deployed(store, "a/staging", "export default {}; // 1", (text("V", "2"), secret("S", "two")))
        await deployed(store, "a/staging", "export default {}; // 2", (text("V", "3"), text("NEW", "n")))


def dump(folder: Path) -> list[str]:
    """Everything that the database holds."""
    connection = sqlite3.connect(folder / database.FILE)
    try:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return list(connection.iterdump())
    finally:
        connection.close()


def shape(dumped: list[str]) -> list[str]:
    """The same without ids, times and ciphertexts, which are others every time."""
    blank = re.compile(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|20\d\d-\d\d-\d\dT[\d:.]+Z|X'[0-9A-F]+'|[0-9a-f]{32,}"
    )
    return sorted(blank.sub("_", line) for line in dumped)


class Watch:
    """Tells whether a database is as it was.

    Args:
        folder: its state folder.
        before: its dump.
    """

    def __init__(self, folder: Path, before: list[str]) -> None:
        self._folder, self._before = folder, before
        self._connection = sqlite3.connect(folder / database.FILE)
        self._version = -1

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def same(self) -> bool:
        """Whether it is; nothing is read again as long as nobody has committed anything."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            return dump(self._folder) == self._before
        return True


class Crash(Exception):
    """What is thrown between two statements."""


class Statements:
    """Counts what the writing transactions execute, and does something before one of the statements.

    Args:
        do: what is done before statement number `at`; the COMMIT is one as well.
    """

    def __init__(self, do: Callable[[], Any]) -> None:
        self.count = self.at = 0
        self._do = do

    def install(self, patch: Callable[[object, str, object], None]) -> None:
        """Stand before every statement."""
        execute, executemany = sqlite3.Connection.execute, sqlite3.Connection.executemany

        def one(connection: sqlite3.Connection, sql: str, *more: Any) -> sqlite3.Cursor:
            if not sql.startswith(("BEGIN", "ROLLBACK", "RELEASE", "SAVEPOINT", "PRAGMA")):
                self._count(connection)
            return execute(connection, sql, *more)

        def many(connection: sqlite3.Connection, sql: str, *more: Any) -> sqlite3.Cursor:
            self._count(connection)
            return executemany(connection, sql, *more)

        patch(database.Connection, "execute", one)
        patch(database.Connection, "executemany", many)

    def _count(self, connection: sqlite3.Connection) -> None:
        if threading.current_thread().name == "store-writer":
            self.count += 1
            if self.count == self.at:
                self._do()


def _throw() -> None:
    raise Crash


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder that every verb begins with."""
    folder = tmp_path_factory.mktemp("origin")
    asyncio.run(seed(folder))
    return folder


@pytest.mark.parametrize("name", VERBS)
async def test_a_verb_that_fails_has_done_nothing(
    name: str, origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
    before = dump(tmp_path)
    statements = Statements(_throw)
    statements.install(monkeypatch.setattr)
    with opened(tmp_path) as store, Watch(tmp_path, before) as watch:
        known = await store.last_change()
        while True:
            statements.count, statements.at = 0, statements.at + 1
            try:
                await VERBS[name](store)
            except Crash:
                assert watch.same(), f"{name} was half done when statement {statements.at} failed"
                assert await store.changes_since(known) == []
            else:
                break
        assert statements.at > 4, "it was never made to fail"
        assert dump(tmp_path) != before
        assert len(await store.changes_since(known)) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed where there is fork")
@pytest.mark.parametrize("name", ["promote", "clone"])
def test_a_verb_whose_process_is_killed_is_done_or_not(name: str, origin: Path, tmp_path: Path):
    # In a process of its own: this one has threads, which a fork would lose.
    done = subprocess.run(
        [sys.executable, __file__, str(origin), str(tmp_path), name],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (Path.cwd(), Path(__file__).parent)))},
    )
    assert done.returncode == 0, done.stderr
    kills, survived = map(int, done.stdout.split())
    assert kills > 3
    assert survived == 1


def kill(origin: Path, folder: Path, name: str) -> tuple[int, int]:
    """Kill a verb before every fifth statement, before its COMMIT and behind it.

    Returns:
        how often it was killed, and how often it had happened nevertheless.
    """
    before = dump(origin)
    statements = _child(shutil.copytree(origin, folder / "whole"), name, 0)
    after = shape(dump(folder / "whole"))
    places = sorted({*range(1, statements, 5), statements, AFTER})
    survived = 0
    for at in places:
        copy = shutil.copytree(origin, folder / str(at))
        _child(copy, name, at)
        found = dump(copy)
        if found != before:
            assert shape(found) == after, f"{name} killed at {at} was half done"
            assert at == AFTER, f"{name} was done before its COMMIT, at {at}"
            survived += 1
    return len(places), survived


#: Instead of a statement's number: behind the COMMIT, before anybody was told.
AFTER = 200


def _child(folder: Path, name: str, at: int) -> int:
    """Do a verb in a process that ends at a statement; gives how many there are when it does not."""
    child = os.fork()
    if child == 0:
        code = 255
        try:
            statements = Statements(lambda: os._exit(255))
            with opened(folder) as store:
                statements.install(setattr)
                statements.at = at
                if at == AFTER:
                    Writer._deliver = lambda *_: os._exit(255)  # type: ignore[method-assign]
                asyncio.run(VERBS[name](store))  # type: ignore[arg-type]
            code = statements.count
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert (code == 255) == (at > 0), f"{name} at {at} ended with {code}"
    return code


if __name__ == "__main__":
    print(*kill(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
