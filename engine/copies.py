"""Copies of an environment's data for its clone: what its bindings and its own Durable Objects hold.

Databases that are files of their own (D1, each Durable Object) are copied to a folder aside first, each as it
is at one moment and while it is in use; the transaction that makes the clone moves them to their place. KV
entries and R2 objects are rows: they are copied inside that transaction. Messages in queues are not copied:
they would be handled twice.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine import resources
from engine.durable.journal import copy
from engine.durable.objects import FOLDER
from engine.model import Binding, Environment
from engine.store import Connection, Store, durable, kv, r2
from engine.store.durable import Namespace

_WORK: Final = "copies"
#: Seconds after which a folder here is nobody's any more.
_LEFT: Final = 24 * 3600


class Copies:
    """Files that were copied aside; use it as a context, whose end removes what was not placed.

    Args:
        store: whose data.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = store.path.parent
        top = self._state / _WORK
        top.mkdir(mode=0o700, exist_ok=True)
        for left in top.iterdir():  # by an engine that ended meanwhile
            if left.stat().st_mtime < time.time() - _LEFT:
                shutil.rmtree(left, ignore_errors=True)
        self._folder = Path(tempfile.mkdtemp(dir=top))

    def __enter__(self) -> Copies:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, bindings: Iterable[Binding], classes: Iterable[Namespace]) -> None:
        """Copy D1 databases and objects aside. Blocks."""
        for binding in bindings:
            if binding.type == "d1":
                self._database(binding.settings["id"])
        for each in classes:
            folder = self._state / FOLDER / each.id
            aside = self._folder / each.id
            aside.mkdir(mode=0o700)
            for file in folder.glob("*.sqlite") if folder.is_dir() else ():
                _copy(file, aside / file.name)

    def place_all(self, connection: Connection, pairs: Iterable[tuple[Binding, Binding]]) -> None:
        """Inside a transaction: give each new resource what the one that it stands for held."""
        done: set[tuple[str, str]] = set()
        for old, new in pairs:
            found = resources.of(old)
            if found is None or (old.type, found[1]) in done:  # two bindings may name one
                continue
            done.add((old.type, found[1]))
            if found[0].label(connection, found[1]) is not None:  # it may be gone
                self._place(connection, old, new)

    def _place(self, connection: Connection, old: Binding, new: Binding) -> None:
        if old.type == "kv_namespace":
            kv.copy_entries(connection, old.settings["namespace_id"], new.settings["namespace_id"])
        elif old.type == "r2_bucket":
            r2.copy_objects(connection, old.settings["bucket_name"], new.settings["bucket_name"])
        elif old.type == "d1":
            aside = self._database(old.settings["id"])  # one that was bound since `take` is copied now
            if aside is not None:
                os.replace(aside, self._store.databases.path(new.settings["id"]))

    def place_objects(
        self, connection: Connection, source: Environment, target: Environment, at: str
    ) -> None:
        """Inside a transaction: namespaces of the target's own with the source's objects, ids and alarms."""
        for each in durable.of_environment(connection, source.id):
            aside = self._folder / each.id
            made = durable.insert(connection, target.id, each.class_name, each.use_sqlite, at, like=each.id)
            durable.copy_alarms(connection, each.id, made.id)
            if aside.is_dir():
                (self._state / FOLDER).mkdir(mode=0o700, exist_ok=True)
                os.replace(aside, self._state / FOLDER / made.id)

    def _database(self, database_id: str) -> Path | None:
        """The copy of a D1 database, made when there is none yet; None without a database."""
        aside, path = self._folder / f"{database_id}.d1", self._store.databases.path(database_id)
        if not aside.exists():
            if not path.exists():
                return None
            _copy(path, aside)
        return aside


def _copy(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    copy(source, target)
