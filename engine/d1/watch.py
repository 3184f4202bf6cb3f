"""Noticing that somebody has written to a database, without reading it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.d1.errors import SqlError


class Watch:
    """A connection that does nothing but ask SQLite whether others have committed (``PRAGMA data_version``).

    Args:
        path: the file, which must exist.

    Raises:
        SqlError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._sqlite = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise SqlError(f"The database {path.stem} could not be found") from error
        self._version = self._now()

    def changed(self) -> bool:
        """Whether somebody has committed since the watch was made, or looked last; also when it is gone."""
        return not self._path.exists() or self._now() != self._version

    def look(self) -> None:
        """What was committed until now is known."""
        self._version = self._now()

    def close(self) -> None:
        """Let go of the file."""
        self._sqlite.close()

    def _now(self) -> int:
        return int(self._sqlite.execute("PRAGMA data_version").fetchone()[0])
