"""The sites of the versions that run, made when they are first needed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from engine.assets.site import Site
from engine.model import Version
from engine.store import Connection, Store, assets
from engine.store.assets import Asset

#: Sites kept; one of 20,000 files weighs some megabytes.
KEPT: Final = 64


class Sites:
    """Sites by version.

    Args:
        store: where manifests are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sites: OrderedDict[str, Site] = OrderedDict()

    async def of(self, version: Version) -> Site | None:
        """The version's site; None when it has no assets."""
        manifest = version.settings.assets.get("manifest")
        if not isinstance(manifest, str):
            return None
        site = self._sites.get(version.id)
        if site is None:
            files = await self._store.read(lambda connection: _files(connection, manifest))
            site = self._sites[version.id] = Site(self._store, version, files)
            while len(self._sites) > KEPT:
                self._sites.popitem(last=False)
        self._sites.move_to_end(version.id)
        return site


def _files(connection: Connection, manifest: str) -> dict[str, Asset]:
    paths = assets.manifest(connection, manifest) or {}
    found = assets.find(connection, set(paths.values()))
    return {path: found[key] for path, key in paths.items() if key in found}
