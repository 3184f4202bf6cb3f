"""Environments in lists, as JSON that was made before: of a page of 800, one has changed since the last time.

Making the objects of such a page takes four fifths of its time; what they depend on is read each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

import orjson

from engine.api.envelope import dumps
from engine.store import Connection, overview
from engine.store.overview import Overview, Row

#: Environments that are kept, of two kilobytes each; then the memory starts anew.
KEPT: Final = 4096


class Listed:
    """The environments of one kind of list; any thread.

    Args:
        shape: the JSON-able object of an environment, by its overview and what else it depends on.
    """

    def __init__(self, shape: Callable[[Overview, Any], dict[str, Any]]) -> None:
        self._shape = shape
        self._known: dict[tuple[Row, Hashable], orjson.Fragment] = {}

    def of(
        self, connection: Connection, asked: Mapping[str, Sequence[Row]], beside: Mapping[str, Hashable]
    ) -> dict[str, list[orjson.Fragment]]:
        """The environments of services, in the order of their rows.

        Args:
            connection: of the snapshot that the rows were read in.
            asked: rows by the service's name.
            beside: what else the shape depends on, by the service's name.
        """
        keys = {name: [(row, beside[name]) for row in rows] for name, rows in asked.items()}
        known = self._known
        found = {key: known[key] for each in keys.values() for key in each if key in known}
        missing = [key for each in keys.values() for key in each if key not in found]
        made = overview.of_rows(connection, [row for row, _ in missing]) if missing else {}
        for key in missing:
            found[key] = orjson.Fragment(dumps(self._shape(made[key[0][0]], key[1])))
        if len(known) + len(missing) > KEPT:
            self._known = known = {}
        known.update((key, found[key]) for key in missing[:KEPT])
        return {name: [found[key] for key in each] for name, each in keys.items()}
