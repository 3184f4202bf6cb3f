"""Module contents: each once, named by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from engine.model import Module, ModuleRef
from engine.store.database import Connection


def refer(module: Module) -> ModuleRef:
    """The module by its hash. Pure: hashing 64 MiB takes a while, so do it off the event loop."""
    return ModuleRef(
        module.name, module.type, hashlib.sha256(module.content).hexdigest(), len(module.content)
    )


def keep(connection: Connection, refs: Iterable[ModuleRef], modules: Iterable[Module]) -> None:
    """Stores the contents that are not there yet; `refs` are those of `modules`, in the same order."""
    connection.executemany(
        "INSERT INTO modules (hash, size, content) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        ((ref.hash, ref.size, module.content) for ref, module in zip(refs, modules, strict=True)),
    )


def load(connection: Connection, refs: Iterable[ModuleRef]) -> tuple[Module, ...]:
    """The modules with their contents, in the same order."""
    return tuple(Module(ref.name, ref.type, content(connection, ref.hash)) for ref in refs)


def content(connection: Connection, hash: str) -> bytes:
    """The bytes with this hash, which must be there."""
    return bytes(connection.execute("SELECT content FROM modules WHERE hash = ?", (hash,)).fetchone()[0])


def hashes_of(connection: Connection, service: str, environment_id: str | None = None) -> list[str]:
    """The hashes that the versions of a service, or of one of its environments, use."""
    rows = connection.execute(
        "SELECT DISTINCT m.hash FROM version_modules m JOIN versions v ON v.id = m.version_id"
        " WHERE v.service_id = ? AND (? IS NULL OR v.environment_id = ?)",
        (service, environment_id, environment_id),
    )
    return [str(row[0]) for row in rows]


def sweep(connection: Connection, hashes: Iterable[str]) -> None:
    """Removes those contents among `hashes` that no version uses any more."""
    connection.executemany(
        "DELETE FROM modules WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM version_modules WHERE hash = ?1)",
        ((hash,) for hash in hashes),
    )
