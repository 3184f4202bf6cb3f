"""The list of accounts: `accounts.json` in the user's settings folder, 0600.

    {"current": "local",
     "accounts": {"NAME": {"base_url", "account_id", "write", "token"} | {"state", "write"}}}

`token` says where the API token is: "keyring", or "file" (see `tokens.py`); it is never in this file. `local`
is the engine of the state folder and is always there. The app reads the same file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from engine.statefolder import write_private

LOCAL: Final = "local"
FILE: Final = "accounts.json"
CLOUDFLARE: Final = "https://api.cloudflare.com/client/v4"
PREFIX: Final = "/client/v4"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class AccountError(Exception):
    """An account cannot be used or kept; one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes:
        name: what the user calls it.
        base_url: where its API is, ending in `/client/v4`; "" for an engine of this machine.
        account_id: 32 hex; "" for an engine of this machine.
        state: the state folder of an engine of this machine, which says the rest; None for others.
        write: whether anything may be changed there.
        token: where its token is kept; None for an engine of this machine.
    """

    name: str
    base_url: str = ""
    account_id: str = ""
    state: Path | None = None
    write: bool = False
    token: Literal["keyring", "file"] | None = None

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self.base_url.removesuffix(PREFIX) if self.base_url else str(self.state or "the state folder")

    def to_json(self) -> dict[str, Any]:
        """The account as the file has it."""
        if self.state is not None:
            return {"state": str(self.state), "write": self.write}
        return {
            "base_url": self.base_url,
            "account_id": self.account_id,
            "write": self.write,
            "token": self.token,
        }


LOCAL_ACCOUNT: Final = Account(LOCAL, write=True)


def folder() -> Path:
    """The settings folder: `$SVC_TUI_CONFIG`, else the platform's own place."""
    named = os.environ.get("SVC_TUI_CONFIG")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs  # only here: tests and scripts name the folder

    return Path(platformdirs.user_config_dir("svc-tui"))


class Accounts:
    """The accounts of a settings folder.

    Args:
        path: the settings folder; need not exist.

    Raises:
        AccountError: the file is there and cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current = LOCAL
        self._accounts: dict[str, Account] = {LOCAL: LOCAL_ACCOUNT}
        file = path / FILE
        try:
            content = json.loads(file.read_bytes())
            for name, entry in content["accounts"].items():
                self._accounts[name] = _read(name, entry)
            self.current = str(content.get("current", LOCAL))
        except FileNotFoundError:
            return
        except OSError as error:
            raise AccountError(f"cannot read {file}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AccountError(f"{file} is not as svc-tui wrote it ({error}): correct or remove it") from None

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def __contains__(self, name: str) -> bool:
        return name in self._accounts

    def get(self, name: str | None = None) -> Account:
        """The account of this name, or the current one.

        Raises:
            AccountError: there is none.
        """
        wanted = name or self.current
        if wanted not in self._accounts:
            known = ", ".join(self._accounts)
            raise AccountError(
                f"there is no account {wanted}: there are {known}; svc-tui account add makes one"
            )
        return self._accounts[wanted]

    def add(self, account: Account) -> None:
        """Keep an account, in place of one of the same name.

        Raises:
            AccountError: its name is taken or none, or the file cannot be written.
        """
        self.check_name(account.name)
        self._accounts[account.name] = account
        self._write()

    def check_name(self, name: str) -> None:
        """Refuse what cannot be an account's name; raises AccountError."""
        if name == LOCAL or not _NAME.fullmatch(name):
            raise AccountError(
                f"{name!r} cannot be an account's name: use letters, digits and . _ -; {LOCAL} is taken"
            )

    def remove(self, name: str) -> Account:
        """Forget an account; the current one becomes `local` when it was that."""
        account = self.get(name)
        if account.name == LOCAL:
            raise AccountError(f"{LOCAL} is the engine of this machine and stays")
        del self._accounts[name]
        if self.current == name:
            self.current = LOCAL
        self._write()
        return account

    def use(self, name: str) -> Account:
        """Make an account the one that verbs work on without --account."""
        account = self.get(name)
        self.current = account.name
        self._write()
        return account

    def _write(self) -> None:
        kept = {each.name: each.to_json() for each in self._accounts.values() if each.name != LOCAL}
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = {"current": self.current, "accounts": kept}
            write_private(self.path / FILE, json.dumps(content, indent=2) + "\n")
        except OSError as error:
            raise AccountError(f"cannot write {self.path / FILE}: {error.strerror}") from None


def check_base_url(text: str) -> str:
    """A base URL as it is kept: without a final slash, ending in `/client/v4`.

    Raises:
        AccountError: it is none, or it would send the token in the clear to another machine.
    """
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
    except ValueError:
        raise AccountError(f"{text!r} is no URL") from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.username:
        raise AccountError(f"{text!r} is no base URL: one looks like {CLOUDFLARE}")
    if parts.scheme == "http" and not is_loopback(host):
        raise AccountError(f"{text} would send the token in the clear: use https")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith(PREFIX) else path + PREFIX}"


def check_id(text: str) -> str:
    """An account's id, lower case; raises AccountError when it is none."""
    if not _ID.fullmatch(text.strip().lower()):
        raise AccountError(f"{text!r} is no account id: 32 hexadecimal digits")
    return text.strip().lower()


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine."""
    return host in _LOOPBACK or host.endswith(".localhost")


def _read(name: str, entry: dict[str, Any]) -> Account:
    if "state" in entry:
        return Account(name, state=Path(entry["state"]), write=bool(entry.get("write", True)))
    base, number = check_base_url(entry["base_url"]), check_id(entry["account_id"])
    kept = entry.get("token")
    return Account(
        name, base, number, write=entry.get("write") is True, token="keyring" if kept == "keyring" else "file"
    )
