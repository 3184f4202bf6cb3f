"""The accounts that the app can look at: this machine's engine, other engines, Cloudflare.

`svc-tui account` keeps them in `accounts.json` of the settings folder, and their tokens in the system's
keyring or beside it; the app only reads both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui.connection import EngineAway, Remote

LOCAL: Final = "local"
_SERVICE: Final = "svc-tui"


@dataclass(frozen=True)
class Account:
    """One account."""

    name: str
    write: bool = True
    """Whether anything may be changed in it."""
    state: Path | None = None
    """The state folder, for another engine of this machine."""
    base_url: str = ""
    """Where its API is, ending in `/client/v4`; empty for engines of this machine."""
    account_id: str = ""
    in_keyring: bool = False
    """Whether its token is in the keyring; else it is in a file."""

    @property
    def where(self) -> str:
        """Where it is, for people."""
        return self.base_url.removesuffix("/client/v4") or str(self.state or "this machine")

    def remote(self, folder: Path) -> Remote | None:
        """How it is reached; None for engines of this machine, which are found by their state folder."""
        if not self.base_url:
            return None
        return Remote(self.base_url.removesuffix("/client/v4"), self.account_id, lambda: self._token(folder))

    def _token(self, folder: Path) -> str:
        """Its token; blocks, a keyring may ask the user for a password."""
        try:
            if self.in_keyring:
                import keyring
                from keyring.errors import KeyringError

                try:
                    token = keyring.get_password(_SERVICE, self.name) or ""
                except KeyringError as error:
                    raise EngineAway(
                        f"the keyring does not give the token of {self.name} ({error})"
                    ) from error
            else:
                token = (folder / "tokens" / self.name).read_text("ascii").strip()
        except (OSError, ValueError) as error:
            raise EngineAway(f"the token of {self.name} cannot be read ({error})") from error
        if not token:
            raise EngineAway(f"there is no token of {self.name}: svc-tui account add {self.name}")
        return token


def read(folder: Path) -> list[Account]:
    """All accounts, this machine's first.

    Args:
        folder: The settings folder.

    Raises:
        ValueError: The file is not as svc-tui wrote it.
    """
    found = [Account(LOCAL)]
    file = folder / "accounts.json"
    try:
        entries: dict[str, dict[str, Any]] = json.loads(file.read_bytes())["accounts"]
        for name, entry in entries.items():
            write = entry.get("write") is True
            if "state" in entry:
                found.append(Account(name, write, state=Path(entry["state"])))
            else:
                keyring = entry.get("token") == "keyring"
                found.append(
                    Account(name, write, None, str(entry["base_url"]), str(entry["account_id"]), keyring)
                )
    except FileNotFoundError:
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} cannot be read ({error})") from error
    return found
