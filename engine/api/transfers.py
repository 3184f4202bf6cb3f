"""Files that clients bring or fetch at an address they were given: whoever knows the address may.

wrangler sends no token there (API.md §7.7, §7.8): the address holds 32 random bytes, and ends with the hour.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from weakref import WeakKeyDictionary

from starlette.responses import FileResponse, Response

from engine.api.call import Call, resource
from engine.api.process import Engine
from engine.errors import ApiError, NotFound

PATH: Final = "/transfers/"
LIFETIME: Final = 3600.0
LIMIT: Final = 5 * 1024**3
"""Bytes of one file (d1/platform/limits: an import is at most 5 GB)."""


@dataclass(slots=True)
class Transfer:
    """One file.

    Attributes:
        incoming: whether a client brings it.
        md5: hexadecimal, of a file that has come whole.
    """

    path: Path
    filename: str
    incoming: bool
    md5: str = ""
    until: float = field(default_factory=lambda: time.monotonic() + LIFETIME)


class Transfers:
    """The files of one engine, by the secret part of their addresses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Transfer] = {}
        if folder.is_dir():  # of an engine before: nobody will ask for them any more
            for path in folder.iterdir():
                path.unlink(missing_ok=True)

    def add(self, filename: str, incoming: bool) -> tuple[str, Transfer]:
        """A new address (its secret part) and where its file is to be."""
        self._expire()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(32)
        made = Transfer(self._folder / secrets.token_hex(16), filename, incoming)
        self._known[secret] = made
        return secret, made

    def get(self, secret: str) -> Transfer:
        """The file at an address; raises ApiError 10000."""
        self._expire()
        found = self._known.get(secret)
        if found is None:
            raise NotFound(10000, "There is no such file, or its time is over.")
        return found

    def named(self, filename: str) -> Transfer | None:
        """A file that has come whole, by its name."""
        return next((each for each in self._known.values() if each.filename == filename and each.md5), None)

    def drop(self, transfer: Transfer) -> None:
        """Remove a file that was used."""
        for secret, each in list(self._known.items()):
            if each is transfer:
                del self._known[secret]
        transfer.path.unlink(missing_ok=True)

    def _expire(self) -> None:
        now = time.monotonic()
        for each in [each for each in self._known.values() if each.until < now]:
            self.drop(each)


_of: WeakKeyDictionary[object, Transfers] = WeakKeyDictionary()


def transfers(engine: Engine) -> Transfers:
    """The files of an engine."""
    found = _of.get(engine.store)
    if found is None:
        found = _of[engine.store] = Transfers(engine.folder.path / "transfers")
    return found


def address(engine: Engine, secret: str) -> str:
    """Where a file is brought or fetched."""
    return f"{engine.address}/client/v4{PATH}{secret}"


async def bring(call: Call) -> Response:
    """`PUT transfers/:secret`: the file itself; the answer's ETag is its MD5."""
    found = transfers(call.engine).get(call.params["secret"])
    if not found.incoming:
        raise ApiError(10405, "This file is there to be fetched.", 405)
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    file = await asyncio.to_thread(open, found.path, "wb")
    try:
        async for chunk in call.request.stream():
            size += len(chunk)
            if size > LIMIT:
                raise ApiError(10013, f"The file is larger than {LIMIT >> 30} GiB.", 413)
            await asyncio.to_thread(_write, file, digest, chunk)
    finally:
        await asyncio.to_thread(file.close)
    found.md5 = digest.hexdigest()
    return Response(b"", 200, {"etag": f'"{found.md5}"'})


async def fetch(call: Call) -> Response:
    """`GET transfers/:secret`: the file itself."""
    found = transfers(call.engine).get(call.params["secret"])
    if found.incoming:
        raise ApiError(10405, "This address takes a file (PUT).", 405)
    return FileResponse(found.path, media_type="application/octet-stream", filename=found.filename)


def _write(file: IO[bytes], digest: hashlib._Hash, chunk: bytes) -> None:
    file.write(chunk)
    digest.update(chunk)


ROUTES = [resource(PATH + "{secret}", put=bring, get=fetch)]
