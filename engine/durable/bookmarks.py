"""Points in time of an object's database that it can be brought back to: sqlite-storage-api/#pitr-api.

A bookmark is a copy of the file that was made when somebody asked for one: Cloudflare keeps every change of
30 days, here there are the points that the object has marked. They stay as long, and not more than `MOST`.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from engine.bindings.binding import BindingError
from engine.durable.files import sync
from engine.durable.journal import copy

KEPT_SECONDS: Final = 30 * 86_400
#: Points of one object; beyond it the oldest go.
MOST: Final = 100
_FORM: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}")


class Bookmarks:
    """The points of one object. Everything here blocks.

    Args:
        path: the object's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.with_suffix(".bookmarks")
        self._order = path.with_suffix(".restore")

    @property
    def ordered(self) -> bool:
        """Whether the object is to go back to a point when it starts next."""
        return self._order.exists()

    def mark(self) -> str:
        """Make a point of what is committed now; its name sorts after those before it."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        now = time.time_ns()
        seconds, rest = divmod(now, 10**9)
        name = f"{seconds:08x}-{rest:08x}-{0:08x}-{secrets.token_hex(16)}"
        made = self._folder / f"{name}.new"
        copy(self._path, made)
        sync(made)
        made.rename(self._folder / name)
        sync(self._folder)
        self._prune(seconds)
        return name

    def at(self, seconds: float) -> str:
        """The newest point that is not after a time.

        Raises:
            BindingError: there is none.
        """
        found = [name for name in self._names() if _seconds(name) <= seconds]
        if not found:
            raise BindingError(
                "There is no bookmark of that time: on this machine the points exist for which "
                "getCurrentBookmark() was called."
            )
        return found[-1]

    def order(self, bookmark: str) -> str:
        """Go back to a point when the object starts next; gives the point of now, by which that is undone.

        Raises:
            BindingError: there is no such point.
        """
        if not _FORM.fullmatch(bookmark) or not (self._folder / bookmark).exists():
            raise BindingError(f"There is no bookmark {bookmark[:100]!r} of this Durable Object.")
        undo = self.mark()
        made = self._order.with_suffix(".new")
        made.write_text(bookmark)
        sync(made)
        made.rename(self._order)
        sync(self._order.parent)
        return undo

    def restore(self) -> None:
        """Do what was ordered; nobody has the file open. A crash meanwhile does it once more."""
        source = self._folder / self._order.read_text()
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as origin,
            closing(sqlite3.connect(self._path)) as target,
        ):
            target.execute("PRAGMA synchronous = FULL")
            origin.backup(target)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._order.unlink()
        sync(self._order.parent)

    def _names(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(each.name for each in self._folder.iterdir() if _FORM.fullmatch(each.name))

    def _prune(self, now: int) -> None:
        names = self._names()
        old = [name for name in names[:-1] if _seconds(name) < now - KEPT_SECONDS]
        for name in {*old, *names[:-MOST]}:
            (self._folder / name).unlink()


def _seconds(name: str) -> float:
    return int(name[:8], 16) + int(name[9:17], 16) / 1e9
