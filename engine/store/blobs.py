"""Contents of R2 objects as files named by the SHA-256 of their bytes, below `r2/` in the state folder.

A content is written to `r2/new/`, with fsync, and only then given its name, inside the transaction of the row
that uses it. Removing happens inside a transaction as well: the two never meet.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from engine.errors import StoreError

if TYPE_CHECKING:
    from engine.runtime.http import Body

BATCH: Final = 512 * 1024
"""Bytes that go to or come from a thread at once."""
THREADS: Final = 4
ABANDONED: Final = 24 * 3600
"""Seconds after which nobody is writing a content any more."""
T = TypeVar("T")


class TooLarge(Exception):
    """A content is longer than allowed."""


@dataclass(frozen=True, slots=True)
class Written:
    """A content on the disk that has no name yet; `digests` are hexadecimal by algorithm."""

    path: Path
    size: int
    digests: dict[str, str]

    @property
    def hash(self) -> str:
        """The name it will have."""
        return self.digests["sha256"]


class Blobs:
    """The files.

    Args:
        folder: where they are; made at the first write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")

    def path(self, hash: str) -> Path:
        """Where a content is; spread over 256 folders."""
        return self._folder / hash[:2] / hash

    async def write(
        self, body: Body, algorithms: Collection[str] = ("md5",), limit: int | None = None
    ) -> Written:
        """Write a content, to be named by `keep` or let go by `discard`; on the disk when this returns.

        Args:
            body: the content.
            algorithms: digests to compute beside SHA-256, by hashlib's names.
            limit: most bytes.

        Raises:
            TooLarge: there are more bytes than `limit`.
            StoreError: the disk does not take it.
        """
        path = self._folder / "new" / secrets.token_hex(16)
        digests = {name: hashlib.new(name, usedforsecurity=False) for name in {*algorithms, "sha256"}}
        size = 0
        file: IO[bytes] | None = None

        def put(chunk: bytes) -> None:
            assert file is not None
            file.write(chunk)
            for digest in digests.values():
                digest.update(chunk)

        try:
            file = await self._do(lambda: _create(path))
            async for chunk in _batches(body):
                size += len(chunk)
                if limit is not None and size > limit:
                    raise TooLarge
                await self._do(lambda chunk=chunk: put(chunk))  # type: ignore[misc]  # mypy has no type for it
            await self._do(lambda: _finish(file))
        except BaseException as error:
            if file is not None:
                with contextlib.suppress(OSError):  # what it still has in hand does not fit either
                    file.close()
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise StoreError(f"{self._folder} cannot be written: {error.strerror}") from error
            raise
        return Written(path, size, {name: digest.hexdigest() for name, digest in digests.items()})

    def write_now(self, content: bytes) -> Written:
        """Write a content as `write` does it, with SHA-256 only. Blocks; raises StoreError."""
        path = self._folder / "new" / secrets.token_hex(16)
        try:
            file = _create(path)
            try:
                file.write(content)
                _finish(file)
            except BaseException:
                with contextlib.suppress(OSError):
                    file.close()
                path.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be written: {error.strerror}") from error
        return Written(path, len(content), {"sha256": hashlib.sha256(content).hexdigest()})

    def keep(self, written: Written) -> None:
        """Give a content its name; call it inside the transaction that uses it."""
        target = self.path(written.hash)
        try:
            if not target.parent.is_dir():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                _sync(self._folder)
            os.replace(written.path, target)
            _sync(target.parent)
        except OSError as error:
            raise StoreError(f"{target} cannot be written: {error.strerror}") from error

    async def discard(self, written: Written) -> None:
        """Let go of a content that was not kept; one that was kept stays."""
        await self._do(lambda: written.path.unlink(missing_ok=True))

    def remove(self, hash: str) -> None:
        """Remove a content; call it inside the transaction that forgets it."""
        self.path(hash).unlink(missing_ok=True)

    async def read(self, hash: str, offset: int, length: int) -> bytes:
        """Some bytes of a content; raises FileNotFoundError."""
        return await self._do(lambda: _read(self.path(hash), offset, length))

    async def stream(self, hash: str, offset: int, length: int) -> AsyncIterator[bytes]:
        """The same in pieces; the file is open before the first is given."""
        file = await self._do(lambda: _open(self.path(hash), offset))
        try:
            for start in range(0, length, BATCH):
                wanted = min(BATCH, length - start)
                chunk = await asyncio.get_running_loop().run_in_executor(self._threads, file.read, wanted)
                if len(chunk) < wanted:
                    raise StoreError(f"{self.path(hash)} is shorter than it was written")
                yield chunk
        finally:
            file.close()

    def sweep_new(self) -> None:
        """Remove what an engine that was killed left half written, some time later. Blocks."""
        oldest = time.time() - ABANDONED
        for path in (self._folder / "new").glob("*"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the threads. Blocks until what they do is done."""
        self._threads.shutdown(wait=True)

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


async def _batches(body: Body) -> AsyncIterator[bytes]:
    """A body in pieces worth a trip to a thread."""
    if body is None:
        return
    if isinstance(body, bytes):
        yield body
        return
    waiting: list[bytes] = []
    size = 0
    async for chunk in body:
        waiting.append(chunk)
        size += len(chunk)
        if size >= BATCH:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _create(path: Path) -> IO[bytes]:
    for folder in (path.parent.parent, path.parent):  # `parents=True` would give the outer one another mode
        folder.mkdir(mode=0o700, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _finish(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()


def _open(path: Path, offset: int) -> IO[bytes]:
    file = open(path, "rb")  # noqa: SIM115  (closed by whoever reads it)
    file.seek(offset)
    return file


def _read(path: Path, offset: int, length: int) -> bytes:
    with open(path, "rb") as file:
        return os.pread(file.fileno(), length, offset)


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
