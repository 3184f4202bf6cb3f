"""`svc-tui account`: the accounts that verbs and app can work on, here and elsewhere."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.accounts import accounts, tokens
from engine.accounts.accounts import Account, AccountError, Accounts
from engine.cli.api import Client, Json, Refused, dump, open_account
from engine.cli.errors import USAGE, CliError
from engine.cli.table import print_table

#: A token of an account, not of a user, is no user's token: Cloudflare says so with this number.
_NOT_A_USERS: Final = frozenset({1000, 10000, 9109})


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "account",
        help="list, add, remove, choose or check accounts",
        description="Accounts of other engines, or of Cloudflare. A token is kept in the system's keyring, "
        "or where there is none in a file that only you can read. Nothing is changed in an account that "
        "was not added with --write.",
    )
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verbs.add_parser("list", help="all accounts, with the one in use")
    add = verbs.add_parser(
        "add",
        help="an account of Cloudflare or of another engine",
        description="Add an account. The API token is asked for, or read from standard input. An engine of "
        "this machine is added by its state folder and needs no token.",
    )
    add.add_argument("name", metavar="NAME")
    add.add_argument("--account-id", metavar="ID", help="32 hexadecimal digits")
    add.add_argument(
        "--base-url",
        default=accounts.CLOUDFLARE,
        metavar="URL",
        help="where its API is (default: %(default)s)",
    )
    add.add_argument("--engine", type=Path, metavar="DIR", help="state folder of an engine of this machine")
    add.add_argument("--token-file", type=Path, metavar="FILE", help="read the token from a file")
    access = add.add_mutually_exclusive_group()
    access.add_argument("--write", action="store_true", help="allow changes (else it is read-only)")
    access.add_argument(
        "--read-only", action="store_true", help="forbid changes in an engine of this machine"
    )
    for name, words in (
        ("remove", "an account and its token; nothing changes there"),
        ("use", "work on it when there is no --account"),
        ("check", "see that it answers and takes the token"),
    ):
        each = verbs.add_parser(name, help=words)
        optional = "?" if name == "check" else None
        each.add_argument("name", metavar="NAME", nargs=optional)
    for each in verbs.choices.values():
        each.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Run one of the actions. Returns the exit code."""
    try:
        return _ACTIONS[args.action](args, Accounts(accounts.folder()))
    except AccountError as error:
        raise CliError(str(error)) from None


def _list(args: argparse.Namespace, known: Accounts) -> int:
    shown = [_shown(each, known) for each in known]
    if args.json:
        dump(shown)
        return 0
    rows = [
        (
            "*" if each["current"] else "",
            each["name"],
            each["account_id"] or "",
            "writes" if each["write"] else "read-only",
            each["address"],
        )
        for each in shown
    ]
    print_table(("", "NAME", "ACCOUNT", "ACCESS", "ADDRESS"), rows)
    return 0


def _add(args: argparse.Namespace, known: Accounts) -> int:
    if args.engine is not None:
        account = Account(args.name, state=args.engine.absolute(), write=not args.read_only)
    elif args.account_id is None:
        raise CliError("name the account with --account-id, or an engine's state folder with --engine", USAGE)
    else:
        base, number = accounts.check_base_url(args.base_url), accounts.check_id(args.account_id)
        known.check_name(args.name)
        kept = tokens.keep(known.path, args.name, _token(args))
        account = Account(args.name, base, number, write=args.write, token=kept)
    known.add(account)
    return _tell(args, known, account, "added")


def _remove(args: argparse.Namespace, known: Accounts) -> int:
    account = known.remove(args.name)
    if account.token is not None:
        tokens.forget(known.path, account)
    return _tell(args, known, account, "removed")


def _use(args: argparse.Namespace, known: Accounts) -> int:
    return _tell(args, known, known.use(args.name), "verbs work on")


def _check(args: argparse.Namespace, known: Accounts) -> int:
    """Two questions: is the token a good one, and does it see the account's workers."""
    account = known.get(args.name)
    client = open_account(account, known.path)
    try:
        status = _token_status(client, account)
        scripts = client.call("GET", "/workers/scripts")
    finally:
        client.close()
    if args.json:
        dump({**_shown(account, known), "token_status": status, "scripts": len(scripts)})
    else:
        access = "changes allowed" if account.write else "read-only"
        print(f"{account.name}: token {status}, {len(scripts)} workers, {access}")
    return 0


def _token_status(client: Client, account: Account) -> str:
    try:
        found = client.outside("GET", "/user/tokens/verify")
    except Refused as error:
        if error.number not in _NOT_A_USERS or not account.account_id:
            raise
        found = client.call("GET", "/tokens/verify")
    return str(found["status"])


def _token(args: argparse.Namespace) -> str:
    if args.token_file is not None:
        try:
            return str(args.token_file.read_text("utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CliError(f"cannot read the token in {args.token_file}: {error}") from None
    if sys.stdin.isatty():
        return getpass.getpass("API token: ").strip()
    return sys.stdin.readline().strip()


def _tell(args: argparse.Namespace, known: Accounts, account: Account, words: str) -> int:
    if args.json:
        dump(_shown(account, known))
    else:
        where = {"keyring": ", token in the keyring", "file": ", token in a file of yours"}
        note = where.get(account.token or "", "") if words == "added" else ""
        access = "changes allowed" if account.write else "read-only"
        print(f"{words} {account.name} ({account.address}, {access}{note})")
    return 0


def _shown(account: Account, known: Accounts) -> Json:
    return {
        "name": account.name,
        "current": account.name == known.current,
        "address": account.address,
        "account_id": account.account_id or None,
        "write": account.write,
        "token": account.token,
    }


_ACTIONS: dict[str, Callable[[argparse.Namespace, Accounts], int]] = {
    "list": _list,
    "add": _add,
    "remove": _remove,
    "use": _use,
    "check": _check,
}
