"""The state folder: where it is, who holds it, and the small files beside the database.

Everything in it belongs to one person: the folder is 0700, its files 0600.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

#: The log starts anew above this size; the old one is kept as engine.log.1.
LOG_LIMIT = 8 * 1024 * 1024


class FolderError(Exception):
    """The state folder cannot be used; one line that says why and what to do."""


class FolderTaken(FolderError):
    """Another engine runs on the state folder."""


def default_path() -> Path:
    """`$SVC_TUI_STATE`, else the platform's user state folder."""
    named = os.environ.get("SVC_TUI_STATE")
    if named:
        return Path(named)
    import platformdirs  # only here: most commands of ours name the folder

    return Path(platformdirs.user_state_dir("svc-tui"))


class StateFolder:
    """A state folder by its path; touches nothing until asked to."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[bytes] | None = None

    @property
    def token(self) -> Path:
        """The API's bearer token."""
        return self.path / "api-token"

    @property
    def log(self) -> Path:
        """What both engine processes have to say."""
        return self.path / "engine.log"

    @property
    def drafts_socket(self) -> Path:
        """Where the drafts process listens."""
        return self.path / "drafts.sock"

    @property
    def objects_socket(self) -> Path:
        """Where the live process takes a draft's calls of Durable Objects."""
        return self.path / "objects.sock"

    @property
    def busy(self) -> Path:
        """Which versions the live process runs: read when V8 has ended it."""
        return self.path / "busy.map"

    @property
    def engine_json(self) -> Path:
        """Where the running engine says how to reach it."""
        return self.path / "engine.json"

    def prepare(self) -> None:
        """Make the folder and see that it can be written.

        Raises:
            FolderError: it cannot.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o700)
            probe = self.path / f".writable-{os.getpid()}"
            probe.touch(0o600)
            probe.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            raise FolderError(
                f"cannot write to the state folder {self.path}: {reason}; choose another with --state"
            ) from None

    def lock(self) -> None:
        """Hold the folder for this process, until it ends.

        Raises:
            FolderTaken: another process holds it.
        """
        lock = open(self.path / "engine.lock", "ab")  # noqa: SIM115  (held as long as the process lives)
        os.chmod(lock.fileno(), 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            running = self.running_engine() or {}
            where = f" at {running['address']}" if "address" in running else ""
            raise FolderTaken(
                f"an engine already runs on {self.path}{where}; stop it, or choose another with --state"
            ) from None
        self._lock = lock

    def running_engine(self) -> dict[str, Any] | None:
        """What engine.json says, or None without a usable one. Its engine may have died since."""
        try:
            found = json.loads(self.engine_json.read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "address" in found else None

    def remember_engine(
        self,
        address: str,
        account_id: str,
        port: int,
        tls_port: int | None = None,
        dns_port: int | None = None,
    ) -> None:
        """Write engine.json: from now on the engine can be found."""
        content = {"address": address, "account_id": account_id, "pid": os.getpid(), "port": port}
        if tls_port is not None:
            content["tls_port"] = tls_port
        if dns_port is not None:
            content["dns_port"] = dns_port
        write_private(self.engine_json, json.dumps(content) + "\n")

    def forget_engine(self) -> None:
        """Remove engine.json at the end."""
        self.engine_json.unlink(missing_ok=True)

    def open_log(self) -> IO[bytes]:
        """The log, for appending."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "ab", buffering=0)

    def note(self, text: str) -> None:
        """One line of the supervisor's in the log; a full disk does not end who has something to say."""
        with contextlib.suppress(OSError), self.open_log() as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} supervisor {text}\n".encode())


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 so that a reader finds the old text or the new one, never half."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
