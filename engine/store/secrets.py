"""Secret values at rest: encrypted with a key that lies in its own file beside the database.

Fernet (AES-128-CBC with HMAC-SHA256, `cryptography`) encrypts each value by itself. The key file holds one
key a line; the first one encrypts, all of them decrypt: a key is replaced by writing a new first line.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from engine.errors import StoreError
from engine.model import Secret

_CHECK = "svc-tui"


class Secrets:
    """Encrypts and decrypts secret values with the keys of one file."""

    def __init__(self, path: Path, keys: list[bytes]) -> None:
        self.path = path
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise StoreError(
                f"{path} does not hold a key: put back the file that belongs to this state folder"
            ) from error

    @classmethod
    def load(cls, path: Path) -> Secrets:
        """Reads the key file and takes it away from group and others; raises StoreError."""
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
            keys = [line for line in path.read_bytes().split() if line]
        except FileNotFoundError as error:
            raise StoreError(
                f"{path} is missing: put it back beside the database, whose secrets it decrypts"
            ) from error
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror}): make it yours, mode 0600") from error
        return cls(path, keys)

    @classmethod
    def create(cls, path: Path) -> Secrets:
        """Writes a new key file (mode 0600) unless there is one, and reads it; raises StoreError.

        The file appears whole or not at all, also when two processes start at once.
        """
        try:
            descriptor, name = tempfile.mkstemp(prefix=".secret-", dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(Fernet.generate_key() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(name, path)
            finally:
                os.unlink(name)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written ({error.strerror}): make {path.parent} yours, mode 0700"
            ) from error
        return cls.load(path)

    def conceal(self, text: str) -> Secret:
        """The text, encrypted."""
        return Secret(self._fernet.encrypt(text.encode()))

    def reveal(self, secret: Secret) -> str:
        """The clear text. For bindings inside an isolate only; never for the API, a log or a trace.

        Raises:
            StoreError: the key file is not the one that encrypted it.
        """
        try:
            return self._fernet.decrypt(secret.ciphertext).decode()
        except InvalidToken as error:
            raise StoreError(
                f"{self.path} does not fit the database: put back the key file that belongs to it"
            ) from error

    def same(self, first: Secret, second: Secret) -> bool:
        """Whether both hold the same text."""
        return first == second or self.reveal(first) == self.reveal(second)

    def make_check(self) -> str:
        """A text to keep in the database, by which `check` recognises this key later."""
        return self.conceal(_CHECK).ciphertext.decode()

    def check(self, kept: str) -> None:
        """Raises StoreError when `kept` was not made by one of these keys."""
        self.reveal(Secret(kept.encode()))
