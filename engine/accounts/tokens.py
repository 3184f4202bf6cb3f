"""Where accounts' API tokens are kept: the system's keyring, else a file that only its owner can read.

The keyring is reached by the `keyring` library (macOS Keychain, Secret Service, KWallet, Windows). Where
there is none, as on most servers, a token is `tokens/NAME` in the settings folder, 0600.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, Literal

from engine.accounts.accounts import Account, AccountError
from engine.statefolder import write_private

SERVICE: Final = "svc-tui"
FOLDER: Final = "tokens"
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")


def keep(folder: Path, name: str, token: str) -> Literal["keyring", "file"]:
    """Keep a token, in the keyring when one works; says where it is now.

    Raises:
        AccountError: it is no token, or the file cannot be written.
    """
    if not _TOKEN.fullmatch(token):
        raise AccountError("that is no API token: one is a line of letters, digits and signs")
    if _in_keyring(name, token):
        _file(folder, name).unlink(missing_ok=True)
        return "keyring"
    file = _file(folder, name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(file.parent, 0o700)
        write_private(file, token + "\n")
    except OSError as error:
        raise AccountError(f"cannot write {file}: {error.strerror}") from None
    return "file"


def read(folder: Path, account: Account) -> str:
    """An account's token.

    Raises:
        AccountError: it is not where it was kept.
    """
    token: str | None = None
    why = "is gone"
    if account.token == "keyring":
        import keyring
        from keyring.errors import KeyringError

        try:
            token = keyring.get_password(SERVICE, account.name)
        except KeyringError as error:
            why = f"cannot be read from the keyring ({error})"
    else:
        try:
            token = _file(folder, account.name).read_text("ascii").strip()
        except (OSError, ValueError) as error:
            why = f"cannot be read ({error})"
    if not token:
        raise AccountError(f"the token of {account.name} {why}; run svc-tui account add {account.name} again")
    return token


def forget(folder: Path, account: Account) -> None:
    """Remove an account's token from where it is kept."""
    if account.token == "keyring":
        import keyring
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            keyring.delete_password(SERVICE, account.name)
        except PasswordDeleteError:
            return  # somebody removed it before
        except KeyringError as error:
            raise AccountError(
                f"the keyring does not let go of the token of {account.name}: {error}"
            ) from None
    _file(folder, account.name).unlink(missing_ok=True)


def _in_keyring(name: str, token: str) -> bool:
    """Put it there and read it back: some keyrings take everything and keep nothing."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, name, token)
        return keyring.get_password(SERVICE, name) == token
    except (KeyringError, RuntimeError):  # RuntimeError: a backend whose daemon is away
        return False


def _file(folder: Path, name: str) -> Path:
    return folder / FOLDER / name
