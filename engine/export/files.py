"""What an export consists of: environments that were read, and the files made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from engine.accounts.environment import Environment
from engine.wrangler.modules import SourceFile

TYPESCRIPT: Final = (".ts", ".mts", ".cts", ".tsx", ".jsx")


class ExportError(Exception):
    """It cannot be exported; one line that says why and what to do."""


@dataclass(slots=True)
class Unit:
    """One environment to export.

    Attributes:
        environment: as it was read.
        classes: its classes of Durable Objects, and whether each stores in SQLite.
        secrets: texts of its secrets, as far as they were given.
        names: what the account calls its databases, by id.
    """

    environment: Environment
    classes: Mapping[str, bool] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name among others: `notes`, or `notes-staging`."""
        place = self.environment
        return place.service if place.name == "production" else f"{place.service}-{place.name}"


@dataclass(slots=True)
class Files:
    """Files to write below a folder.

    Attributes:
        contents: content by path with forward slashes.
        private: paths of those with secrets in them, which get 0600.
        notes: what the export does without, a line each.
    """

    contents: dict[str, bytes] = field(default_factory=dict, repr=False)
    private: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def write(self, folder: Path, *, force: bool = False) -> None:
        """Write them all.

        Raises:
            ExportError: the folder has something in it and `force` is off, or cannot be written.
        """
        try:
            if folder.exists() and any(folder.iterdir()) and not force:
                raise ExportError(
                    f"{folder} is not empty: choose a new folder, or add --force to write over it"
                )
            for name, content in sorted(self.contents.items()):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                mode = 0o600 if name in self.private else 0o666
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
                with os.fdopen(descriptor, "wb") as file:
                    if name in self.private:
                        os.fchmod(file.fileno(), 0o600)
                    file.write(content)
        except OSError as error:
            raise ExportError(f"cannot write {error.filename or folder}: {error.strerror}") from None


def file_name(module: SourceFile) -> str:
    """Where a module's file is, below its folder.

    Raises:
        ExportError: its name leads out of the folder.
    """
    path = PurePosixPath(module.name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in module.name:
        raise ExportError(f"the module {module.name!r} has a name that is no path below its main module")
    return path.as_posix()


def is_typescript(module: SourceFile) -> bool:
    """Whether only a compiler makes JavaScript of it."""
    return module.type in {"esm", "commonjs", "script"} and module.name.endswith(TYPESCRIPT)
