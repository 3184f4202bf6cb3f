"""Tells the live process that another one has written: a datagram with an id, such as a queue's.

Messages are in the store by then. A bell that nobody hears costs nothing: the live process looks at every
queue when it starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

log = logging.getLogger("engine.queues")

FILE: Final = "queues.sock"
_LONGEST: Final = 64


def ring(folder: Path, id: str, file: str = FILE) -> None:
    """Tell the live process of that state folder, if there is one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.sendto(id.encode("ascii"), str(folder / file))


class Bell:
    """The live process's end.

    Args:
        folder: the state folder.
        heard: told the id.
        file: the socket's name.
    """

    def __init__(self, folder: Path, heard: Callable[[str], None], file: str = FILE) -> None:
        self._path = folder / file
        self._heard = heard
        self._socket: socket.socket | None = None

    def hang(self) -> None:
        """Begin to listen."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.setblocking(False)
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            sock.bind(str(self._path))
        except OSError as error:
            log.error("live drafts cannot wake what they write for (%s): %s", self._path.name, error)
            sock.close()
            return
        finally:
            os.umask(mask)
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._read, sock)

    def _read(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._heard(sock.recv(_LONGEST).decode("ascii", "replace"))

    def close(self) -> None:
        """Listen no more."""
        sock, self._socket = self._socket, None
        if sock is not None:
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()
